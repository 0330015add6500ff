#include "sim/network/patterns.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace bpusim {

/// Who makes and who reads a value.
class NetworkGraph {
 public:
  explicit NetworkGraph(const Network& network) : network_(network) {
    for (std::size_t n = 0; n < network.nodes.size(); ++n) {
      for (const std::string& output : network.nodes[n].outputs) makers_[output] = n;
      for (const std::string& input : network.nodes[n].inputs) readers_[input].insert(n);
    }
    for (const std::string& output : network.outputs) readers_[output].insert(kOutside);
  }

  const Node& node(std::size_t n) const { return network_.nodes[n]; }
  const Network& network() const { return network_; }

  /// The node that makes the value, if it is of this operator.
  std::optional<std::size_t> maker(const std::string& value, const std::string& op) const {
    const auto found = makers_.find(value);
    if (found == makers_.end() || node(found->second).op != op) return std::nullopt;
    return found->second;
  }

  const Tensor* constant(const std::string& name) const {
    const auto value = network_.values.find(name);
    return value != network_.values.end() && value->second.constant && value->second.data
               ? &*value->second.data
               : nullptr;
  }
  std::optional<double> scalar(const std::string& name) const {
    const Tensor* tensor = constant(name);
    return tensor != nullptr && tensor->size() == 1 ? std::optional<double>(tensor->values[0]) : std::nullopt;
  }

  /// Whether all results but the last node's stay within these nodes.
  bool closed(const std::vector<std::size_t>& nodes) const {
    const std::set<std::size_t> inside(nodes.begin(), nodes.end());
    const std::size_t last = *std::max_element(nodes.begin(), nodes.end());
    for (const std::size_t n : nodes) {
      if (n == last) continue;
      for (const std::string& output : node(n).outputs) {
        const auto readers = readers_.find(output);
        if (readers == readers_.end()) continue;
        for (const std::size_t reader : readers->second)
          if (inside.count(reader) == 0) return false;
      }
    }
    return true;
  }

 private:
  static constexpr std::size_t kOutside = SIZE_MAX;
  const Network& network_;
  std::map<std::string, std::size_t> makers_;
  std::map<std::string, std::set<std::size_t>> readers_;
};

namespace {

using Found = std::optional<std::size_t>;

// One input a constant scalar near `value`, the other returned.
std::optional<std::string> beside_scalar(const NetworkGraph& g, const Node& node, double value) {
  for (std::size_t i = 0; i < 2 && node.inputs.size() == 2; ++i) {
    const auto scalar = g.scalar(node.inputs[i]);
    if (scalar && std::abs(*scalar - value) <= 1e-4 * std::max(1.0, std::abs(value)))
      return node.inputs[1 - i];
  }
  return std::nullopt;
}

// One input constant (its name in `constant`), the other returned.
std::optional<std::string> beside_constant(const NetworkGraph& g, const Node& node, std::string& constant) {
  for (std::size_t i = 0; i < 2 && node.inputs.size() == 2; ++i)
    if (g.constant(node.inputs[i]) != nullptr && g.constant(node.inputs[1 - i]) == nullptr) {
      constant = node.inputs[i];
      return node.inputs[1 - i];
    }
  return std::nullopt;
}

Match match_of(const NetworkGraph& g, std::vector<std::size_t> nodes, const std::string& op,
               const std::string& input) {
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  Match match;
  match.nodes = nodes;
  const Node& last = g.node(nodes.back());
  match.replacement = last;
  match.replacement.op = op;
  match.replacement.attributes = {};
  match.replacement.inputs = {input};
  match.replacement.opset = 21;  // the forms that rules write are the newest
  return match;
}

// x * Sigmoid(x)
std::optional<Match> silu(const NetworkGraph& g, std::size_t last) {
  const Node& mul = g.node(last);
  if (mul.op != "Mul") return std::nullopt;
  for (std::size_t i = 0; i < 2; ++i) {
    const Found sigmoid = g.maker(mul.inputs[i], "Sigmoid");
    if (sigmoid && g.node(*sigmoid).inputs[0] == mul.inputs[1 - i])
      return match_of(g, {*sigmoid, last}, "SiLU", mul.inputs[1 - i]);
  }
  return std::nullopt;
}

// x * Clip(x + 3, 0, 6) / 6, the division before or after the product; Relu6 may be two inputs or attributes.
std::optional<Match> hard_swish(const NetworkGraph& g, std::size_t last) {
  const Node& outer = g.node(last);
  std::optional<std::string> product;
  if (outer.op == "Div" && g.scalar(outer.inputs[1]) && *g.scalar(outer.inputs[1]) == 6)
    product = outer.inputs[0];
  if (outer.op == "Mul") product = beside_scalar(g, outer, 1.0 / 6);
  const Found mul = product ? g.maker(*product, "Mul") : Found();
  if (!mul) return std::nullopt;
  for (std::size_t i = 0; i < 2; ++i) {
    const std::string& x = g.node(*mul).inputs[1 - i];
    const Found clip = g.maker(g.node(*mul).inputs[i], "Clip");
    if (!clip) continue;
    const Node& c = g.node(*clip);
    const auto bound = [&](std::size_t input, const char* name) {
      return c.inputs.size() > input ? g.scalar(c.inputs[input]).value_or(NAN) : c.attributes.get(name, NAN);
    };
    const Found add = g.maker(c.inputs[0], "Add");
    if (bound(1, "min") != 0 || bound(2, "max") != 6 || !add) continue;
    const auto inner = beside_scalar(g, g.node(*add), 3);
    if (inner && *inner == x) return match_of(g, {*add, *clip, *mul, last}, "HardSwish", x);
  }
  return std::nullopt;
}

// x * 0.5 * (1 + Erf(x / sqrt 2)), the half before or after.
std::optional<Match> gelu(const NetworkGraph& g, std::size_t last) {
  const Node& outer = g.node(last);
  if (outer.op != "Mul") return std::nullopt;
  std::vector<std::size_t> nodes = {last};
  std::string first = outer.inputs[0], second = outer.inputs[1];
  if (const auto product = beside_scalar(g, outer, 0.5)) {
    const Found mul = g.maker(*product, "Mul");
    if (!mul) return std::nullopt;
    nodes.push_back(*mul);
    first = g.node(*mul).inputs[0];
    second = g.node(*mul).inputs[1];
  }
  for (const bool swap : {false, true}) {
    std::string x = swap ? second : first;
    const std::string& sum = swap ? first : second;
    std::vector<std::size_t> all = nodes;
    if (nodes.size() == 1) {  // (x * 0.5) * (1 + erf)
      const Found half = g.maker(x, "Mul");
      const auto inner = half ? beside_scalar(g, g.node(*half), 0.5) : std::nullopt;
      if (!inner) continue;
      all.push_back(*half);
      x = *inner;
    }
    const Found add = g.maker(sum, "Add");
    const auto erf_value = add ? beside_scalar(g, g.node(*add), 1) : std::nullopt;
    const Found erf = erf_value ? g.maker(*erf_value, "Erf") : Found();
    if (!erf) continue;
    const Found div = g.maker(g.node(*erf).inputs[0], "Div"), mul = g.maker(g.node(*erf).inputs[0], "Mul");
    const bool divided = div && g.node(*div).inputs[0] == x &&
                         std::abs(g.scalar(g.node(*div).inputs[1]).value_or(0) - std::sqrt(2.0)) < 1e-4;
    const bool multiplied = mul && beside_scalar(g, g.node(*mul), std::sqrt(0.5)) == x;
    if (!divided && !multiplied) continue;
    all.insert(all.end(), {*add, *erf, divided ? *div : *mul});
    return match_of(g, all, "Gelu", x);
  }
  return std::nullopt;
}

std::vector<std::int64_t> axes_of(const NetworkGraph& g, const Node& reduce) {
  auto axes = reduce.attributes.get("axes", std::vector<std::int64_t>{});
  if (reduce.inputs.size() > 1 && g.constant(reduce.inputs[1]) != nullptr)
    for (const double v : g.constant(reduce.inputs[1])->values) axes.push_back(static_cast<std::int64_t>(v));
  return axes;
}

// d * d or d ^ 2; gives d.
std::optional<std::string> square_of(const NetworkGraph& g, const std::string& value,
                                     std::vector<std::size_t>& nodes) {
  if (const Found power = g.maker(value, "Pow"); power && g.scalar(g.node(*power).inputs[1]) == 2.0) {
    nodes.push_back(*power);
    return g.node(*power).inputs[0];
  }
  if (const Found mul = g.maker(value, "Mul"); mul && g.node(*mul).inputs[0] == g.node(*mul).inputs[1]) {
    nodes.push_back(*mul);
    return g.node(*mul).inputs[0];
  }
  return std::nullopt;
}

// The part of a norm before its affine: d / sqrt(mean(d^2) + epsilon), as Div, or Mul with a Reciprocal.
struct Normalised {
  std::string centred;  // d
  double epsilon = 0;
  std::vector<std::int64_t> axes;
  std::vector<std::size_t> nodes;
};

std::optional<Normalised> normalised(const NetworkGraph& g, const std::string& value) {
  Normalised n;
  std::string root;
  if (const Found div = g.maker(value, "Div")) {
    n.nodes.push_back(*div);
    n.centred = g.node(*div).inputs[0];
    root = g.node(*div).inputs[1];
  } else if (const Found mul = g.maker(value, "Mul")) {
    for (std::size_t i = 0; i < 2; ++i) {
      const Found reciprocal = g.maker(g.node(*mul).inputs[i], "Reciprocal");
      if (!reciprocal) continue;
      n.nodes = {*mul, *reciprocal};
      n.centred = g.node(*mul).inputs[1 - i];
      root = g.node(*reciprocal).inputs[0];
    }
  }
  const Found sqrt = root.empty() ? Found() : g.maker(root, "Sqrt");
  const Found add = sqrt ? g.maker(g.node(*sqrt).inputs[0], "Add") : Found();
  if (!add) return std::nullopt;
  std::string epsilon;
  const auto variance = beside_constant(g, g.node(*add), epsilon);
  const Found mean = variance && g.scalar(epsilon) ? g.maker(*variance, "ReduceMean") : Found();
  if (!mean || g.node(*mean).attributes.get("keepdims", std::int64_t{1}) == 0) return std::nullopt;
  n.nodes.insert(n.nodes.end(), {*sqrt, *add, *mean});
  n.epsilon = *g.scalar(epsilon);
  n.axes = axes_of(g, g.node(*mean));
  if (square_of(g, g.node(*mean).inputs[0], n.nodes) != n.centred) return std::nullopt;
  return n;
}

// Axes from the end, all negative, sorted; empty where the rank is unknown.
std::vector<std::int64_t> from_the_end(std::vector<std::int64_t> axes, std::size_t rank) {
  for (std::int64_t& axis : axes)
    if (axis >= 0) {
      if (rank == 0) return {};
      axis -= static_cast<std::int64_t>(rank);
    }
  std::sort(axes.begin(), axes.end());
  return axes;
}

// The last `count` axes, and nothing else.
bool are_last(const std::vector<std::int64_t>& axes) {
  for (std::size_t i = 0; i < axes.size(); ++i)
    if (axes[i] != static_cast<std::int64_t>(i) - static_cast<std::int64_t>(axes.size())) return false;
  return !axes.empty();
}

// A norm with gamma and beta: LayerNormalization over the last axes (mean subtracted), InstanceNormalization
// where gamma goes by channel over H and W, RMSNormalization where no mean is subtracted.
std::optional<Match> layer_or_rms_norm(const NetworkGraph& g, std::size_t last) {
  const Node& outer = g.node(last);
  std::vector<std::size_t> nodes;
  std::string gamma, beta, scaled = outer.outputs.at(0);
  if (outer.op == "Add") {
    const auto inner = beside_constant(g, outer, beta);
    if (!inner) return std::nullopt;
    nodes.push_back(last);
    scaled = *inner;
  }
  const Found mul = g.maker(scaled, "Mul");
  const auto inner = mul ? beside_constant(g, g.node(*mul), gamma) : std::nullopt;
  if (!inner) return std::nullopt;
  nodes.push_back(*mul);
  const auto core = normalised(g, *inner);
  if (!core) return std::nullopt;
  nodes.insert(nodes.end(), core->nodes.begin(), core->nodes.end());
  std::string x = core->centred;
  const Found sub = g.maker(core->centred, "Sub");
  const Found mean = sub ? g.maker(g.node(*sub).inputs[1], "ReduceMean") : Found();
  const bool centred =
      mean && g.node(*mean).inputs[0] == g.node(*sub).inputs[0] && axes_of(g, g.node(*mean)) == core->axes;
  if (centred) {
    nodes.insert(nodes.end(), {*sub, *mean});
    x = g.node(*sub).inputs[0];
  }
  const auto shape = g.network().values.find(x);
  const std::size_t rank = shape == g.network().values.end() ? 0 : shape->second.shape.size();
  const auto axes = from_the_end(core->axes, rank);
  if (!are_last(axes) || (!centred && !beta.empty())) return std::nullopt;
  const Tensor& scale = *g.constant(gamma);
  const bool by_channel = axes.size() == 2 && scale.shape.size() >= 3 &&
                          scale.shape[scale.shape.size() - 3] == scale.size() && scale.size() > 1;
  if (by_channel && (!centred || beta.empty() || g.constant(beta)->size() != scale.size() || rank != 4))
    return std::nullopt;
  if (!by_channel && scale.shape.size() > axes.size()) return std::nullopt;
  Match match = match_of(g, nodes,
                         by_channel ? "InstanceNormalization"
                         : centred  ? "LayerNormalization"
                                    : "RMSNormalization",
                         x);
  match.replacement.attributes.floats["epsilon"] = core->epsilon;
  const auto constant = [&](const char* name, const Tensor& values) {
    const std::string full = match.replacement.name + "." + name;
    match.constants.emplace_back(full, by_channel ? Tensor({values.size()}, values.values) : values);
    match.replacement.inputs.push_back(full);
  };
  constant("scale", scale);
  if (!beta.empty()) constant("bias", *g.constant(beta));
  if (!by_channel) match.replacement.attributes.ints["axis"] = axes.front();
  return match;
}

// PyTorch's GroupNorm: Reshape to [N, groups, -1], InstanceNormalization of ones and zeros, Reshape back,
// Mul, Add.
std::optional<Match> group_norm(const NetworkGraph& g, std::size_t last) {
  const Node& add = g.node(last);
  std::string gamma, beta;
  const auto scaled = add.op == "Add" ? beside_constant(g, add, beta) : std::nullopt;
  const Found mul = scaled ? g.maker(*scaled, "Mul") : Found();
  const auto shaped = mul ? beside_constant(g, g.node(*mul), gamma) : std::nullopt;
  const Found back = shaped ? g.maker(*shaped, "Reshape") : Found();
  const Found norm = back ? g.maker(g.node(*back).inputs[0], "InstanceNormalization") : Found();
  const Found into = norm ? g.maker(g.node(*norm).inputs[0], "Reshape") : Found();
  if (!into) return std::nullopt;
  const Tensor *ones = g.constant(g.node(*norm).inputs.at(1)),
               *zeros = g.constant(g.node(*norm).inputs.at(2));
  const Tensor* target = g.node(*into).inputs.size() > 1 ? g.constant(g.node(*into).inputs[1]) : nullptr;
  const auto all = [](const Tensor* t, double value) {
    return t != nullptr &&
           std::all_of(t->values.begin(), t->values.end(), [value](double v) { return v == value; });
  };
  const std::string& x = g.node(*into).inputs[0];
  const auto shape = g.network().values.find(x);
  const Tensor &scale = *g.constant(gamma), &bias = *g.constant(beta);
  if (!all(ones, 1) || !all(zeros, 0) || target == nullptr || target->size() != 3 ||
      scale.size() != bias.size())
    return std::nullopt;
  if (shape != g.network().values.end() && shape->second.shape.size() > 1 &&
      shape->second.shape[1] != scale.size())
    return std::nullopt;
  Match match = match_of(g, {last, *mul, *back, *norm, *into}, "GroupNormalization", x);
  match.replacement.attributes.ints["num_groups"] = ones->size();
  match.replacement.attributes.floats["epsilon"] = g.node(*norm).attributes.get("epsilon", 1e-5);
  for (const auto& [name, values] : {std::pair<const char*, const Tensor&>{"scale", scale}, {"bias", bias}}) {
    const std::string full = match.replacement.name + "." + name;
    match.constants.emplace_back(full, Tensor({values.size()}, values.values));
    match.replacement.inputs.push_back(full);
  }
  return match;
}

}  // namespace

const std::vector<Rule>& recognition_rules() {
  static const std::vector<Rule> rules = {
      {"SiLU", "x Sigmoid(x)", silu},
      {"HardSwish", "x Clip(x + 3, 0, 6) / 6", hard_swish},
      {"GELU", "x (1 + Erf(x / sqrt 2)) / 2", gelu},
      {"LayerNorm, InstanceNorm, RMSNorm",
       "ReduceMean, Sub, Pow or Mul, ReduceMean, Add, Sqrt, Div or Reciprocal, Mul, Add", layer_or_rms_norm},
      {"GroupNorm", "Reshape, InstanceNormalization, Reshape, Mul, Add", group_norm},
  };
  return rules;
}

Network recognise(const Network& given) {
  Network network = given;
  // Rules look for what ends a pattern; from the back, so that a beta is found before the norm without it.
  for (std::size_t at = network.nodes.size(); at-- > 0;) {
    if (at >= network.nodes.size()) continue;
    for (const Rule& rule : recognition_rules()) {
      const NetworkGraph graph(network);
      auto match = rule.match(graph, at);
      if (!match || !graph.closed(match->nodes) || match->nodes.back() != at) continue;
      std::string ops;
      for (const std::size_t n : match->nodes) ops += (ops.empty() ? "" : ", ") + network.nodes[n].op;
      match->replacement.origin = ops;
      for (auto& [name, tensor] : match->constants) {
        Value& value = network.values[name];
        value.constant = true;
        value.hold(std::move(tensor));
      }
      network.nodes[at] = match->replacement;
      match->nodes.pop_back();
      for (auto n = match->nodes.rbegin(); n != match->nodes.rend(); ++n)
        network.nodes.erase(network.nodes.begin() + static_cast<std::ptrdiff_t>(*n));
      break;
    }
  }
  return network;
}

}  // namespace bpusim
