#include "sim/lowering/mac_loops.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <utility>

#include "models/machine.h"
#include "sim/lowering/conv.h"
#include "sim/lowering/matmul.h"

namespace bpusim {
namespace {

struct Visited {
  std::int64_t tiles = 0, weight_loads = 0, input_loads = 0;
  std::set<std::pair<std::int64_t, std::int64_t>> outputs;  // channel and piece
};

// 10 channels in chunks of 4, on two cores.
Visited visited(MacMapping mapping, std::int64_t pieces) {
  MachineParams machine;
  machine.bpu.cores = 2;
  MacLoops loops = MacLoops::all_channels(mapping, machine, 10, 10);
  if (mapping != MacMapping::Weights) loops.chunk = 4;
  Visited result;
  visit_tiles(loops, pieces, [&](const MacVisit& v) {
    ++result.tiles;
    result.weight_loads += v.load_weights ? 1 : 0;
    result.input_loads += v.load_input ? 1 : 0;
    EXPECT_LT(v.weight_slot, loops.weight_slots());
    EXPECT_LT(v.input_slot, loops.input_slots());
    for (std::int64_t c = v.channel; c < v.channel + v.channels; ++c)
      EXPECT_TRUE(result.outputs.insert({c, v.piece}).second) << c << " of " << v.piece << " is made twice";
  });
  return result;
}

TEST(MacLoops, EachOutputIsMadeOnceAndLoadsAreCounted) {
  struct Expected {
    MacMapping mapping;
    std::int64_t tiles, weight_loads, input_loads;
  };
  for (const Expected& e : {
           Expected{MacMapping::Rows, 9, 6, 9},       // three chunks on two cores each
           Expected{MacMapping::Weights, 3, 2, 3},    // all weights once on each core
           Expected{MacMapping::Input, 9, 8, 3},      // core 0: 3, then 2 on the way back; core 1: 3
           Expected{MacMapping::Channels, 12, 4, 12}  // 5 channels a core, as 4 and 1
       }) {
    const Visited v = visited(e.mapping, 3);
    EXPECT_EQ(v.outputs.size(), 30U);
    EXPECT_EQ(v.tiles, e.tiles);
    EXPECT_EQ(v.weight_loads, e.weight_loads);
    EXPECT_EQ(v.input_loads, e.input_loads);
  }
}

// A share lies within a group or spans whole ones.
TEST(MacLoops, SharesKeepGroupsWhole) {
  MachineParams machine;
  machine.bpu.cores = 4;
  const auto share = [&](std::int64_t channels, std::int64_t unit) {
    return MacLoops::all_channels(MacMapping::Channels, machine, channels, unit).share;
  };
  EXPECT_EQ(share(10, 10), 3);   // one group: 10 / 4
  EXPECT_EQ(share(24, 12), 6);   // two groups of 12, each on two cores
  EXPECT_EQ(share(20, 10), 5);   // 5 divides a group
  EXPECT_EQ(share(22, 11), 11);  // nothing from 6 to 10 divides 11: two cores work
  EXPECT_EQ(share(30, 3), 9);    // 7.5 is not whole groups of 3
}

TEST(MacLoops, NamesAreKnown) {
  for (const std::string& name : mac_mappings(2)) EXPECT_NO_THROW(mac_mapping(name));
  const auto one = mac_mappings(1);
  EXPECT_EQ(std::count(one.begin(), one.end(), "mac_channels"), 0);
  EXPECT_THROW(mac_mapping("resident"), std::out_of_range);
}

struct Timed {
  std::int64_t cycles = 0, read_bytes = 0;
};

template <class Lower>
Timed timed(Lower lower, const ConvProblem& problem, MacMapping mapping, const MachineParams& machine) {
  ConvJob job;
  job.plan.problem = problem;
  job.plan.in = job.plan.out = {0.5, 0};
  job.x = 0;
  job.y = 1 << 24;
  job.weights = 1 << 25;
  job.entries = 1 << 27;
  job.mapping = mapping;
  const Program program = lower("mac", job, machine, 32 << 10);
  Timed result;
  for (const Command& command : program.commands)
    if (command.unit == Unit::Load) result.read_bytes += std::get<Transfer>(command.body).dram.bytes();
  result.cycles = Machine(machine, false).run(program).cycles();
  return result;
}

MachineParams with_cores(std::int64_t cores, std::int64_t sram) {
  MachineParams machine;
  machine.bpu.cores = cores;
  machine.sram.bytes = sram;
  return machine;
}

ConvProblem pointwise(std::int64_t channels, std::int64_t side) {
  return resolve_conv({}, {1, channels, side, side}, {channels, channels, 1, 1});
}

// 256 x 256 weights with 16 bytes of entry a channel, and 256 x 14 x 14 inputs.
constexpr std::int64_t kWeights = 256 * 256 + 256 * 16, kInput = 256 * 14 * 14;

TEST(MacLoops, CoresThatDivideTheChannelsReadTheWeightsOnce) {
  const MachineParams machine = with_cores(4, 1 << 20);
  const Timed rows = timed(lower_conv, pointwise(256, 14), MacMapping::Rows, machine),
              channels = timed(lower_conv, pointwise(256, 14), MacMapping::Channels, machine);
  EXPECT_EQ(rows.read_bytes, 4 * kWeights + kInput);
  EXPECT_EQ(channels.read_bytes, kWeights + 4 * kInput);
  const Timed few_rows = timed(lower_conv, pointwise(512, 7), MacMapping::Rows, machine),
              few_channels = timed(lower_conv, pointwise(512, 7), MacMapping::Channels, machine);
  EXPECT_LT(few_channels.cycles, few_rows.cycles);
}

TEST(MacLoops, CoresDivideTheColumnsOfOneRow) {
  const MachineParams machine = with_cores(4, 1 << 20);
  ConvProblem row;
  row.n = 1;
  row.ic = 1024;
  row.oc = 1000;
  EXPECT_LT(timed(lower_matmul, row, MacMapping::Channels, machine).cycles,
            timed(lower_matmul, row, MacMapping::Rows, machine).cycles);
}

// In 192 KiB the weights do not fit twice beside tiles: they come in chunks, and the input with each of them.
TEST(MacLoops, WeightsOrInputsThatStayAreReadOnce) {
  const MachineParams machine = with_cores(1, 192 << 10);
  const Timed rows = timed(lower_conv, pointwise(256, 14), MacMapping::Rows, machine),
              weights = timed(lower_conv, pointwise(256, 14), MacMapping::Weights, machine),
              input = timed(lower_conv, pointwise(256, 14), MacMapping::Input, machine);
  EXPECT_GT(rows.read_bytes, kWeights + kInput);
  EXPECT_EQ(weights.read_bytes, kWeights + kInput);
  // Three bands of 5 rows: both chunks for the first, one more for each of the others.
  EXPECT_EQ(input.read_bytes, 2 * kWeights + kInput);
  EXPECT_LT(weights.cycles, rows.cycles);
}

TEST(MacLoops, MappingsThatMakeNoDifferenceAreRefused) {
  const ConvProblem small = resolve_conv({}, {1, 64, 8, 8}, {64, 64, 3, 3});
  for (const MacMapping mapping : {MacMapping::Weights, MacMapping::Input})
    EXPECT_THROW(timed(lower_conv, small, mapping, with_cores(1, 1 << 20)), std::invalid_argument);
  EXPECT_THROW(timed(lower_conv, small, MacMapping::Channels, with_cores(1, 1 << 20)), std::invalid_argument);
}

}  // namespace
}  // namespace bpusim
