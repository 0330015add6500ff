// What becomes of norms that were put together, on machines and by policies.
#include "sim/config/machine_file.h"
#include "sim/run/simulate.h"
#include "tests/network/draft.h"

namespace bpusim {
namespace {

RunResult run(Draft& d, const std::string& output, const char* policy) {
  d.network.outputs = {output};
  RunSpec spec;
  spec.network = d.network;
  return simulate({spec, read_machine("generic"), Policy::read(policy)});
}

// x - mean, ... over the axes; gamma and beta of the shape given.
std::string norm_in_primitives(Draft& d, const std::string& x, const std::vector<std::int64_t>& axes,
                               const Shape& affine) {
  const std::string c = d.add("Sub", {x, d.mean(x, axes)});
  const std::string v = d.mean(d.add("Mul", {c, c}), axes);
  const std::string n = d.add("Div", {c, d.add("Sqrt", {d.add("Add", {v, d.scalar(1e-5)})})});
  return d.add("Add", {d.add("Mul", {n, d.numbers(affine)}), d.numbers(affine)});
}

// What the file holds is what is placed: a policy that runs the norm whole gets it whole, and meets the
// ideal; on Bayes-e each primitive goes by its own row.
TEST(Recognition, NormsArePutTogetherWhereThePolicyRunsThemWhole) {
  for (const bool groups : {true, false}) {
    Draft d({2, 6, 8, 5});
    std::string y;
    if (groups) {
      const std::string x = d.reshape("x", {2, 3, 2, 8, 5});
      const std::string c = d.add("Sub", {x, d.mean(x, {2, 3, 4})});
      const std::string v = d.mean(d.add("Mul", {c, c}), {2, 3, 4});
      const std::string n = d.add("Div", {c, d.add("Sqrt", {d.add("Add", {v, d.scalar(1e-5)})})});
      y = d.add("Add",
                {d.add("Mul", {d.reshape(n, {2, 6, 8, 5}), d.numbers({6, 1, 1})}), d.numbers({6, 1, 1})});
    } else {
      y = norm_in_primitives(d, "x", {1}, {6, 1, 1});
    }
    const RunResult whole = run(d, y, "full"), apart = run(d, y, "bayes-e");
    ASSERT_EQ(whole.nodes.size(), 1U);
    EXPECT_EQ(whole.nodes[0].op, groups ? "GroupNormalization" : "LayerNormalization");
    EXPECT_EQ(whole.nodes[0].on, Side::Bpu);
    EXPECT_NE(whole.nodes[0].reason.find("recognised from"), std::string::npos) << whole.nodes[0].reason;
    EXPECT_EQ(whole.nodes[0].accuracy->ideal_within_1lsb_fraction, 1);
    // A Reshape is no node of its own; what BPU and CPU both read is quantised once.
    EXPECT_EQ(apart.nodes.size(), groups ? 10U : 9U);
    for (const NodeResult& node : apart.nodes) {
      // Over one axis the list has a mean on the BPU, over three of a group's not.
      EXPECT_EQ(node.on, groups && (node.op == "ReduceMean" || node.op == "Quantise") ? Side::Cpu : Side::Bpu)
          << node.op;
      EXPECT_EQ(node.reason.find("recognised from"), std::string::npos) << node.reason;
    }
    EXPECT_GT(apart.cycles, whole.cycles);
  }
}

// Where the BPU has no IBN its BatchNormalization half stays there, and only the other goes to the CPU.
TEST(Recognition, IbnStaysApartWhereTheBpuHasNone) {
  Draft d({1, 6, 8, 5});
  Attributes channels;
  channels.ints["axis"] = 1;
  const auto halves = d.add_many("Split", {"x", d.list({3, 3})}, channels, 2);
  const std::string in = d.add("InstanceNormalization", {halves[0], d.numbers({3}), d.numbers({3})});
  const std::string bn = d.add("BatchNormalization",
                               {halves[1], d.numbers({3}), d.numbers({3}), d.numbers({3}), d.numbers({3})});
  const std::string y = d.add("Concat", {in, bn}, channels);
  const RunResult whole = run(d, y, "full");
  ASSERT_EQ(whole.nodes.size(), 1U);
  EXPECT_EQ(whole.nodes[0].op, "InstanceBatchNormalization");
  const RunResult apart = run(d, y, "bayes-e");
  ASSERT_EQ(apart.nodes.size(), 4U);
  for (const NodeResult& node : apart.nodes)
    EXPECT_EQ(node.on, node.op == "InstanceNormalization" ? Side::Cpu : Side::Bpu) << node.op;
}

// Bayes-e has no MeanVarianceNormalization at all, so its parts stay parts.
TEST(Recognition, NothingIsMadeThatThePolicyCannotPlace) {
  Draft d({2, 6, 8, 5});
  const std::string c = d.add("Sub", {"x", d.mean("x", {0, 2, 3})});
  const std::string root = d.add("Sqrt", {d.mean(d.add("Mul", {c, c}), {0, 2, 3})});
  const std::string y = d.add("Div", {c, d.add("Add", {root, d.scalar(1e-9)})});
  EXPECT_EQ(run(d, y, "full").nodes.size(), 1U);
  // The mean on the CPU and the difference on the BPU read x: one quantises it.
  EXPECT_EQ(run(d, y, "bayes-e").nodes.size(), 7U + 1U);
}

}  // namespace
}  // namespace bpusim
