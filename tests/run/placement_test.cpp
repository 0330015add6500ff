// What a policy is told about a node, and where the lists of the chips then place it.
#include <gtest/gtest.h>

#include "sim/plan/facts.h"
#include "sim/plan/names_given.h"
#include "sim/plan/placed_network.h"
#include "tests/network/draft.h"

namespace bpusim {
namespace {

using Numbers = std::vector<double>;
using Where = Placement::Where;

Attributes with(const char* name, std::vector<std::int64_t> values) {
  Attributes a;
  a.int_lists[name] = std::move(values);
  return a;
}

Attributes with(const char* name, std::int64_t value) {
  Attributes a;
  a.ints[name] = value;
  return a;
}

Numbers numbers(const OperatorFacts& facts, const char* name) {
  const auto at = facts.values.find(name);
  return at == facts.values.end() ? Numbers{} : std::get<Numbers>(at->second);
}

std::string word(const OperatorFacts& facts, const char* name) {
  const auto at = facts.values.find(name);
  return at == facts.values.end() ? "(none)" : std::get<std::string>(at->second);
}

OperatorFacts facts_of_last(const Draft& d) {
  return facts_of(d.network.nodes.back(), d.network);
}

// Where the last node goes, with the reason.
Placement placed(Draft& d, const std::string& output, const char* policy) {
  RunSpec run;
  run.network = d.network;
  run.network.outputs = {output};
  return place_network(run, Policy::read(policy)).steps.back().placement;
}

TEST(Facts, OfWindows) {
  Draft d({1, 8, 20, 12});
  Attributes a = with("group", 2);
  a.int_lists["strides"] = {2, 1};
  a.int_lists["dilations"] = {1, 3};
  a.int_lists["pads"] = {1, 2, 3, 4};
  d.add("Conv", {"x", d.numbers({6, 4, 5, 3})}, a);
  const OperatorFacts facts = facts_of_last(d);
  EXPECT_EQ(numbers(facts, "kernel_h"), Numbers{5});
  EXPECT_EQ(numbers(facts, "kernel_area"), Numbers{15});
  EXPECT_EQ(numbers(facts, "kernel_volume"), Numbers{60});           // 4 channels of 5 x 3
  EXPECT_EQ(numbers(facts, "channels_per_group"), (Numbers{4, 3}));  // 8 in and 6 out, of 2 groups
  EXPECT_EQ(numbers(facts, "stride_h"), Numbers{2});
  EXPECT_EQ(numbers(facts, "dilation_w"), Numbers{3});
  EXPECT_EQ(numbers(facts, "pad_h"), (Numbers{1, 3}));
  EXPECT_EQ(numbers(facts, "pad_w"), (Numbers{2, 4}));
  // 4 wide, 3 high: 4 (up to 4) x 20 x 16 (up to 8), or 32 x 20 x 12.
  EXPECT_EQ(numbers(facts, "aligned_8w4c_32c"), Numbers{8 * 20 * 16});
  // SAME of a kernel of 5 in 20 by strides of 2: 10 rows need 9 * 2 + 5 - 20 = 3, 1 before and 2 behind.
  Attributes same = with("strides", {2, 2});
  same.strings["auto_pad"] = "SAME_UPPER";
  d.add("Conv", {"x", d.numbers({4, 8, 5, 3})}, same);
  EXPECT_EQ(numbers(facts_of_last(d), "pad_h"), (Numbers{1, 2}));
}

TEST(Facts, OfBroadcasts) {
  const auto of = [](const Shape& a, const Shape& b) {
    Draft d(a);
    d.add("Add", {"x", d.numbers(b)});
    return facts_of_last(d);
  };
  EXPECT_EQ(word(of({1, 4, 5, 6}, {1, 4, 5, 6}), "broadcast"), "none");
  EXPECT_EQ(word(of({1, 4, 5, 6}, {1, 4, 1, 1}), "broadcast"), "channels");
  EXPECT_EQ(word(of({1, 4, 5, 6}, {4, 1, 1}), "broadcast"), "one_sided");
  EXPECT_EQ(word(of({1, 4, 5, 6}, {}), "broadcast"), "scalar");
  EXPECT_EQ(word(of({2, 4, 1, 6}, {2, 1, 5, 6}), "broadcast"), "mutual");
  EXPECT_EQ(numbers(of({2, 4, 5, 6}, {1, 4, 1, 1}), "broadcast_axes"), (Numbers{0, 2, 3}));
  // 2 and 5 go together, 4 is broadcast, 5 and 3 go together.
  EXPECT_EQ(numbers(of({2, 5, 4, 5, 3}, {2, 5, 1, 5, 3}), "merged_rank"), Numbers{3});
  // Nothing goes together, and extents of 1 are none.
  EXPECT_EQ(numbers(of({2, 5, 4, 5, 1, 2}, {2, 1, 4, 1, 1, 2}), "merged_rank"), Numbers{5});
}

TEST(Facts, OfProducts) {
  const auto of = [](const Shape& a, const Shape& b) {
    Draft d(a);
    d.add("MatMul", {"x", d.numbers(b)});
    return word(facts_of_last(d), "batch_broadcast");
  };
  EXPECT_EQ(of({2, 3, 4, 5}, {2, 3, 5, 6}), "none");
  EXPECT_EQ(of({2, 3, 4, 5}, {2, 1, 5, 6}), "second_inner");
  EXPECT_EQ(of({2, 3, 4, 5}, {5, 6}), "second");
  EXPECT_EQ(of({1, 1, 4, 5}, {2, 3, 5, 6}), "first");
  EXPECT_EQ(of({2, 1, 4, 5}, {1, 3, 5, 6}), "mixed");
  EXPECT_EQ(of({2, 1, 4, 5}, {2, 3, 5, 6}), "mixed");
  EXPECT_EQ(of({2, 3, 2, 4, 5}, {2, 1, 2, 5, 6}), "mixed");
}

TEST(Facts, OfAxes) {
  Draft d({2, 3, 4, 5});
  d.mean("x", {-1, 1});
  EXPECT_EQ(numbers(facts_of_last(d), "axes"), (Numbers{1, 3}));
  EXPECT_EQ(numbers(facts_of_last(d), "axes_from_back"), (Numbers{-3, -1}));
  EXPECT_EQ(numbers(facts_of_last(d), "axis_size"), (Numbers{3, 5}));
  EXPECT_EQ(numbers(facts_of_last(d), "keepdims"), Numbers{1});
  d.add("ReduceMean", {"x"});
  EXPECT_EQ(numbers(facts_of_last(d), "axes_count"), Numbers{4});  // none given: all
  d.add("Expand", {"x", d.list({2, 2, 3, 4, 5})});
  EXPECT_EQ(numbers(facts_of_last(d), "changed_axes"), Numbers{1});
  d.add_many("Split", {"x", d.list({1, 2})}, with("axis", 1), 2);
  EXPECT_EQ(word(facts_of_last(d), "equal_parts"), "no");
}

// Rows of the lists, each with a node that keeps it and one that does not.
TEST(Lists, AMeanOverOneAxisOrHAndW) {
  const auto where = [](const std::vector<std::int64_t>& axes, std::int64_t keep, const char* policy) {
    Draft d({2, 8, 6, 5});
    return placed(d, d.reduce("ReduceMean", "x", axes, keep), policy);
  };
  EXPECT_EQ(where({2, 3}, 1, "bayes-e").where, Where::Bpu);
  EXPECT_EQ(where({-1}, 1, "bayes-e").where, Where::Bpu);
  EXPECT_EQ(where({1, 2, 3}, 1, "bayes-e").reason,
            "count of axes 3 is beyond 1: one axis, or H and W (reduction unit)");
  EXPECT_EQ(where({2, 3}, 0, "bayes-e").reason, "keepdims 0 is not 1 (reduction unit)");
  EXPECT_EQ(where({2, 3}, 1, "bernoulli2").where, Where::Bpu);
  EXPECT_EQ(where({3}, 1, "bernoulli2").reason, "axis [3] is not [2, 3] (pooling)");
}

TEST(Lists, TheX3sShapes) {
  const auto add = [](const Shape& other) {
    Draft d({1, 8, 6, 5});
    return placed(d, d.add("Add", {"x", d.numbers(other)}), "bernoulli2").where;
  };
  EXPECT_EQ(add({1, 8, 6, 5}), Where::Bpu);
  EXPECT_EQ(add({1, 8, 1, 1}), Where::Cpu);  // a constant that is broadcast
  Draft d({1, 8, 6, 5});
  const std::string mean = d.mean("x", {2, 3});
  EXPECT_EQ(placed(d, d.add("Add", {"x", mean}), "bernoulli2").where, Where::Bpu);
  const auto sigmoid = [](const Shape& shape) {
    Draft of(shape);
    return placed(of, of.add("Sigmoid", {"x"}), "bernoulli2").where;
  };
  EXPECT_EQ(sigmoid({1, 8, 32, 32}), Where::Bpu);  // 8192
  EXPECT_EQ(sigmoid({1, 8, 32, 33}), Where::Cpu);  // 8 x 32 x 40 or 32 x 32 x 33
  EXPECT_EQ(sigmoid({1, 5, 32, 32}), Where::Bpu);  // 8 x 32 x 32
}

TEST(Lists, AFlattenGoesWithTheGemmBehindItOnTheX3) {
  Draft d({1, 8, 1, 1});
  const std::string flat = d.add("Flatten", {"x"});
  RunSpec run;
  run.network = d.network;
  run.network.outputs = {flat};
  EXPECT_EQ(place_network(run, Policy::read("bernoulli2")).steps[0].placement.where, Where::Cpu);
  run.network.outputs = {d.add("Gemm", {flat, d.numbers({8, 3})})};
  const std::vector<std::string> outputs = run.network.outputs;
  run.network = d.network;
  run.network.outputs = outputs;
  for (const Step& step : place_network(run, Policy::read("bernoulli2")).steps)
    EXPECT_EQ(step.placement.where, Where::Bpu) << step.op;
}

// What the chip has on the BPU and bpusim does not says so.
TEST(Lists, WhatBpusimHasNoCommandFor) {
  Draft d({1, 8, 6, 5});
  const Placement placement = placed(d, d.add("ArgMax", {"x"}, with("axis", 1)), "bayes-e");
  EXPECT_EQ(placement.where, Where::Cpu);
  EXPECT_EQ(placement.reason.find("the policy has it on the BPU (reduction over channels), bpusim does not"),
            0U)
      << placement.reason;
}

PlacedNetwork placed_with(const Draft& d, const std::string& output, const char* policy,
                          const std::map<std::string, Request>& on) {
  RunSpec run;
  run.network = d.network;
  run.network.outputs = {output};
  run.on = on;
  return place_network(run, Policy::read(policy));
}

TEST(Requests, ANodeOrAllOfAnOperator) {
  Draft d({1, 4, 6, 8});
  const std::string first = d.add("Softmax", {"x"}, with("axis", 3));
  const std::string y = d.add("Relu", {d.add("Softmax", {first}, with("axis", 3))});
  const auto places = [&](const std::map<std::string, Request>& on) {
    std::vector<Where> where;
    for (const Step& step : placed_with(d, y, "bayes-e", on).steps) where.push_back(step.placement.where);
    return where;
  };
  EXPECT_EQ(places({}), (std::vector<Where>{Where::Cpu, Where::Cpu, Where::Bpu}));
  EXPECT_EQ(places({{"Softmax", Request::Bpu}}), (std::vector<Where>{Where::Bpu, Where::Bpu, Where::Bpu}));
  // A node's own comes after its operator's.
  EXPECT_EQ(places({{"Softmax", Request::Bpu}, {"Softmax_0", Request::Cpu}}),
            (std::vector<Where>{Where::Cpu, Where::Bpu, Where::Bpu}));
  EXPECT_EQ(places({{"Relu_2", Request::Cpu}}), (std::vector<Where>{Where::Cpu, Where::Cpu, Where::Cpu}));
  EXPECT_THROW(places({{"Sofmax", Request::Bpu}}), InputError);
}

// A pattern goes over no node that a run wants somewhere.
TEST(Requests, KeepANodeOutOfAPattern) {
  Draft d({1, 4, 8});
  const std::string c = d.add("Sub", {"x", d.mean("x", {2})});
  const std::string root = d.add("Sqrt", {d.add("Add", {d.mean(d.add("Mul", {c, c}), {2}), d.scalar(1e-5)})});
  const std::string y = d.add("Div", {c, root});
  EXPECT_EQ(placed_with(d, y, "full", {}).steps.size(), 1U);
  const PlacedNetwork apart = placed_with(d, y, "full", {{"Sqrt", Request::Cpu}});
  ASSERT_EQ(apart.steps.size(), 7U);
  for (const Step& step : apart.steps)
    EXPECT_EQ(step.placement.where, step.op == "Sqrt" ? Where::Cpu : Where::Bpu) << step.op;
}

// Norms that a list does not have are what exporters write in their place, and compute the same.
TEST(WrittenOut, IsTheNorm) {
  for (const char* op :
       {"LayerNormalization", "RMSNormalization", "SimplifiedLayerNormalization", "GroupNormalization"}) {
    const bool groups = std::string(op) == "GroupNormalization";
    Draft d(groups ? Shape{2, 6, 4, 5} : Shape{2, 3, 8});
    const Shape affine = groups ? Shape{6} : Shape{8};
    std::vector<std::string> inputs = {"x", d.numbers(affine)};
    if (groups || std::string(op) == "LayerNormalization") inputs.push_back(d.numbers(affine));
    const std::string y = d.add(op, inputs, groups ? with("num_groups", 3) : Attributes{});
    const PlacedNetwork placed = placed_with(d, y, "bayes-e", {});
    EXPECT_GE(placed.network.nodes.size(), 5U) << op;
    EXPECT_EQ(placed.network.nodes.back().name, d.network.nodes.back().name);
    const GoldenValues whole = evaluate(d.network), parts = evaluate(placed.network);
    const Tensor &before = whole.numbers.at(y), &after = parts.numbers.at(y);
    ASSERT_EQ(before.shape, after.shape) << op;
    for (std::size_t i = 0; i < before.values.size(); ++i)
      EXPECT_NEAR(before.values[i], after.values[i], 1e-9) << op << i;
    for (const Step& step : placed.steps)
      EXPECT_EQ(step.placement.where, step.op == "InstanceNormalization" ? Where::Cpu : Where::Bpu)
          << step.op;
  }
}

// A scale and a bias a group, as opset 18 has them, and tensors of two axes: the same.
TEST(WrittenOut, IsTheGroupNormOfOpset18AndOfTwoAxes) {
  for (const Shape& x : {Shape{2, 6, 4, 5}, Shape{4, 6}})
    for (const std::int64_t parameters : {3, 6}) {
      SCOPED_TRACE(to_string(x) + ", " + std::to_string(parameters));
      Draft d(x);
      const std::string scale = d.numbers({6}), bias = d.numbers({6});
      const std::string y = d.add("GroupNormalization", {"x", scale, bias}, with("num_groups", 3));
      if (parameters == 3) {
        d.network.values[scale].hold(Tensor({3}, {1, 1.5, 2}));
        d.network.values[bias].hold(Tensor({3}, {0.5, -1, 3}));
        d.network.nodes.back().opset = 18;
      }
      const PlacedNetwork placed = placed_with(d, y, "bayes-e", {});
      EXPECT_EQ(placed.network.nodes.size(), 5U);
      const std::vector<double> before = evaluate(d.network).numbers.at(y).values,
                                after = evaluate(placed.network).numbers.at(y).values;
      ASSERT_EQ(before.size(), after.size());
      for (std::size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(before[i], after[i], 1e-9) << i;
    }
}

// What the file has no operator of is said, and which node a rule put together to one.
TEST(Requests, OfOperatorsThatTheFileHasNot) {
  Draft d({1, 4, 8});
  const std::string c = d.add("Sub", {"x", d.mean("x", {2})});
  const std::string root = d.add("Sqrt", {d.add("Add", {d.mean(d.add("Mul", {c, c}), {2}), d.scalar(1e-5)})});
  const std::string y = d.add("Div", {c, root});
  RunSpec run;
  run.network = d.network;
  run.network.outputs = {y};
  run.on = {{"Sqrt", Request::Bpu}, {"Softmax", Request::Cpu}, {"LayerNormalization", Request::Cpu}};
  const Network whole = placed_with(d, y, "full", {}).network;
  const std::vector<std::string> lines = places_in_vain(run, whole);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0], "on: LayerNormalization: the file has no such operator, '" + whole.nodes[0].name +
                          "' was put together to one: name its nodes, or what stands before their '/'");
  EXPECT_EQ(lines[1], "on: Softmax: the file has no such operator");
}

}  // namespace
}  // namespace bpusim
