#include "tests/network/norm_spellings.h"

namespace bpusim {
namespace {

TEST(Patterns, LayerNormInAllSpellings) {
  for (const Square square : {Square::Pow, Square::Mul, Square::Moments})
    for (const Quotient quotient : {Quotient::Div, Quotient::Reciprocal, Quotient::DivOne, Quotient::Pow})
      for (const bool twice : {false, true})
        for (const std::vector<std::int64_t>& axes :
             {std::vector<std::int64_t>{-1}, {2}, {1, 2}, {-2, -1}, {2, 1}}) {
          if (square == Square::Moments && twice) continue;  // needs no difference to square
          Draft d({2, 5, 8});
          const Shape over = axes.size() == 1 ? Shape{8} : Shape{5, 8};
          const std::string y = with_affine(d, normalised(d, "x", axes, {square, quotient, twice}), over);
          ASSERT_EQ(d.only(y), "LayerNormalization");
          EXPECT_EQ(d.last.attributes.get("axis", std::int64_t{0}), -static_cast<std::int64_t>(axes.size()));
          EXPECT_EQ(d.last.attributes.get("epsilon", 0.0), 1e-6);
          EXPECT_EQ(d.last.outputs, std::vector<std::string>{y});
          EXPECT_EQ(d.last.origin.find("ReduceMean, Sub"), 0U) << d.last.origin;
          EXPECT_NE(d.last.origin.find("nodes ReduceMean_0 to " + d.network.nodes.back().name),
                    std::string::npos)
              << d.last.origin;
        }
}

TEST(Patterns, LayerNormWithoutGammaOrBeta) {
  Draft plain({2, 5, 8});
  EXPECT_EQ(plain.only(normalised(plain, "x", {-1})), "LayerNormalization");
  Draft gamma({2, 5, 8});
  EXPECT_EQ(gamma.only(gamma.add("Mul", {normalised(gamma, "x", {-1}), gamma.numbers({8})})),
            "LayerNormalization");
  Draft beta({2, 5, 8});
  EXPECT_EQ(beta.only(beta.add("Add", {normalised(beta, "x", {-1}), beta.numbers({8})})),
            "LayerNormalization");
}

// ReduceMean with axes as an input, without keepdims, and dimensions brought back by Unsqueeze.
TEST(Patterns, LayerNormWithUnsqueezedMeans) {
  Draft d({2, 5, 8});
  Attributes drop;
  drop.ints["keepdims"] = 0;
  const auto mean = [&](const std::string& x) {
    return d.add("Unsqueeze", {d.add("ReduceMean", {x, d.list({-1})}, drop), d.list({-1})});
  };
  const std::string c = d.add("Sub", {"x", mean("x")});
  const std::string root = d.add("Sqrt", {d.add("Add", {mean(d.add("Mul", {c, c})), d.scalar(1e-5)})});
  EXPECT_EQ(d.only(with_affine(d, d.add("Div", {c, root}), {8})), "LayerNormalization");
}

// TensorFlow: x s + (beta - mean s), s = gamma / deviation.
TEST(Patterns, LayerNormAsTensorFlowWritesIt) {
  for (const bool gamma : {true, false}) {
    Draft d({2, 5, 8});
    const std::string m = d.mean("x", {2}), c = d.add("Sub", {"x", m});
    const std::string v = d.mean(d.add("Mul", {c, c}), {2});
    std::string s = d.add("Reciprocal", {d.add("Sqrt", {d.add("Add", {v, d.scalar(1e-3)})})});
    if (gamma) s = d.add("Mul", {s, d.numbers({8})});
    const std::string rest = d.add("Sub", {d.numbers({8}), d.add("Mul", {m, s})});
    EXPECT_EQ(d.only(d.add("Add", {d.add("Mul", {"x", s}), rest})), "LayerNormalization") << gamma;
  }
}

// Flax: gamma goes to 1 / sqrt first, and the variance is E[x^2] - E[x]^2, but not below 0.
TEST(Patterns, LayerNormAsFlaxWritesIt) {
  for (const char* floor : {"Max", "Relu"}) {
    Draft d({2, 5, 8});
    const std::string m = d.mean("x", {2});
    const std::string v = d.add("Sub", {d.mean(d.add("Mul", {"x", "x"}), {2}), d.add("Mul", {m, m})});
    const std::string positive =
        std::string(floor) == "Max" ? d.add("Max", {d.scalar(0), v}) : d.add("Relu", {v});
    const std::string inverse =
        d.add("Reciprocal", {d.add("Sqrt", {d.add("Add", {positive, d.scalar(1e-6)})})});
    const std::string s = d.add("Mul", {inverse, d.numbers({1, 1, 8})});
    const std::string y = d.add("Mul", {d.add("Sub", {"x", m}), s});
    EXPECT_EQ(d.only(d.add("Add", {y, d.numbers({1, 1, 8})})), "LayerNormalization") << floor;
  }
}

// ConvNeXt's LayerNorm2d: statistics over the channels of each pixel. Our own attribute `axes` says so.
TEST(Patterns, LayerNormOverChannels) {
  for (const Shape& over : {Shape{6, 1, 1}, Shape{1, 6, 1, 1}}) {
    Draft d({2, 6, 3, 4});
    ASSERT_EQ(d.only(with_affine(d, normalised(d, "x", {1}), over)), "LayerNormalization");
    EXPECT_EQ(d.last.attributes.int_lists.at("axes"), std::vector<std::int64_t>{1});
  }
}

// ConvNeXt as timm exports it: channels last and back again around each norm.
TEST(Patterns, LayerNormBetweenTransposes) {
  for (const bool there_and_back : {true, false}) {
    Draft d({2, 6, 3, 4});
    Attributes last, first;
    last.int_lists["perm"] = {0, 2, 3, 1};
    first.int_lists["perm"] =
        there_and_back ? std::vector<std::int64_t>{0, 3, 1, 2} : std::vector<std::int64_t>{0, 3, 2, 1};
    const std::string n = with_affine(d, normalised(d, d.add("Transpose", {"x"}, last), {-1}), {6});
    const std::string y = d.add("Transpose", {n}, first);
    EXPECT_EQ(d.only(y), there_and_back ? "LayerNormalization" : "Transpose, LayerNormalization, Transpose");
  }
  Draft d({2, 6, 3, 4});
  Attributes last, first;
  last.int_lists["perm"] = {0, 2, 3, 1};
  first.int_lists["perm"] = {0, 3, 1, 2};
  const std::string t = d.add("Transpose", {"x"}, last);
  const std::string root =
      d.add("Sqrt", {d.add("Add", {d.mean(d.add("Mul", {t, t}), {-1}), d.scalar(1e-5)})});
  const std::string n = d.add("Mul", {d.add("Div", {t, root}), d.numbers({6})});
  EXPECT_EQ(d.only(d.add("Transpose", {n}, first)), "RMSNormalization");
}

// Mean and InvStdDev as further results, in another shape, as ONNX's own expansion has them.
TEST(Patterns, LayerNormWithItsStatistics) {
  Draft d({2, 3, 4});
  const std::string x = d.reshape("x", {6, 4}), m = d.mean(x, {1});
  const std::string v = d.add("Sub", {d.mean(d.add("Mul", {x, x}), {1}), d.add("Mul", {m, m})});
  const std::string root = d.add("Sqrt", {d.add("Add", {v, d.scalar(1e-5)})});
  const std::string n = d.add("Div", {d.add("Sub", {x, m}), root});
  const std::string y = d.reshape(with_affine(d, n, {4}), {2, 3, 4});
  const std::string inverse = d.reshape(d.add("Reciprocal", {root}), {2, 3, 1});
  const std::string means = d.reshape(m, {2, 3, 1});
  const Network result = d.done({y, means, inverse});
  ASSERT_EQ(result.nodes.size(), 1U);
  EXPECT_EQ(result.nodes[0].outputs, (std::vector<std::string>{y, means, inverse}));
  EXPECT_EQ(result.nodes[0].inputs[0], "x");
}

// Keras' LayerNormalization is a BatchNormalization of [1, N T, C, 1], scale 1 and bias 0, on statistics of
// its own: as training mode, or with a mean and a variance computed beside it.
TEST(Patterns, LayerNormAsKerasLowersItToBatchNorm) {
  for (const bool training : {true, false}) {
    Draft d({2, 5, 8});
    const std::string x = d.reshape("x", {1, 10, 8, 1});
    const std::string one = d.constant(Tensor::filled({10}, 1)), zero = d.constant(Tensor::filled({10}, 0));
    std::string mean = zero, variance = one;
    Attributes a;
    a.floats["epsilon"] = 1e-3;
    if (training) {
      a.ints["training_mode"] = 1;
    } else {
      const std::string m = d.mean(x, {0, 2, 3}), c = d.add("Sub", {x, m});
      mean = d.add("Squeeze", {m, d.list({0, 2, 3})});
      variance = d.reduce("ReduceMean", d.add("Mul", {c, c}), {0, 2, 3}, 0);
    }
    const std::string n = d.add("BatchNormalization", {x, one, zero, mean, variance}, a);
    ASSERT_EQ(d.only(with_affine(d, d.reshape(n, {2, 5, 8}), {8})), "LayerNormalization") << training;
    EXPECT_EQ(d.last.attributes.get("epsilon", 0.0), 1e-3);
    EXPECT_EQ(d.last.inputs[0], "x");
  }
}

TEST(Patterns, InstanceNormInPrimitives) {
  for (const Shape& over : {Shape{4, 1, 1}, Shape{1, 4, 1, 1}}) {
    Draft d({2, 4, 6, 5});
    ASSERT_EQ(d.only(with_affine(d, normalised(d, "x", {2, 3}), over)), "InstanceNormalization");
    EXPECT_EQ(d.network.values.count(d.last.inputs[1]), 0U);  // a constant of its own
  }
  Draft plain({2, 4, 6, 5});
  EXPECT_EQ(plain.only(normalised(plain, "x", {2, 3}, {Square::Moments})), "InstanceNormalization");
  Draft last({1, 1, 1, 20});  // channels last, one pixel: over C alone, though H and W hold nothing more
  EXPECT_EQ(last.only(normalised(last, "x", {3})), "LayerNormalization");
}

TEST(Patterns, InstanceNormWithPooledMeans) {
  Draft d({2, 4, 6, 5});
  const std::string c = d.add("Sub", {"x", d.add("GlobalAveragePool", {"x"})});
  const std::string v = d.add("GlobalAveragePool", {d.add("Mul", {c, c})});
  const std::string n = d.add("Div", {c, d.add("Sqrt", {d.add("Add", {v, d.scalar(1e-5)})})});
  EXPECT_EQ(d.only(with_affine(d, n, {4, 1, 1})), "InstanceNormalization");
}

TEST(Patterns, InstanceNormOfAReshape) {
  for (const std::vector<double>& shape : {std::vector<double>{2, 4, 30}, {8, 30}, {0, 0, -1}}) {
    Draft d({2, 4, 6, 5});
    const std::string n = normalised(d, d.reshape("x", shape), {-1});
    EXPECT_EQ(d.only(with_affine(d, d.reshape(n, {2, 4, 6, 5}), {4, 1, 1})), "InstanceNormalization");
  }
  Draft d({2, 4, 6, 5});  // LayerNormalization of [N, C, H W], gamma and beta behind it
  const std::string x = d.reshape("x", {2, 4, 30});
  const std::string n = d.add("LayerNormalization", {x, d.constant(Tensor::filled({30}, 1))});
  EXPECT_EQ(d.only(d.reshape(with_affine(d, n, {4, 1}), {2, 4, 6, 5})), "InstanceNormalization");
}

// PyTorch's way for instance_norm: BatchNormalization of [1, N C, H, W] in training mode, gamma repeated.
TEST(Patterns, InstanceNormAsBatchNormInTrainingMode) {
  Draft d({2, 3, 4, 5});
  Attributes a;
  a.ints["training_mode"] = 1;
  const std::string gamma = d.list({1, 2, 3, 1, 2, 3}), beta = d.list({4, 5, 6, 4, 5, 6});
  const std::string n = d.add("BatchNormalization",
                              {d.reshape("x", {1, 6, 4, 5}), gamma, beta, d.constant(Tensor::filled({6}, 0)),
                               d.constant(Tensor::filled({6}, 1))},
                              a);
  EXPECT_EQ(d.only(d.reshape(n, {2, 3, 4, 5})), "InstanceNormalization");
  Draft other({2, 3, 4, 5});  // gamma that depends on the sample is no InstanceNorm's
  const std::string m =
      other.add("BatchNormalization",
                {other.reshape("x", {1, 6, 4, 5}), other.numbers({6}), other.numbers({6}),
                 other.constant(Tensor::filled({6}, 0)), other.constant(Tensor::filled({6}, 1))},
                a);
  EXPECT_EQ(other.only(other.reshape(m, {2, 3, 4, 5})), "Reshape, BatchNormalization, Reshape");
}

TEST(Patterns, GroupNormAsPyTorchExportsIt) {
  Draft d({2, 6, 4, 4});
  const std::string one = d.constant(Tensor::filled({3}, 1)), zero = d.constant(Tensor::filled({3}, 0));
  const std::string n = d.add("InstanceNormalization", {d.reshape("x", {0, 3, -1}), one, zero});
  ASSERT_EQ(d.only(with_affine(d, d.reshape(n, {2, 6, 4, 4}), {6, 1, 1})), "GroupNormalization");
  EXPECT_EQ(d.last.attributes.get("num_groups", std::int64_t{0}), 3);
}

TEST(Patterns, GroupNormInPrimitives) {
  for (const Square square : {Square::Pow, Square::Moments}) {
    Draft d({2, 6, 4, 5});
    const std::string n = normalised(d, d.reshape("x", {2, 3, 2, 4, 5}), {2, 3, 4}, {square});
    ASSERT_EQ(d.only(with_affine(d, d.reshape(n, {2, 6, 4, 5}), {1, 6, 1, 1})), "GroupNormalization");
    EXPECT_EQ(d.last.attributes.get("num_groups", std::int64_t{0}), 3);
  }
  Draft one({2, 6, 4, 5});  // a single group
  ASSERT_EQ(one.only(with_affine(one, normalised(one, "x", {1, 2, 3}), {6, 1, 1})), "GroupNormalization");
  EXPECT_EQ(one.last.attributes.get("num_groups", std::int64_t{0}), 1);
}

TEST(Patterns, RmsNormInAllSpellings) {
  for (const bool casts : {false, true})
    for (const Quotient quotient : {Quotient::Div, Quotient::Reciprocal, Quotient::DivOne, Quotient::Pow}) {
      Draft d({2, 5, 8});
      const std::string x = casts ? d.cast("x", 1) : "x";
      const std::string sum = d.add("Add", {d.mean(d.add("Pow", {x, d.scalar(2)}), {-1}), d.scalar(1e-5)});
      std::string n;
      if (quotient == Quotient::Pow) {
        n = d.add("Mul", {x, d.add("Pow", {sum, d.scalar(-0.5)})});
      } else {
        const std::string root = d.add("Sqrt", {sum});
        n = quotient == Quotient::Div          ? d.add("Div", {x, root})
            : quotient == Quotient::Reciprocal ? d.add("Mul", {x, d.add("Reciprocal", {root})})
                                               : d.add("Mul", {x, d.add("Div", {d.scalar(1), root})});
      }
      if (casts) n = d.cast(n, 11);
      ASSERT_EQ(d.only(d.add("Mul", {d.numbers({8}), n})), "RMSNormalization");
      EXPECT_EQ(d.last.attributes.get("epsilon", 0.0), 1e-5);
    }
}

TEST(Patterns, MeanVarianceNormalization) {
  const auto mvn = [](Draft& d, double epsilon) {
    const std::string m = d.mean("x", {0, 2, 3}), c = d.add("Sub", {"x", m});
    const std::string root = d.add("Sqrt", {d.mean(d.add("Mul", {c, c}), {0, 2, 3})});
    return d.add("Div", {c, d.add("Add", {root, d.scalar(epsilon)})});
  };
  Draft d({2, 3, 4, 5});
  ASSERT_EQ(d.only(mvn(d, 1e-9)), "MeanVarianceNormalization");
  EXPECT_EQ(d.last.attributes.int_lists.at("axes"), (std::vector<std::int64_t>{0, 2, 3}));
  Draft large({2, 3, 4, 5});
  EXPECT_EQ(large.done(mvn(large, 1e-2)).nodes.size(), 7U);
}

TEST(Patterns, LpNormalization) {
  {
    Draft d({2, 5, 8});  // F.normalize: ReduceL2, Clip, Expand, Div
    const std::string norm = d.add("Clip", {d.reduce("ReduceL2", "x", {1}), d.scalar(1e-12)});
    ASSERT_EQ(d.only(d.add("Div", {"x", d.add("Expand", {norm, d.list({2, 5, 8})})})), "LpNormalization");
    EXPECT_EQ(d.last.attributes.get("p", std::int64_t{0}), 2);
    EXPECT_EQ(d.last.attributes.get("axis", std::int64_t{0}), 1);
  }
  {
    Draft d({2, 5, 8});
    ASSERT_EQ(d.only(d.add("Div", {"x", d.reduce("ReduceL1", "x", {-1})})), "LpNormalization");
    EXPECT_EQ(d.last.attributes.get("p", std::int64_t{0}), 1);
  }
  {
    Draft d({2, 5, 8});  // tf.math.l2_normalize
    const std::string sum = d.reduce("ReduceSum", d.add("Mul", {"x", "x"}), {2});
    const std::string root = d.add("Sqrt", {d.add("Max", {sum, d.scalar(1e-12)})});
    EXPECT_EQ(d.only(d.add("Mul", {"x", d.add("Reciprocal", {root})})), "LpNormalization");
  }
  for (const bool clip : {true, false}) {  // a floor that shows, and two axes
    Draft d({2, 5, 8});
    const std::string norm =
        d.reduce("ReduceL2", "x", clip ? std::vector<std::int64_t>{1} : std::vector<std::int64_t>{1, 2});
    const std::string floor = clip ? d.add("Clip", {norm, d.scalar(0.5)}) : norm;
    EXPECT_NE(d.only(d.add("Div", {"x", floor})), "LpNormalization");
  }
}

TEST(Patterns, IbnOnlyWhereItIsWanted) {
  Draft d({2, 6, 4, 5});
  Attributes channels, batch;
  channels.ints["axis"] = 1;
  batch.floats["epsilon"] = 1e-3;  // not the other half's 1e-5
  const auto halves = d.add_many("Split", {"x", d.list({2, 4})}, channels, 2);
  const std::string in = d.add("InstanceNormalization", {halves[0], d.numbers({2}), d.numbers({2})});
  const std::string bn =
      d.add("BatchNormalization", {halves[1], d.numbers({4}), d.numbers({4}), d.numbers({4}), d.numbers({4})},
            batch);
  const std::string y = d.add("Concat", {in, bn}, channels);
  EXPECT_EQ(d.only(y), "InstanceBatchNormalization");
  const Network apart =
      recognise(d.network, [](const std::string& op) { return op != "InstanceBatchNormalization"; });
  EXPECT_EQ(apart.nodes.size(), 4U);
  Draft swapped({2, 6, 4, 5});  // BatchNormalization first: another operator
  const auto parts = swapped.add_many("Split", {"x", swapped.list({4, 2})}, channels, 2);
  const std::string first = swapped.add(
      "BatchNormalization",
      {parts[0], swapped.numbers({4}), swapped.numbers({4}), swapped.numbers({4}), swapped.numbers({4})});
  const std::string second =
      swapped.add("InstanceNormalization", {parts[1], swapped.numbers({2}), swapped.numbers({2})});
  EXPECT_EQ(swapped.done(swapped.add("Concat", {first, second}, channels)).nodes.size(), 4U);
}

TEST(Patterns, EveryRuleHasAPatternAndAnOperator) {
  for (const Rule& rule : recognition_rules()) {
    EXPECT_NE(find_operator(rule.op), nullptr) << rule.name;
    EXPECT_NE(std::string(rule.pattern), "") << rule.name;
  }
}

}  // namespace
}  // namespace bpusim
