#include "kernels/tensor/selection.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace bpusim {

namespace {

Selection whole(const Shape& x) {
  Selection s;
  s.input = x;
  s.index.resize(x.size());
  for (std::size_t d = 0; d < x.size(); ++d)
    for (std::int64_t i = 0; i < x[d]; ++i) s.index[d].push_back(i);
  s.shape = x;
  return s;
}

std::size_t axis_in(const char* op, std::int64_t axis, std::size_t rank) {
  const auto r = static_cast<std::int64_t>(rank);
  if (axis < -r || axis >= r)
    throw std::invalid_argument(std::string(op) + ": axis " + std::to_string(axis) +
                                " is out of range for rank " + std::to_string(rank));
  return static_cast<std::size_t>(axis < 0 ? axis + r : axis);
}

// Where position i of a padded axis comes from, i counted from the first element.
std::int64_t source_of(const std::string& mode, std::int64_t i, std::int64_t extent) {
  if (i >= 0 && i < extent) return i;
  if (mode == "constant") return Selection::kFill;
  if (mode == "edge") return std::clamp<std::int64_t>(i, 0, extent - 1);
  if (mode == "wrap") return ((i % extent) + extent) % extent;
  const std::int64_t period = std::max<std::int64_t>(1, 2 * (extent - 1));  // reflect
  const std::int64_t at = ((i % period) + period) % period;
  return at < extent ? at : period - at;
}

}  // namespace

std::int64_t Selection::size() const {
  std::int64_t total = 1;
  for (const auto& axis : index) total *= static_cast<std::int64_t>(axis.size());
  return total;
}

bool Selection::identity() const {
  if (index.size() != input.size()) return false;
  for (std::size_t d = 0; d < index.size(); ++d) {
    if (static_cast<std::int64_t>(index[d].size()) != input[d]) return false;
    for (std::size_t i = 0; i < index[d].size(); ++i)
      if (index[d][i] != static_cast<std::int64_t>(i)) return false;
  }
  return true;
}

std::vector<SelectionRun> runs_of(const std::vector<std::int64_t>& index) {
  std::vector<SelectionRun> runs;
  for (std::size_t i = 0; i < index.size(); ++i) {
    const std::int64_t at = index[i];
    if (!runs.empty()) {
      SelectionRun& run = runs.back();
      if (run.in == Selection::kFill || at == Selection::kFill) {
        if (run.in == at) {
          ++run.count;
          continue;
        }
      } else {
        const std::int64_t last = run.in + (run.count - 1) * run.step;
        // A second element fixes the step, which must lead forward.
        if (run.count == 1 && at >= last) run.step = at - last;
        if (at == last + run.step && at >= last) {
          ++run.count;
          continue;
        }
        if (run.count == 1) run.step = 1;
      }
    }
    runs.push_back({static_cast<std::int64_t>(i), 1, at, 1});
  }
  return runs;
}

std::int64_t piece_count(const Selection& selection) {
  std::int64_t pieces = 1;
  for (const auto& axis : selection.index) pieces *= static_cast<std::int64_t>(runs_of(axis).size());
  return pieces;
}

Selection resolve_pad(const std::string& mode, const Shape& x, const std::vector<std::int64_t>& pads,
                      const std::vector<std::int64_t>& given_axes) {
  if (mode != "constant" && mode != "reflect" && mode != "edge" && mode != "wrap")
    throw std::invalid_argument("Pad: mode " + mode + " is none of constant, reflect, edge, wrap");
  std::vector<std::int64_t> axes = given_axes;
  if (axes.empty())
    for (std::size_t d = 0; d < x.size(); ++d) axes.push_back(static_cast<std::int64_t>(d));
  if (pads.size() != 2 * axes.size())
    throw std::invalid_argument("Pad: needs " + std::to_string(2 * axes.size()) + " pads, has " +
                                std::to_string(pads.size()));
  Selection s = whole(x);
  for (std::size_t k = 0; k < axes.size(); ++k) {
    const std::size_t d = axis_in("Pad", axes[k], x.size());
    if (mode != "constant" && x[d] < 1) throw std::invalid_argument("Pad: nothing to repeat");
    constexpr std::int64_t most = std::int64_t{1} << 24;  // along one axis: each has an index
    const std::int64_t before = pads[k], after = pads[k + axes.size()];
    if (before > most || after > most || before < -most || after < -most || x[d] + before + after > most)
      throw std::invalid_argument("Pad: pads " + std::to_string(before) + " and " + std::to_string(after) +
                                  " make axis " + std::to_string(d) + " longer than " + std::to_string(most) +
                                  ", or mean nothing");
    s.index[d].clear();
    for (std::int64_t i = -pads[k]; i < x[d] + pads[k + axes.size()]; ++i)
      s.index[d].push_back(source_of(mode, i, x[d]));
    s.shape[d] = static_cast<std::int64_t>(s.index[d].size());
  }
  return s;
}

Selection resolve_gather(const Shape& x, const Tensor& indices, std::size_t axis) {
  Selection s = whole(x);
  s.index.at(axis).clear();
  for (const double value : indices.values) {
    auto at = to_integer(value);
    if (at < 0) at += x[axis];
    if (at < 0 || at >= x[axis])
      throw std::invalid_argument("Gather: index " + std::to_string(to_integer(value)) + " is outside of " +
                                  std::to_string(x[axis]));
    s.index[axis].push_back(at);
  }
  s.shape.assign(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(axis));
  s.shape.insert(s.shape.end(), indices.shape.begin(), indices.shape.end());
  s.shape.insert(s.shape.end(), x.begin() + static_cast<std::ptrdiff_t>(axis) + 1, x.end());
  return s;
}

Selection resolve_slice(const Shape& x, const std::vector<std::int64_t>& starts,
                        const std::vector<std::int64_t>& ends, std::vector<std::int64_t> axes,
                        std::vector<std::int64_t> steps) {
  if (starts.size() != ends.size()) throw std::invalid_argument("Slice: starts and ends differ in number");
  for (std::size_t i = axes.size(); i < starts.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  steps.resize(starts.size(), 1);
  Selection s = whole(x);
  for (std::size_t k = 0; k < starts.size(); ++k) {
    const std::size_t d = axis_in("Slice", axes[k], x.size());
    const std::int64_t step = std::clamp(steps[k], -kMaxElements, kMaxElements), extent = x[d];
    if (step == 0) throw std::invalid_argument("Slice: a step of 0");
    const auto from_end = [extent](std::int64_t at) { return at < 0 ? at + extent : at; };
    // Going down, the first may be the last element, and the end may lie before the first.
    const std::int64_t begin = step > 0 ? std::clamp<std::int64_t>(from_end(starts[k]), 0, extent)
                                        : std::clamp<std::int64_t>(from_end(starts[k]), -1, extent - 1);
    const std::int64_t end = step > 0 ? std::clamp<std::int64_t>(from_end(ends[k]), 0, extent)
                                      : std::clamp<std::int64_t>(from_end(ends[k]), -1, extent - 1);
    s.index[d].clear();
    for (std::int64_t i = begin; step > 0 ? i < end : i > end; i += step) s.index[d].push_back(i);
    s.shape[d] = static_cast<std::int64_t>(s.index[d].size());
  }
  return s;
}

std::vector<double> apply_selection(const Selection& selection, const std::vector<double>& x, double fill) {
  const std::size_t rank = selection.index.size();
  std::vector<std::int64_t> stride(rank, 1), index(rank, 0);
  for (std::size_t d = rank; d-- > 1;) stride[d - 1] = stride[d] * selection.input[d];
  const std::int64_t total = selection.size();
  std::vector<double> y;
  y.reserve(static_cast<std::size_t>(total));
  for (std::int64_t i = 0; i < total; ++i) {
    std::int64_t at = 0;
    bool filled = false;
    for (std::size_t d = 0; d < rank; ++d) {
      const std::int64_t source = selection.index[d][static_cast<std::size_t>(index[d])];
      filled = filled || source == Selection::kFill;
      at += source * stride[d];
    }
    y.push_back(filled ? fill : x[static_cast<std::size_t>(at)]);
    for (std::size_t d = rank; d-- > 0;) {
      if (++index[d] < static_cast<std::int64_t>(selection.index[d].size())) break;
      index[d] = 0;
    }
  }
  return y;
}

}  // namespace bpusim
