// The tests that no simulator without data can have, over random programs: function on and off take the same
// cycles; the machine leaves the bytes of an in-order interpreter; machines of other timing leave them too;
// and a dependency that is taken away is noticed.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "models/commands/interpreter.h"
#include "models/engines/dispatcher.h"
#include "models/machine.h"
#include "sim/lowering/norm.h"
#include "sim/operators/norm_problem.h"
#include "sim/scenario/workload.h"

namespace bpusim {
namespace {

constexpr std::int64_t kX = 0, kY = 1 << 22, kTables = 1 << 23;

// A drawn norm with a program for a drawn machine.
struct Scene {
  MachineParams machine;
  NormProblem problem;
  std::vector<NormJob> jobs;
  std::vector<std::int8_t> codes;
  Program program;

  void place(DramPort& dram) const {
    dram.write(kX, codes.data(), static_cast<std::int64_t>(codes.size()));
    for (const NormJob& job : jobs)
      dram.write(job.entries, job.plan.entries.data(),
                 static_cast<std::int64_t>(job.plan.entries.size() * sizeof(AffineEntry)));
  }
  std::vector<std::int8_t> result(DramPort& dram) const {
    std::vector<std::int8_t> y(codes.size());
    dram.read(kY, y.data(), static_cast<std::int64_t>(y.size()));
    return y;
  }
  std::vector<std::int8_t> interpreted() const {
    FlatDram dram;
    place(dram);
    interpret(program, static_cast<int>(machine.bpu.cores), machine.sram.bytes, dram);
    return result(dram);
  }
};

// Everything that changes time but not the program.
void draw_timing(MachineParams& m) {
  m.bpu.clock_mhz = *rc::gen::element(700.0, 1000.0, 1333.0);
  m.bpu.dispatch_cycles = *rc::gen::inRange(0, 30);
  m.dma.bytes_per_cycle = *rc::gen::inRange(1, 129);
  m.dma.request_bytes = 1 << *rc::gen::inRange(5, 15);
  m.dma.outstanding = *rc::gen::inRange(1, 9);
  m.dma.setup_cycles = *rc::gen::inRange(0, 60);
  m.reduction.lanes = *rc::gen::inRange(1, 200);
  m.vector.lanes = *rc::gen::inRange(1, 200);
  m.sram.bank_bytes_per_cycle = *rc::gen::element(8, 64, 256);
  m.dram.channels = *rc::gen::inRange(1, 4);
  m.dram.cl = *rc::gen::inRange(5, 60);
  m.dram.refi = *rc::gen::inRange(600, 9000);
}

// One of the row's examples, with each extent so many times as large.
OperatorSpec draw_spec(const NormDefinition& norm) {
  const NormExample example = *rc::gen::elementOf(norm.examples);
  OperatorSpec spec;
  spec.name = "n";
  spec.op = norm.op;
  for (const std::int64_t extent : example.shape) spec.shape.push_back(extent * *rc::gen::inRange(1, 13));
  spec.attributes = example.attributes();
  spec.seed = *rc::gen::inRange<std::uint64_t>(0, 1000);
  return spec;
}

std::shared_ptr<Scene> draw_scene(const NormDefinition& norm) {
  auto scene = std::make_shared<Scene>();
  MachineParams& m = scene->machine;
  m.bpu.cores = *rc::gen::inRange(1, 4);
  m.sram.banks = 8;
  m.sram.bytes = 8192 << *rc::gen::inRange(0, 5);
  m.sram.interleave_bytes = *rc::gen::element(0, 64);
  m.dma.load_channels = *rc::gen::inRange(1, 3);
  m.dma.store_channels = *rc::gen::inRange(1, 3);
  draw_timing(m);
  const OperatorSpec spec = draw_spec(norm);
  Network network;
  MemoryBudget budget;
  add_operator(spec, budget, network);
  scene->problem = norm_problem(operation_of(network.nodes[0], network));
  for (std::int64_t i = 0; i < element_count(spec.shape); ++i)
    scene->codes.push_back(static_cast<std::int8_t>(i * 37 % 251 - 125));
  std::int64_t table = kTables;
  for (const NormPart& part : scene->problem.parts) {
    NormJob job;
    job.part = &part;
    job.plan =
        plan_norm(part, {0.02, 3, DType::Int8}, {0.03, -2, DType::Int8}, numeric_widths(NumericsParams{}));
    job.x = kX;
    job.y = kY;
    job.entries = table;
    table += static_cast<std::int64_t>(job.plan.entries.size() * sizeof(AffineEntry));
    scene->jobs.push_back(std::move(job));
  }
  const Mapping mapping =
      *rc::gen::element(Mapping::Resident, Mapping::Streaming, Mapping::Split, Mapping::MacArray);
  for (const NormJob& job : scene->jobs)
    RC_PRE(job.part->statistic == Statistic::Given || obstacle(mapping, job, m).empty());
  scene->program = lower_norm("random", scene->jobs, mapping, m, *rc::gen::inRange(1, 3000));
  return scene;
}

void function_timing_and_order_agree(const NormDefinition& norm) {
  const auto scene = draw_scene(norm);
  Machine with(scene->machine), without(scene->machine, false);
  scene->place(with.dram());
  const std::int64_t cycles = with.run(scene->program).cycles();
  RC_ASSERT(without.run(scene->program).cycles() == cycles);
  const auto bytes = scene->result(with.dram());
  RC_ASSERT(bytes == scene->interpreted());
  MachineParams other = scene->machine;
  draw_timing(other);
  Machine elsewhere(other);
  scene->place(elsewhere.dram());
  elsewhere.run(scene->program);
  RC_ASSERT(scene->result(elsewhere.dram()) == bytes);
}

// As many random programs of one row as of any other.
TEST(RandomPrograms, FunctionTimingAndOrderAgree) {
  for (const NormDefinition& norm : norm_registry())
    EXPECT_TRUE(rc::check(norm.op, [&] { function_timing_and_order_agree(norm); }));
}

// Taking away a dependency that orders two commands on the same bytes: either the locks notice, or the bytes
// are wrong. Dependencies that others imply may go without a trace.
TEST(RandomPrograms, ARemovedDependencyIsCaught) {
  OperatorSpec spec;
  spec.name = "n";
  spec.op = "InstanceNormalization";
  spec.shape = {2, 8, 16, 16};
  Network network;
  MemoryBudget budget;
  add_operator(spec, budget, network);
  const NormProblem problem = norm_problem(operation_of(network.nodes[0], network));
  Scene scene;
  scene.problem = problem;
  scene.machine.sram.bytes = 32768;
  for (std::int64_t i = 0; i < 4096; ++i) scene.codes.push_back(static_cast<std::int8_t>(i * 37 % 251 - 125));
  NormJob job;
  job.part = &problem.parts[0];
  job.plan = plan_norm(problem.parts[0], {0.02, 3, DType::Int8}, {0.03, -2, DType::Int8},
                       numeric_widths(NumericsParams{}));
  job.y = kY;
  job.entries = kTables;
  scene.jobs = {job};
  const Program whole = lower_norm("n", scene.jobs, Mapping::Resident, scene.machine, 300);
  scene.program = whole;
  const auto expected = scene.interpreted();
  int removed = 0, caught = 0;
  for (std::size_t c = 0; c < whole.commands.size(); ++c) {
    for (std::size_t d = 0; d < whole.commands[c].dependencies.size(); ++d) {
      // What a tile's own chain needs; ring re-use is also ordered by the chains that it follows.
      const Command& waits = whole.commands[c];
      const Command& awaited = whole.commands[static_cast<std::size_t>(waits.dependencies[d])];
      if (waits.tile != awaited.tile) continue;
      Program broken = whole;
      auto& dependencies = broken.commands[c].dependencies;
      dependencies.erase(dependencies.begin() + static_cast<std::ptrdiff_t>(d));
      ++removed;
      Machine machine(scene.machine);
      scene.place(machine.dram());
      try {
        machine.run(broken);
        caught += scene.result(machine.dram()) != expected;
      } catch (const HazardError&) {
        ++caught;
      }
    }
  }
  EXPECT_GT(removed, 50);
  EXPECT_GT(caught, removed / 2) << caught << " of " << removed;
  RecordProperty("removed", removed);
  RecordProperty("caught", caught);
}

}  // namespace
}  // namespace bpusim
