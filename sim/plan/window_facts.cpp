// Facts of convolutions and pools.
#include <algorithm>
#include <cmath>

#include "sim/plan/facts.h"

namespace bpusim {

namespace {

using Numbers = std::vector<double>;

constexpr const char* kAxes[] = {"d", "h", "w"};

// Of the attribute, one a spatial axis; `fallback` where it is not given.
Numbers of_attribute(const Node& node, const char* name, std::size_t count, double fallback) {
  const auto given = node.attributes.get(name, std::vector<std::int64_t>{});
  if (given.size() != count) return Numbers(count, fallback);
  return Numbers(given.begin(), given.end());
}

struct Windows {
  std::size_t count = 0;  ///< of spatial axes
  Numbers kernel, strides, dilations;
  std::vector<Numbers> pads;  ///< before and behind, an axis; none where they are not known

  double extent(std::size_t axis) const { return (kernel[axis] - 1) * dilations[axis] + 1; }
};

// SAME pads by what the output's extent needs.
double automatic_pad(const Windows& windows, std::size_t axis, double in, double out) {
  return std::max(0.0, (out - 1) * windows.strides[axis] + windows.extent(axis) - in);
}

void add_pads(const Operation& operation, const Shape& output, Windows& windows) {
  const auto given = of_attribute(operation.node, "pads", 2 * windows.count, 0);
  const std::string automatic = operation.node.attributes.get("auto_pad", std::string("NOTSET"));
  const bool same = automatic.rfind("SAME", 0) == 0;
  if (same && operation.node.op == "ConvTranspose") return;
  const Shape& x = operation.shape();
  for (std::size_t a = 0; a < windows.count; ++a) {
    Numbers pads = {given[a], given[a + windows.count]};
    if (same) {
      const double total =
          automatic_pad(windows, a, static_cast<double>(x[a + 2]), static_cast<double>(output[a + 2]));
      pads = {std::floor(total / 2), std::ceil(total / 2)};
    }
    windows.pads.push_back(pads);
  }
}

Windows windows_of(const Operation& operation, const Shape& output) {
  const Node& node = operation.node;
  Windows windows;
  windows.count = operation.shape().size() - 2;
  if (operation.given(1)) {
    const Shape& weights = operation.shape(1);
    for (std::size_t d = 2; d < weights.size(); ++d)
      windows.kernel.push_back(static_cast<double>(weights[d]));
  } else {
    windows.kernel = of_attribute(node, "kernel_shape", windows.count, 1);
  }
  windows.kernel.resize(windows.count, 1);
  windows.strides = of_attribute(node, "strides", windows.count, 1);
  windows.dilations = of_attribute(node, "dilations", windows.count, 1);
  add_pads(operation, output, windows);
  return windows;
}

// Of an axis that the input has not: a window of one.
void add_axes(const Windows& windows, OperatorFacts& facts) {
  double area = 1;
  for (std::size_t a = 0; a < 3; ++a) {
    const std::string axis = kAxes[a];
    const bool there = a + windows.count >= 3;
    const std::size_t i = a + windows.count - 3;
    facts.number("kernel_" + axis, there ? windows.kernel[i] : 1);
    facts.number("stride_" + axis, there ? windows.strides[i] : 1);
    facts.number("dilation_" + axis, there ? windows.dilations[i] : 1);
    if (!windows.pads.empty()) facts.numbers("pad_" + axis, there ? windows.pads[i] : Numbers{0, 0});
    if (there && a > 0) area *= windows.kernel[i];
    if (there && a == 0) facts.number("half_kernel_d", windows.kernel[i] / 2);
    if (there && a > 0) facts.number("inner_half_kernel_" + axis, std::floor((windows.kernel[i] - 1) / 2));
  }
  facts.number("kernel_area", area);
}

void add_channels(const Operation& operation, const Shape& output, OperatorFacts& facts) {
  const Shape& weights = operation.shape(1);
  const auto groups =
      static_cast<double>(std::max<std::int64_t>(1, operation.node.attributes.get("group", std::int64_t{1})));
  const double in = static_cast<double>(operation.shape().at(1)) / groups,
               out = static_cast<double>(output.at(1)) / groups;
  double window = 1;
  for (std::size_t d = 2; d < weights.size(); ++d) window *= static_cast<double>(weights[d]);
  facts.number("groups", groups);
  facts.numbers("channels_per_group", {in, out});
  facts.number("outputs_per_group", out);
  facts.number("kernel_n", static_cast<double>(weights.at(0)));
  facts.number("kernel_c", static_cast<double>(weights.at(1)));
  facts.number("kernel_volume", in * window);
  if (operation.node.op != "ConvTranspose") return;
  const auto pads = of_attribute(operation.node, "output_padding", operation.shape().size() - 2, 0);
  facts.numbers("output_pads", pads);
}

// As the X5's list has it: a phase of the kernel is what one output position reads.
void add_phases(const Operation& operation, const Windows& windows, OperatorFacts& facts) {
  const auto groups =
      static_cast<double>(std::max<std::int64_t>(1, operation.node.attributes.get("group", std::int64_t{1})));
  double volume = static_cast<double>(operation.shape().at(1)) / groups;
  for (std::size_t a = 0; a < windows.count; ++a) {
    const double stride = windows.strides[a],
                 left = windows.pads.empty() ? 0 : std::fmod(windows.pads[a][0], stride);
    volume *= std::floor((windows.kernel[a] - 1 + left) / stride) + 1;
    const bool exact = std::fmod(windows.kernel[a], stride) == 0, odd = std::fmod(stride, 2) == 1;
    if (a + windows.count >= 3 && a + 2 >= windows.count)
      facts.number(a + 1 == windows.count ? "most_pad_w" : "most_pad_h",
                   std::floor(windows.kernel[a] / stride) - (exact && odd ? 1 : 0));
  }
  facts.number("phase_volume", volume);
}

}  // namespace

void add_window_facts(const Operation& operation, const Shape& output, OperatorFacts& facts) {
  const std::size_t rank = operation.shape().size();
  if (rank < 3 || rank > 5 || output.size() != rank) return;
  const Windows windows = windows_of(operation, output);
  add_axes(windows, facts);
  if (!operation.given(1)) return;
  add_channels(operation, output, facts);
  if (operation.node.op == "ConvTranspose") add_phases(operation, windows, facts);
}

}  // namespace bpusim
