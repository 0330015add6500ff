// FusedConv, FusedGemm, FusedMatMul: a product, perhaps a residual, and an activation.
#include <algorithm>
#include <iterator>

#include "sim/network/onnx/fused_writer.h"

namespace bpusim {

namespace {

using Numbers = std::vector<double>;

Attributes without_activation(const Attributes& all) {
  Attributes rest = all;
  const auto drop = [](auto& map) {
    for (auto at = map.begin(); at != map.end();)
      at = at->first.rfind("activation", 0) == 0 ? map.erase(at) : std::next(at);
  };
  drop(rest.ints);
  drop(rest.floats);
  drop(rest.strings);
  drop(rest.int_lists);
  drop(rest.float_lists);
  return rest;
}

// Names of a convolution's activation_params, in their order, and what ONNX has where they are not given.
struct ActivationRow {
  const char* op;
  std::vector<std::pair<const char*, double>> parameters;
};

const ActivationRow* find_activation(const std::string& op) {
  static const ActivationRow rows[] = {{"Relu", {}},
                                       {"Tanh", {}},
                                       {"Sigmoid", {}},
                                       {"Softplus", {}},
                                       {"Softsign", {}},
                                       {"LeakyRelu", {{"alpha", 0.01}}},
                                       {"Elu", {{"alpha", 1}}},
                                       {"ThresholdedRelu", {{"alpha", 1}}},
                                       {"HardSigmoid", {{"alpha", 0.2}, {"beta", 0.5}}},
                                       {"HardSwish", {{"alpha", 1.0 / 6}, {"beta", 0.5}}},
                                       {"Clip", {{"min", 0}, {"max", 0}}}};
  const auto* const found =
      std::find_if(std::begin(rows), std::end(rows), [&](const ActivationRow& row) { return op == row.op; });
  return found == std::end(rows) ? nullptr : found;
}

// The activation that the fused node names, with the parameters that `parameter` gives.
template <class Parameter>
void activate(FusedWriter& w, const std::string& value, const Parameter& parameter) {
  const std::string op = w.attributes().get("activation", std::string());
  if (op.empty()) return;
  const ActivationRow* row = find_activation(op);
  if (row == nullptr)
    w.not_run("its activation '" + op +
              "' has no definition in bpusim: save the model at onnxruntime's optimisation level basic");
  Attributes attributes;
  for (std::size_t i = 0; i < row->parameters.size(); ++i)
    attributes.floats[row->parameters[i].first] = parameter(i, row->parameters[i]);
  if (op != "HardSwish") {
    w.add(op, "activation", {value}, attributes);
    return;
  }
  w.add("Mul", "product", {value, w.add("HardSigmoid", "activation", {value}, attributes)});
}

void write_conv(FusedWriter& w) {
  std::string y = w.add("Conv", "conv", {w.in(0), w.in(1), w.given(2) ? w.in(2) : ""},
                        without_activation(w.attributes()));
  y = w.plus("residual", y, 3);
  const Numbers given = w.attributes().get("activation_params", Numbers{});
  if (w.attributes().get("activation", std::string()) == "Clip" && given.size() != 2)
    w.not_run("its Clip has " + std::to_string(given.size()) + " of the two activation_params");
  activate(w, y, [&](std::size_t i, const std::pair<const char*, double>& parameter) {
    return i < given.size() ? given[i] : parameter.second;
  });
}

void activate_product(FusedWriter& w, const std::string& value) {
  activate(w, value, [&](std::size_t, const std::pair<const char*, double>& parameter) {
    return w.attributes().get(std::string("activation_") + parameter.first, parameter.second);
  });
}

void write_gemm(FusedWriter& w) {
  activate_product(w, w.add("Gemm", "product", {w.in(0), w.in(1), w.given(2) ? w.in(2) : ""},
                            without_activation(w.attributes())));
}

void write_matmul(FusedWriter& w) {
  const Attributes& a = w.attributes();
  const auto flag = [&](const char* name) { return a.get(name, std::int64_t{0}) != 0; };
  if (flag("transBatchA") || flag("transBatchB"))
    w.not_run(
        "transBatchA and transBatchB are not read: save the model at onnxruntime's optimisation level basic");
  const std::string left = flag("transA") ? w.turned("a", 0) : w.in(0),
                    right = flag("transB") ? w.turned("b", 1) : w.in(1);
  std::string y = w.add("MatMul", "product", {left, right});
  const double alpha = a.get("alpha", 1.0);
  if (alpha != 1) y = w.add("Mul", "scaled", {y, w.scalar("alpha", alpha)});
  activate_product(w, y);
}

}  // namespace

void write_fused_product(FusedWriter& w, const std::string& op) {
  if (op == "FusedConv") {
    write_conv(w);
  } else if (op == "FusedGemm") {
    write_gemm(w);
  } else {
    write_matmul(w);
  }
}

}  // namespace bpusim
