// PixelPreprocess: from the codes of an image to what the model was trained on, as one 1x1 convolution. An
// operator of its own, since the toolchains run it on the BPU whatever they say of a Conv. Its inputs are the
// image [n, c, h, w], weights [c, c, 1, 1] and bias [c]; of NV12 the image is Y alone, and a fourth input has
// U and V of half the height and width, which come doubled on their way in.
#include <stdexcept>
#include <string>

#include "kernels/mac/conv.h"
#include "sim/lowering/conv.h"
#include "sim/operators/families.h"
#include "sim/operators/mac_step.h"

namespace bpusim {

namespace {

constexpr std::size_t kChroma = 3;  // input

bool has_chroma(const Node& node) {
  return node.inputs.size() > kChroma && !node.inputs[kChroma].empty();
}

// The image with all its channels.
Shape image_shape(const Shape& first, const Shape* chroma) {
  if (first.size() != 4) throw std::invalid_argument("PixelPreprocess: an image has rank 4");
  if (chroma == nullptr) return first;
  if (first[1] != 1 || *chroma != Shape{first[0], 2, first[2] / 2, first[3] / 2} || first[2] % 2 != 0 ||
      first[3] % 2 != 0)
    throw std::invalid_argument("PixelPreprocess: planes of " + to_string(*chroma) + " are no half of " +
                                to_string(first));
  return {first[0], 3, first[2], first[3]};
}

// Y, and U and V with every value four times.
template <class T>
std::vector<T> joined(const Shape& luma, const std::vector<T>& y, const std::vector<T>& uv) {
  const std::int64_t images = luma[0], height = luma[2], width = luma[3], plane = height * width;
  std::vector<T> all;
  all.reserve(static_cast<std::size_t>(images * 3 * plane));
  for (std::int64_t n = 0; n < images; ++n) {
    all.insert(all.end(), y.begin() + n * plane, y.begin() + (n + 1) * plane);
    for (std::int64_t c = 0; c < 2; ++c)
      for (std::int64_t i = 0; i < plane; ++i)
        all.push_back(uv[static_cast<std::size_t>((2 * n + c) * (plane / 4) + i / width / 2 * (width / 2) +
                                                  i % width / 2)]);
  }
  return all;
}

Shape image_shape(const Operation& operation) {
  return image_shape(operation.shape(0), has_chroma(operation.node) ? &operation.shape(kChroma) : nullptr);
}

ConvProblem problem_of(const Operation& operation) {
  return resolve_conv({}, image_shape(operation), operation.shape(1));
}

void check_bias(std::int64_t values, const ConvProblem& problem) {
  if (values != problem.oc)
    throw std::invalid_argument("PixelPreprocess: bias has " + std::to_string(values) + " values for " +
                                std::to_string(problem.oc) + " channels");
}

// A run file makes no such nodes; a model may.
std::string obstacle(const Operation& operation) {
  for (std::size_t i = 0; i < operation.constant.size(); ++i) {
    const bool parameter = i == 1 || i == 2;
    if (operation.given(i) && (operation.constant[i] != 0) != parameter)
      return std::string("a PixelPreprocess ") +
             (parameter ? "whose weights are computed" : "of a constant image") + " has no BPU lowering";
  }
  return "";
}

std::vector<Tensor> golden(const Node& node, const Inputs& inputs) {
  if (inputs.size() < 3) throw std::invalid_argument("PixelPreprocess: needs weights and bias");
  Tensor image = *inputs[0];
  if (has_chroma(node)) {
    const Shape shape = image_shape(inputs[0]->shape, &inputs[kChroma]->shape);
    image = Tensor(shape, joined(inputs[0]->shape, inputs[0]->values, inputs[kChroma]->values));
  }
  image_shape(image.shape, nullptr);
  const ConvProblem problem = resolve_conv({}, image.shape, inputs[1]->shape);
  check_bias(inputs[2]->size(), problem);
  return one(golden_conv(problem, image, *inputs[1], inputs[2]->values, image.shape.size()));
}

std::vector<Shape> shapes(const Operation& operation) {
  const ConvProblem problem = problem_of(operation);
  check_bias(element_count(operation.shape(2)), problem);
  return {conv_output_shape(problem, operation.shape().size())};
}

double host_ops(const Operation& operation, const std::vector<Shape>&, const HostParams&) {
  return 2 * static_cast<double>(problem_of(operation).macs());
}

LoweredStep lower(StepLowering& s) {
  MacStep mac;
  mac.problem = problem_of(s.operation());
  mac.weights = weights_of(s, 1);
  if (s.context.function) mac.bias = s.context.network.values.at(s.node.inputs[2]).numbers()->values;
  mac.macs = mac.problem.macs();
  mac.mappings = mac_mappings(s.machine.bpu.cores);
  mac.lower = &lower_conv;
  if (has_chroma(s.node)) {
    mac.lower = [chroma = s.in(kChroma).address](const std::string& name, ConvJob job,
                                                 const MachineParams& machine, std::int64_t tile_bytes) {
      job.chroma = chroma;
      return lower_conv(name, job, machine, tile_bytes);
    };
    mac.gather = [luma = s.shape(s.node.inputs[0])](const std::vector<Codes>& inputs) {
      return joined(luma, inputs[0], inputs[1]);
    };
  }
  return lower_mac(s, std::move(mac));
}

}  // namespace

std::vector<OperatorDefinition> operators::pixels() {
  OperatorDefinition row;
  row.op = "PixelPreprocess";
  row.golden = golden;
  row.shapes = shapes;
  row.host_ops = host_ops;
  row.obstacle = obstacle;
  row.lower = lower;
  row.engine = "MAC array";
  row.arithmetic =
      "(x + 128 - mean) * scale with the colours' matrix, as a 1x1 Conv on codes that are x; the chroma of "
      "NV12 "
      "comes doubled with the DMA";
  return {row};
}

}  // namespace bpusim
