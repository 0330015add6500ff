#include "kernels/norms/norm.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/norms/golden.h"

namespace bpusim {
namespace {

NormProblem resolve(const std::string& op, NormArguments arguments) {
  return resolve_norm(*find_norm(op), arguments);
}

Tensor vec(std::vector<double> values) {
  const auto n = static_cast<std::int64_t>(values.size());
  return Tensor({n}, std::move(values));
}

std::string message(const std::string& op, const NormArguments& arguments) {
  try {
    resolve(op, arguments);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(NormRegistry, ListsEachOperatorOnce) {
  for (const auto& row : norm_registry()) EXPECT_EQ(find_norm(row.op)->resolve, row.resolve) << row.op;
  EXPECT_EQ(find_norm("Softmax"), nullptr);
}

// Every example, and it with its extents twice, three times, … as large, is taken with constants of the
// shapes that the row says.
TEST(NormRegistry, ExamplesAndTheirMultiplesResolve) {
  for (const NormDefinition& row : norm_registry())
    for (const NormExample& example : row.examples)
      for (const std::int64_t times : {1, 2, 5}) {
        NormArguments arguments{example.attributes(), example.shape, {}, 21};
        for (std::int64_t& extent : arguments.shape) extent *= times;
        std::vector<Tensor> constants;
        for (const NormConstant& constant : row.constants)
          constants.push_back(Tensor::filled(constant_shape(row, constant, arguments), 0.5));
        arguments.constants = std::move(constants);
        const NormProblem problem = resolve_norm(row, arguments);
        std::int64_t elements = 0;
        bool statistics = false;
        for (const NormPart& part : problem.parts) {
          elements += part.element_count();
          statistics = statistics || part.statistic != Statistic::Given;
        }
        EXPECT_EQ(elements, element_count(arguments.shape)) << row.op;
        EXPECT_EQ(statistics, takes_statistics(row, example.attributes())) << row.op;
        EXPECT_EQ(!problem.running_mean.empty(), in_training(row, example.attributes())) << row.op;
      }
}

// The constants that the row says, each of its shape; and that every view stays within its tensor and tables.
NormProblem resolved_within(const NormDefinition& row, NormArguments arguments) {
  std::vector<Tensor> constants;
  for (const NormConstant& constant : row.constants)
    constants.push_back(Tensor::filled(constant_shape(row, constant, arguments), 0.5));
  arguments.constants = std::move(constants);
  NormProblem problem = resolve_norm(row, arguments);
  for (const NormPart& part : problem.parts) {
    std::int64_t last = part.offset;
    for (const NormDim& dim : part.dims) last += (dim.extent - 1) * dim.stride;
    EXPECT_LT(last, element_count(arguments.shape)) << row.op << " " << to_string(arguments.shape);
    for (const auto* table : {&part.gamma, &part.beta, &part.mean, &part.variance})
      if (!table->empty()) {
        EXPECT_GE(static_cast<std::int64_t>(table->size()), part.affine_count()) << row.op;
      }
  }
  return problem;
}

// Below a row's least rank it is refused, by name; from there on it is resolved, or refused by name where its
// attributes do not fit the rank. Six has the example's groups as factors.
TEST(NormRegistry, EveryRankIsTakenOrRefused) {
  for (const NormDefinition& row : norm_registry())
    for (const NormExample& example : row.examples) {
      bool taken = false;
      for (int rank = 0; rank <= 5; ++rank) {
        const NormArguments arguments{example.attributes(), Shape(static_cast<std::size_t>(rank), 6), {}, 21};
        std::string refusal;
        try {
          resolved_within(row, arguments);
        } catch (const std::invalid_argument& error) {
          refusal = error.what();
        }
        if (refusal.empty()) {
          taken = true;
          EXPECT_GE(rank, row.min_rank) << row.op;
        } else {
          const std::string needs = rank < row.min_rank ? "it needs " + std::to_string(row.min_rank) : "";
          EXPECT_EQ(refusal.rfind(row.op + ": ", 0), 0U) << refusal;
          EXPECT_NE(refusal.find(needs), std::string::npos) << row.op << " " << refusal;
        }
      }
      EXPECT_TRUE(taken) << row.op;
    }
}

// A row that forgets its least rank does not read beyond a shape.
TEST(NormRegistry, ChannelsThatAreNotThereAreRefused) {
  NormDefinition row = *find_norm("InstanceNormalization");
  row.min_rank = 1;
  for (const bool given : {true, false}) {
    NormArguments arguments{{}, {3}, {}, 21};
    if (given) arguments.constants = {vec({1, 1, 1}), vec({0, 0, 0})};
    try {
      resolve_norm(row, arguments);
      ADD_FAILURE() << "resolved";
    } catch (const std::invalid_argument& error) {
      EXPECT_STREQ(error.what(), "InstanceNormalization: shape 3 has no channels at axis 1");
    }
  }
}

// Nothing behind it would add an epsilon to magnitudes; a row that leaves the default in place is told.
TEST(NormRegistry, MagnitudesTakeNoEpsilon) {
  NormDefinition row = *find_norm("LpNormalization");
  row.resolve = [](const NormArguments& arguments) {
    NormProblem problem = find_norm("LpNormalization")->resolve(arguments);
    problem.parts[0].epsilon_place = EpsilonPlace::InVariance;
    return problem;
  };
  NormArguments arguments{{}, {2, 3}, {}, 21};
  EXPECT_NO_THROW(resolve_norm(row, arguments));  // L2: squares do
  arguments.attributes.ints["p"] = 1;
  try {
    resolve_norm(row, arguments);
    ADD_FAILURE() << "resolved";
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "LpNormalization: a sum of magnitudes takes no epsilon");
  }
}

TEST(NormRegistry, RowsThatCannotServeAreRefused) {
  const auto refused = [](const NormDefinition& row) {
    try {
      register_norm(row);
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const std::size_t before = norm_registry().size();
  NormDefinition row;
  EXPECT_EQ(refused(row), "a norm needs a name");
  row.op = "LayerNormalization";
  EXPECT_EQ(refused(row), "norm LayerNormalization is there already");
  row.op = "OwnNormalization";
  EXPECT_EQ(refused(row), "norm OwnNormalization has no way to resolve");
  row.resolve = find_norm("LpNormalization")->resolve;
  EXPECT_EQ(refused(row), "norm OwnNormalization has no example");
  row.examples = {{{1, 1}}};
  row.constants = {{"scale", NormRole::Scale}};
  EXPECT_EQ(refused(row), "norm OwnNormalization: constant scale has no shape");
  EXPECT_EQ(norm_registry().size(), before);
}

TEST(NormRegistry, NamesAndNumbersOfConstants) {
  const NormDefinition& layer = *find_norm("LayerNormalization");
  EXPECT_EQ(constant_names(layer), "Scale, B?");
  EXPECT_EQ(required_constants(layer), 1u);
  EXPECT_EQ(required_constants(*find_norm("BatchNormalization")), 4u);
  EXPECT_EQ(required_constants(*find_norm("LpNormalization")), 0u);
}

// Of a workload that says nothing the first half of the channels is the instances'.
TEST(NormRegistry, HalfOfTheChannelsWhereNothingIsGiven) {
  const NormDefinition& row = *find_norm("InstanceBatchNormalization");
  NormArguments arguments;
  arguments.shape = {1, 10, 4, 4};
  EXPECT_EQ(row.constants.at(0).shape(arguments), Shape{5});
  arguments.first_channels = 3;
  EXPECT_EQ(row.constants.at(0).shape(arguments), Shape{3});
}

TEST(LayerNorm, SmallestExample) {
  // mean 2, variance 2/3; (1-2)/sqrt(2/3 + 0) = -1.2247; gamma 2, beta 1.
  NormArguments arguments{{}, {1, 3}, {vec({2, 2, 2}), vec({1, 1, 1})}, 17};
  arguments.attributes.floats["epsilon"] = 0;
  const auto golden = golden_norm(resolve("LayerNormalization", arguments), {1, 2, 3});
  EXPECT_NEAR(golden.y[0], 1 - 2 * std::sqrt(1.5), 1e-12);
  EXPECT_NEAR(golden.y[1], 1, 1e-12);
  EXPECT_NEAR(golden.mean[0], 2, 1e-12);
  EXPECT_NEAR(golden.inverse_deviation[0], std::sqrt(1.5), 1e-12);
}

TEST(LayerNorm, OverTheChannelsOfEachPixel) {
  // Pixel 0 has {1, 3}: mean 2, variance 1; pixel 1 has {2, 6}: mean 4, variance 4. Both give -1 and 1, times
  // gamma {2, 3}, plus beta {10, 20}.
  NormArguments arguments{{}, {1, 2, 1, 2}, {vec({2, 3}), vec({10, 20})}, 17};
  arguments.attributes.floats["epsilon"] = 0;
  arguments.attributes.int_lists["axes"] = {1};
  const auto golden = golden_norm(resolve("LayerNormalization", arguments), {1, 2, 3, 6});
  EXPECT_EQ(golden.y, (std::vector<double>{8, 8, 23, 23}));
  EXPECT_EQ(golden.mean, (std::vector<double>{2, 4}));
  arguments.attributes.int_lists["axes"] = {4};
  EXPECT_NE(message("LayerNormalization", arguments).find("axis 4 is out of range for rank 4"),
            std::string::npos);
}

TEST(BatchNorm, TrainingKeepsPopulationVariance) {
  // channel 0: {1, 3}: mean 2, population variance 1. running = 0.9*0 + 0.1*2; 0.9*1 + 0.1*1.
  NormArguments arguments{{}, {2, 1, 1}, {vec({1}), vec({0}), vec({0}), vec({1})}, 15};
  arguments.attributes.ints["training_mode"] = 1;
  const auto golden = golden_norm(resolve("BatchNormalization", arguments), {1, 3});
  EXPECT_NEAR(golden.running_mean[0], 0.2, 1e-12);
  EXPECT_NEAR(golden.running_variance[0], 1.0, 1e-12);
  EXPECT_NEAR(golden.y[1], 1 / std::sqrt(1 + 1e-5), 1e-12);
}

TEST(LpNorm, SignedInputsTakeMagnitudesAndZeroStaysZero) {
  NormArguments arguments{{}, {2, 2}, {}, 1};
  arguments.attributes.ints["p"] = 1;
  const auto golden = golden_norm(resolve("LpNormalization", arguments), {-3, 1, 0, 0});
  EXPECT_DOUBLE_EQ(golden.y[0], -0.75);
  EXPECT_DOUBLE_EQ(golden.y[1], 0.25);
  EXPECT_EQ(golden.y[2], 0);
  EXPECT_EQ(golden.y[3], 0);
}

TEST(GroupNorm, OpsetSaysWhatTheAffineIsIndexedBy) {
  NormArguments arguments{{}, {1, 4, 1, 2}, {vec({1, 2}), vec({0, 0})}, 18};
  arguments.attributes.ints["num_groups"] = 2;
  EXPECT_EQ(resolve("GroupNormalization", arguments).parts[0].affine_count(), 2);
  arguments.opset = 21;
  EXPECT_NE(message("GroupNormalization", arguments).find("a value a group (2)"), std::string::npos);
  arguments.constants = {vec({1, 1, 1, 1}), vec({0, 0, 0, 0})};
  EXPECT_EQ(resolve("GroupNormalization", arguments).parts[0].affine_count(), 4);
}

TEST(InstanceBatchNorm, EqualsItsHalvesOnTheirChannels) {
  NormArguments whole{{}, {1, 2, 1, 2}, {vec({3}), vec({1}), vec({2}), vec({0.5}), vec({1}), vec({4})}, 21};
  const auto golden = golden_norm(resolve("InstanceBatchNormalization", whole), {1, 3, 5, 7});
  const double x = 1 / std::sqrt(1 + 1e-5);  // instance half: mean 2, variance 1
  EXPECT_NEAR(golden.y[0], 1 - 3 * x, 1e-12);
  EXPECT_NEAR(golden.y[1], 1 + 3 * x, 1e-12);
  EXPECT_NEAR(golden.y[3], 2 * (7 - 1) / std::sqrt(4 + 1e-5) + 0.5, 1e-12);
}

TEST(Norms, RefuseWhatDoesNotFit) {
  EXPECT_NE(message("InstanceNormalization", {{}, {4, 4}, {}, 6}).find("rank 2"), std::string::npos);
  EXPECT_NE(message("InstanceNormalization", {{}, {1, 0, 4}, {}, 6}).find("extent of 0"), std::string::npos);
  EXPECT_NE(message("InstanceNormalization", {{}, {1, 3, 4}, {vec({1, 1}), vec({0, 0, 0})}, 6})
                .find("scale of shape 2"),
            std::string::npos);
  EXPECT_EQ(message("BatchNormalization", {{}, {1, 2, 4}, {vec({1, 1}), vec({0, 0}), vec({0, 0})}, 15}),
            "BatchNormalization: input input_var is missing");
  EXPECT_EQ(message("BatchNormalization",
                    {{}, {1, 2, 4}, {vec({1, 1}), vec({0, 0}), vec({0, 0}), vec({1, -1})}, 15}),
            "BatchNormalization: input_var holds a negative variance");
  NormArguments layer{{}, {2, 3}, {vec({1, 1, 1})}, 17};
  layer.attributes.ints["axis"] = 2;
  EXPECT_NE(message("LayerNormalization", layer).find("axis 2 is out of range for rank 2 (-2 to 1)"),
            std::string::npos);
}

TEST(Norms, NeighbouringAxesMerge) {
  NormArguments arguments{{}, {2, 3, 4, 5}, {vec({1, 1, 1}), vec({0, 0, 0})}, 6};
  const auto part = resolve("InstanceNormalization", arguments).parts[0];
  ASSERT_EQ(part.dims.size(), 3u);  // N, C, HW: N and C differ in what they index
  EXPECT_EQ(part.dims[2].extent, 20);
  EXPECT_EQ(part.set_size(), 20);
  EXPECT_EQ(part.set_count(), 6);
}

// Opset 21 has a value a channel, 18 one a group; who mixes them up is told so.
TEST(GroupNorm, TheOtherOpsetsFormIsNamed) {
  NormArguments arguments;
  arguments.shape = {1, 8, 4, 4};
  arguments.attributes.ints["num_groups"] = 4;
  arguments.constants = {Tensor::filled({8}, 1), Tensor::filled({8}, 0)};
  arguments.opset = 18;
  const std::string before = message("GroupNormalization", arguments);
  EXPECT_NE(before.find("a value a channel (8), as opset 21 takes them; the model has opset 18"),
            std::string::npos)
      << before;
  arguments.constants = {Tensor::filled({4}, 1), Tensor::filled({4}, 0)};
  EXPECT_EQ(message("GroupNormalization", arguments), "");
  arguments.opset = 21;
  const std::string after = message("GroupNormalization", arguments);
  EXPECT_NE(after.find("a value a group (4), as before opset 21"), std::string::npos) << after;
}

}  // namespace
}  // namespace bpusim
