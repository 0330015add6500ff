// A norm that the simulator does not come with: this program defines it in one row, as docs/adding-a-norm.md
// says, registers it, and runs it from run files and ONNX models to the reports. Registered before main(), it
// is also a row of every other test of this program that goes over all of them.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "kernels/norms/definitions/building_blocks.h"
#include "kernels/norms/golden.h"
#include "sim/config/machine_file.h"
#include "sim/input_error.h"
#include "sim/network/onnx/import.h"
#include "sim/operators/operator.h"
#include "sim/report/report.h"
#include "sim/run/simulate.h"
#include "sim/scenario/workload.h"
#include "tests/network/error_of.h"
#include "tests/network/onnx_models.h"

namespace bpusim {
namespace {

// Over the channels of each pixel, with a scale and a bias a channel.
NormProblem resolve(const NormArguments& arguments) {
  NormPart part;
  part.dims = norms::dims_of(arguments.shape);
  part.dims[1].in_set = true;
  part.dims[1].affine_stride = 1;
  part.epsilon = norms::number(arguments, "epsilon");
  part.gamma = arguments.constants[0].values;
  part.beta = arguments.constants[1].values;
  return norms::one_part(std::move(part));
}

NormDefinition channel_normalization() {
  NormDefinition row;
  row.op = "OwnNormalization";
  row.over = "channels of a pixel";
  row.affine = "channel";
  row.min_rank = 2;
  row.constants = {{"scale", NormRole::Scale, norms::per_channel},
                   {"B", NormRole::Bias, norms::per_channel, true}};
  row.attributes = {{"epsilon", 1e-5}};
  row.examples = {{{1, 1}}, {{1, 1, 1, 1}}};
  row.resolve = resolve;
  return row;
}

const bool kRegistered = (register_norm(channel_normalization()), true);

RunSpec spec(const std::string& operators) {
  return parse_run("operators:\n" + operators, "own.yaml", "");
}

RunResult run(const RunSpec& spec, const std::string& policy = "full", bool function = true) {
  return simulate({spec, read_machine("generic"), Policy::read(policy)},
                  function ? RunOptions() : RunOptions::timing());
}

const char* const kEveryMapping =
    "  - {name: auto, op: OwnNormalization, shape: [2, 24, 9, 7]}\n"
    "  - {name: resident, op: OwnNormalization, shape: [2, 24, 9, 7], mapping: resident}\n"
    "  - {name: streaming, op: OwnNormalization, shape: [2, 24, 9, 7], mapping: streaming}\n"
    "  - {name: split, op: OwnNormalization, shape: [2, 24, 9, 7], mapping: split}\n"
    "  - {name: mac_array, op: OwnNormalization, shape: [2, 24, 9, 7], mapping: mac_array}\n"
    "  - {name: decomposed, op: OwnNormalization, shape: [2, 24, 9, 7], mapping: decomposed}\n"
    "  - {name: host, op: OwnNormalization, shape: [2, 24, 9, 7], mapping: host}\n";

TEST(OwnNorm, IsOneOfAllNormsAndOperators) {
  ASSERT_TRUE(kRegistered);
  EXPECT_EQ(&norm_registry().back(), find_norm("OwnNormalization"));
  ASSERT_NE(find_operator("OwnNormalization"), nullptr);
  const auto known = workload_operators();
  EXPECT_NE(std::find(known.begin(), known.end(), "OwnNormalization"), known.end());
}

TEST(OwnNorm, ByHand) {
  // Pixel 0 has {1, 3}: mean 2, variance 1; pixel 1 has {2, 6}: mean 4, variance 4. Both give -1 and 1, times
  // scale {2, 3}, plus bias {10, 20}.
  NormArguments arguments{{}, {1, 2, 1, 2}, {Tensor({2}, {2, 3}), Tensor({2}, {10, 20})}, 17};
  arguments.attributes.ints["epsilon"] = 0;
  const NormProblem problem = resolve_norm(*find_norm("OwnNormalization"), arguments);
  EXPECT_EQ(golden_norm(problem, {1, 2, 3, 6}).y, (std::vector<double>{8, 8, 23, 23}));
}

TEST(OwnNorm, RunsOnEveryMapping) {
  const RunResult result = run(spec(kEveryMapping)), timed = run(spec(kEveryMapping), "full", false);
  ASSERT_EQ(result.nodes.size(), 7u);
  for (std::size_t n = 0; n < result.nodes.size(); ++n) {
    const NodeResult& node = result.nodes[n];
    EXPECT_EQ(node.op, "OwnNormalization");
    EXPECT_EQ(node.on_cpu(), node.name == "host") << node.name;
    if (node.name != "auto") {
      EXPECT_EQ(node.mapping, node.name);
    }
    EXPECT_EQ(node.cycles, timed.nodes[n].cycles) << node.name;
    ASSERT_TRUE(node.accuracy.has_value()) << node.name;
    EXPECT_GT(node.accuracy->cosine, 0.9995) << node.name;
    if (node.name == "decomposed") continue;  // its int16 values in between round on their own
    EXPECT_EQ(node.accuracy->ideal_within_1lsb_fraction, 1) << node.name;
    EXPECT_GE(node.accuracy->ideal_exact_fraction, 0.999) << node.name;
  }
}

// The same arithmetic by another row, on the same numbers.
TEST(OwnNorm, IsLayerNormalizationOverTheChannels) {
  const RunResult own = run(spec("  - {name: n, op: OwnNormalization, shape: [2, 24, 9, 7]}\n"));
  const RunResult layer =
      run(spec("  - {name: n, op: LayerNormalization, shape: [2, 24, 9, 7], attributes: {axes: [1]}}\n"));
  EXPECT_EQ(own.cycles, layer.cycles);
  EXPECT_EQ(own.nodes[0].mapping, layer.nodes[0].mapping);
  EXPECT_EQ(own.nodes[0].accuracy->sqnr_db, layer.nodes[0].accuracy->sqnr_db);
}

TEST(OwnNorm, StandsInBothReports) {
  RunResult result = run(spec(kEveryMapping));
  EXPECT_NE(text_report(result).find("OwnNormalization"), std::string::npos);
  const auto json = nlohmann::json::parse(json_report(result));
  ASSERT_EQ(json["nodes"].size(), 7u);
  for (const auto& node : json["nodes"]) EXPECT_EQ(node["op"], "OwnNormalization");
}

// On the BPU, in its primitives, on the CPU, and nowhere where no row speaks of it.
TEST(OwnNorm, GoesWhereThePolicySays) {
  const RunSpec one = spec("  - {name: n, op: OwnNormalization, shape: [2, 24, 9, 7]}\n");
  const auto policy = [](const std::string& row) {
    return Policy::parse("name: own\ndescription: own\noperators:\n" + row, "own.yaml");
  };
  const std::string row = "  - {op: OwnNormalization, reason: own, source: own, on: ";
  const MachineParams machine = read_machine("generic");
  EXPECT_EQ(simulate({one, machine, policy(row + "bpu}\n")}).nodes[0].on, Side::Bpu);
  EXPECT_EQ(simulate({one, machine, policy(row + "decomposed}\n")}).nodes[0].mapping, "decomposed");
  EXPECT_EQ(simulate({one, machine, policy(row + "cpu}\n")}).nodes[0].on, Side::Cpu);

  const Policy none = policy("  - {op: Relu, reason: own, source: own, on: bpu}\n");
  const CheckResult placed = check({one, machine, none});
  EXPECT_EQ(placed.nodes.at(0).reason,
            "policy own (own.yaml) has no row for OwnNormalization, and no otherwise");
  EXPECT_NE(text_placement(placed).find(placed.nodes[0].reason), std::string::npos);
  EXPECT_NE(json_placement(placed).find(placed.nodes[0].reason), std::string::npos);
  try {
    simulate({one, machine, none});
    ADD_FAILURE() << "it ran";
  } catch (const PlacementError& error) {
    EXPECT_NE(std::string(error.what()).find("n (OwnNormalization)"), std::string::npos) << error.what();
  }
}

// An exporter gives an operator of one's own a domain of its own; the name alone says which norm it is.
testing::Model model(const std::string& domain, const testing::Names& inputs) {
  testing::Model model(17);
  if (!domain.empty()) {
    auto& import = *model.proto.add_opset_import();
    import.set_domain(domain);
    import.set_version(1);
  }
  model.input("x", {1, 4, 6, 5});
  model.weights("gamma", {4}, {0.5F, 1, 1.5F, 2});
  model.weights("beta", {4}, {1, 0, -1, 0.25F});
  onnx::NodeProto& node = model.node("OwnNormalization", inputs, {"y"}, "norm");
  node.set_domain(domain);
  testing::set_float(node, "epsilon", 1e-3F);
  model.output("y", {1, 4, 6, 5});
  return model;
}

TEST(OwnNorm, RunsFromOnnxModels) {
  for (const char* domain : {"", "own.norms"}) {
    const std::string file = ::testing::TempDir() + "bpusim_own_norm.onnx";
    std::ofstream(file, std::ios::binary) << model(domain, {"x", "gamma", "beta"}).bytes();
    for (const char* mapping :
         {"auto", "resident", "streaming", "split", "mac_array", "decomposed", "host"}) {
      const RunSpec one =
          parse_run("model: '" + file + "'\nmapping: " + std::string(mapping) + "\n", "own.yaml", "");
      const RunResult result = run(one);
      ASSERT_EQ(result.nodes.size(), 1u);
      const NodeResult& node = result.nodes[0];
      EXPECT_EQ(node.op, "OwnNormalization");
      if (std::string(mapping) != "auto") {
        EXPECT_EQ(node.mapping, mapping);
      }
      ASSERT_TRUE(node.accuracy.has_value()) << mapping;
      EXPECT_GT(node.accuracy->cosine, 0.999) << mapping;
      if (std::string(mapping) != "decomposed") {
        EXPECT_EQ(node.accuracy->ideal_within_1lsb_fraction, 1) << mapping;
      }
      EXPECT_NE(text_report(result).find("OwnNormalization"), std::string::npos);
      EXPECT_EQ(nlohmann::json::parse(json_report(result))["nodes"][0]["op"], "OwnNormalization");
    }
  }
}

TEST(OwnNorm, ItsInputsAreCountedAtImport) {
  const auto read = [](const testing::Names& inputs) {
    return parse_onnx(model("own.norms", inputs).bytes(), "m.onnx", "");
  };
  EXPECT_EQ(testing::error_of([&] { read({"x"}); }),
            "m.onnx: OwnNormalization 'norm' needs at least 2 inputs, it has 1");
  EXPECT_EQ(read({"x", "gamma"}).nodes.size(), 1u);  // B may be left out
}

}  // namespace
}  // namespace bpusim
