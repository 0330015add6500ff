#include "sim/scenario/workload.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <stdexcept>

#include "kernels/norms/norm.h"
#include "kernels/tensor/random.h"
#include "kernels/vector/unary.h"
#include "sim/network/files/tensor_files.h"

namespace bpusim {

namespace {

constexpr double kOutlier = 30;   // times the other channels
constexpr double kFarMean = 200;  // deviations

// Seeds of one spec's tensors, far apart and never the same.
class Seeds {
 public:
  explicit Seeds(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 1) {}
  std::uint64_t next() { return state_ += 0xD1B54A32D192ED03u; }

 private:
  std::uint64_t state_;
};

// How a norm's constant is drawn, and what its value is called.
struct Drawn {
  NormRole role;
  const char* name;
  double mean, deviation;  // a deviation of 0: uniform, and positive
};

const Drawn& drawn_for(NormRole role) {
  static const Drawn table[] = {{NormRole::Scale, "scale", 1, 0.2},
                                {NormRole::Bias, "bias", 0, 0.1},
                                {NormRole::Mean, "mean", 0, 0.1},
                                {NormRole::Variance, "var", 0, 0}};
  return *std::find_if(std::begin(table), std::end(table),
                       [&](const Drawn& row) { return row.role == role; });
}

class Chain {
 public:
  Chain(const OperatorSpec& spec, MemoryBudget& budget, Network& network)
      : spec_(spec), budget_(budget), network_(network), seeds_(spec.seed) {}

  void build();

 private:
  std::string constant(const std::string& name, Tensor tensor) {
    std::string full = spec_.name + "." + name;
    Value& value = network_.values[full];
    value.hold(std::move(tensor));
    value.constant = true;
    return full;
  }
  // Room for a tensor that is about to be drawn.
  void take(const Shape& shape, const std::string& name) {
    budget_.charge(sizeof(double) * static_cast<double>(element_count(shape)),
                   name + " of shape " + to_string(shape));
  }
  std::string around(const std::string& name, const Shape& shape, double mean, double deviation) {
    take(shape, name);
    return constant(name, random_normal(shape, mean, deviation, seeds_.next()));
  }
  std::string positive(const std::string& name, const Shape& shape) {
    take(shape, name);
    return constant(name, random_uniform(shape, 0.5, 1.5, seeds_.next()));
  }
  void add(const std::string& op, std::vector<std::string> inputs, const std::vector<Shape>& outputs,
           const Attributes& attributes, const std::string& suffix);
  void add_step(const std::string& op, const Attributes& attributes, const std::string& suffix);
  static void bring_inside(const std::string& op, Tensor& data);
  void add_conv(const Attributes& attributes, const std::string& suffix);
  void add_ibn_split(const std::string& suffix);
  void add_norm(const NormDefinition& norm, const Attributes& attributes, const std::string& prefix,
                const std::string& suffix);
  std::vector<std::string> norm_constants(const NormDefinition& norm, const Attributes& attributes,
                                          const std::string& prefix);
  std::int64_t channels() const {
    if (shape_.size() < 2)
      throw std::invalid_argument("shape " + to_string(shape_) + " has no channels at axis 1");
    return shape_[1];
  }

  const OperatorSpec& spec_;
  MemoryBudget& budget_;
  Network& network_;
  Seeds seeds_;
  std::string current_;  // value that the next operator reads
  Shape shape_;
};

void Chain::add(const std::string& op, std::vector<std::string> inputs, const std::vector<Shape>& outputs,
                const Attributes& attributes, const std::string& suffix) {
  Node node;
  node.name = suffix.empty() ? spec_.name : spec_.name + "." + suffix;
  node.op = op;
  node.attributes = attributes;
  node.inputs = std::move(inputs);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    node.outputs.push_back(node.name + (i == 0 ? ".y" : ".y" + std::to_string(i)));
    network_.values[node.outputs.back()].shape = outputs[i];
  }
  current_ = node.outputs.front();
  shape_ = outputs.front();
  network_.nodes.push_back(std::move(node));
}

// Names of the norm's constants, drawn; in the order of the row.
std::vector<std::string> Chain::norm_constants(const NormDefinition& norm, const Attributes& attributes,
                                               const std::string& prefix) {
  NormArguments arguments;
  arguments.attributes = attributes;
  arguments.shape = shape_;
  arguments.first_channels = spec_.instance_channels;
  std::vector<std::string> names;
  for (const NormConstant& row : norm.constants) {
    const Drawn& drawn = drawn_for(row.role);
    const Shape shape = constant_shape(norm, row, arguments);
    const std::string name = prefix + (row.drawn_as.empty() ? drawn.name : row.drawn_as);
    names.push_back(drawn.deviation > 0 ? around(name, shape, drawn.mean, drawn.deviation)
                                        : positive(name, shape));
  }
  return names;
}

void Chain::add_norm(const NormDefinition& norm, const Attributes& attributes, const std::string& prefix,
                     const std::string& suffix) {
  std::vector<std::string> inputs = norm_constants(norm, attributes, prefix);
  std::vector<Shape> outputs = {shape_};
  for (std::size_t i = 0; i < inputs.size() && in_training(norm, attributes); ++i)
    if (norm.constants[i].role == NormRole::Mean || norm.constants[i].role == NormRole::Variance)
      outputs.push_back(network_.values.at(inputs[i]).shape);
  inputs.insert(inputs.begin(), current_);
  add(norm.op, std::move(inputs), outputs, attributes, suffix);
}

void Chain::add_conv(const Attributes& given, const std::string& suffix) {
  if (shape_.size() != 4)
    throw std::invalid_argument("Conv: shape " + to_string(shape_) + " must be N, C, H, W");
  Attributes attributes = given;
  const std::int64_t groups = attributes.get("group", std::int64_t{1}), k = spec_.kernel;
  const std::int64_t out = spec_.out_channels > 0 ? spec_.out_channels : channels();
  if (groups < 1 || channels() % groups != 0 || out % groups != 0)
    throw std::invalid_argument("Conv: group " + std::to_string(groups) + " does not divide the channels");
  attributes.int_lists["kernel_shape"] = {k, k};
  if (attributes.int_lists.count("pads") == 0) attributes.int_lists["pads"] = {k / 2, k / 2, k / 2, k / 2};
  const auto strides = attributes.get("strides", std::vector<std::int64_t>{1, 1});
  const auto dilations = attributes.get("dilations", std::vector<std::int64_t>{1, 1});
  const auto pads = attributes.int_lists["pads"];
  if (strides.size() != 2 || dilations.size() != 2 || pads.size() != 4 || strides[0] < 1 || strides[1] < 1)
    throw std::invalid_argument("Conv: strides and dilations need two values each, pads four");
  const auto extent = [&](std::size_t i) {
    return (shape_[2 + i] + pads[i] + pads[2 + i] - dilations[i] * (k - 1) - 1) / strides[i] + 1;
  };
  // He initialisation keeps the deviation of what comes out near that of what goes in.
  const std::int64_t taps = channels() / groups * k * k;
  const double fan_in = static_cast<double>(taps);
  const std::string weights = around((suffix.empty() ? "" : suffix + ".") + std::string("weights"),
                                     {out, channels() / groups, k, k}, 0, std::sqrt(2 / fan_in));
  const std::string bias = around((suffix.empty() ? "" : suffix + ".") + std::string("bias"), {out}, 0, 0.05);
  add("Conv", {current_, weights, bias}, {{shape_[0], out, extent(0), extent(1)}}, attributes, suffix);
}

void Chain::add_ibn_split(const std::string& suffix) {
  const std::int64_t k = spec_.instance_channels > 0 ? spec_.instance_channels : channels() / 2;
  const std::int64_t rest = channels() - k;
  if (k < 1 || rest < 1)
    throw std::invalid_argument("IBNSplit: instance_channels must leave both halves channels");
  const std::string prefix = suffix.empty() ? "" : suffix + ".";
  Shape first = shape_, second = shape_;
  const Shape whole = shape_;
  first[1] = k;
  second[1] = rest;
  Attributes split, concat;
  split.ints["axis"] = concat.ints["axis"] = 1;
  split.int_lists["split"] = {k, rest};
  add("Split", {current_}, {first, second}, split, prefix + "Split");
  const std::string tail = network_.nodes.back().outputs[1];
  add_norm(*find_norm("InstanceNormalization"), {}, prefix + "in_", prefix + "InstanceNormalization");
  const std::string head = current_;
  current_ = tail;
  shape_ = second;
  add_norm(*find_norm("BatchNormalization"), {}, prefix + "bn_", prefix + "BatchNormalization");
  add("Concat", {head, current_}, {whole}, concat, prefix + "Concat");
}

void Chain::add_step(const std::string& op, const Attributes& attributes, const std::string& suffix) {
  if (op == "Conv") return add_conv(attributes, suffix);
  if (op == "IBNSplit") return add_ibn_split(suffix);
  const std::string prefix = suffix.empty() ? "" : suffix + ".";
  if (const NormDefinition* norm = find_norm(op)) return add_norm(*norm, attributes, prefix, suffix);
  std::vector<std::string> inputs = {current_};
  if (op == "Add" || op == "Sub" || op == "Mul") {
    inputs.push_back(around(prefix + "other", shape_, 0, 1));
  } else if (op == "RandomNormal") {
    inputs.clear();
  }
  add(op, inputs, {shape_}, attributes, suffix);
}

void Chain::build() {
  const auto known = workload_operators();
  for (const FollowerSpec& next : spec_.then)
    if (std::find(known.begin(), known.end(), next.op) == known.end())
      throw std::invalid_argument("'" + next.op + "' in then is no operator of a workload");
  current_ = spec_.name + ".x";
  Value& input = network_.values[current_];
  if (spec_.op == "StringNormalizer") {
    input.shape = spec_.text.shape;
    input.dtype = DType::String;
    input.text = spec_.text;
    shape_ = input.shape;
  } else {
    const bool drawn = spec_.data.kind != "file";
    if (drawn) take(spec_.shape, "input");
    Tensor data = drawn ? draw(spec_.data, spec_.shape, seeds_.next()) : read_npy(spec_.data.file, &budget_);
    if (!spec_.shape.empty() && data.shape != spec_.shape)
      throw std::invalid_argument(spec_.data.file + " holds " + to_string(data.shape) + ", not " +
                                  to_string(spec_.shape));
    shape_ = data.shape;
    if (spec_.data.kind != "file") bring_inside(spec_.op, data);
    input.hold(std::move(data));
  }
  network_.inputs.push_back(current_);
  const bool alone = spec_.then.empty();
  Attributes attributes = spec_.attributes;
  if (spec_.op == "RandomNormal") attributes.int_lists["shape"] = shape_;
  add_step(spec_.op, attributes, alone ? "" : spec_.op);
  std::map<std::string, int> times = {{spec_.op, 1}};
  for (const FollowerSpec& next : spec_.then) {
    const int count = ++times[next.op];
    add_step(next.op, next.attributes, count == 1 ? next.op : next.op + "_" + std::to_string(count));
  }
  if (spec_.op == "StringNormalizer") network_.values[current_].dtype = DType::String;
  network_.outputs.push_back(current_);
}

// Drawn numbers that a function has no value for become some that it has one for.
void Chain::bring_inside(const std::string& op, Tensor& data) {
  const UnaryDefinition* unary = find_unary(op);
  if (unary == nullptr || unary->inside == nullptr) return;
  for (double& v : data.values)
    if (unary->inside(v) != v) v = unary->inside(std::abs(v));
}

}  // namespace

const std::vector<std::string>& data_kinds() {
  static const std::vector<std::string> kinds = {"normal", "uniform", "offset", "outlier_channel",
                                                 "constant"};
  return kinds;
}

Tensor draw(const DataSpec& spec, const Shape& shape, std::uint64_t seed) {
  if (spec.kind == "uniform") {
    const double half =
        std::sqrt(3.0) * spec.deviation;  // the deviation of a uniform is its half width / sqrt 3
    return random_uniform(shape, spec.mean - half, spec.mean + half, seed);
  }
  if (spec.kind == "constant") return Tensor::filled(shape, spec.mean == 0 ? 1.0 : spec.mean);
  if (spec.kind == "offset")
    return random_normal(shape, spec.mean == 0 ? kFarMean * spec.deviation : spec.mean, spec.deviation, seed);
  Tensor tensor = random_normal(shape, spec.mean, spec.deviation, seed);
  if (spec.kind != "outlier_channel") return tensor;
  const std::size_t axis = shape.size() < 3 ? shape.size() - 1 : 1;
  std::int64_t inner = 1;
  for (std::size_t d = axis + 1; d < shape.size(); ++d) inner *= shape[d];
  for (std::int64_t i = 0; i < tensor.size(); ++i)
    if (i / inner % shape[axis] == shape[axis] / 2) tensor.values[static_cast<std::size_t>(i)] *= kOutlier;
  return tensor;
}

std::vector<std::string> workload_operators() {
  std::vector<std::string> names;
  for (const NormDefinition& norm : norm_registry()) names.emplace_back(norm.op);
  for (const char* other :
       {"IBNSplit", "Conv", "Relu", "Add", "RandomNormal", "RandomNormalLike", "StringNormalizer"})
    names.emplace_back(other);
  for (const UnaryDefinition& unary : unary_registry()) names.emplace_back(unary.op);
  for (const char* other :
       {"MaxPool", "AveragePool", "GlobalAveragePool", "Softmax", "Transpose", "DepthToSpace", "Mul", "Sub"})
    names.emplace_back(other);
  return names;
}

void add_operator(const OperatorSpec& spec, MemoryBudget& budget, Network& network) {
  Chain(spec, budget, network).build();
}

}  // namespace bpusim
