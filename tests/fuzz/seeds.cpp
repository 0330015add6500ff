#include "tests/fuzz/seeds.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/report/report.h"
#include "tests/network/npz_archive.h"
#include "tests/network/onnx_models.h"

namespace bpusim::fuzz {

namespace {

namespace fs = std::filesystem;
using testing::Model;
using testing::set_float;
using testing::set_int;
using testing::set_ints;
using testing::set_string;

constexpr std::size_t kLargestCase =
    4096;  // bytes; larger models hold more weights, not more kinds of fields
constexpr std::size_t kLargestYaml = 1 << 16;  // bytes

std::string contents(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// Files of a folder, sorted, so that a seed's number means the same everywhere.
std::vector<std::string> files(const fs::path& folder, const std::string& extension, std::size_t largest) {
  std::vector<fs::path> paths;
  if (fs::is_directory(folder))
    for (const auto& entry : fs::recursive_directory_iterator(folder))
      if (entry.is_regular_file() && entry.path().extension() == extension && entry.file_size() <= largest)
        paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> texts;
  for (const fs::path& path : paths) texts.push_back(contents(path));
  return texts;
}

const char* const kCases = "/usr/share/libonnx-testdata/data/node";

std::vector<float> ramp(std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = 0.1f * static_cast<float>(i % 7) - 0.2f;
  return values;
}

std::string convolutions() {
  Model model;
  model.input("x", {1, 4, 8, 8});
  model.output("y", {1, 2, 1, 1});
  model.weights("w", {4, 4, 3, 3}, ramp(144));
  model.weights("b", {4}, ramp(4));
  model.weights("one", {4}, {1, 1, 1, 1});
  model.weights("t", {4, 2, 2, 2}, ramp(32));
  auto& conv = model.node("Conv", {"x", "w", "b"}, {"c"}, "conv");
  set_ints(conv, "pads", {1, 1, 1, 1});
  set_ints(conv, "strides", {1, 1});
  set_ints(conv, "dilations", {1, 1});
  set_int(model.node("BatchNormalization", {"c", "one", "b", "b", "one"}, {"n"}, "bn"), "training_mode", 0);
  model.node("Relu", {"n"}, {"r"}, "relu");
  auto& pool = model.node("MaxPool", {"r"}, {"p"}, "pool");
  set_ints(pool, "kernel_shape", {3, 3});
  set_ints(pool, "strides", {2, 2});
  set_ints(pool, "pads", {0, 0, 1, 1});
  set_int(pool, "ceil_mode", 1);
  set_ints(model.node("AveragePool", {"p"}, {"a"}, "average"), "kernel_shape", {2, 2});
  set_ints(model.node("ConvTranspose", {"a", "t"}, {"u"}, "up"), "strides", {2, 2});
  model.node("GlobalAveragePool", {"u"}, {"y"}, "global");
  return model.bytes();
}

std::string movements() {
  Model model(11);
  model.input("x", {1, 4, 4, 4});
  model.output("y", {2, 64});
  model.integers("starts", {0});
  model.integers("ends", {INT64_MAX});
  model.integers("axes", {2});
  model.integers("pads", {0, 0, 0, 1, 0, 0, 0, 1});
  model.integers("shape", {0, -1});
  model.integers("rows", {2, 256});
  model.integers("index", {0, 1});
  model.weights("scales", {4}, {1, 1, 2, 2});
  model.node("Slice", {"x", "starts", "ends", "axes"}, {"a"});
  model.node("Pad", {"a", "pads"}, {"b"});
  auto& resize = model.node("Resize", {"x", "", "scales"}, {"c"});
  set_string(resize, "coordinate_transformation_mode", "asymmetric");
  set_string(resize, "nearest_mode", "floor");
  set_ints(model.node("Transpose", {"c"}, {"d"}), "perm", {0, 2, 3, 1});
  model.node("Reshape", {"d", "shape"}, {"e"});
  model.node("Expand", {"e", "rows"}, {"f"});
  set_int(model.node("Gather", {"f", "index"}, {"g"}), "axis", 0);
  auto& split = model.node("Split", {"g"}, {"h", "i"});
  set_int(split, "axis", 1);
  set_ints(split, "split", {64, 192});
  set_int(model.node("Concat", {"h", "i"}, {"j"}), "axis", 1);
  set_int(model.node("DepthToSpace", {"x"}, {"k"}), "blocksize", 2);
  set_ints(model.node("Unsqueeze", {"k"}, {"l"}), "axes", {0});
  set_ints(model.node("Squeeze", {"l"}, {"m"}), "axes", {0});
  model.node("Identity", {"h"}, {"y"});
  model.output("b", {1, 4, 4, 6});
  model.output("j", {2, 256});
  model.output("m", {1, 1, 8, 8});
  return model.bytes();
}

std::string transformer() {
  Model model(17);
  model.input("x", {1, 4, 8});
  model.output("y", {4, 4});
  model.weights("s", {8}, ramp(8));
  model.weights("w", {8, 8}, ramp(64));
  model.integers("shape", {4, 8});
  model.weights("two", {}, {2});
  set_float(model.node("LayerNormalization", {"x", "s", "s"}, {"n"}), "epsilon", 1e-5f);
  model.node("MatMul", {"n", "w"}, {"m"});
  set_int(model.node("Softmax", {"m"}, {"a"}), "axis", -1);
  model.node("Erf", {"a"}, {"e"});
  model.node("Mul", {"e", "m"}, {"g"});
  model.node("Reshape", {"g", "shape"}, {"r"});
  auto& gemm = model.node("Gemm", {"r", "w", "s"}, {"z"});
  set_int(gemm, "transB", 1);
  set_float(gemm, "alpha", 0.5f);
  set_ints(model.node("ReduceMean", {"z"}, {"v"}), "axes", {1});
  model.node("Sub", {"z", "v"}, {"d"});
  model.node("Pow", {"d", "two"}, {"q"});
  set_ints(model.node("Transpose", {"z"}, {"zt"}), "perm", {1, 0});
  model.node("MatMul", {"z", "zt"}, {"y"});
  model.output("q", {4, 8});
  return model.bytes();
}

std::string control_flow() {
  Model model(16);
  model.open_input("x", "N", {4});
  model.output("y", {1, 4});
  testing::fill_bool(*model.graph().add_initializer(), "c", true);
  auto& function = *model.proto.add_functions();
  function.set_name("Twice");
  function.set_domain("custom");
  function.add_input("in");
  function.add_output("out");
  testing::add_node(function, "Add", {"in", "in"}, {"out"}, "add");
  model.node("Twice", {"x"}, {"t"}, "call").set_domain("custom");
  auto& choice = model.node("If", {"c"}, {"y"}, "choice");
  auto& yes = testing::set_graph(choice, "then_branch");
  testing::fill(*yes.add_initializer(), "one", {1}, {1});
  testing::add_node(yes, "Add", {"t", "one"}, {"r"}, "sum");
  testing::declare(*yes.add_output(), "r", {1, 4});
  auto& no = testing::set_graph(choice, "else_branch");
  testing::add_node(no, "Neg", {"t"}, {"r"}, "neg");
  testing::declare(*no.add_output(), "r", {1, 4});
  auto& sparse = *model.graph().add_sparse_initializer();
  testing::fill(*sparse.mutable_values(), "s", {1}, {5});
  testing::fill_int64(*sparse.mutable_indices(), "", {1}, {1});
  sparse.add_dims(4);
  model.node("Mul", {"y", "s"}, {"z"}, "mul");
  model.output("z", {1, 4});
  return model.bytes();
}

}  // namespace

std::vector<std::string> onnx_seeds() {
  std::vector<std::string> cases = files(kCases, ".onnx", kLargestCase), seeds;
  const std::string built[] = {convolutions(), movements(), transformer(), control_flow()};
  // The built models hold several operators each: as many mutations go to them as to all cases.
  for (std::size_t i = 0; i < std::max<std::size_t>(cases.size(), 4); ++i) {
    seeds.push_back(built[i % 4]);
    if (i < cases.size()) seeds.push_back(std::move(cases[i]));
  }
  return seeds;
}

std::vector<std::string> pb_seeds() {
  onnx::TensorProto floats, integers, text;
  testing::fill(floats, "f", {2, 3}, ramp(6));
  testing::fill_int64(integers, "i", {3}, {1, 2, 3});
  text.set_data_type(onnx::TensorProto::STRING);
  text.add_dims(1);
  text.add_string_data("text");
  std::vector<std::string> seeds = {floats.SerializeAsString(), integers.SerializeAsString(),
                                    text.SerializeAsString()};
  std::vector<std::string> cases =
      files(std::string(kCases) + "/test_layer_normalization_default_axis", ".pb", kLargestCase);
  seeds.insert(seeds.end(), cases.begin(), cases.end());
  return seeds;
}

std::vector<std::string> npy_seeds() {
  return {testing::npy("<f4", "False", "2, 3", std::string(24, 'x')),
          testing::npy("|u1", "True", "2, 2", "abcd"),
          testing::npy("<i8", "False", "2,", std::string(16, '\x7F'))};
}

std::vector<std::string> npz_seeds() {
  std::vector<std::pair<std::string, std::string>> arrays;
  for (const std::string& array : npy_seeds())
    arrays.emplace_back("a" + std::to_string(arrays.size()) + ".npy", array);
  return {testing::zip(arrays, false), testing::zip(arrays, true)};
}

// Small shapes: data are drawn while the file is read.
std::vector<std::string> run_seeds() {
  return {
      "name: small\nmachine: generic\nset: {mac.rows: 16}\noperators:\n"
      "  - {op: LayerNormalization, shape: [4, 64], attributes: {axis: -1, epsilon: 1e-5}}\n"
      "  - {op: Conv, shape: [1, 4, 8, 8], kernel: 3, then: [BatchNormalization, Relu]}\n"
      "  - {op: StringNormalizer, text: [a, b]}\n",
      "quantisation: affine\ncalibration: percentile\npercentile: 0.999\npolicy: full\noperators:\n"
      "  - op: IBNSplit\n    shape: [1, 8, 4, 4]\n    instance_channels: 3\n    fuse: false\n"
      "  - {op: GroupNormalization, shape: [1, 8, 4], attributes: {num_groups: 2}, mapping: host}\n"
      "  - {op: MaxPool, shape: [1, 2, 4, 4], attributes: {kernel_shape: [2, 2], ceil_mode: 1}}\n"
      "  - {op: Relu, data: {kind: uniform, mean: 1, deviation: 2}, shape: [3, 5], seed: 7}\n",
      "model: m.onnx\ndim: {N: 1}\ninputs: {x: x.npy}\nseed: 3\n"};
}

std::vector<std::string> machine_seeds() {
  return files(std::string(BPUSIM_SOURCE_DIR) + "/configs/machines", ".yaml", kLargestYaml);
}

std::vector<std::string> policy_seeds() {
  return files(std::string(BPUSIM_SOURCE_DIR) + "/configs/support", ".yaml", kLargestYaml);
}

std::vector<std::string> result_seeds() {
  RunResult run;
  run.name = "small";
  run.clock_mhz = 1000;
  run.nodes.resize(2);
  run.nodes[0].accuracy.emplace();
  run.nodes[1].fused = {"a", "b"};
  run.outputs.resize(1);
  run.quantised.emplace().search.emplace();
  run.identity.model = NamedFile{"m.onnx", "00"};
  run.identity.options.quantisation = "symmetric";
  run.identity.parameters = {{"mac.rows", std::int64_t{16}, "", SetBy::Command}};
  run.identity.files.resize(1);
  return {json_report(run)};
}

}  // namespace bpusim::fuzz
