#include "models/machine.h"

#include <gtest/gtest.h>

#include <map>
#include <numeric>

#include "kernels/mac/product.h"
#include "models/commands/cost.h"
#include "models/engines/dispatcher.h"
#include "models/observers/stall_accounting.h"

namespace bpusim {
namespace {

Command transfer(Unit unit, std::int64_t dram, std::int64_t bytes, std::int64_t sram,
                 std::vector<int> dependencies = {}) {
  Command c;
  c.unit = unit;
  c.body = Transfer{DramBox::contiguous(dram, bytes), sram};
  c.dependencies = std::move(dependencies);
  return c;
}

Program copy(std::int64_t from, std::int64_t to, std::int64_t bytes) {
  Program p;
  p.name = "copy";
  p.commands = {transfer(Unit::Load, from, bytes, 0), transfer(Unit::Store, to, bytes, 0, {0})};
  p.sram_bytes = bytes;
  return p;
}

TEST(Machine, CopiesBytesThroughSram) {
  Machine machine(MachineParams{});
  std::vector<std::uint8_t> sent(10000), got(10000);
  std::iota(sent.begin(), sent.end(), std::uint8_t{0});
  machine.dram().write(1000, sent.data(), 10000);
  const ProgramResult r = machine.run(copy(1000, 500000, 10000));
  machine.dram().read(500000, got.data(), 10000);
  EXPECT_EQ(got, sent);
  EXPECT_EQ(r.dram_read_bytes, 10000);
  EXPECT_EQ(r.dram_write_bytes, 10000);
  // 20000 bytes at the 12.8 bytes a cycle of the default DRAM are 1563 cycles; a copy can't be faster.
  EXPECT_GT(r.cycles(), 1563);
}

TEST(Machine, RunsProgramsOneAfterAnother) {
  Machine machine(MachineParams{});
  const ProgramResult first = machine.run(copy(0, 65536, 4096));
  const ProgramResult second = machine.run(copy(65536, 131072, 4096));
  EXPECT_EQ(second.start_cycle, first.end_cycle);
  EXPECT_GT(second.end_cycle, second.start_cycle);
}

// Behind other programs rows are open and a refresh is nearer; with the DRAM restarted nothing of them is
// left.
TEST(Machine, ARestartedDramForgetsWhatRanBefore) {
  MachineParams params;
  Machine machine(params, false);
  const Program long_one = copy(0, 1 << 20, 100000), short_one = copy(3000, 1 << 22, 777);
  const auto cycles = machine.run(long_one).cycles();
  bool differs = false;
  for (int i = 0; i < 40; ++i) {
    machine.run(short_one);
    differs = differs || machine.run(long_one).cycles() != cycles;
    machine.run(short_one);
    machine.restart_dram();
    ASSERT_EQ(machine.run(long_one).cycles(), cycles) << i;
  }
  EXPECT_TRUE(differs);
}

TEST(Machine, SeveralMachinesLiveSideBySide) {
  Machine a(MachineParams{}), b(MachineParams{});
  const auto first = a.run(copy(0, 65536, 4096)).cycles();
  EXPECT_EQ(b.run(copy(0, 65536, 4096)).cycles(), first);
}

TEST(Machine, TheSameCyclesWithoutFunction) {
  Machine with(MachineParams{}, true), without(MachineParams{}, false);
  EXPECT_EQ(with.run(copy(3, 70001, 33333)).cycles(), without.run(copy(3, 70001, 33333)).cycles());
}

TEST(Machine, AMissingDependencyIsCaught) {
  Machine machine(MachineParams{});
  Program p = copy(0, 65536, 4096);
  p.commands[1].dependencies.clear();
  EXPECT_THROW(machine.run(p), HazardError);
}

TEST(Machine, ACommandThatWaitsForItselfIsRefused) {
  Machine machine(MachineParams{});
  Program p = copy(0, 65536, 4096);
  p.commands[1].dependencies = {1};
  EXPECT_THROW(machine.run(p), std::invalid_argument);
}

TEST(Machine, UnknownChannelIsRefused) {
  Machine machine(MachineParams{});
  Program p = copy(0, 65536, 4096);
  p.commands[0].channel = 7;
  EXPECT_THROW(machine.run(p), std::invalid_argument);
}

TEST(Machine, AnAddressBeyondTheDramIsAnError) {
  Machine machine(MachineParams{});
  EXPECT_THROW(machine.run(copy(0, std::int64_t{1} << 50, 4096)), std::out_of_range);
}

TEST(Machine, EveryCycleOfEveryEngineHasACause) {
  Machine machine(MachineParams{});
  StallAccounting stalls(machine.engines());
  machine.add_observer(stalls);
  const std::int64_t cycles = machine.run(copy(0, 200000, 100000)).cycles();
  for (std::size_t e = 0; e < machine.engines().size(); ++e) {
    const CauseCycles& c = stalls.cycles(static_cast<int>(e));
    EXPECT_EQ(std::accumulate(c.begin(), c.end(), std::int64_t{0}), cycles) << machine.engines()[e].name;
    for (const std::int64_t part : c) EXPECT_GE(part, 0);
  }
}

// Data that is under way when its channel is free comes from the DRAM: the channel's queue is not empty
// before it is there.
TEST(Machine, DataUnderWayIsTheDramsTime) {
  MachineParams params;
  params.dram.controller_ns = 300;
  Machine machine(params);
  StallAccounting stalls(machine.engines());
  machine.add_observer(stalls);
  Program p = copy(0, 200000, 1000);
  p.commands.pop_back();
  const std::int64_t cycles = machine.run(p).cycles();
  for (std::size_t e = 0; e < machine.engines().size(); ++e)
    EXPECT_EQ(stalls.cycles(static_cast<int>(e))[static_cast<std::size_t>(Cause::QueueEmpty)],
              machine.engines()[e].unit == Unit::Load ? 0 : cycles);
}

// Requests of 4096 bytes, each 1000 cycles under way: so many at once as may be outstanding.
TEST(Machine, AChannelWaitsForWhatIsOutstanding) {
  const auto cycles = [](std::int64_t outstanding) {
    MachineParams params;
    params.dram.controller_ns = 1000;
    params.dma.outstanding = outstanding;
    Machine machine(params);
    Program p = copy(0, 200000, 4 * 4096);
    p.commands.pop_back();
    return machine.run(p).cycles();
  };
  EXPECT_GE(cycles(1), 4000);
  EXPECT_LT(cycles(2), 4000);
  EXPECT_GE(cycles(2), 2000);
  EXPECT_LT(cycles(4), cycles(2));
}

// 2^58 cycles of 10^6 fs are 15625 times 2^64 fs, which 64 bits hold as 0.
TEST(Machine, TimeBeyondWhatIsSimulatedIsAnError) {
  MachineParams params;
  params.bpu.dispatch_cycles = std::int64_t{1} << 58;
  Machine machine(params);
  EXPECT_THROW(machine.run(copy(0, 200000, 1000)), std::invalid_argument);
}

TEST(DramBox, OverlapsWhereEveryDimensionDoes) {
  // Rows of 100 bytes: columns 10 to 14 of rows 2 to 4, and others.
  const DramBox box{1000, {{2, 3, 100}, {10, 5, 1}}};
  const auto with = [&](std::int64_t row, std::int64_t rows, std::int64_t column, std::int64_t columns) {
    const DramBox other{1000, {{row, rows, 100}, {column, columns, 1}}};
    EXPECT_EQ(box.overlaps(other), other.overlaps(box));
    return box.overlaps(other);
  };
  EXPECT_TRUE(with(2, 3, 10, 5));
  EXPECT_TRUE(with(4, 9, 14, 1));
  EXPECT_FALSE(with(2, 3, 15, 5));  // beside it
  EXPECT_FALSE(with(2, 3, 5, 5));
  EXPECT_FALSE(with(5, 1, 10, 5));  // below it
  EXPECT_FALSE(with(0, 2, 10, 5));
  // Of another view only the hull is known: rows of 50 that lie between the columns.
  EXPECT_TRUE(box.overlaps({1000, {{4, 4, 50}, {20, 5, 1}}}));
  EXPECT_TRUE(box.overlaps(DramBox::contiguous(1230, 3)));
  EXPECT_FALSE(box.overlaps(DramBox::contiguous(1415, 3)));  // the byte behind the last
  EXPECT_TRUE(box.overlaps(DramBox::contiguous(1414, 3)));
}

// What a node's commands took and waited for, over the engines; nothing of a node that has none.
TEST(Machine, CyclesOfANodeAreThoseOfItsCommands) {
  Machine machine(MachineParams{});
  StallAccounting stalls(machine.engines());
  machine.add_observer(stalls);
  Program p = copy(0, 200000, 100000);
  p.commands[1].node = 3;
  machine.run(p);
  CauseCycles all{}, nodes{};
  for (std::size_t e = 0; e < machine.engines().size(); ++e)
    for (std::size_t c = 0; c < all.size(); ++c) all[c] += stalls.cycles(static_cast<int>(e))[c];
  for (const int node : {p.commands[0].node, 3})
    for (std::size_t c = 0; c < all.size(); ++c) nodes[c] += stalls.node_cycles(node)[c];
  const auto of = [](const CauseCycles& cycles, Cause cause) {
    return cycles[static_cast<std::size_t>(cause)];
  };
  for (const Cause cause : {Cause::Work, Cause::SramBank, Cause::Dependency, Cause::Host, Cause::Dispatch})
    EXPECT_EQ(of(nodes, cause), of(all, cause)) << to_string(cause);
  EXPECT_EQ(of(stalls.node_cycles(3), Cause::Dispatch), MachineParams().bpu.dispatch_cycles);
  EXPECT_GT(of(stalls.node_cycles(3), Cause::Work), 0);
  EXPECT_EQ(stalls.node_cycles(7), CauseCycles{});
}

// A command becomes ready in the very cycle in which its last dependency finishes, whatever else wakes the
// engine that finishes it: here the load channel, which is poked for its next transfer while data is still on
// its way.
TEST(Machine, ReadyIsWhenTheLastDependencyFinishes) {
  struct Recorder : Observer {
    void command_retired(const Program&, int command, const CommandTimes& times) override {
      all[command] = times;
    }
    std::map<int, CommandTimes> all;
  };
  bool woken_before_landing = false;
  for (int host_ns = 200; host_ns < 700; host_ns += 7) {
    MachineParams params;
    params.dram.controller_ns = 300;  // long on its way
    params.bpu.dispatch_cycles = 40;
    params.host.task_overhead_us = host_ns / 1000.0;
    Machine machine(params);
    Recorder recorder;
    machine.add_observer(recorder);
    Program p;
    p.name = "poked";
    Command host;
    host.unit = Unit::Host;
    host.body = HostTask{"Task", {}, {}, {}, [](DramPort&) {}};
    // The host's end makes the second load ready, some time around the first one's landing.
    p.commands = {transfer(Unit::Load, 0, 256, 0), host, transfer(Unit::Load, 4096, 256, 512, {1}),
                  transfer(Unit::Store, 8192, 256, 0, {0})};
    machine.run(p);
    ASSERT_EQ(recorder.all.size(), 4u);
    const std::int64_t landed = recorder.all[0].finish, ended = recorder.all[1].finish;
    EXPECT_EQ(recorder.all[3].ready, landed) << host_ns;
    EXPECT_EQ(recorder.all[2].ready, ended) << host_ns;
    woken_before_landing = woken_before_landing || (ended < landed && landed < ended + 40);
  }
  EXPECT_TRUE(woken_before_landing);  // or the sweep misses what it is for
}

TEST(Machine, HostTasksTakeTheirOwnTime) {
  MachineParams params;
  params.host.task_overhead_us = 10;
  Machine machine(params);
  Program p;
  p.name = "host";
  Command c;
  c.unit = Unit::Host;
  c.body = HostTask{"Task", {}, {}, {DramBox::contiguous(0, 1)}, [](DramPort& dram) {
                      const std::uint8_t seven = 7;
                      dram.write(0, &seven, 1);
                    }};
  p.commands = {c};
  // 10 us at 1 GHz, and 8 cycles of dispatch.
  EXPECT_EQ(machine.run(p).cycles(), 10000 + 8);
  std::uint8_t got = 0;
  machine.dram().read(0, &got, 1);
  EXPECT_EQ(got, 7);
}

TEST(Cost, ZeroPointsOfAProductAreARowAndAColumnMore) {
  MachineParams params;
  MacArrayParams& mac = params.mac;
  mac.rows = mac.cols = 8;
  mac.dataflow = Dataflow::OutputStationary;
  mac.fold_overlap = false;
  ProductPlan plan;
  plan.inner = 20;
  Plans plans;
  Multiply multiply{plans.add(plan), 8, 8, 0, 0, 0};
  // One fold of 8 by 8: 8 + 8 + 20 - 2 cycles, counted from zero. A ninth row and column make four folds.
  EXPECT_EQ(multiply.price(params, {Unit::Mac, 0}, plans).cycles, 33);
  plan.a.asymmetric = plan.b.asymmetric = true;
  multiply.plan = plans.add(plan);
  EXPECT_EQ(multiply.price(params, {Unit::Mac, 0}, plans).cycles, 4 * 34 - 1);
}

}  // namespace
}  // namespace bpusim
