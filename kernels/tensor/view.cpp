#include "kernels/tensor/view.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace bpusim {

namespace {

using Constants = std::vector<Tensor>;

[[noreturn]] void refuse(const std::string& op, const std::string& what) {
  throw std::invalid_argument(op + ": " + what);
}

std::vector<std::int64_t> integers(const Constants& constants, std::size_t i) {
  std::vector<std::int64_t> values;
  if (i < constants.size())
    for (const double v : constants[i].values) values.push_back(to_integer(v));
  return values;
}

std::vector<std::int64_t> strides_of(const Shape& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t d = shape.size(); d-- > 1;) strides[d - 1] = strides[d] * shape[d];
  return strides;
}

std::size_t axis_in(const std::string& op, std::int64_t axis, std::size_t rank) {
  const auto r = static_cast<std::int64_t>(rank);
  if (axis < -r || axis >= r)
    refuse(op, "axis " + std::to_string(axis) + " is out of range for rank " + std::to_string(rank));
  return static_cast<std::size_t>(axis < 0 ? axis + r : axis);
}

View whole(const Shape& shape) {
  View view;
  view.shape = shape;
  const auto strides = strides_of(shape);
  for (std::size_t d = 0; d < shape.size(); ++d) view.dims.push_back({shape[d], strides[d]});
  return view;
}

Shape reshaped(const std::string& op, const Shape& input, std::vector<std::int64_t> target,
               bool zero_is_zero) {
  std::int64_t known = 1, open = -1;
  for (std::size_t d = 0; d < target.size(); ++d) {
    if (target[d] == 0 && !zero_is_zero) {
      if (d >= input.size()) refuse(op, "a 0 in the target has no dimension to copy");
      target[d] = input[d];
    }
    if (target[d] == -1) {
      open = static_cast<std::int64_t>(d);
    } else {
      if (target[d] < 0 || __builtin_mul_overflow(known, target[d], &known))
        refuse(op, to_string(input) + " does not fit into " + to_string(target));
    }
  }
  const std::int64_t total = element_count(input);
  if (open >= 0 && known > 0) target[static_cast<std::size_t>(open)] = total / known;
  if (element_count(target) != total)
    refuse(op, to_string(input) + " does not fit into " + to_string(target));
  return target;
}

Shape alias_shape(const std::string& op, const Attributes& a, const Shape& in, const Constants& c) {
  if (op == "Reshape") {
    auto target = integers(c, 0);
    if (c.empty()) target = a.get("shape", std::vector<std::int64_t>{});
    return reshaped(op, in, target, a.get("allowzero", std::int64_t{0}) != 0);
  }
  if (op == "Flatten") {
    std::int64_t axis = a.get("axis", std::int64_t{1});
    if (axis < 0) axis += static_cast<std::int64_t>(in.size());
    if (axis < 0 || axis > static_cast<std::int64_t>(in.size())) refuse(op, "axis is out of range");
    const Shape outer(in.begin(), in.begin() + axis), inner(in.begin() + axis, in.end());
    return {element_count(outer), element_count(inner)};
  }
  auto axes = c.empty() ? a.get("axes", std::vector<std::int64_t>{}) : integers(c, 0);
  if (op == "Squeeze") {
    std::vector<char> drop(in.size(), 0);
    for (const std::int64_t axis : axes) drop[axis_in(op, axis, in.size())] = 1;
    Shape out;
    for (std::size_t d = 0; d < in.size(); ++d) {
      const bool gone = axes.empty() ? in[d] == 1 : drop[d] != 0;
      if (gone && in[d] != 1)
        refuse(op, "dimension " + std::to_string(d) + " is " + std::to_string(in[d]) + ", not 1");
      if (!gone) out.push_back(in[d]);
    }
    return out;
  }
  if (op == "Unsqueeze") {
    const std::size_t rank = in.size() + axes.size();
    std::vector<char> added(rank, 0);
    for (const std::int64_t axis : axes) added[axis_in(op, axis, rank)] = 1;
    Shape out;
    std::size_t next = 0;
    for (std::size_t d = 0; d < rank; ++d) out.push_back(added[d] != 0 || next >= in.size() ? 1 : in[next++]);
    return out;
  }
  return in;  // Identity, Dropout, Cast
}

View transpose(const Attributes& a, const Shape& in) {
  auto order = a.get("perm", std::vector<std::int64_t>{});
  if (order.empty())
    for (std::size_t d = in.size(); d-- > 0;) order.push_back(static_cast<std::int64_t>(d));
  if (order.size() != in.size()) refuse("Transpose", "perm needs " + std::to_string(in.size()) + " values");
  const View source = whole(in);
  View view;
  for (const std::int64_t axis : order) {
    const std::size_t d = axis_in("Transpose", axis, in.size());
    view.dims.push_back(source.dims[d]);
    view.shape.push_back(in[d]);
  }
  if (element_count(view.shape) != element_count(in)) refuse("Transpose", "perm names an axis twice");
  return view;
}

View expand(const Shape& in, const Constants& c) {
  auto target = integers(c, 0);
  if (target.size() < in.size()) target.insert(target.begin(), in.size() - target.size(), 1);
  View view;
  const auto strides = strides_of(in);
  const std::size_t lead = target.size() - in.size();
  for (std::size_t d = 0; d < target.size(); ++d) {
    const std::int64_t have = d < lead ? 1 : in[d - lead];
    if (have != 1 && target[d] != 1 && target[d] != have)
      refuse("Expand", to_string(in) + " does not broadcast to " + to_string(target));
    view.dims.push_back({std::max(have, target[d]), have == 1 ? 0 : strides[d - lead]});
    view.shape.push_back(view.dims.back().count);
  }
  return view;
}

View enlarge(const std::string& op, const Attributes& a, const Shape& in, const Constants& c) {
  if (a.get("mode", std::string("nearest")) != "nearest") refuse(op, "only mode nearest moves elements");
  // Output i reads input floor(i / factor) in these modes and no others.
  const std::string coordinates =
      a.get("coordinate_transformation_mode", std::string(op == "Upsample" ? "asymmetric" : "half_pixel"));
  const std::string nearest =
      a.get("nearest_mode", std::string(op == "Upsample" ? "floor" : "round_prefer_floor"));
  const bool half = coordinates == "half_pixel" || coordinates == "pytorch_half_pixel";
  if (!(coordinates == "asymmetric" && nearest == "floor") && !(half && nearest.rfind("round_", 0) == 0))
    refuse(op, "coordinate mode " + coordinates + " with " + nearest + " is not supported");
  std::vector<double> factors;
  const std::size_t scales = op == "Upsample" ? 0 : 1;
  if (c.size() > scales && c[scales].size() > 0) {
    factors = c[scales].values;
  } else if (c.size() > 2) {
    for (std::size_t d = 0; d < c[2].values.size(); ++d)
      factors.push_back(c[2].values[d] / static_cast<double>(in[d]));
  }
  if (factors.size() != in.size()) refuse(op, "needs a scale for each dimension");
  View view;
  const auto strides = strides_of(in);
  for (std::size_t d = 0; d < in.size(); ++d) {
    const std::int64_t factor = to_integer(factors[d]);
    if (static_cast<double>(factor) != factors[d] || factor < 1 || factor > kMaxElements)
      refuse(op, "only whole factors move elements");
    view.dims.push_back({in[d], strides[d]});
    if (factor > 1) view.dims.push_back({factor, 0});
    view.shape.push_back(in[d] * factor);
  }
  return view;
}

View depth_to_space(const Attributes& a, const Shape& in) {
  const std::int64_t b = a.get("blocksize", std::int64_t{1});
  if (in.size() != 4 || b < 1 || b > in[1] || in[1] % (b * b) != 0)
    refuse("DepthToSpace", to_string(in) + " does not fit the block size");
  const std::int64_t c = in[1] / (b * b), plane = in[2] * in[3];
  const bool columns_first = a.get("mode", std::string("DCR")) == "CRD";
  const std::int64_t channel = columns_first ? b * b * plane : plane,
                     row = columns_first ? b * plane : b * c * plane,
                     column = columns_first ? plane : c * plane;
  View view;
  view.shape = {in[0], c, in[2] * b, in[3] * b};
  view.dims = {{in[0], in[1] * plane}, {c, channel}, {in[2], in[3]}, {b, row}, {in[3], 1}, {b, column}};
  return view;
}

View space_to_depth(const Attributes& a, const Shape& in) {
  const std::int64_t b = a.get("blocksize", std::int64_t{1});
  if (in.size() != 4 || b < 1 || in[2] % b != 0 || in[3] % b != 0)
    refuse("SpaceToDepth", to_string(in) + " does not fit the block size");
  const std::int64_t plane = in[2] * in[3];
  View view;
  view.shape = {in[0], in[1] * b * b, in[2] / b, in[3] / b};
  view.dims = {{in[0], in[1] * plane}, {b, in[3]},    {b, 1}, {in[1], plane},
               {in[2] / b, b * in[3]}, {in[3] / b, b}};
  return view;
}

}  // namespace

bool is_alias(const std::string& op) {
  for (const char* name : {"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Dropout", "Cast"})
    if (op == name) return true;
  return false;
}

bool is_view(const std::string& op) {
  for (const char* name : {"Transpose", "Expand", "Resize", "Upsample", "DepthToSpace", "SpaceToDepth"})
    if (op == name) return true;
  return is_alias(op);
}

View resolve_view(const std::string& op, const Attributes& a, const Shape& in, const std::vector<Tensor>& c) {
  if (is_alias(op)) {
    View view = whole(in);
    view.shape = alias_shape(op, a, in, c);
    return view;
  }
  if (op == "Transpose") return transpose(a, in);
  if (op == "Expand") return expand(in, c);
  if (op == "Resize" || op == "Upsample") return enlarge(op, a, in, c);
  if (op == "DepthToSpace") return depth_to_space(a, in);
  if (op == "SpaceToDepth") return space_to_depth(a, in);
  throw std::invalid_argument(op + " is no operator that only moves elements");
}

bool keeps_order(const View& view, std::int64_t elements) {
  std::int64_t stride = 1;
  for (auto dim = view.dims.rbegin(); dim != view.dims.rend(); ++dim) {
    if (dim->count == 1) continue;
    if (dim->stride != stride) return false;
    stride *= dim->count;
  }
  return view.offset == 0 && stride == elements;
}

std::vector<double> apply_view(const View& view, const std::vector<double>& x) {
  Shape counts;
  for (const View::Dim& dim : view.dims) counts.push_back(dim.count);
  const auto total = static_cast<std::int64_t>(checked_count(counts));
  std::vector<View::Dim> dims;  // neighbours that one stride covers become one
  for (const View::Dim& dim : view.dims) {
    if (dim.count == 1) continue;
    if (!dims.empty() && dims.back().stride == dim.count * dim.stride) {
      dims.back() = {dims.back().count * dim.count, dim.stride};
    } else {
      dims.push_back(dim);
    }
  }
  if (dims.empty()) dims.push_back({1, 1});
  const View::Dim run = dims.back();
  dims.pop_back();
  std::vector<double> y(static_cast<std::size_t>(total));
  std::vector<std::int64_t> index(dims.size(), 0);
  std::int64_t at = view.offset;
  for (double* out = y.data(); out != y.data() + total; out += run.count) {
    const double* in = x.data() + at;
    if (run.stride == 1) {
      std::copy_n(in, run.count, out);
    } else {
      for (std::int64_t i = 0; i < run.count; ++i) out[i] = in[i * run.stride];
    }
    for (std::size_t d = dims.size(); d-- > 0;) {
      at += dims[d].stride;
      if (++index[d] < dims[d].count) break;
      at -= dims[d].stride * dims[d].count;
      index[d] = 0;
    }
  }
  return y;
}

}  // namespace bpusim
