// What does nothing, or only changes a shape, stands in nobody's way: the fold goes on behind it, and the
// numbers stay.
#include <cmath>
#include <functional>
#include <limits>

#include "sim/config/machine_file.h"
#include "sim/plan/placed_network.h"
#include "sim/run/simulate.h"
#include "tests/network/draft.h"

namespace bpusim {
namespace {

Attributes list_of(const char* name, const std::vector<std::int64_t>& values) {
  Attributes a;
  a.int_lists[name] = values;
  return a;
}
Attributes text_of(const char* name, const char* value) {
  Attributes a;
  a.strings[name] = value;
  return a;
}
Attributes number_of(const char* name, std::int64_t value) {
  Attributes a;
  a.ints[name] = value;
  return a;
}

Attributes real_of(const char* name, double value) {
  Attributes a;
  a.floats[name] = value;
  return a;
}

std::string ops_of(const Network& network) {
  std::string ops;
  for (const Node& node : network.nodes) ops += (ops.empty() ? "" : ", ") + node.op;
  return ops;
}

// The network that is placed, which gives the same outputs.
Network planned(Draft& d, const std::string& output, const char* policy = "full") {
  d.network.outputs = {output};
  Network result = simplified(d.network, Policy::read(policy));
  const auto before = evaluate(d.network).numbers.at(output), after = evaluate(result).numbers.at(output);
  EXPECT_EQ(before.shape, after.shape);
  for (std::size_t i = 0; i < std::min(before.values.size(), after.values.size()); ++i)
    EXPECT_NEAR(before.values[i], after.values[i], 1e-9 * (1 + std::abs(before.values[i])));
  return result;
}

RunResult run(Draft& d, const std::string& output) {
  d.network.outputs = {output};
  RunSpec spec;
  spec.network = d.network;
  return simulate({spec, read_machine("generic"), Policy::read("full")});
}

std::string conv(Draft& d, const std::string& x, const Shape& weights, Attributes a = {}) {
  return d.add("Conv", {x, d.constant(random_normal(weights, 0.1, 0.5, 3))}, std::move(a));
}
std::string batch_norm(Draft& d, const std::string& x, std::int64_t channels) {
  const std::string variance = d.constant(Tensor::filled({channels}, 0.7));
  return d.add("BatchNormalization",
               {x, d.numbers({channels}), d.numbers({channels}), d.numbers({channels}), variance});
}

using Step = std::function<std::string(Draft&, const std::string&)>;

// Each gives a tensor of [2, 4, 6, 5] back as it is.
std::vector<Step> idle_steps() {
  const auto op = [](const char* name, Attributes a = {}) -> Step {
    return [name, a](Draft& d, const std::string& x) { return d.add(name, {x}, a); };
  };
  const auto with = [](const char* name, const std::vector<double>& values, Attributes a = {}) -> Step {
    return [name, values, a](Draft& d, const std::string& x) { return d.add(name, {x, d.list(values)}, a); };
  };
  return {op("Identity"),
          op("Dropout"),
          op("Cast", number_of("to", 1)),
          op("Cast", number_of("to", 11)),
          op("Transpose", list_of("perm", {0, 1, 2, 3})),
          op("Concat", number_of("axis", 1)),
          op("Sum"),
          op("Max"),
          op("Min"),
          op("Mean"),
          op("MaxPool", list_of("kernel_shape", {1, 1})),
          op("AveragePool", list_of("kernel_shape", {1, 1})),
          op("DepthToSpace", number_of("blocksize", 1)),
          op("SpaceToDepth", number_of("blocksize", 1)),
          with("Reshape", {2, 4, 6, 5}),
          with("Reshape", {0, 0, -1, 5}),
          with("Expand", {1, 4, 1, 5}),
          with("Tile", {1, 1, 1, 1}),
          with("Pad", {0, 0, 0, 0, 0, 0, 0, 0}),
          with("Pad", {0, 0, 0, 0, 0, 0, 0, 0}, text_of("mode", "reflect")),
          with("Gather", {0, 1, 2, 3}, number_of("axis", 1)),
          with("Split", {4}, number_of("axis", 1)),
          with("Add", {0}),
          with("Sub", {0}),
          with("Mul", {1}),
          with("Div", {1}),
          with("Pow", {1}),
          [](Draft& d, const std::string& x) {
            return d.add("Slice", {x, d.list({0, 0}), d.list({1e9, 4}), d.list({2, 1})});
          },
          [](Draft& d, const std::string& x) {
            return d.add("Resize", {x, "", d.list({1, 1, 1, 1})}, text_of("mode", "linear"));
          },
          [](Draft& d, const std::string& x) {
            return d.add("Resize", {x, "", d.list({1, 1, 1, 1})});
          },
          [](Draft& d, const std::string& x) {
            return d.add("Resize", {x, "", "", d.list({2, 4, 6, 5})}, text_of("mode", "cubic"));
          }};
}

// The same by functions of one element that leave it, choices that are made and moves that undo each other.
std::vector<Step> idle_functions() {
  return {[](Draft& d, const std::string& x) { return d.add("Clip", {x}); },
          [](Draft& d, const std::string& x) { return d.add("LeakyRelu", {x}, real_of("alpha", 1)); },
          [](Draft& d, const std::string& x) {
            return d.add("Clip", {x, d.scalar(-HUGE_VAL), d.scalar(std::numeric_limits<float>::max())});
          },
          [](Draft& d, const std::string& x) {  // training, and nothing to leave out
            return d.add("Dropout", {x, d.scalar(0), d.scalar(1)});
          },
          [](Draft& d, const std::string& x) {
            return d.add("Where", {d.scalar(0), d.scalar(7), x});
          },
          [](Draft& d, const std::string& x) {  // to the channels last and back
            const std::string last = d.add("Transpose", {x}, list_of("perm", {0, 2, 3, 1}));
            return d.add("Transpose", {last}, list_of("perm", {0, 3, 1, 2}));
          },
          [](Draft& d, const std::string& x) {  // by the other default, three times round
            const std::string a = d.add("Transpose", {x});
            const std::string b = d.add("Transpose", {a}, list_of("perm", {1, 0, 3, 2}));
            return d.add("Transpose", {b}, list_of("perm", {2, 3, 0, 1}));
          }};
}

std::vector<Step> all_idle_steps() {
  std::vector<Step> steps = idle_steps();
  const std::vector<Step> more = idle_functions();
  steps.insert(steps.end(), more.begin(), more.end());
  return steps;
}

TEST(LookedThrough, WhatDoesNothingIsNotThere) {
  for (const Step& idle : all_idle_steps()) {
    Draft d({2, 3, 6, 5});
    const std::string c = conv(d, "x", {4, 3, 1, 1});
    const std::string nothing = idle(d, c);
    const Node node = d.network.nodes.back();
    const std::string y = d.add("Relu", {idle(d, batch_norm(d, nothing, 4))});
    EXPECT_EQ(ops_of(planned(d, y)), "Conv, BatchNormalization, Relu") << node.op;
    const RunResult r = run(d, y);
    ASSERT_EQ(r.nodes.size(), 1U) << node.op;
    EXPECT_EQ(r.nodes[0].fused.size(), 2U) << node.op;
    EXPECT_GE(r.nodes[0].accuracy->ideal_within_1lsb_fraction, 1) << node.op;
  }
}

// What only they read goes with them; a first Transpose that somebody else reads stays.
TEST(LookedThrough, NodesThatNobodyReadsAreNotThere) {
  Draft d({2, 3, 6, 5});
  const std::string c = conv(d, "x", {4, 3, 1, 1});
  d.add("Sub", {c, d.mean(c, {2, 3})});
  EXPECT_EQ(ops_of(planned(d, d.add("Relu", {c}))), "Conv, Relu");
  Draft both({2, 3, 6, 5});
  const std::string turned = both.add("Transpose", {"x"}, list_of("perm", {0, 2, 3, 1}));
  const std::string back = both.add("Transpose", {turned}, list_of("perm", {0, 3, 1, 2}));
  both.network.outputs = {both.add("Relu", {turned}), both.add("Tanh", {back})};
  EXPECT_EQ(ops_of(simplified(both.network, Policy::read("full"))), "Transpose, Relu, Tanh");
}

// A link of a Sum of many has room for its own two operands, not for all.
TEST(LookedThrough, ASumOfManyTakesNoMoreThanItsLinks) {
  Draft d({2});
  Node sum;
  sum.name = "sum";
  sum.op = "Sum";
  sum.inputs.assign(3000, "x");
  sum.outputs = {"y"};
  d.network.nodes.push_back(sum);
  d.network.outputs = {"y"};
  const Network result = simplified(d.network, Policy::read("full"));
  ASSERT_EQ(result.nodes.size(), 2999U);
  for (const Node& link : result.nodes) ASSERT_LE(link.inputs.capacity(), 4U);
}

// An output of the network keeps its name, and costs nothing.
TEST(LookedThrough, AnOutputThatIsACopyTakesNoTime) {
  for (const Step& idle : all_idle_steps()) {
    Draft d({2, 3, 6, 5});
    const std::string y = idle(d, conv(d, "x", {4, 3, 1, 1}));
    const Node node = d.network.nodes.back();
    planned(d, y);
    EXPECT_EQ(run(d, y).nodes.size(), 1U) << node.op;
  }
}

// What looks alike and does something.
TEST(LookedThrough, WhatDoesSomethingStays) {
  const std::vector<Step> steps = {
      [](Draft& d, const std::string& x) {
        return d.add("Transpose", {x}, list_of("perm", {0, 1, 3, 2}));
      },
      [](Draft& d, const std::string& x) {
        return d.add("Resize", {x, "", d.list({1, 1, 1.1, 1.1})}, text_of("mode", "linear"));
      },
      [](Draft& d, const std::string& x) {
        return d.add("Gather", {x, d.list({0, 2, 1, 3})}, number_of("axis", 1));
      },
      [](Draft& d, const std::string& x) {
        return d.add("Slice", {x, d.list({-1}), d.list({-1e9}), d.list({1}), d.list({-1})});
      },
      [](Draft& d, const std::string& x) { return d.cast(x, 7); },
      [](Draft& d, const std::string& x) { return d.cast(x, 3); },
      [](Draft& d, const std::string& x) {
        return d.add("Sub", {d.list({0}), x});
      },
      [](Draft& d, const std::string& x) {
        return d.add("Div", {d.list({1}), x});
      },
      [](Draft& d, const std::string& x) {
        return d.add("Pow", {d.list({1}), x});
      }};
  for (const Step& step : steps) {
    Draft d({1, 4, 6, 6});
    const std::string y = batch_norm(d, step(d, conv(d, "x", {4, 4, 1, 1})), 4);
    EXPECT_EQ(planned(d, y).nodes.size(), 3U) << d.network.nodes[1].op;
  }
}

TEST(LookedThrough, AFoldGoesOnBehindAReshape) {
  const auto one = [](Draft& d, const std::string& y, std::size_t folded) {
    const RunResult r = run(d, y);
    planned(d, y);
    ASSERT_EQ(r.nodes.size(), 1U) << ops_of(d.network);
    EXPECT_EQ(r.nodes[0].fused.size(), folded);
    EXPECT_GE(r.nodes[0].accuracy->ideal_within_1lsb_fraction, 1);
  };
  Draft squeezed({1, 3, 1, 20});
  one(squeezed,
      squeezed.add(
          "Relu",
          {batch_norm(squeezed,
                      squeezed.add("Squeeze", {conv(squeezed, "x", {4, 3, 1, 1}), squeezed.list({2})}), 4)}),
      2);
  Draft there_and_back({2, 3, 20});
  const std::string up =
      there_and_back.add("Unsqueeze", {conv(there_and_back, "x", {4, 3, 3}), there_and_back.list({2})});
  const std::string biased = there_and_back.add("Add", {up, there_and_back.numbers({4, 1, 1})});
  const std::string down = there_and_back.add("Squeeze", {biased, there_and_back.list({2})});
  one(there_and_back,
      there_and_back.add("Relu", {there_and_back.cast(batch_norm(there_and_back, down, 4), 1)}), 3);
  Draft flat({2, 3, 4, 4});
  one(flat, flat.add("Relu", {flat.add("Flatten", {batch_norm(flat, conv(flat, "x", {4, 3, 4, 4}), 4)})}), 2);
  Draft product({2, 5, 8});
  const std::string p = product.add("MatMul", {"x", product.constant(random_normal({8, 6}, 0, 1, 5))});
  one(product, product.add("Relu", {product.add("Add", {product.reshape(p, {10, 6}), product.numbers({6})})}),
      2);
  Draft halves({1, 4, 6, 6});  // a Transpose that moves no element
  const std::string pooled = halves.add("GlobalAveragePool", {"x"});
  const std::string moved =
      halves.add("Transpose", {conv(halves, pooled, {4, 4, 1, 1})}, list_of("perm", {0, 2, 3, 1}));
  const RunResult r = run(halves, halves.add("Relu", {moved}));
  ASSERT_EQ(r.nodes.size(), 2U);
  EXPECT_EQ(r.nodes[1].fused.size(), 1U);
}

// Channels that mean something else behind the Reshape, values that somebody else reads.
TEST(LookedThrough, AFoldStopsWhereChannelsChange) {
  Draft other({1, 4, 4, 4});
  const std::string c = conv(other, "x", {4, 4, 1, 1});
  const std::string y = batch_norm(other, other.reshape(c, {1, 16, 4}), 16);
  EXPECT_EQ(ops_of(planned(other, y)), "Conv, Reshape, BatchNormalization");
  Draft square({1, 4, 4, 4});  // as many entries along another axis
  const std::string flat = square.reshape(conv(square, "x", {4, 4, 1, 1}), {1, 4, 16, 1});
  const std::string z = square.add("Mul", {square.reshape(flat, {4, 4, 4}), square.numbers({4})});
  EXPECT_EQ(planned(square, z).nodes.back().op, "Mul");
  Draft twice({1, 4, 4, 4});
  const std::string both = twice.reshape(conv(twice, "x", {4, 4, 1, 1}), {1, 4, 16});
  const std::string sum = twice.add("Add", {twice.add("Relu", {both}), twice.add("Sigmoid", {both})});
  EXPECT_EQ(ops_of(planned(twice, sum)), "Conv, Reshape, Relu, Sigmoid, Add");
}

Step padded(const std::vector<double>& pads) {
  return [pads](Draft& d, const std::string& x) { return d.add("Pad", {x, d.list(pads)}); };
}

TEST(LookedThrough, ZerosAroundATensorAreTheConvolutionsOwn) {
  for (const std::vector<double>& pads : std::vector<std::vector<double>>{{0, 0, 1, 1, 0, 0, 1, 1},
                                                                          {0, 0, 0, 0, 0, 0, 1, 1},
                                                                          {0, 0, 2, 0, 0, 0, 1, 3},
                                                                          {0, 0, 5, 4, 0, 0, 6, 7}})
    for (const std::int64_t stride : {1, 2})
      for (const bool own : {false, true}) {
        Draft d({1, 3, 7, 6});
        Attributes a = list_of("strides", {stride, stride});
        if (own) a.int_lists["pads"] = {1, 0, 0, 1};
        const std::string y =
            d.add("Relu", {batch_norm(d, conv(d, padded(pads)(d, "x"), {4, 3, 3, 3}, a), 4)});
        EXPECT_EQ(ops_of(planned(d, y)), "Conv, BatchNormalization, Relu");
        const RunResult r = run(d, y);
        ASSERT_EQ(r.nodes.size(), 1U);
        EXPECT_GE(r.nodes[0].accuracy->ideal_within_1lsb_fraction, 1);
      }
}

TEST(LookedThrough, APadOfAPadAndOneForSeveralReaders) {
  Draft d({1, 3, 7, 6});
  const std::string p = padded({0, 0, 0, 1, 0, 0, 0, 1})(d, padded({0, 0, 1, 0, 0, 0, 1, 0})(d, "x"));
  Attributes mean = list_of("kernel_shape", {3, 3});
  const std::string y =
      d.add("Concat", {conv(d, p, {4, 3, 3, 3}), d.add("AveragePool", {p}, mean)}, number_of("axis", 1));
  EXPECT_EQ(ops_of(planned(d, y)), "Conv, AveragePool, Concat");
  Draft axes({1, 3, 7, 6});
  const std::string q = axes.add("Pad", {"x", axes.list({2, 1}), "", axes.list({-1})});
  EXPECT_EQ(ops_of(planned(axes, conv(axes, q, {4, 3, 3, 3}))), "Conv");
  Draft row({2, 3, 9});
  EXPECT_EQ(ops_of(planned(row, conv(row, padded({0, 0, 1, 0, 0, 2})(row, "x"), {4, 3, 3}))), "Conv");
}

TEST(LookedThrough, OtherBordersStay) {
  const auto left = [](const Step& pad, const Step& reader) {
    Draft d({1, 4, 6, 6});
    return planned(d, reader(d, pad(d, "x"))).nodes.size();
  };
  const Step convolve = [](Draft& d, const std::string& x) { return conv(d, x, {2, d.shape(x)[1], 3, 3}); };
  const Step ones = [](Draft& d, const std::string& x) {
    return d.add("Pad", {x, d.list({0, 0, 1, 1, 0, 0, 1, 1}), d.scalar(1)});
  };
  const Step edge = [](Draft& d, const std::string& x) {
    return d.add("Pad", {x, d.list({0, 0, 1, 1, 0, 0, 1, 1})}, text_of("mode", "edge"));
  };
  const Step pool = [](Draft& d, const std::string& x) {
    return d.add("MaxPool", {x}, list_of("kernel_shape", {3, 3}));
  };
  const Step corner = [](Draft& d, const std::string& x) {  // a window of nothing but the Pad's zeros
    return d.add("AveragePool", {x}, list_of("kernel_shape", {1, 1}));
  };
  EXPECT_EQ(left(padded({0, 0, 1, 1, 0, 0, 1, 1}), corner), 2U);
  const Step mean = [](Draft& d, const std::string& x) {  // counts its own border out
    Attributes a = list_of("kernel_shape", {3, 3});
    a.int_lists["pads"] = {1, 1, 1, 1};
    return d.add("AveragePool", {x}, a);
  };
  EXPECT_EQ(left(ones, convolve), 2U);
  EXPECT_EQ(left(edge, convolve), 2U);
  EXPECT_EQ(left(padded({0, 1, 0, 0, 0, 0, 0, 0}), convolve), 2U);
  EXPECT_EQ(left(padded({0, 0, -1, 0, 0, 0, 1, 0}), convolve), 2U);
  EXPECT_EQ(left(padded({0, 0, 1, 1, 0, 0, 1, 1}), pool), 2U);
  EXPECT_EQ(left(padded({0, 0, 1, 1, 0, 0, 1, 1}), mean), 2U);
}

// The same tensor moved the same way, scaled by different numbers.
TEST(LookedThrough, OneTransposeForSeveral) {
  const Attributes swap = list_of("perm", {0, 2, 1});
  Draft gelu({1, 16, 12});
  const std::string half = gelu.add("Transpose", {gelu.add("Mul", {"x", gelu.scalar(0.5)})}, swap);
  const std::string inner =
      gelu.add("Transpose", {gelu.add("Mul", {gelu.scalar(std::sqrt(0.5)), "x"})}, swap);
  const std::string sum = gelu.add("Add", {gelu.scalar(1), gelu.add("Erf", {inner})});
  EXPECT_EQ(ops_of(planned(gelu, gelu.add("Mul", {half, sum}))), "Transpose, Gelu");
  Draft plain({2, 5, 6});  // one of them as it is, one through two numbers
  const std::string a = plain.add("Transpose", {"x"}, swap), b = plain.add("Transpose", {"x"}, swap);
  const std::string shifted = plain.add("Sub", {plain.scalar(3), plain.add("Mul", {"x", plain.scalar(2)})});
  const std::string c = plain.add("Transpose", {shifted}, swap);
  const std::string y = plain.add("Add", {plain.add("Mul", {a, b}), c});
  const Network network = planned(plain, y);
  EXPECT_EQ(ops_of(network).find("Transpose"), ops_of(network).rfind("Transpose")) << ops_of(network);
  Draft others({2, 5, 5});  // moved otherwise, or read by somebody else too
  const std::string scaled = others.add("Mul", {"x", others.scalar(2)});
  const std::string t = others.add("Transpose", {scaled}, swap);
  const std::string u = others.add("Transpose", {others.add("Mul", {"x", others.scalar(4)})}, swap);
  const std::string z = others.add("Add", {others.add("Add", {t, u}), scaled});
  const std::string ops = ops_of(planned(others, z));
  EXPECT_NE(ops.find("Transpose"), ops.rfind("Transpose")) << ops;
}

// What ONNX broadcasts to X may have entries for each sample too; the same as a Mul and an Add behind.
TEST(NormShapes, ScaleAndBiasWithEntriesForOtherAxes) {
  const Shape x = {2, 4, 6, 5};
  for (const auto& [scale, bias] : std::vector<std::pair<Shape, Shape>>{{{2, 4, 6, 5}, {2, 4, 6, 5}},
                                                                        {{2, 1, 1, 5}, {5}},
                                                                        {{5}, {4, 1, 1}},
                                                                        {{6, 5}, {2, 1, 1, 1}},
                                                                        {{1}, {1, 4, 1, 5}}}) {
    Draft d(x);
    const std::string gamma = d.numbers(scale), beta = d.numbers(bias);
    const std::string y = d.add("LayerNormalization", {"x", gamma, beta}, number_of("axis", -1));
    Draft apart(x);
    const std::string ones = apart.constant(Tensor::filled({5}, 1));
    const std::string plain = apart.add("LayerNormalization", {"x", ones}, number_of("axis", -1));
    const std::string z =
        apart.add("Add", {apart.add("Mul", {plain, apart.numbers(scale)}), apart.numbers(bias)});
    const auto whole = evaluate(d.network).numbers.at(y), parts = evaluate(apart.network).numbers.at(z);
    ASSERT_EQ(whole.values.size(), parts.values.size());
    for (std::size_t i = 0; i < whole.values.size(); ++i)
      ASSERT_NEAR(whole.values[i], parts.values[i], 1e-9 * (1 + std::abs(parts.values[i])));
    for (const char* mapping : {"", "resident", "streaming", "split", "host", "decomposed"}) {
      d.network.outputs = {y};
      RunSpec spec;
      spec.network = d.network;
      spec.options[d.network.nodes[0].name].mapping = parse_mapping(mapping);
      const RunResult r = simulate({spec, read_machine("generic"), Policy::read("full")});
      EXPECT_GT(r.nodes[0].accuracy->ideal_within_1lsb_fraction, 0.999) << mapping;
    }
  }
}

TEST(NormShapes, ScaleThatDoesNotFitIsRefused) {
  Draft d({2, 4, 5});
  EXPECT_THROW(d.add("LayerNormalization", {"x", d.numbers({3, 1, 5})}), std::exception);
}

// Statistics merge what they can of any number of axes.
TEST(NormShapes, AnyRank) {
  const Shape x = {2, 3, 2, 2, 3, 4};
  const auto whole = [&](const char* op, const Shape& affine, Attributes a, const Shape& shape, bool bias) {
    Draft d(shape);
    std::vector<std::string> inputs = {"x", d.numbers(affine)};
    if (bias) inputs.push_back(d.numbers(affine));
    const RunResult r = run(d, d.add(op, inputs, std::move(a)));
    EXPECT_EQ(r.nodes.size(), 1U) << op;
    EXPECT_GE(r.nodes[0].accuracy->ideal_within_1lsb_fraction, 1) << op;
  };
  whole("LayerNormalization", {4}, {}, x, true);
  whole("LayerNormalization", {2, 3, 4}, number_of("axis", 3), x, true);
  whole("LayerNormalization", {3, 2, 4}, list_of("axes", {1, 3, 5}), x, true);  // nothing merges
  whole("RMSNormalization", {4}, {}, {2, 2, 2, 2, 2, 3, 4}, false);
  whole("InstanceNormalization", {3}, {}, x, true);
  whole("GroupNormalization", {6}, number_of("num_groups", 3), {2, 6, 2, 2, 3, 4}, true);
  whole("GroupNormalization", {8}, number_of("num_groups", 2), {3, 8}, true);
  Draft primitives(x);
  const std::string c = primitives.add("Sub", {"x", primitives.mean("x", {5})});
  const std::string v = primitives.mean(primitives.add("Mul", {c, c}), {5});
  const std::string y = primitives.add(
      "Div", {c, primitives.add("Sqrt", {primitives.add("Add", {v, primitives.scalar(1e-5)})})});
  EXPECT_EQ(run(primitives, y).nodes.at(0).op, "LayerNormalization");
}

}  // namespace
}  // namespace bpusim
