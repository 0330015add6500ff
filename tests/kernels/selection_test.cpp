#include "kernels/tensor/selection.h"

#include <gtest/gtest.h>

namespace bpusim {
namespace {

using Values = std::vector<double>;

TEST(Selection, PadsOfEachMode) {
  const Values x = {1, 2, 3};
  const auto padded = [&](const char* mode) {
    return apply_selection(resolve_pad(mode, {3}, {2, 1}, {}), x, 9);
  };
  EXPECT_EQ(padded("constant"), (Values{9, 9, 1, 2, 3, 9}));
  EXPECT_EQ(padded("edge"), (Values{1, 1, 1, 2, 3, 3}));
  EXPECT_EQ(padded("reflect"), (Values{3, 2, 1, 2, 3, 2}));
  EXPECT_EQ(padded("wrap"), (Values{2, 3, 1, 2, 3, 1}));
  EXPECT_THROW(padded("mirror"), std::invalid_argument);
}

TEST(Selection, NegativePadsCutOff) {
  EXPECT_EQ(apply_selection(resolve_pad("constant", {4}, {-1, 1}, {}), {1, 2, 3, 4}, 0),
            (Values{2, 3, 4, 0}));
}

TEST(Selection, SlicesGoBackwards) {
  // From the end down, past the first: all of them; every second from index 3 to before index 0.
  EXPECT_EQ(apply_selection(resolve_slice({4}, {-1}, {INT32_MIN}, {}, {-1}), {1, 2, 3, 4}, 0),
            (Values{4, 3, 2, 1}));
  EXPECT_EQ(apply_selection(resolve_slice({4}, {3}, {0}, {0}, {-2}), {1, 2, 3, 4}, 0), (Values{4, 2}));
  EXPECT_THROW(resolve_slice({4}, {0}, {1}, {0}, {0}), std::invalid_argument);
}

TEST(Selection, GathersAlongAnAxis) {
  const Selection s = resolve_gather({2, 3}, Tensor({1, 2}, {2, -3}), 1);
  EXPECT_EQ(s.shape, (Shape{2, 1, 2}));
  EXPECT_EQ(apply_selection(s, {1, 2, 3, 4, 5, 6}, 0), (Values{3, 1, 6, 4}));
  EXPECT_THROW(resolve_gather({2, 3}, Tensor({1}, {3}), 1), std::invalid_argument);
}

TEST(Selection, RunsAreStretchesOfOneStep) {
  // 0 2 4 is a run of step 2; 3 leads back and starts anew; the two fills are one.
  const auto runs = runs_of({0, 2, 4, 3, -1, -1, 7, 7, 7});
  ASSERT_EQ(runs.size(), 4u);
  EXPECT_EQ(runs[0].count, 3);
  EXPECT_EQ(runs[0].step, 2);
  EXPECT_EQ(runs[1].in, 3);
  EXPECT_EQ(runs[1].count, 1);
  EXPECT_EQ(runs[2].in, Selection::kFill);
  EXPECT_EQ(runs[2].count, 2);
  EXPECT_EQ(runs[3].step, 0);
  EXPECT_EQ(runs[3].count, 3);
  EXPECT_EQ(piece_count(resolve_pad("constant", {4, 4}, {1, 1, 1, 1}, {})), 9);
}

}  // namespace
}  // namespace bpusim
