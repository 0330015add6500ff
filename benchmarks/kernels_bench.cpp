// Speed of the kernels that whole networks spend their time in, beside the plain loops that the tests hold
// them against: one run gives both. The counter says products a second (1e9 = 1 GMAC/s).
#include <benchmark/benchmark.h>

#include <random>

#include "kernels/cpu/parallel.h"
#include "kernels/mac/conv.h"
#include "kernels/quantise/quantise_rows.h"
#include "kernels/tensor/tensor_math.h"
#include "kernels/vector/elementwise.h"

namespace bpusim {
namespace {

struct Layer {
  const char* name;
  Shape x, weights;
  std::int64_t stride, pad, groups;
};
const Layer kLayers[] = {
    {"conv3x3_64x56x56", {1, 64, 56, 56}, {64, 64, 3, 3}, 1, 1, 1},
    {"conv1x1_256to64_56x56", {1, 256, 56, 56}, {64, 256, 1, 1}, 1, 0, 1},
    {"depthwise3x3_32x112x112", {1, 32, 112, 112}, {32, 1, 3, 3}, 1, 1, 32},
    {"conv7x7s2_3to64_224x224", {1, 3, 224, 224}, {64, 3, 7, 7}, 2, 3, 1},
    {"conv3x3_512x7x7", {1, 512, 7, 7}, {512, 512, 3, 3}, 1, 1, 1},
};

Tensor drawn(const Shape& shape) {
  std::mt19937 random(1);
  Tensor t = Tensor::filled(shape, 0);
  for (double& v : t.values) v = static_cast<double>(random()) / 2147483648.0 - 1;
  return t;
}

ConvProblem problem_of(const Layer& layer) {
  Attributes a;
  a.ints["group"] = layer.groups;
  a.int_lists = {{"strides", {layer.stride, layer.stride}},
                 {"pads", std::vector<std::int64_t>(4, layer.pad)}};
  return resolve_conv(a, layer.x, layer.weights);
}

void count_macs(benchmark::State& state, std::int64_t macs) {
  state.counters["MAC/s"] =
      benchmark::Counter(static_cast<double>(macs * state.iterations()), benchmark::Counter::kIsRate);
}

void golden(benchmark::State& state, const Layer& layer, int threads) {
  set_thread_count(threads);
  const ConvProblem p = problem_of(layer);
  const Tensor x = drawn(layer.x), w = drawn(layer.weights);
  for (auto _ : state) benchmark::DoNotOptimize(golden_conv(p, x, w, {}, 4));
  count_macs(state, p.macs());
}

// What golden_conv was: a row of outputs for each tap, which the compiler vectorises.
void plain_golden(benchmark::State& state, const Layer& layer) {
  const ConvProblem p = problem_of(layer);
  const Tensor x = drawn(layer.x), w = drawn(layer.weights);
  for (auto _ : state) {
    std::vector<double> y(static_cast<std::size_t>(p.oc * p.oh * p.ow), 0);
    for (std::int64_t o = 0; o < p.oc; ++o)
      for (std::int64_t oy = 0; oy < p.oh; ++oy)
        for (std::int64_t k = 0; k < p.taps(); ++k) {
          const std::int64_t kx = k % p.kw, ky = k / p.kw % p.kh, c = k / (p.kw * p.kh);
          const std::int64_t iy = oy * p.stride_h + ky - p.pad_top, offset = kx - p.pad_left;
          if (iy < 0 || iy >= p.ih) continue;
          const std::int64_t first = offset < 0 ? (-offset + p.stride_w - 1) / p.stride_w : 0;
          const std::int64_t last = std::min(p.ow, (p.iw - offset + p.stride_w - 1) / p.stride_w);
          const std::int64_t channel = o / p.group_outputs() * p.group_inputs() + c;
          const double* in = x.values.data() + (channel * p.ih + iy) * p.iw + offset;
          double* out = y.data() + (o * p.oh + oy) * p.ow;
          const double weight = w.values[static_cast<std::size_t>(o * p.taps() + k)];
          for (std::int64_t i = first; i < last; ++i) out[i] += weight * in[i * p.stride_w];
        }
    benchmark::DoNotOptimize(y);
  }
  count_macs(state, p.macs());
}

struct Int8Case {
  ConvPlan plan;
  std::vector<std::int8_t> codes;
  std::vector<double> scales;
};

Int8Case int8_case(const Layer& layer) {
  const ConvProblem p = problem_of(layer);
  const Tensor w = drawn(layer.weights);
  return {plan_conv(p, w, {}, {0.01, 7}, {0.1, -3}, {}, 30, Rounding::HalfEven),
          quantise_int8(drawn(layer.x).values, {1.0 / 127, 0}), weight_scales(w)};
}

void int8(benchmark::State& state, const Layer& layer, int threads) {
  set_thread_count(threads);
  const Int8Case c = int8_case(layer);
  const ConvProblem& p = c.plan.problem;
  ConvTile tile = conv_tile(p, 0, p.oc, 0, p.oh);
  tile.in_row = 0;
  tile.in_rows = p.ih;
  std::vector<std::int8_t> y(static_cast<std::size_t>(p.oc * p.oh * p.ow));
  for (auto _ : state) {
    conv_tile_int8(tile, c.plan, c.codes.data(), c.plan.weights.data(), c.plan.entries.data(), y.data());
    benchmark::ClobberMemory();
  }
  count_macs(state, p.macs());
}

void ideal(benchmark::State& state, const Layer& layer, int threads) {
  set_thread_count(threads);
  const Int8Case c = int8_case(layer);
  const std::vector<std::int64_t> codes(c.codes.begin(), c.codes.end());
  for (auto _ : state) benchmark::DoNotOptimize(ideal_conv(c.plan, codes, c.scales, {}));
  count_macs(state, c.plan.problem.macs());
}

void product(benchmark::State& state) {
  set_thread_count(1);
  const Tensor a = drawn({197, 768}), b = drawn({768, 768});
  for (auto _ : state) benchmark::DoNotOptimize(matmul(a, b));
  count_macs(state, 197 * 768 * 768);
}

void whole_tensor(benchmark::State& state) {
  const Tensor x = drawn({1, 64, 112, 112});
  for (auto _ : state) benchmark::DoNotOptimize(quantise_int8(x.values, {0.01, 0}));
  state.SetItemsProcessed(state.iterations() * x.size());
}

void sums(benchmark::State& state) {
  const auto plan =
      plan_elementwise(ElementwiseKind::Add, {{0.01, 3}, {0.02, -4}}, {0.03, 5}, 30, Rounding::HalfEven);
  std::vector<std::int8_t> a(1 << 18, 5), b(a.size(), -7), y(a.size());
  for (auto _ : state) {
    elementwise_int8(plan, a.data(), b.data(), static_cast<std::int64_t>(a.size()), y.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(a.size()));
}

void register_all() {
  for (const Layer& layer : kLayers) {
    const std::string name = layer.name;
    benchmark::RegisterBenchmark(("golden/" + name).c_str(), golden, layer, 1);
    benchmark::RegisterBenchmark(("golden_2_threads/" + name).c_str(), golden, layer, 2)->UseRealTime();
    benchmark::RegisterBenchmark(("golden_plain/" + name).c_str(), plain_golden, layer);
    benchmark::RegisterBenchmark(("int8/" + name).c_str(), int8, layer, 1);
    benchmark::RegisterBenchmark(("ideal/" + name).c_str(), ideal, layer, 1);
  }
  benchmark::RegisterBenchmark("matmul/197x768x768", product);
  benchmark::RegisterBenchmark("quantise/64x112x112", whole_tensor);
  benchmark::RegisterBenchmark("add/2^18", sums);
}

}  // namespace
}  // namespace bpusim

int main(int argc, char** argv) {
  bpusim::register_all();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
