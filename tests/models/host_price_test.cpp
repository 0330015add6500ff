// What the CPU charges, part by part: each moves the price by what it says, and no other does.
#include <gtest/gtest.h>

#include "models/commands/host_task.h"
#include "models/machine_params.h"

namespace bpusim {
namespace {

// 1 GHz on both sides, 2 cores of 4 operations a cycle: 8 operations a ns, 2 bytes a ns.
MachineParams machine() {
  MachineParams m;
  m.bpu.clock_mhz = 1000;
  m.host.clock_mhz = 1000;
  m.host.cores = 2;
  m.host.simd_ops_per_cycle = 4;
  m.host.bandwidth_gbps = 2;
  m.host.task_overhead_us = 0;
  m.host.crossing_overhead_us = 0;
  m.host.convert_ops_per_element = 4;
  m.host.layout_ops_per_element = 3;
  m.host.string_ns_per_char = 20;
  return m;
}

TEST(HostPrice, EachPartByHand) {
  HostDemand compute, memory, convert, layout, text;
  compute.compute_ops = 8000;
  memory.memory_bytes = 8000;
  convert.convert_elements = 1000;
  layout.layout_elements = 1000;
  text.characters = 100;
  EXPECT_EQ(host_cycles(machine(), {}), 0);
  EXPECT_EQ(host_cycles(machine(), compute), 1000);
  EXPECT_EQ(host_cycles(machine(), memory), 4000);
  EXPECT_EQ(host_cycles(machine(), convert), 500);
  EXPECT_EQ(host_cycles(machine(), layout), 375);
  EXPECT_EQ(host_cycles(machine(), text), 2000);
}

// The longer of arithmetic and memory; everything else on top.
TEST(HostPrice, ArithmeticAndMemoryOverlapAndNothingElseDoes) {
  HostDemand all;
  all.compute_ops = 8000;
  all.memory_bytes = 8000;
  EXPECT_EQ(host_cycles(machine(), all), 4000);
  all.compute_ops = 80000;
  EXPECT_EQ(host_cycles(machine(), all), 10000);
  all.convert_elements = 1000;
  all.layout_elements = 1000;
  all.characters = 100;
  EXPECT_EQ(host_cycles(machine(), all), 10000 + 500 + 375 + 2000);
}

TEST(HostPrice, OverheadsOfATaskAndOfEachCrossing) {
  MachineParams m = machine();
  m.host.task_overhead_us = 30;
  m.host.crossing_overhead_us = 20;
  HostDemand demand;
  EXPECT_EQ(host_cycles(m, demand), 30000);
  demand.crossings = 2;
  EXPECT_EQ(host_cycles(m, demand), 30000 + 40000);
  m.bpu.clock_mhz = 1500;  // in cycles of the BPU
  EXPECT_EQ(host_cycles(m, demand), 105000);
}

}  // namespace
}  // namespace bpusim
