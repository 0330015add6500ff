// Random programs of operators beside norms: function on and off take the same cycles, and the machine leaves
// the bytes of an in-order interpreter, whatever its timing and tiles.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <memory>

#include "models/commands/interpreter.h"
#include "models/machine.h"
#include "sim/lowering/conv.h"
#include "sim/lowering/conv_transpose.h"
#include "sim/lowering/mac_loops.h"
#include "sim/lowering/matmul.h"
#include "sim/lowering/product.h"
#include "sim/lowering/reduction.h"
#include "sim/lowering/resample.h"
#include "sim/lowering/selection.h"
#include "sim/lowering/softmax.h"
#include "tests/lowering/touched.h"

namespace bpusim {
namespace {

constexpr std::int64_t kX = 0, kB = 1 << 20, kEntries = 2 << 20, kY = 4 << 20, kRoom = 1 << 16;
const Quantisation kIn{0.5, 3}, kOut{0.7, -2};

std::int64_t draw(std::int64_t low, std::int64_t high) {
  return *rc::gen::inRange<std::int64_t>(low, high + 1);
}

Program drawn_product(const MachineParams& m, std::int64_t tile) {
  ProductJob job;
  job.problem = {draw(1, 20), draw(1, 20), draw(1, 20), draw(0, 1) == 1, draw(0, 1) == 1, {}};
  const std::int64_t pairs = draw(1, 4);
  for (std::int64_t i = 0; i < pairs; ++i)
    job.problem.pairs.push_back({i * job.problem.rows * job.problem.inner, draw(0, 1) * 50,
                                 i * job.problem.rows * job.problem.columns});
  job.plan = plan_product(job.problem, 1, kIn, kIn, kOut, 30, Rounding::HalfEven);
  job.a = kX;
  job.b = kB;
  job.y = kY;
  return lower_product("product", job, m, tile);
}

Program drawn_reduction(const MachineParams& m, std::int64_t tile) {
  ReductionJob job;
  job.part.statistic = Statistic::MeanSquare;
  std::int64_t stride = 1;
  bool in_set = draw(0, 1) == 1;
  for (std::int64_t d = 0; d < 3; ++d, in_set = !in_set) {
    const std::int64_t extent = draw(1, 30);
    job.part.dims.insert(job.part.dims.begin(), {extent, stride, in_set, 0});
    stride *= extent;
  }
  const auto kind = *rc::gen::element(ReductionKind::Sum, ReductionKind::L2, ReductionKind::Max);
  job.plan = plan_reduction(kind, job.part.set_size(), kIn, kOut, 30, Rounding::HalfEven);
  job.x = kX;
  job.y = kY;
  return lower_reduction("reduction", job, m, tile);
}

Program drawn_softmax(const MachineParams& m, std::int64_t tile) {
  const SoftmaxRowShape shape{draw(1, 60), draw(1, 12)};
  return lower_softmax("softmax", plan_softmax(kIn, kOut, draw(0, 1) == 1), shape.stride * draw(1, 6), shape,
                       kX, kY, m, tile);
}

Program drawn_selection(const MachineParams& m, std::int64_t tile) {
  const std::int64_t before = draw(0, 3), after = draw(0, 3);
  const Selection s =
      resolve_pad(*rc::gen::element<std::string>("constant", "reflect", "edge", "wrap"),
                  {draw(1, 4), draw(4, 12), draw(4, 12)}, {0, before, after, 0, after, before}, {});
  return lower_selection("selection", s, kX, kY, kB, 1, m, tile);
}

Program drawn_transpose(const MachineParams& m, std::int64_t tile) {
  Attributes a;
  a.int_lists["strides"] = {draw(1, 3), draw(1, 3)};
  const std::int64_t groups = draw(1, 2);
  a.ints["group"] = groups;
  const ConvTransposeProblem p = resolve_conv_transpose(a, {draw(1, 2), 2 * groups, draw(1, 8), draw(1, 8)},
                                                        {2 * groups, draw(1, 4), draw(1, 4), draw(1, 4)});
  ConvJob job;
  job.plan.in = kIn;
  job.plan.out = kOut;
  job.x = kX;
  job.y = kY;
  job.weights = kB;
  job.entries = kEntries;
  job.tail.residual = TailJob::Residual{
      plan_elementwise(ElementwiseKind::Add, {kOut, kIn}, kOut, 30, Rounding::HalfEven), kB + kRoom};
  return lower_conv_transpose("transpose", p, job, m, tile);
}

// Sums of products with one of the mappings; where that one makes no difference, as without it.
template <class Lower>
Program with_drawn_mapping(ConvJob job, Lower&& lower) {
  const DType type = *rc::gen::element(DType::Int8, DType::Int16);
  job.plan.in = {kIn.scale, type == DType::Int8 ? kIn.zero_point : 0, type};
  job.plan.out = kOut;
  job.x = kX;
  job.y = kY;
  job.weights = kB;
  job.entries = kEntries;
  if (draw(0, 1) == 1)
    job.tail.residual = TailJob::Residual{
        plan_elementwise(ElementwiseKind::Add, {kOut, kIn}, kOut, 30, Rounding::HalfEven), kB + kRoom};
  job.mapping =
      *rc::gen::element(MacMapping::Rows, MacMapping::Weights, MacMapping::Input, MacMapping::Channels);
  try {
    return lower(job);
  } catch (const std::invalid_argument&) {
    job.mapping = MacMapping::Rows;
    return lower(job);
  }
}

Program drawn_conv(const MachineParams& m, std::int64_t tile) {
  Attributes a;
  a.int_lists["strides"] = {draw(1, 2), draw(1, 2)};
  const std::int64_t groups = draw(1, 3), group_inputs = draw(1, 10), kernel = draw(1, 3);
  a.ints["group"] = groups;
  ConvJob job;
  job.plan.problem = resolve_conv(a, {draw(1, 2), group_inputs * groups, draw(3, 12), draw(3, 12)},
                                  {groups * draw(1, 20), group_inputs, kernel, kernel});
  return with_drawn_mapping(job, [&](const ConvJob& j) { return lower_conv("conv", j, m, tile); });
}

Program drawn_matmul(const MachineParams& m, std::int64_t tile) {
  ConvJob job;
  job.plan.problem.n = draw(1, 20);
  job.plan.problem.ic = draw(1, 300);
  job.plan.problem.oc = draw(1, 60);
  return with_drawn_mapping(job, [&](const ConvJob& j) { return lower_matmul("matmul", j, m, tile); });
}

Program drawn_resize(const MachineParams& m, std::int64_t tile) {
  Attributes a;
  a.strings["mode"] = *rc::gen::element<std::string>("linear", "cubic", "nearest");
  const Tensor none({0}, {}),
      sizes({3}, {2, static_cast<double>(draw(1, 30)), static_cast<double>(draw(1, 30))});
  const Resize resize = resolve_resize("Resize", a, {2, draw(1, 20), draw(1, 20)}, {none, none, sizes});
  return lower_resample("resize", plan_resample(resize, kIn, Rounding::HalfEven), kX, kY, m, tile);
}

MachineParams drawn_machine() {
  MachineParams m;
  m.bpu.cores = *rc::gen::inRange(1, 4);
  m.sram.banks = 8;
  m.sram.bytes = 8192 << *rc::gen::inRange(0, 4);
  m.dma.load_channels = *rc::gen::inRange(1, 3);
  m.dma.outstanding = *rc::gen::inRange(1, 9);
  m.dma.bytes_per_cycle = *rc::gen::inRange(1, 129);
  m.vector.lanes = *rc::gen::inRange(1, 200);
  m.reduction.lanes = *rc::gen::inRange(1, 200);
  m.mac.rows = *rc::gen::inRange(1, 64);
  return m;
}

void fill(DramPort& dram) {
  for (const std::int64_t base : {kX, kB}) {
    std::vector<std::int8_t> bytes(2 * kRoom);
    for (std::size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<std::int8_t>(static_cast<std::int64_t>(i) * 37 % 251 - 125);
    dram.write(base, bytes.data(), static_cast<std::int64_t>(bytes.size()));
  }
  const std::vector<AffineEntry> entries(64, make_affine_entry(0.01, 0.3, 30, 0));
  dram.write(kEntries, entries.data(), static_cast<std::int64_t>(entries.size() * sizeof(AffineEntry)));
}

std::vector<std::int8_t> result(DramPort& dram) {
  std::vector<std::int8_t> y(kRoom);
  dram.read(kY, y.data(), kRoom);
  return y;
}

// So many rows that every slot is taken.
TEST(Rooms, OfManyTilesOfATransposedConvolution) {
  Attributes a;
  a.int_lists["strides"] = {2, 2};
  ConvJob job;
  job.plan.in = kIn;
  job.plan.out = kOut;
  const ConvTransposeProblem p = resolve_conv_transpose(a, {1, 4, 40, 8}, {4, 6, 3, 3});
  for (const std::int64_t cores : {1, 2}) {
    MachineParams machine;
    machine.bpu.cores = cores;
    const Program program = lower_conv_transpose("transpose", p, job, machine, 500);
    EXPECT_GT(program.commands.size(), 30u);
    EXPECT_LE(touched(program), program.sram_bytes);
    EXPECT_GT(touched(program), program.sram_bytes - 64);
  }
}

RC_GTEST_PROP(RandomOperators, FunctionAndOrderAgree, ()) {
  const auto drawn = *rc::gen::element(drawn_product, drawn_reduction, drawn_softmax, drawn_selection,
                                       drawn_transpose, drawn_resize, drawn_conv, drawn_matmul);
  const MachineParams machine = drawn_machine();
  const Program program = drawn(machine, draw(64, 6000));
  RC_ASSERT(touched(program) <= program.sram_bytes);
  Machine with(machine), without(machine, false);
  fill(with.dram());
  const std::int64_t cycles = with.run(program).cycles();
  RC_ASSERT(without.run(program).cycles() == cycles);
  FlatDram flat;
  fill(flat);
  interpret(program, static_cast<int>(machine.bpu.cores), machine.sram.bytes, flat);
  RC_ASSERT(result(with.dram()) == result(flat));
}

}  // namespace
}  // namespace bpusim
