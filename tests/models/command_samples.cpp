#include "tests/models/command_samples.h"

#include <cstring>

#include "kernels/mac/product.h"
#include "kernels/vector/pool.h"
#include "kernels/vector/reduction.h"
#include "kernels/vector/unary.h"
#include "models/memory/dram_port.h"

namespace bpusim {

namespace {

constexpr Quantisation kInt8{0.05, 3, DType::Int8, true}, kInt16{0.0002, -7, DType::Int16, true};
constexpr Quantisation kGrids[] = {kInt8, kInt16};

template <class Record>
Sample::Records records_at(std::int64_t address, const std::vector<Record>& records, int core = kSampleCore) {
  Sample::Records made{core, address, std::vector<std::uint8_t>(records.size() * sizeof(Record))};
  std::memcpy(made.bytes.data(), records.data(), made.bytes.size());
  return made;
}

Sample sample(std::string what, Unit unit, Body body) {
  Sample made;
  made.what = std::move(what);
  made.command.unit = unit;
  made.command.core = kSampleCore;
  made.command.body = std::move(body);
  return made;
}

template <class C>
Sample with_plan(std::string what, Unit unit, C body, typename C::Plan plan) {
  Sample made = sample(std::move(what), unit, {});
  body.plan = made.plans.add(std::move(plan));
  made.command.body = std::move(body);
  return made;
}

std::string types(DType in, DType out) {
  return std::to_string(8 * byte_size(in)) + " to " + std::to_string(8 * byte_size(out)) + " bits";
}

// Three sets of ten, each with an affine entry of its own.
constexpr std::int64_t kSets = 3, kSetSize = 10;

NormTile norm_tile() {
  return {{{kSets, false, 1}, {kSetSize, true, 0}}};
}

NormPart norm_part(EpsilonPlace place = EpsilonPlace::InVariance) {
  NormPart part;
  part.dims = {{kSets, kSetSize, false, 1}, {kSetSize, 1, true, 0}};
  part.epsilon_place = place;
  part.gamma = {0.9, 1.1, 1.3};
  part.beta = {0.1, -0.2, 0.3};
  return part;
}

NormPlan norm_plan(const Quantisation& in, const Quantisation& out) {
  return plan_norm(norm_part(), in, out, NumericWidths{});
}

std::vector<SetSums> set_sums() {
  return {{-20, 40000}, {35, 52000}, {3, 61000}};
}

std::vector<SetScale> set_scales(const NormPlan& plan) {
  const RsqrtUnit rsqrt(plan.widths.rsqrt);
  std::vector<SetScale> scales;
  for (const SetSums& sums : set_sums()) scales.push_back(finalise_set(plan, sums, rsqrt));
  return scales;
}

}  // namespace

std::vector<Sample> samples(SamplesOf<Transfer>) {
  const DramBox in_dram{1000, {{2, 3, 100}, {1, 4, 20}, {3, 7, 1}}};
  DramBox in_window = in_dram;
  in_window.base = sram_window(kWindowCore, 500);
  DramBox within = in_dram;
  within.base = sram_window(kSampleCore, 900);
  return {sample("load", Unit::Load, Transfer{in_dram, 640}),
          sample("store", Unit::Store, Transfer{in_dram, 640}),
          sample("load on chip", Unit::Load, Transfer{in_window, 640}),
          sample("store on chip", Unit::Store, Transfer{in_window, 640}),
          sample("load within", Unit::Load, Transfer{within, 640, true}),
          sample("store within", Unit::Store, Transfer{within, 640, true}),
          // Rows 3 to 6 of two planes 14 wide, of which the box holds rows 1 to 3, 7 wide.
          sample("load doubled", Unit::Load,
                 Transfer{{1000, {{2, 2, 100}, {1, 3, 20}, {3, 7, 1}}}, 640, false, Doubling{2, 3, 4, 14}})};
}

std::vector<Sample> samples(SamplesOf<Reduce>) {
  std::vector<Sample> all;
  for (const Quantisation& grid : kGrids)
    for (const bool accumulate : {false, true})
      for (const Unit unit : {Unit::Reduction, Unit::Mac}) {
        all.push_back(with_plan(accumulate ? "accumulates" : "starts", unit,
                                Reduce{0, norm_tile(), 100, 320, accumulate}, norm_plan(grid, kInt8)));
        all.back().records = {records_at(320, set_sums())};
      }
  return all;
}

std::vector<Sample> samples(SamplesOf<Combine>) {
  Sample made = sample("three cores", Unit::Vector,
                       Combine{{{0, 64}, {kSampleCore, 128}, {2, 1024}}, 2048, std::int64_t{kSets}});
  made.records = {records_at(64, set_sums(), 0), records_at(128, set_sums()),
                  records_at(1024, set_sums(), 2)};
  return {made};
}

std::vector<Sample> samples(SamplesOf<Finalise>) {
  std::vector<Sample> all;
  for (const EpsilonPlace place : {EpsilonPlace::InVariance, EpsilonPlace::OnDeviation}) {
    all.push_back(with_plan("epsilon", Unit::SpecialFunction, Finalise{0, 160, 480, kSets},
                            plan_norm(norm_part(place), kInt8, kInt8, NumericWidths{})));
    all.back().records = {records_at(160, set_sums())};
  }
  return all;
}

std::vector<Sample> samples(SamplesOf<Apply>) {
  std::vector<Sample> all;
  for (const Quantisation& in : kGrids)
    for (const Quantisation& out : kGrids) {
      const NormPlan plan = norm_plan(in, out);
      all.push_back(with_plan(types(in.dtype, out.dtype), Unit::Vector,
                              Apply{0, norm_tile(), 100, 320, 640, 1000, kSets}, plan));
      all.back().records = {records_at(320, set_scales(plan)), records_at(640, plan.entries)};
    }
  NormPart given = norm_part();
  given.statistic = Statistic::Given;
  given.mean = {0.1, 0.2, 0.3};
  given.variance = {0.5, 0.6, 0.7};
  const NormPlan plan = plan_norm(given, kInt8, kInt8, NumericWidths{});
  all.push_back(with_plan("given", Unit::Vector, Apply{0, norm_tile(), 100, 320, 640, 1000, kSets}, plan));
  all.back().records = {records_at(640, plan.entries)};
  return all;
}

std::vector<Sample> samples(SamplesOf<Primitive>) {
  std::vector<double> x(kSets * kSetSize);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i * 37 % 101) * 0.05 - 2;
  const DecomposedPlan plan = plan_decomposed(norm_part(), x, kInt8, kInt8);
  std::vector<Sample> all;
  for (const PrimitiveOp op : plan.ops()) {
    const Unit unit = op == PrimitiveOp::Mean || op == PrimitiveOp::Sum ? Unit::Reduction
                      : op == PrimitiveOp::Deviation                    ? Unit::SpecialFunction
                                                                        : Unit::Vector;
    const PrimitiveAddresses at{64, 256, 512, 768, 832, 896, 960, 1024, kSets};
    all.push_back(with_plan(to_string(op), unit, Primitive{0, op, norm_tile(), at}, plan));
    all.back().records = {records_at<std::int16_t>(at.sum, {900, 1000, 1100}),
                          records_at<std::int16_t>(at.deviation, {900, 1000, 1100})};
  }
  return all;
}

std::vector<Sample> samples(SamplesOf<Convolve>) {
  Attributes attributes;
  attributes.int_lists["pads"] = {1, 1, 1, 1};
  const ConvProblem problem = resolve_conv(attributes, {1, 3, 6, 5}, {8, 3, 3, 3});
  Tensor weights({8, 3, 3, 3}, std::vector<double>(8 * 27));
  for (std::size_t i = 0; i < weights.values.size(); ++i)
    weights.values[i] = static_cast<double>(i * 29 % 61) * 0.01 - 0.3;
  const std::vector<double> bias(8, 0.5);
  std::vector<Sample> all;
  const auto add = [&](const std::string& what, const Quantisation& in, const Quantisation& out,
                       const ConvTile& tile) {
    const ConvPlan plan = plan_conv(problem, weights, bias, in, out, {}, 31, Rounding::HalfEven);
    all.push_back(with_plan(what, Unit::Mac, Convolve{0, tile, 64, 512, 1024, 2048}, plan));
    all.back().records = {records_at(1024, plan.entries)};
  };
  const ConvTile tile = conv_tile(problem, 0, 4, 1, 3);
  for (const Quantisation& in : kGrids)
    for (const Quantisation& out : kGrids) add(types(in.dtype, out.dtype), in, out, tile);
  ConvTile apart = tile;
  apart.plane_step = 100;
  apart.row_step = 20;
  apart.column_step = 2;
  add("outputs apart", kInt8, kInt8, apart);
  return all;
}

std::vector<Sample> samples(SamplesOf<Elementwise>) {
  std::vector<Sample> all;
  const Broadcast shapes[] = {{}, {5, 0}, {1, 7}, {2, 3}};
  for (const Quantisation& in : kGrids)
    for (const Quantisation& out : kGrids) {
      const std::string what = types(in.dtype, out.dtype);
      all.push_back(with_plan(what + ", one operand", Unit::Vector, Elementwise{0, 42, 64, 256, 512, {}},
                              plan_elementwise(ElementwiseKind::Relu, {in}, out, 20, Rounding::HalfEven)));
      for (const Broadcast& broadcast : shapes)
        all.push_back(
            with_plan(what + ", two operands", Unit::Vector, Elementwise{0, 42, 64, 256, 512, broadcast},
                      plan_elementwise(ElementwiseKind::Add, {in, kInt8}, out, 20, Rounding::HalfEven)));
    }
  const Quantisation numbers{1, 0, DType::Float32};
  for (const Quantisation& in : kGrids)
    all.push_back(with_plan("float32 of " + to_string(in.dtype), Unit::Vector,
                            Elementwise{0, 42, 64, 64, 256, {}},
                            plan_elementwise(ElementwiseKind::Copy, {in}, numbers, 20, Rounding::HalfEven)));
  return all;
}

std::vector<Sample> samples(SamplesOf<Lookup>) {
  const RealFunction function = unary_function("Sigmoid", {}, {});
  std::vector<Sample> all;
  for (const Quantisation& in : kGrids)
    for (const Quantisation& out : kGrids) {
      Lookup lookup{0, 33, 64, 256};
      LookupPlan plan = plan_lookup(function, in, out);
      if (in.dtype == DType::Int16) {
        plan.segment_bits = 7;  // all codes would fill more SRAM than there is
        lookup.table = 512;
      }
      all.push_back(with_plan(types(in.dtype, out.dtype), Unit::Vector, lookup, plan));
    }
  return all;
}

std::vector<Sample> samples(SamplesOf<SoftmaxRows>) {
  std::vector<Sample> all;
  for (const Quantisation& in : kGrids)
    for (const DType out : {DType::Int8, DType::Int16})
      all.push_back(with_plan(types(in.dtype, out), Unit::Vector, SoftmaxRows{0, 4, {9, 1}, 64, 256},
                              plan_softmax(in, {out == DType::Int8 ? 1.0 / 255 : 1.0 / 65535,
                                                out == DType::Int8 ? -128 : -32768, out})));
  all.push_back(with_plan("side by side", Unit::Vector, SoftmaxRows{0, 6, {5, 3}, 64, 256},
                          plan_softmax(kInt8, {1.0 / 255, -128})));
  all.push_back(with_plan("side by side in int16", Unit::Vector, SoftmaxRows{0, 6, {5, 3}, 64, 256},
                          plan_softmax(kInt16, {1.0 / 65535, -32768, DType::Int16})));
  return all;
}

std::vector<Sample> samples(SamplesOf<Pool>) {
  Attributes attributes;
  attributes.int_lists["kernel_shape"] = {3, 2};
  const PoolProblem mean = resolve_pool("AveragePool", attributes, {1, 4, 7, 5});
  const PoolProblem largest = resolve_pool("MaxPool", attributes, {1, 4, 7, 5});
  const ConvTile tile = conv_tile(mean.window, 0, 3, 1, 2);
  std::vector<Sample> all;
  for (const Quantisation& in : kGrids) {
    all.push_back(with_plan("largest", Unit::Vector, Pool{0, tile, 64, 512},
                            plan_pool(largest, in, in, 31, Rounding::HalfEven)));
    for (const Quantisation& out : kGrids)
      all.push_back(with_plan(types(in.dtype, out.dtype), Unit::Vector, Pool{0, tile, 64, 512},
                              plan_pool(mean, in, out, 31, Rounding::HalfEven)));
  }
  return all;
}

std::vector<Sample> samples(SamplesOf<Multiply>) {
  std::vector<Sample> all;
  for (const bool turned : {false, true}) {
    ProductProblem problem;
    problem.inner = 11;
    problem.a_turned = problem.b_turned = turned;
    all.push_back(with_plan(turned ? "turned" : "as they are", Unit::Mac, Multiply{0, 3, 6, 64, 256, 512},
                            plan_product(problem, 1, {0.01, 2, DType::Int8, true}, kInt8,
                                         {0.05, -1, DType::Int8, true}, 31, Rounding::HalfEven)));
    for (const Quantisation& a : kGrids)
      for (const Quantisation& b : kGrids)
        all.push_back(with_plan(types(a.dtype, b.dtype), Unit::Mac, Multiply{0, 3, 6, 64, 256, 512},
                                plan_product(problem, 1, a, b, kInt16, 31, Rounding::HalfEven)));
  }
  return all;
}

namespace {

ReductionPlan reduction_plan(ReductionKind kind, const Quantisation& in = kInt8,
                             const Quantisation& out = {1.5, 0}) {
  return plan_reduction(kind, kSetSize, in, out, 31, Rounding::HalfEven);
}

}  // namespace

std::vector<Sample> samples(SamplesOf<ReduceCodes>) {
  std::vector<Sample> all;
  for (const bool accumulate : {false, true}) {
    all.push_back(with_plan(accumulate ? "accumulates" : "starts", Unit::Reduction,
                            ReduceCodes{0, norm_tile(), 100, 320, accumulate},
                            reduction_plan(ReductionKind::SumSquare)));
    all.back().records = {records_at<Partial>(320, {50, 60, 70})};
  }
  all.push_back(with_plan("int16", Unit::Reduction, ReduceCodes{0, norm_tile(), 640, 320, false},
                          reduction_plan(ReductionKind::Sum, kInt16)));
  return all;
}

std::vector<Sample> samples(SamplesOf<FinishReduction>) {
  std::vector<Sample> all;
  for (const bool root : {false, true}) {
    all.push_back(with_plan(root ? "root" : "sum", root ? Unit::SpecialFunction : Unit::Vector,
                            FinishReduction{0, kSets, 160, 320},
                            reduction_plan(root ? ReductionKind::L2 : ReductionKind::Sum)));
    all.back().records = {records_at<Partial>(160, {500, 600, 700})};
  }
  all.push_back(with_plan("int16", Unit::Vector, FinishReduction{0, kSets, 160, 320},
                          reduction_plan(ReductionKind::Sum, kInt16, {0.0003, 0, DType::Int16})));
  all.back().records = {records_at<Partial>(160, {500, 600, 700})};
  return all;
}

std::vector<Sample> samples(SamplesOf<Resample>) {
  Attributes attributes;
  attributes.strings["mode"] = "linear";
  const Resize resize =
      resolve_resize("Resize", attributes, {2, 5, 4}, {Tensor({0}, {}), Tensor({3}, {1, 2, 1.5})});
  std::vector<Sample> all;
  for (const Quantisation& grid : kGrids) {
    const ResamplePlan plan = plan_resample(resize, grid, Rounding::HalfEven);
    all.push_back(with_plan(to_string(grid.dtype), Unit::Vector,
                            Resample{0, resample_tile(plan, 2, 2, 5), 64, 512}, plan));
  }
  return all;
}

std::vector<Sample> samples(SamplesOf<HostTask>) {
  HostTask task;
  task.what = "Copy";
  task.reads = {DramBox::contiguous(100, 40)};
  task.writes = {DramBox::contiguous(400, 40)};
  task.work = [](DramPort& dram) {
    std::uint8_t bytes[40];
    dram.read(100, bytes, 40);
    dram.write(400, bytes, 40);
  };
  return {sample("copy", Unit::Host, task)};
}

}  // namespace bpusim
