#include "kernels/tensor_shapes.h"

#include <stdexcept>
#include <string>

#include "kernels/tensor_math.h"

namespace bpusim {

Shape reduced_shape(const Shape& x, const std::vector<std::int64_t>& axes, bool keep_dims) {
  const auto rank = static_cast<std::int64_t>(x.size());
  std::vector<char> over(x.size(), axes.empty() ? 1 : 0);
  for (const std::int64_t axis : axes) {
    if (axis < -rank || axis >= rank)
      throw std::invalid_argument("axis " + std::to_string(axis) + " is out of range for rank " +
                                  std::to_string(rank));
    over[static_cast<std::size_t>(axis < 0 ? axis + rank : axis)] = 1;
  }
  Shape shape;
  for (std::size_t d = 0; d < x.size(); ++d) {
    if (over[d] == 0) shape.push_back(x[d]);
    if (over[d] != 0 && keep_dims) shape.push_back(1);
  }
  return shape;
}

Shape matmul_shape(const Shape& a, const Shape& b) {
  if (a.size() < 2 || b.size() < 2 || a.back() != b[b.size() - 2])
    throw std::invalid_argument("MatMul: " + to_string(a) + " by " + to_string(b) + " does not fit");
  Shape shape = broadcast_shape(Shape(a.begin(), a.end() - 2), Shape(b.begin(), b.end() - 2));
  shape.push_back(a[a.size() - 2]);
  shape.push_back(b.back());
  return shape;
}

Shape padded_shape(const Shape& x, const std::vector<std::int64_t>& pads) {
  if (pads.size() != 2 * x.size())
    throw std::invalid_argument("Pad: needs " + std::to_string(2 * x.size()) + " pads, has " +
                                std::to_string(pads.size()));
  Shape shape = x;
  for (std::size_t d = 0; d < x.size(); ++d) {
    for (const std::int64_t pad : {pads[d], pads[d + x.size()]})
      if (pad < 0 || pad > kMaxElements)
        throw std::invalid_argument("Pad: padding by " + std::to_string(pad) + " is not supported");
    shape[d] += pads[d] + pads[d + x.size()];
  }
  return shape;
}

ConvTransposeProblem resolve_conv_transpose(const Attributes& a, const Shape& x, const Shape& weights) {
  if (x.size() != 4 || weights.size() != 4 || weights[0] != x[1])
    throw std::invalid_argument("ConvTranspose: " + to_string(weights) + " does not fit an input of " +
                                to_string(x) + " (two spatial axes are supported)");
  if (a.get("auto_pad", std::string("NOTSET")) != "NOTSET" ||
      !a.get("output_shape", std::vector<std::int64_t>{}).empty())
    throw std::invalid_argument("ConvTranspose: auto_pad and output_shape are not supported");
  const auto list = [&](const char* name, std::size_t size, std::int64_t fallback) {
    auto values = a.get(name, std::vector<std::int64_t>(size, fallback));
    if (values.size() != size)
      throw std::invalid_argument(std::string("ConvTranspose: wrong number of ") + name);
    for (const std::int64_t v : values)
      if (v > kMaxElements || v < (fallback == 1 ? 1 : -kMaxElements))
        throw std::invalid_argument(std::string("ConvTranspose: ") + name + " holds " + std::to_string(v));
    return values;
  };
  const auto s = list("strides", 2, 1), d = list("dilations", 2, 1), pads = list("pads", 4, 0),
             extra = list("output_padding", 2, 0);
  ConvTransposeProblem p;
  p.groups = a.get("group", std::int64_t{1});
  if (p.groups < 1 || p.groups > kMaxElements)
    throw std::invalid_argument("ConvTranspose: group is " + std::to_string(p.groups));
  p.n = x[0];
  p.ic = x[1];
  p.ih = x[2];
  p.iw = x[3];
  p.kh = weights[2];
  p.kw = weights[3];
  p.oc = weights[1] * p.groups;
  p.stride_h = s[0];
  p.stride_w = s[1];
  p.dilation_h = d[0];
  p.dilation_w = d[1];
  p.pad_top = pads[0];
  p.pad_left = pads[1];
  p.oh = (p.ih - 1) * s[0] + extra[0] + (p.kh - 1) * d[0] + 1 - pads[0] - pads[2];
  p.ow = (p.iw - 1) * s[1] + extra[1] + (p.kw - 1) * d[1] + 1 - pads[1] - pads[3];
  if (p.ic % p.groups != 0 || p.oh < 1 || p.ow < 1)
    throw std::invalid_argument("ConvTranspose: nothing is left of the output");
  return p;
}

}  // namespace bpusim
