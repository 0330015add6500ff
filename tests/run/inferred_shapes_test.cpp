// Shapes of what the CPU makes: a run compares each value's with the one that was inferred before it.
#include "tests/run/network_builder.h"

namespace bpusim {
namespace {

using testing::Builder;
using testing::number;

// The shape that an operator behind it reads.
std::string shape_behind(const std::string& op, const Shape& x, const Tensor& second,
                         const Attributes& a = {}) {
  Builder network;
  network.end("Abs", {network.add(op, {network.input(x), network.constant(second)}, a)});
  return network.run().nodes.back().shape;
}

TEST(InferredShapes, GatherNDKeepsWhatIndicesDoNotReach) {
  EXPECT_EQ(shape_behind("GatherND", {2, 3, 4}, Tensor({5, 1}, {0, 1, 1, 0, -1})), "5x3x4");
  EXPECT_EQ(shape_behind("GatherND", {2, 3, 4}, Tensor({2, 1}, {2, 0}), number("batch_dims", 1)), "2x4");
  EXPECT_EQ(shape_behind("GatherND", {2, 3, 4}, Tensor({2, 3}, {0, 1, 2, 1, 0, 3})), "2");
}

TEST(InferredShapes, GatherElementsHasTheShapeOfItsIndices) {
  EXPECT_EQ(shape_behind("GatherElements", {3, 4}, Tensor({2, 4}, {0, 1, 2, 0, 2, 1, 0, 0})), "2x4");
}

}  // namespace
}  // namespace bpusim
