// What a node costs where rules look for norms: linear in the network means the same for every length.
#include <benchmark/benchmark.h>

#include "sim/network/patterns.h"

namespace bpusim {
namespace {

// LayerNorms in primitives, one behind another: 9 nodes each.
Network layer_norms(std::int64_t count) {
  Network network;
  const auto constant = [&](const std::string& name, const Tensor& tensor) {
    Value& value = network.values[name];
    value.constant = true;
    value.hold(tensor);
  };
  const Shape shape = {1, 8, 16};
  const auto add = [&](const char* op, std::vector<std::string> inputs, const Shape& of) {
    Node node;
    node.op = op;
    node.name = op + std::to_string(network.nodes.size());
    node.inputs = std::move(inputs);
    node.outputs = {node.name + "_y"};
    if (node.op == "ReduceMean") node.attributes.int_lists["axes"] = {-1};
    network.values[node.outputs[0]].shape = of;
    network.nodes.push_back(node);
    return node.outputs[0];
  };
  constant("two", Tensor({}, {2}));
  constant("epsilon", Tensor({}, {1e-5}));
  constant("gamma", Tensor::filled({16}, 2));
  network.values["x"].shape = shape;
  network.inputs = {"x"};
  std::string x = "x";
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string c = add("Sub", {x, add("ReduceMean", {x}, {1, 8, 1})}, shape);
    const std::string v = add("ReduceMean", {add("Pow", {c, "two"}, shape)}, {1, 8, 1});
    const std::string root = add("Sqrt", {add("Add", {v, "epsilon"}, {1, 8, 1})}, {1, 8, 1});
    const std::string scaled = add("Mul", {add("Div", {c, root}, shape), "gamma"}, shape);
    x = add("Add", {scaled, "gamma"}, shape);
  }
  network.outputs = {x};
  return network;
}

void recognise_layer_norms(benchmark::State& state) {
  const Network network = layer_norms(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(recognise(network));
  state.counters["s_per_node"] =
      benchmark::Counter(static_cast<double>(network.nodes.size()) * static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(recognise_layer_norms)->Arg(10)->Arg(100)->Arg(1000);

}  // namespace
}  // namespace bpusim
