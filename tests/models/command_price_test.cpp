// What each command costs and how many bytes it names, by hand, for every sample of command_samples.cpp: a
// price or a footprint that is too large gives no wrong result, only waiting that the machine would not have.
#include <gtest/gtest.h>

#include "kernels/mac/product.h"
#include "models/commands/command.h"
#include "models/commands/cost.h"
#include "models/commands/footprint.h"
#include "models/machine_params.h"
#include "tests/models/command_samples.h"

namespace bpusim {
namespace {

// Small numbers that leave a rest wherever something is divided by them.
MachineParams machine() {
  MachineParams m;
  m.mac.rows = 3, m.mac.cols = 6, m.mac.int16_passes = 3;
  m.reduction.lanes = 8, m.reduction.sums_per_pass = 1, m.reduction.pipeline_cycles = 5;
  m.vector.lanes = 8, m.vector.table_lanes = 4, m.vector.pipeline_cycles = 6;
  m.sfu.units = 2, m.sfu.interval_cycles = 3, m.sfu.pipeline_cycles = 16;
  return m;
}

// 10 x 8 by 7 on 3 x 6, each dataflow by cost.h's formulas.
TEST(UnitPrice, OfAMatrixProduct) {
  MacArrayParams mac = machine().mac;
  const auto cycles = [&](Dataflow dataflow, bool overlap, std::int64_t m = 10) {
    mac.dataflow = dataflow;
    mac.fold_overlap = overlap;
    return matmul_cost(mac, m, 8, 7).cycles;
  };
  EXPECT_EQ(cycles(Dataflow::OutputStationary, false), 4 * 2 * (3 + 6 + 7 - 2) - 1);
  EXPECT_EQ(cycles(Dataflow::WeightStationary, false), 3 * 2 * (2 * 3 + 6 + 10 - 2) - 1);
  EXPECT_EQ(cycles(Dataflow::InputStationary, false), 3 * 2 * (2 * 3 + 6 + 8 - 2) - 1);
  // The array fills once: 3 + 6 - 2; each fold streams, or loads where that takes longer.
  EXPECT_EQ(cycles(Dataflow::OutputStationary, true), 4 * 2 * 7 + 7 - 1);
  EXPECT_EQ(cycles(Dataflow::WeightStationary, true), 3 + 3 * 2 * 10 + 7 - 1);
  EXPECT_EQ(cycles(Dataflow::WeightStationary, true, 2), 3 + 3 * 2 * 3 + 7 - 1);
  EXPECT_EQ(cycles(Dataflow::InputStationary, true), 3 + 3 * 2 * 8 + 7 - 1);
}

TEST(UnitPrice, OfRunsOnLanes) {
  const NormTile inner{{{3, false, 0}, {10, true, 0}, {4, true, 0}}},
      split{{{2, true, 0}, {3, false, 0}, {5, true, 0}}},
      across{{{10, true, 0}, {1, true, 0}, {6, false, 0}}};
  const auto runs = [](const NormTile& tile) {
    const LaneDemand d = lane_demand(tile, 2, 1);
    return std::vector<std::int64_t>{d.runs, d.run, d.across};
  };
  EXPECT_EQ(runs(inner), (std::vector<std::int64_t>{3, 40, 1}));
  EXPECT_EQ(runs(split), (std::vector<std::int64_t>{6, 5, 1}));
  EXPECT_EQ(runs(across), (std::vector<std::int64_t>{10, 6, 0}));
  ReductionParams unit = machine().reduction;
  // Three runs of 40 on 8 lanes, two passes: 15 + 5 + log2(8); each lane sums its own without a tree.
  EXPECT_EQ(reduction_cost(unit, lane_demand(inner, 2, 1)).cycles, 2 * (15 + 5 + 3));
  EXPECT_EQ(reduction_cost(unit, lane_demand(across, 2, 1)).cycles, 2 * (8 + 5));
  unit.segmented = false;  // six runs of 5 take a cycle each
  EXPECT_EQ(reduction_cost(unit, lane_demand(split, 2, 1)).cycles, 2 * (6 + 5 + 3));
  unit.lanes = 1;  // no tree
  EXPECT_EQ(reduction_cost(unit, lane_demand(split, 2, 1)).cycles, 2 * (30 + 5));
}

template <class C>
std::vector<std::int64_t> prices() {
  std::vector<std::int64_t> cycles;
  for (const Sample& sample : samples(SamplesOf<C>{}))
    cycles.push_back(price(machine(), sample.program(), sample.command).cycles);
  return cycles;
}

using Cycles = std::vector<std::int64_t>;

TEST(CommandPrice, OfSums) {
  // Three sets of ten, two sums one after the other. 30 bytes take 4 cycles of 8 lanes, 60 take 8; with the
  // pipeline and log2(8) of the tree 2 x (4 + 5 + 3) and 2 x (8 + 5 + 3). On the MAC array 3 x 1 x 10 and
  // three times 1 x 1 x 10, each one fold of 3 + 6 + 10 - 2, less one: 4 x 16.
  EXPECT_EQ(prices<Reduce>(), (Cycles{24, 64, 24, 64, 32, 64, 32, 64}));
  EXPECT_EQ(prices<ReduceCodes>(), (Cycles{12, 12, 16}));
  EXPECT_EQ(prices<Combine>(), Cycles{3 + 6});  // 3 sets of 2 sums of 3 cores: 18 elements
}

// Where neither a mean nor a zero point asks for it there is one sum alone, of squares or of magnitudes.
TEST(CommandPrice, OfOneSum) {
  const auto cycles = [](Statistic statistic, bool asymmetric) {
    Sample sample = samples(SamplesOf<Reduce>{}).front();
    auto& body = std::get<Reduce>(sample.command.body);
    NormPlan plan = sample.plans.of(body);
    plan.statistic = statistic;
    plan.in.asymmetric = asymmetric;
    body.plan = sample.plans.add(plan);
    return price(machine(), sample.program(), sample.command).cycles;
  };
  EXPECT_EQ(cycles(Statistic::MeanVariance, false), 24);
  EXPECT_EQ(cycles(Statistic::MeanSquare, true), 24);
  EXPECT_EQ(cycles(Statistic::MeanSquare, false), 12);
  EXPECT_EQ(cycles(Statistic::L1, true), 12);
}

TEST(CommandPrice, OfRoots) {
  // Three sets on two units: two intervals of 3, and 16 of pipeline; twice where epsilon joins the deviation.
  EXPECT_EQ(prices<Finalise>(), (Cycles{22, 44}));
  EXPECT_EQ(prices<FinishReduction>(), (Cycles{1 + 6, 22, 1 + 6}));  // three sums on eight lanes
}

TEST(CommandPrice, OfNorms) {
  // 30 elements of a byte: 4 and the pipeline; of two bytes, read or written: 8.
  EXPECT_EQ(prices<Apply>(), (Cycles{10, 14, 14, 14, 10}));
  // Mean, centre, square, sum, deviation, divide, scale, shift.
  EXPECT_EQ(prices<Primitive>(), (Cycles{12, 10, 10, 12, 22, 10, 10, 10}));
}

TEST(CommandPrice, OfProducts) {
  // 15 pixels by 4 outputs by 27 taps: 5 folds of 3 + 6 + 27 - 2, less one; three times for int16 inputs.
  EXPECT_EQ(prices<Convolve>(), (Cycles{169, 169, 507, 507, 169}));
  // 3 x 6 by 11 and, for the zero points, a row and a column more: 2 x 2 folds of 3 + 6 + 11 - 2, less one.
  // Three times for an int16 factor, nine times for two.
  const Cycles kinds = {71, 71, 3 * 71, 3 * 71, 9 * 71};
  Cycles expected = kinds;
  expected.insert(expected.end(), kinds.begin(), kinds.end());
  EXPECT_EQ(prices<Multiply>(), expected);
}

// A zero point costs its own side only: 3 x 7 are two folds, 4 x 6 are two, 3 x 6 is one.
TEST(CommandPrice, OfProductsWithoutZeroPoints) {
  const auto cycles = [](bool a, bool b) {
    Sample sample = samples(SamplesOf<Multiply>{}).front();
    auto& body = std::get<Multiply>(sample.command.body);
    ProductPlan plan = sample.plans.of(body);
    plan.a.asymmetric = a;
    plan.b.asymmetric = b;
    body.plan = sample.plans.add(plan);
    body.columns = 12;  // two folds without a column more
    return price(machine(), sample.program(), sample.command).cycles;
  };
  EXPECT_EQ(cycles(false, false), 1 * 2 * 18 - 1);
  EXPECT_EQ(cycles(true, false), 1 * 3 * 18 - 1);
  EXPECT_EQ(cycles(false, true), 2 * 2 * 18 - 1);
}

TEST(CommandPrice, OfGroupsSideBySide) {
  Attributes attributes;
  attributes.ints["group"] = 5;
  const ConvProblem problem = resolve_conv(attributes, {1, 5, 2, 2}, {10, 1, 1, 1});
  const ConvPlan plan = plan_conv(problem, Tensor({10, 1, 1, 1}, std::vector<double>(10, 0.5)), {}, {0.05, 0},
                                  {0.05, 0}, {}, 31, Rounding::HalfEven);
  Program program;
  Command command;
  command.unit = Unit::Mac;
  command.body = Convolve{program.plans.add(plan), conv_tile(problem, 0, 10, 0, 2), 0, 0, 0, 0};
  const auto cycles = [&](std::int64_t groups, std::int64_t columns) {
    MachineParams m = machine();
    m.mac.groups_per_pass = groups;
    m.mac.cols = columns;
    return price(m, program, command).cycles;
  };
  // 4 pixels by 2 outputs by 1 tap: 2 folds of 3 + 6 + 1 - 2, less one, for each of five groups.
  EXPECT_EQ(cycles(1, 6), 5 * 15);
  EXPECT_EQ(cycles(2, 6), 3 * 15);
  EXPECT_EQ(cycles(9, 6), 2 * 15);                             // six columns hold three groups of two outputs
  EXPECT_EQ(cycles(9, 1), 5 * (2 * 2 * (3 + 1 + 1 - 2) - 1));  // one column, less than one group
}

TEST(CommandPrice, OfVectorWork) {
  // 42 elements: 6 and the pipeline, twice the elements where an operand or the result has two bytes, four
  // times where it has four.
  EXPECT_EQ(prices<Elementwise>(),
            (Cycles{12, 12, 12, 12, 12, 17, 17, 17, 17, 17, 17, 17, 17, 17, 17, 17, 17, 17, 17, 17, 27, 27}));
  // 33 on the four lanes with tables.
  EXPECT_EQ(prices<Lookup>(), (Cycles{9 + 6, 17 + 6, 17 + 6, 17 + 6}));
  // Four rows of nine: a table and two passes.
  EXPECT_EQ(prices<SoftmaxRows>(),
            (Cycles{15 + 11 + 11, 24 + 15 + 15, 24 + 15 + 15, 24 + 15 + 15, 14 + 10 + 10, 21 + 14 + 14}));
  // 3 x 2 x 4 outputs of 3 x 2 taps.
  EXPECT_EQ(prices<Pool>(), (Cycles{24, 24, 42, 42, 42, 42}));
  // Ten rows of 4 from two rows each, then of 6 from two columns each.
  EXPECT_EQ(prices<Resample>(), (Cycles{(10 + 6) + (15 + 6), (20 + 6) + (30 + 6)}));
}

std::vector<std::int64_t> bytes_of(const std::vector<Access>& accesses) {
  std::vector<std::int64_t> bytes;
  for (const Access& access : accesses)
    bytes.push_back(access.box != nullptr ? access.box->bytes() : access.end - access.begin);
  return bytes;
}

struct Bytes {
  std::vector<std::int64_t> reads, writes;
  bool operator==(const Bytes& other) const { return reads == other.reads && writes == other.writes; }
  friend std::ostream& operator<<(std::ostream& out, const Bytes& bytes) {
    return out << testing::PrintToString(bytes.reads) << " to " << testing::PrintToString(bytes.writes);
  }
};

template <class C>
std::vector<Bytes> footprints() {
  std::vector<Bytes> all;
  for (const Sample& sample : samples(SamplesOf<C>{})) {
    const Program program = sample.program();
    const Footprint f = footprint(program.commands[0], program);
    all.push_back({bytes_of(f.reads), bytes_of(f.writes)});
  }
  return all;
}

using All = std::vector<Bytes>;

TEST(CommandFootprint, OfNorms) {
  // A set's sums and its scale are 16 bytes, an affine entry too.
  EXPECT_EQ(footprints<Reduce>(), (All{{{30}, {48}},
                                       {{30}, {48}},
                                       {{30, 48}, {48}},
                                       {{30, 48}, {48}},
                                       {{60}, {48}},
                                       {{60}, {48}},
                                       {{60, 48}, {48}},
                                       {{60, 48}, {48}}}));
  EXPECT_EQ(footprints<Combine>(), (All{{{48, 48, 48}, {48}}}));
  EXPECT_EQ(footprints<Finalise>(), (All{{{48}, {48}}, {{48}, {48}}}));
  EXPECT_EQ(footprints<Apply>(), (All{{{30, 48, 48}, {30}},
                                      {{30, 48, 48}, {60}},
                                      {{60, 48, 48}, {30}},
                                      {{60, 48, 48}, {60}},
                                      {{30, 48}, {30}}}));
  // Mean, centre, square, sum, deviation, divide, scale, shift: int8 codes, all between them int16.
  EXPECT_EQ(footprints<Primitive>(), (All{{{30}, {6}},
                                          {{30, 6}, {60}},
                                          {{60}, {60}},
                                          {{60}, {6}},
                                          {{6}, {6}},
                                          {{60, 6}, {60}},
                                          {{60, 6}, {60}},
                                          {{60, 6}, {30}}}));
}

TEST(CommandFootprint, OfProducts) {
  // Output rows 1 to 3 of a 3 x 3 kernel read rows 0 to 4 of three channels of 5 columns; four outputs of 27
  // weights each.
  EXPECT_EQ(footprints<Convolve>(), (All{{{75, 108, 64}, {60}},
                                         {{75, 108, 64}, {120}},
                                         {{150, 108, 64}, {60}},
                                         {{150, 108, 64}, {120}},
                                         {{75, 108, 64}, {3 * 100 + 2 * 20 + 4 * 2 + 1}}}));
  const All kinds = {
      {{33, 66}, {18}}, {{33, 66}, {36}}, {{33, 132}, {36}}, {{66, 66}, {36}}, {{66, 132}, {36}}};
  All expected = kinds;
  expected.insert(expected.end(), kinds.begin(), kinds.end());
  EXPECT_EQ(footprints<Multiply>(), expected);
}

TEST(CommandFootprint, OfVectorWork) {
  All expected;
  for (const std::int64_t in : {42, 84})
    for (const std::int64_t out : {42, 84}) {
      expected.push_back({{in}, {out}});
      // All of the second operand, an element for each five, seven elements, three.
      for (const std::int64_t second : {42, 9, 7, 3}) expected.push_back({{in, second}, {out}});
    }
  expected.push_back({{42}, {168}});  // float32 of int8 and of int16
  expected.push_back({{84}, {168}});
  EXPECT_EQ(footprints<Elementwise>(), expected);
  // The table of an int16 input has 513 entries of 4 bytes.
  EXPECT_EQ(footprints<Lookup>(), (All{{{33}, {33}}, {{33}, {66}}, {{66, 2052}, {33}}, {{66, 2052}, {66}}}));
  EXPECT_EQ(footprints<SoftmaxRows>(),
            (All{{{36}, {36}}, {{36}, {72}}, {{72}, {36}}, {{72}, {72}}, {{30}, {30}}, {{60}, {60}}}));
  EXPECT_EQ(footprints<Pool>(),
            (All{{{60}, {24}}, {{60}, {24}}, {{60}, {48}}, {{120}, {48}}, {{120}, {24}}, {{120}, {48}}}));
  // Rows 2 to 6 of an axis that doubles lie between rows 0 and 3; two planes.
  EXPECT_EQ(footprints<Resample>(), (All{{{2 * 4 * 4}, {2 * 5 * 6}}, {{2 * 2 * 4 * 4}, {2 * 2 * 5 * 6}}}));
}

TEST(CommandFootprint, OfReductionsTransfersAndTheHost) {
  EXPECT_EQ(footprints<ReduceCodes>(), (All{{{30}, {24}}, {{30, 24}, {24}}, {{60}, {24}}}));
  EXPECT_EQ(footprints<FinishReduction>(), (All{{{24}, {3}}, {{24}, {3}}, {{24}, {6}}}));
  EXPECT_EQ(footprints<Transfer>().front(), (Bytes{{84}, {84}}));
  EXPECT_EQ(footprints<HostTask>(), (All{{{40}, {40}}}));
}

}  // namespace
}  // namespace bpusim
