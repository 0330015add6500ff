// What a DRAM burst, a command and a norm's element cost the simulator, with function and without.
#include <benchmark/benchmark.h>

#include "kernels/norms/datapath.h"
#include "models/machine.h"
#include "models/memory/dram_timing.h"
#include "sim/lowering/norm.h"

namespace bpusim {
namespace {

void per_item(benchmark::State& state, std::int64_t items, const char* what) {
  state.counters[what] =
      benchmark::Counter(static_cast<double>(items) * static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// state.range(0): bytes a request; range(1): whether requests are scattered.
void dram_bursts(benchmark::State& state) {
  DramTiming dram(DramParams{});
  const std::int64_t bytes = state.range(0), requests = (1 << 22) / bytes;
  std::int64_t at = 0;
  for (auto _ : state) {
    for (std::int64_t r = 0; r < requests; ++r) {
      const std::int64_t address = state.range(1) != 0 ? (r * 7919 % 65536) * 4096 : at;
      at = (at + bytes) % (1 << 28);
      benchmark::DoNotOptimize(dram.access(0, address, bytes, false));
    }
  }
  per_item(state, requests * (bytes / dram.burst_bytes()), "s_per_burst");
}
BENCHMARK(dram_bursts)->Args({64, 0})->Args({4096, 0})->Args({64, 1});

// Rows of 64 pieces of range(0) bytes, 400 apart, as a tile of an image has them; range(1): in one call.
void dram_pieces(benchmark::State& state) {
  DramTiming dram(DramParams{});
  const DramRuns runs{0, state.range(0), 400, 64, 0, 1};
  for (auto _ : state) {
    if (state.range(1) != 0)
      benchmark::DoNotOptimize(dram.access(0, runs, false));
    else
      runs.for_each([&](std::int64_t address) {
        benchmark::DoNotOptimize(dram.access(0, address, runs.bytes, false));
      });
  }
  per_item(state, runs.count, "s_per_piece");
}
BENCHMARK(dram_pieces)->ArgsProduct({{1, 40, 240}, {0, 1}});

// InstanceNorm of 64 x 128 x 128 on the default machine.
struct Norm {
  Norm() {
    part.dims = {{64, 16384, false, 1}, {16384, 1, true, 0}};
    part.gamma.assign(64, 1.1);
    part.beta.assign(64, 0.1);
    job.part = &part;
    job.plan =
        plan_norm(part, {0.02, 0, DType::Int8}, {0.03, 0, DType::Int8}, numeric_widths(machine.numerics));
    job.y = 1 << 24;
    job.entries = 1 << 25;
  }
  MachineParams machine;
  NormPart part;
  NormJob job;
};

// range(0): with function; range(1): bytes a tile.
void norm_run(benchmark::State& state) {
  const Norm norm;
  const Program program = lower_norm("norm", {norm.job}, Mapping::Resident, norm.machine, state.range(1));
  const std::int64_t elements = norm.part.element_count();
  Machine machine(norm.machine, state.range(0) != 0);
  const std::vector<std::int8_t> codes(static_cast<std::size_t>(elements), 17);
  machine.dram().write(0, codes.data(), elements);
  for (auto _ : state) machine.run(program);
  per_item(state, elements, "s_per_element");
  per_item(state, static_cast<std::int64_t>(program.commands.size()), "s_per_command");
}
BENCHMARK(norm_run)
    ->Args({1, 16384})
    ->Args({0, 16384})
    ->Args({1, 131072})
    ->Args({0, 131072})
    ->Unit(benchmark::kMillisecond);

void lowering(benchmark::State& state) {
  const Norm norm;
  std::int64_t commands = 0;
  for (auto _ : state) {
    const Program program = lower_norm("norm", {norm.job}, Mapping::Resident, norm.machine, 16384);
    commands = static_cast<std::int64_t>(program.commands.size());
  }
  per_item(state, commands, "s_per_command");
}
BENCHMARK(lowering)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace bpusim

BENCHMARK_MAIN();
