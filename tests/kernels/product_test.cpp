#include "kernels/mac/product.h"

#include <gtest/gtest.h>

#include "kernels/mac/einsum.h"

namespace bpusim {
namespace {

TEST(Product, ZeroPointsOfBothSidesAreExact) {
  ProductProblem problem{1, 2, 2, false, false, {{0, 0, 0}}};
  const Quantisation a{0.5, 10}, b{0.25, -3}, y{0.125, 1};
  const ProductPlan plan = plan_product(problem, 1, a, b, y, 30, Rounding::HalfEven);
  const std::int8_t qa[] = {12, 7}, qb[] = {1, -3, 0, 5};
  // (12 - 10)(1 + 3) + (7 - 10)(0 + 3) = -1 and (12 - 10)(-3 + 3) + (7 - 10)(5 + 3) = -24; a step of the
  // output is one product of steps, 0.5 * 0.25 = 0.125: -1 + 1 and -24 + 1.
  std::int8_t out[2];
  product_tile_int8(plan, 1, 2, qa, qb, out);
  EXPECT_EQ(out[0], 0);
  EXPECT_EQ(out[1], -23);
  EXPECT_EQ(ideal_product(problem, plan, 1, {12, 7}, {1, -3, 0, 5}), (std::vector<std::int64_t>{0, -23}));
}

TEST(Product, TurnedFactorsAreTheSameProduct) {
  // [[1, 2, 3], [4, 5, 6]] by [[1, 0], [0, 2], [1, 1]] is [[4, 7], [10, 16]].
  const std::int8_t a[] = {1, 2, 3, 4, 5, 6}, at[] = {1, 4, 2, 5, 3, 6}, b[] = {1, 0, 0, 2, 1, 1},
                    bt[] = {1, 0, 1, 0, 2, 1};
  for (const bool turn_a : {false, true})
    for (const bool turn_b : {false, true}) {
      ProductProblem problem{2, 3, 2, turn_a, turn_b, {{0, 0, 0}}};
      const ProductPlan plan = plan_product(problem, 1, {1, 0}, {1, 0}, {1, 0}, 30, Rounding::HalfEven);
      std::int8_t y[4];
      product_tile_int8(plan, 2, 2, turn_a ? at : a, turn_b ? bt : b, y);
      EXPECT_EQ(std::vector<int>(y, y + 4), (std::vector<int>{4, 7, 10, 16})) << turn_a << turn_b;
    }
}

TEST(Product, TiesGoToEven) {
  ProductProblem problem{1, 1, 2, false, false, {{0, 0, 0}}};
  const ProductPlan plan = plan_product(problem, 0.5, {1, 0}, {1, 0}, {1, 0}, 30, Rounding::HalfEven);
  const std::int8_t a[] = {1}, b[] = {3, 5};  // 1.5 and 2.5
  std::int8_t y[2];
  product_tile_int8(plan, 1, 2, a, b, y);
  EXPECT_EQ(y[0], 2);
  EXPECT_EQ(y[1], 2);
}

TEST(Product, SumsBeyondInt32AreRefused) {
  // 2^17 products of up to 128 * 128 = 2^14 are 2^31.
  ProductProblem problem{1, 1 << 17, 1, false, false, {{0, 0, 0}}};
  EXPECT_THROW(plan_product(problem, 1, {1, 0}, {1, 0}, {1, 0}, 30, Rounding::HalfEven),
               std::invalid_argument);
}

TEST(Einsum, ByHand) {
  const Tensor a({2, 2}, {1, 2, 3, 4}), b({2, 2}, {5, 6, 7, 8});
  EXPECT_EQ(einsum("ij,jk->ik", {a, b}).values, (std::vector<double>{19, 22, 43, 50}));
  EXPECT_EQ(einsum("ij,ij", {a, b}).values, (std::vector<double>{5 + 12 + 21 + 32}));
  EXPECT_EQ(einsum("ii->i", {a}).values, (std::vector<double>{1, 4}));
  EXPECT_EQ(einsum("...j->...", {a}).values, (std::vector<double>{3, 7}));
  EXPECT_EQ(einsum("ij->ji", {a}).values, (std::vector<double>{1, 3, 2, 4}));
  EXPECT_THROW(einsum("ij,jk->iq", {a, b}), std::invalid_argument);
}

// Twelve matrices of ones, whose 24 letters are all summed: 16^12 in twelve steps of 16 products and no more.
TEST(Einsum, ManyOperandsMeetTwoByTwo) {
  std::string equation;
  for (char c = 'a'; c < 'y'; c = static_cast<char>(c + 2))
    equation += (c == 'a' ? "" : ",") + std::string{c, static_cast<char>(c + 1)};
  const std::vector<Tensor> ones(12, Tensor::filled({4, 4}, 1));
  EXPECT_EQ(einsum(equation + "->", ones).values, (std::vector<double>{281474976710656.0}));
  // The first two have four letters, then the sum of them and two more each time.
  EXPECT_EQ(einsum_products(equation + "->", std::vector<Shape>(12, {4, 4})), 2 * (256 + 10 * 16));
  const Tensor a({2, 2}, {1, 2, 3, 4}), b({2}, {5, 6}), c({2, 1}, {7, 8});
  // Letters that later operands have stay until then: sum over j of a_ij b_j c_jk, and an extent of 1
  // stretches.
  EXPECT_EQ(einsum("ij,j,jk->ik", {a, b, c}).values,
            (std::vector<double>{1 * 5 * 7 + 2 * 6 * 8, 3 * 5 * 7 + 4 * 6 * 8}));
  EXPECT_EQ(einsum("j,j,j->j", {Tensor({1}, {3}), Tensor({1}, {2}), b}).values,
            (std::vector<double>{30, 36}));
}

TEST(Einsum, AttentionIsAProductOfMatricesAsTheyLie) {
  const auto scores = einsum_product("bhid,bhjd->bhij", {2, 3, 5, 4}, {2, 3, 7, 4});
  ASSERT_TRUE(scores.has_value());
  EXPECT_TRUE(scores->b_turned);
  EXPECT_FALSE(scores->a_turned);
  EXPECT_EQ(scores->rows, 5);
  EXPECT_EQ(scores->inner, 4);
  EXPECT_EQ(scores->columns, 7);
  ASSERT_EQ(scores->pairs.size(), 6u);
  EXPECT_EQ(scores->pairs[1].b, 28);
  EXPECT_EQ(scores->pairs[5].y, 5 * 35);
  EXPECT_TRUE(einsum_product("bhij,bhjd->bhid", {2, 3, 5, 7}, {2, 3, 7, 4}).has_value());
  const auto turned = einsum_product("kr,kc->rc", {4, 5}, {4, 7});
  ASSERT_TRUE(turned.has_value());
  EXPECT_TRUE(turned->a_turned);
  EXPECT_FALSE(turned->b_turned);
  EXPECT_EQ(turned->rows, 5);
  EXPECT_FALSE(einsum_product("bihd,bjhd->bhij", {2, 5, 3, 4}, {2, 7, 3, 4}).has_value());
}

}  // namespace
}  // namespace bpusim
