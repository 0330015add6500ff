// Norms and Softmax in spellings of their means: sums by 1 / n, sums of squares, Reshapes before and behind.
#include "tests/network/draft.h"

namespace bpusim {
namespace {

// Means over one axis of x [n, c, w] or of it as [n, c, 1, w], by the spelling asked for.
struct Means {
  bool by_sum = false, divided = false, keeps = true, flat = false;
};

std::string mean(Draft& d, const std::string& given, std::int64_t axis, const Means& m) {
  const Shape shape = d.shape(given);
  Shape reduced = shape;
  reduced[static_cast<std::size_t>(axis)] = 1;
  std::string x = given;
  if (m.flat) x = d.reshape(x, {static_cast<double>(shape[0]), static_cast<double>(shape[1]), 1, -1});
  const std::int64_t over = m.flat ? axis + 1 : axis;
  std::string y = d.reduce(m.by_sum ? "ReduceSum" : "ReduceMean", x, {over}, m.keeps ? 1 : 0);
  const auto n = static_cast<double>(shape[static_cast<std::size_t>(axis)]);
  if (m.by_sum) y = m.divided ? d.add("Div", {y, d.scalar(n)}) : d.add("Mul", {d.scalar(1 / n), y});
  return d.shape(y) == reduced ? y : d.reshape(y, {reduced.begin(), reduced.end()});
}

std::string normalised(Draft& d, const std::string& centred, const std::string& variance) {
  const std::string root = d.add("Sqrt", {d.add("Add", {variance, d.scalar(1e-5)})});
  return d.add("Mul", {centred, d.add("Reciprocal", {root})});
}

std::string with_affine(Draft& d, const std::string& x, const Shape& shape) {
  return d.add("Add", {d.add("Mul", {x, d.numbers(shape)}), d.numbers(shape)});
}

std::vector<Means> all_means() {
  std::vector<Means> all;
  for (const bool by_sum : {false, true})
    for (const bool divided : {false, true})
      for (const bool keeps : {false, true})
        for (const bool flat : {false, true})
          if (by_sum || !divided) all.push_back({by_sum, divided, keeps, flat});
  return all;
}

TEST(SpellingPatterns, LayerNormWithMeansOfAllKinds) {
  for (const Means& m : all_means())
    for (const std::int64_t axis : {1, 2}) {
      if (m.flat && axis == 1) continue;
      const Shape affine = axis == 1 ? Shape{6, 1} : Shape{8};
      Draft d({2, 6, 8});
      const std::string c = d.add("Sub", {"x", mean(d, "x", axis, m)});
      const std::string v = mean(d, d.add("Mul", {c, c}), axis, m);
      ASSERT_EQ(d.only(with_affine(d, normalised(d, c, v), affine)), "LayerNormalization");
      Draft moments({2, 6, 8});  // E[x^2] - E[x]^2, perhaps not below 0
      const std::string average = mean(moments, "x", axis, m);
      const std::string squares = mean(moments, moments.add("Mul", {"x", "x"}), axis, m);
      const std::string spread = moments.add(
          "Max", {moments.scalar(0), moments.add("Sub", {squares, moments.add("Mul", {average, average})})});
      const std::string y = normalised(moments, moments.add("Sub", {"x", average}), spread);
      ASSERT_EQ(moments.only(with_affine(moments, y, affine)), "LayerNormalization");
    }
}

// Flax: the variance is reckoned without the axis, which a Reshape brings back.
TEST(SpellingPatterns, LayerNormWhoseVarianceIsReshaped) {
  for (const bool floor : {false, true}) {
    Draft d({1, 6, 8});
    const auto sum = [&](const std::string& x) {
      return d.add("Mul", {d.reduce("ReduceSum", x, {1}, 0), d.scalar(1.0 / 6)});
    };
    const std::string mu = sum("x"), squares = sum(d.add("Mul", {"x", "x"}));
    std::string v = d.add("Sub", {squares, d.add("Mul", {mu, mu})});
    if (floor) v = d.add("Max", {d.scalar(0), v});
    const std::string root = d.add("Sqrt", {d.add("Add", {d.reshape(v, {1, 1, 8}), d.scalar(1e-6)})});
    const std::string scale = d.add("Mul", {d.add("Reciprocal", {root}), d.numbers({1, 6, 1})});
    const std::string c = d.add("Sub", {"x", d.reshape(mu, {1, 1, 8})});
    ASSERT_EQ(d.only(d.add("Add", {d.add("Mul", {c, scale}), d.numbers({1, 6, 1})})), "LayerNormalization");
    EXPECT_EQ(d.last.attributes.get("axes", std::vector<std::int64_t>{}), std::vector<std::int64_t>{1});
  }
}

// The axis comes back behind the root, or behind its inverse.
TEST(SpellingPatterns, LayerNormWhoseDeviationIsReshaped) {
  for (const bool inverse_first : {false, true})
    for (const char* floor : {"", "Relu", "Clip"}) {
      Draft d({2, 6, 8});
      const std::string mu = d.reduce("ReduceMean", "x", {2}, 0);
      const std::string squares = d.reduce("ReduceMean", d.add("Mul", {"x", "x"}), {2}, 0);
      std::string v = d.add("Sub", {squares, d.add("Mul", {mu, mu})});
      if (std::string(floor) == "Relu") v = d.add("Relu", {v});
      if (std::string(floor) == "Clip") v = d.add("Clip", {v, d.scalar(0)});
      std::string s = d.add("Sqrt", {d.add("Add", {v, d.scalar(1e-6)})});
      if (inverse_first) s = d.add("Reciprocal", {s});
      s = d.reshape(s, {2, 6, 1});
      const std::string c = d.add("Sub", {"x", d.reshape(mu, {2, 6, 1})});
      ASSERT_EQ(d.only(d.add(inverse_first ? "Mul" : "Div", {c, s})), "LayerNormalization") << floor;
    }
}

// With a ceiling, or another floor, it is no variance any more; nor beside a deviation of other sets.
TEST(SpellingPatterns, FloorsAndShapesThatAreOther) {
  for (const int kind : {0, 1, 2}) {
    Draft d({2, 6, 6});
    const std::string mu = d.reduce("ReduceMean", "x", {2}, 0);
    const std::string squares = d.reduce("ReduceMean", d.add("Mul", {"x", "x"}), {2}, 0);
    std::string v = d.add("Sub", {squares, d.add("Mul", {mu, mu})});
    if (kind == 0) v = d.add("Clip", {v, d.scalar(0), d.scalar(2)});
    if (kind == 1) v = d.add("Clip", {v, d.scalar(0.25)});
    const std::string root = d.add("Sqrt", {d.add("Add", {v, d.scalar(1e-6)})});
    const std::string s = kind == 2 ? d.reshape(root, {2, 1, 6}) : d.reshape(root, {2, 6, 1});
    const std::string c = d.add("Sub", {"x", d.reshape(mu, {2, 6, 1})});
    EXPECT_NE(d.only(d.add("Div", {c, s})), "LayerNormalization") << kind;
  }
}

TEST(SpellingPatterns, SumsOfSquaresByTheirNumber) {
  for (const bool divided : {false, true}) {
    const auto over = [&](Draft& d, const std::string& x) {
      const std::string sum = d.reduce("ReduceSumSquare", x, {2});
      return divided ? d.add("Div", {sum, d.scalar(8)}) : d.add("Mul", {sum, d.scalar(0.125)});
    };
    Draft layer({2, 6, 8});
    const std::string c = layer.add("Sub", {"x", layer.mean("x", {2})});
    EXPECT_EQ(layer.only(normalised(layer, c, over(layer, c))), "LayerNormalization");
    Draft rms({2, 6, 8});
    EXPECT_EQ(rms.only(rms.add("Mul", {normalised(rms, "x", over(rms, "x")), rms.numbers({8})})),
              "RMSNormalization");
  }
}

TEST(SpellingPatterns, InstanceNormWithReshapesBeforeItsMeansOnly) {
  Draft d({2, 4, 5, 6});
  const auto flat_mean = [&](const std::string& x) {
    return d.reduce("ReduceMean", d.reshape(x, {2, 4, 1, -1}), {3});
  };
  const std::string c = d.add("Sub", {"x", flat_mean("x")});
  const std::string y =
      d.add("Div", {c, d.add("Sqrt", {d.add("Add", {flat_mean(d.add("Mul", {c, c})), d.scalar(1e-5)})})});
  EXPECT_EQ(d.only(with_affine(d, y, {1, 4, 1, 1})), "InstanceNormalization");
}

TEST(SpellingPatterns, KerasWithASumOfSquaresByItsNumber) {
  Draft d({4, 8});
  const std::string x = d.reshape("x", {1, 4, 8, 1});
  const std::string mu = d.mean(x, {0, 2, 3});
  const std::string c = d.add("Sub", {x, mu});
  const std::string v = d.add("Div", {d.reduce("ReduceSumSquare", c, {0, 2, 3}, 0), d.scalar(8)});
  const std::string ones = d.constant(Tensor::filled({4}, 1)), zeros = d.constant(Tensor::filled({4}, 0));
  const std::string bn =
      d.add("BatchNormalization", {x, ones, zeros, d.add("Squeeze", {mu, d.list({0, 2, 3})}), v});
  EXPECT_EQ(d.only(with_affine(d, d.reshape(bn, {4, 8}), {8})), "LayerNormalization");
}

TEST(SpellingPatterns, SumsByAnotherNumberAreNoMeans) {
  Draft d({2, 6, 8});
  const auto sum = [&](const std::string& x) {
    return d.add("Mul", {d.reduce("ReduceSum", x, {2}), d.scalar(1.0 / 9)});
  };
  const std::string c = d.add("Sub", {"x", sum("x")});
  EXPECT_NE(d.only(normalised(d, c, sum(d.add("Mul", {c, c})))), "LayerNormalization");
  Draft inverse({2, 6, 8});  // n over the sum
  const std::string m = inverse.add("Div", {inverse.scalar(8), inverse.reduce("ReduceSum", "x", {2})});
  const std::string d2 = inverse.add("Sub", {"x", m});
  EXPECT_NE(inverse.only(normalised(inverse, d2, inverse.mean(inverse.add("Mul", {d2, d2}), {2}))),
            "LayerNormalization");
}

TEST(SpellingPatterns, SoftmaxInPrimitives) {
  for (const std::int64_t axis : {0, 1, 2})
    for (const bool maximum : {false, true})
      for (const bool reciprocal : {false, true}) {
        Draft d({3, 6, 8});
        const std::string x = maximum ? d.add("Sub", {"x", d.reduce("ReduceMax", "x", {axis})}) : "x";
        const std::string e = d.add("Exp", {x}), s = d.reduce("ReduceSum", e, {axis});
        const std::string y = reciprocal ? d.add("Mul", {d.add("Reciprocal", {s}), e}) : d.add("Div", {e, s});
        ASSERT_EQ(d.only(y), "Softmax");
        EXPECT_EQ(d.last.attributes.get("axis", std::int64_t{-9}), axis);
        EXPECT_EQ(d.last.inputs, std::vector<std::string>{"x"});
      }
}

TEST(SpellingPatterns, WhatIsOnlyNearlyASoftmax) {
  Draft two({3, 6, 8});  // over two axes
  const std::string e = two.add("Exp", {"x"});
  EXPECT_EQ(two.only(two.add("Div", {e, two.reduce("ReduceSum", e, {1, 2})})), "Exp, ReduceSum, Div");
  Draft others({3, 6, 8});  // another tensor's sum
  const std::string f = others.add("Exp", {"x"}), g = others.add("Exp", {others.add("Relu", {"x"})});
  EXPECT_NE(others.only(others.add("Div", {f, others.reduce("ReduceSum", g, {2})})), "Softmax");
  Draft inverse({3, 6, 8});
  const std::string h = inverse.add("Exp", {"x"});
  EXPECT_NE(inverse.only(inverse.add("Div", {inverse.reduce("ReduceSum", h, {2}), h})), "Softmax");
}

// A maximum over other sets than the sum's cancels out nowhere in sight: the Softmax is of the difference.
TEST(SpellingPatterns, AMaximumOverOtherAxesStays) {
  Draft d({3, 6, 8});
  const std::string e = d.add("Exp", {d.add("Sub", {"x", d.reduce("ReduceMax", "x", {1})})});
  EXPECT_EQ(d.only(d.add("Div", {e, d.reduce("ReduceSum", e, {2})})), "ReduceMax, Sub, Softmax");
}

}  // namespace
}  // namespace bpusim
