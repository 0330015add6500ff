#include "tests/network/draft.h"

namespace bpusim {
namespace {

std::string hard_swish(Draft& d, double shift, double high, bool product_first) {
  const std::string clip = d.add("Clip", {d.add("Add", {"x", d.scalar(shift)}), d.scalar(0), d.scalar(high)});
  if (product_first) return d.add("Div", {d.add("Mul", {"x", clip}), d.scalar(6)});
  return d.add("Mul", {d.add("Mul", {clip, d.scalar(1.0 / 6)}), "x"});
}

TEST(ActivationPatterns, HardSwish) {
  for (const bool product_first : {true, false}) {
    Draft d({2, 8});
    EXPECT_EQ(d.only(hard_swish(d, 3, 6, product_first)), "HardSwish");
  }
  Draft low({2, 8}), high({2, 8});
  EXPECT_EQ(low.done(hard_swish(low, 2, 6, true)).nodes.size(), 4U);
  EXPECT_EQ(high.done(hard_swish(high, 3, 5, true)).nodes.size(), 4U);
}

TEST(ActivationPatterns, HardSwishByHardSigmoid) {
  for (const double alpha : {1.0 / 6, 0.2}) {
    Draft d({2, 8});
    Attributes a;
    a.floats = {{"alpha", alpha}, {"beta", 0.5}};
    const std::string y = d.add("Mul", {d.add("HardSigmoid", {"x"}, a), "x"});
    EXPECT_EQ(d.only(y), alpha == 0.2 ? "HardSigmoid, Mul" : "HardSwish");
  }
}

TEST(ActivationPatterns, Silu) {
  Draft d({2, 8});
  const std::string product = d.add("Mul", {"x", d.numbers({8})});  // x itself is a product
  EXPECT_EQ(d.only(d.add("Mul", {product, d.add("Sigmoid", {product})})), "Mul, SiLU");
  Draft other({2, 8});
  EXPECT_EQ(other.only(other.add("Mul", {other.add("Neg", {"x"}), other.add("Sigmoid", {"x"})})),
            "Neg, Sigmoid, Mul");
}

TEST(ActivationPatterns, Mish) {
  Draft d({2, 8});
  EXPECT_EQ(d.only(d.add("Mul", {"x", d.add("Tanh", {d.add("Softplus", {"x"})})})), "Mish");
  Draft apart({2, 8});  // Softplus in primitives is put together first
  const std::string soft = apart.add("Log", {apart.add("Add", {apart.add("Exp", {"x"}), apart.scalar(1)})});
  EXPECT_EQ(apart.only(apart.add("Mul", {"x", apart.add("Tanh", {soft})})), "Mish");
  Draft other({2, 8});
  EXPECT_EQ(other.only(other.add("Mul", {"x", other.add("Tanh", {other.add("Exp", {"x"})})})),
            "Exp, Tanh, Mul");
}

TEST(ActivationPatterns, Softplus) {
  Draft two({2, 8});
  EXPECT_EQ(two.only(two.add("Log", {two.add("Add", {two.add("Exp", {"x"}), two.scalar(2)})})),
            "Exp, Add, Log");
}

// 0.5, x and 1 + erf may be multiplied in any order.
TEST(ActivationPatterns, Gelu) {
  const double root = std::sqrt(2.0);
  for (int order = 0; order < 3; ++order)
    for (const bool divide : {true, false}) {
      Draft d({2, 8});
      const std::string scaled =
          divide ? d.add("Div", {"x", d.scalar(root)}) : d.add("Mul", {d.scalar(1 / root), "x"});
      const std::string one = d.add("Add", {d.scalar(1), d.add("Erf", {scaled})}), half = d.scalar(0.5);
      const std::string y = order == 0   ? d.add("Mul", {d.add("Mul", {"x", one}), half})
                            : order == 1 ? d.add("Mul", {d.add("Mul", {half, "x"}), one})
                                         : d.add("Mul", {"x", d.add("Mul", {one, half})});
      EXPECT_EQ(d.only(y), "Gelu") << order;
    }
  Draft other({2, 8});  // erf of x itself
  const std::string one = other.add("Add", {other.scalar(1), other.add("Erf", {"x"})});
  EXPECT_EQ(other.done(other.add("Mul", {other.add("Mul", {"x", one}), other.scalar(0.5)})).nodes.size(), 4U);
}

TEST(ActivationPatterns, GeluByTanh) {
  const double number = std::sqrt(2 / M_PI);
  for (const int form : {0, 1, 2}) {
    for (const double third : {0.044715, 0.05}) {
      Draft d({2, 8});
      const auto mul = [&](const std::string& a, const std::string& b) { return d.add("Mul", {a, b}); };
      std::string inner;
      if (form == 2) {  // sqrt(2 / pi) x (1 + 0.044715 x x)
        const std::string square = mul(mul("x", d.scalar(third)), "x");
        inner = mul(mul("x", d.scalar(number)), d.add("Add", {square, d.scalar(1)}));
      } else {
        const std::string cube = form == 0 ? d.add("Pow", {"x", d.scalar(3)}) : mul("x", mul("x", "x"));
        inner = mul(d.scalar(number), d.add("Add", {"x", mul(d.scalar(third), cube)}));
      }
      const std::string gate = d.add("Add", {d.add("Tanh", {inner}), d.scalar(1)});
      const std::string y = mul(mul("x", d.scalar(0.5)), gate);
      EXPECT_EQ(d.only(y) == "Gelu", third == 0.044715) << form;
      if (third == 0.044715) {
        EXPECT_EQ(d.last.attributes.get("approximate", std::string("none")), "tanh");
      }
    }
  }
}

}  // namespace
}  // namespace bpusim
