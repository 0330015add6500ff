// Functions of one element that exporters write as products.
#include <algorithm>
#include <cmath>

#include "sim/network/patterns/rules.h"

namespace bpusim::rules {

namespace {

// A product: a number and factors that are no products themselves, or are to stay whole.
struct Product {
  double number = 1;
  std::vector<std::string> factors;  // roots
  Trail trail;
};

// Takes Mul, Div by a number and whole powers apart, but not the values in `whole`.
void take_apart(const NetworkGraph& g, const std::string& value, const std::vector<std::string>& whole,
                int depth, Product& product) {
  if (const auto number = g.scalar(value)) {
    product.number *= *number;
    return;
  }
  const std::string root = g.root(value, product.trail);
  const auto made = g.maker(root);
  const bool stop = depth == 0 || std::find(whole.begin(), whole.end(), root) != whole.end();
  if (!stop && made) {
    const Node& node = g.node(*made);
    const double second = node.inputs.size() == 2 ? g.scalar(node.inputs[1]).value_or(0) : 0;
    const int times = node.op == "Pow" && (second == 2 || second == 3) ? static_cast<int>(second) : 0;
    const bool divides = node.op == "Div" && second != 0;
    if (node.op == "Mul" || times > 0 || divides) {
      product.trail.push_back(*made);
      for (int i = 0; i < std::max(times, 1); ++i) take_apart(g, node.inputs[0], whole, depth - 1, product);
      if (node.op == "Mul") take_apart(g, node.inputs[1], whole, depth - 1, product);
      if (divides) product.number /= second;
      return;
    }
  }
  product.factors.push_back(root);
}

constexpr int kDepth = 5;

Product product_of(const NetworkGraph& g, const std::string& value, const std::vector<std::string>& whole) {
  Product product;
  take_apart(g, value, whole, kDepth, product);
  return product;
}

bool near(double value, double expected) {
  return std::abs(value - expected) <= 1e-4 * std::abs(expected);
}

// Whether `value` is number * x^power.
bool is_monomial(const NetworkGraph& g, const std::string& value, double number, const std::string& x,
                 std::size_t power, Trail& trail) {
  Product product = product_of(g, value, {x});
  const bool same = near(product.number, number) && product.factors.size() == power &&
                    std::all_of(product.factors.begin(), product.factors.end(),
                                [&](const std::string& factor) { return factor == x; });
  if (same) trail.insert(trail.end(), product.trail.begin(), product.trail.end());
  return same;
}

// The factor of number * x * gate, where `gate_of` finds x inside of the gate.
template <class GateOf>
std::optional<Match> gated(const NetworkGraph& g, std::size_t last, const char* op, double number,
                           GateOf&& gate_of) {
  const Node& node = g.node(last);
  if (node.op != "Mul" && node.op != "Div") return std::nullopt;
  const std::string& result = node.outputs.at(0);
  for (const std::string& gate : product_of(g, result, {}).factors) {
    Trail inside;
    const std::optional<std::string> x = gate_of(gate, inside);
    if (!x) continue;
    const Product product = product_of(g, result, {*x, gate});
    const auto& f = product.factors;
    const bool fits = f.size() == 2 && ((f[0] == *x && f[1] == gate) || (f[1] == *x && f[0] == gate));
    if (!fits || !near(product.number, number)) continue;
    inside.insert(inside.end(), product.trail.begin(), product.trail.end());
    return match_of(g, inside, last, op, {*x});
  }
  return std::nullopt;
}

std::optional<std::string> argument(const NetworkGraph& g, const std::string& value, const char* op,
                                    Trail& trail) {
  const Node* node = g.find(value, op, trail);
  return node == nullptr ? std::nullopt : std::optional<std::string>(g.root(node->inputs.at(0), trail));
}

// x of number * x: the factor before which the number is complete.
std::optional<std::string> scaled_by(const NetworkGraph& g, const std::string& value, double number,
                                     Trail& trail) {
  double so_far = 1;
  std::string at = g.root(value, trail);
  while (!near(so_far, number)) {
    const auto made = g.maker(at);
    const Node* node = made ? &g.node(*made) : nullptr;
    if (node == nullptr || node->inputs.size() != 2 || (node->op != "Mul" && node->op != "Div"))
      return std::nullopt;
    const std::size_t constant = node->op == "Mul" && g.scalar(node->inputs[0]) ? 0 : 1;
    const auto factor = g.scalar(node->inputs[constant]);
    if (!factor || *factor == 0) return std::nullopt;
    so_far = node->op == "Mul" ? so_far * *factor : so_far / *factor;
    trail.push_back(*made);
    at = g.root(node->inputs[1 - constant], trail);
  }
  return at;
}

// x of Sqrt(2 / pi) (x + 0.044715 x^3), also as Sqrt(2 / pi) x (1 + 0.044715 x^2).
std::optional<std::string> cubic(const NetworkGraph& g, const std::string& value, Trail& trail) {
  const double number = std::sqrt(2 / M_PI);
  const auto outer = product_of(g, value, {});
  for (const std::string& factor : outer.factors) {
    Trail walked = trail;
    const Node* add = g.find(factor, "Add", walked);
    if (add == nullptr || add->inputs.size() != 2) continue;
    for (std::size_t i = 0; i < 2; ++i) {
      Trail inner = walked;
      const bool one = g.scalar(add->inputs[i]) == 1.0;
      std::vector<std::string> candidates = {g.root(add->inputs[i], inner)};
      if (one) candidates = product_of(g, add->inputs[1 - i], {}).factors;
      for (const std::string& x : candidates) {
        Trail all = inner;
        if (!is_monomial(g, add->inputs[1 - i], 0.044715, x, one ? 2 : 3, all)) continue;
        const Product product = product_of(g, value, {x, factor});
        std::vector<std::string> expected = {factor};
        if (one) expected.push_back(x);
        if (!near(product.number, number) ||
            !std::is_permutation(product.factors.begin(), product.factors.end(), expected.begin(),
                                 expected.end()))
          continue;
        all.insert(all.end(), product.trail.begin(), product.trail.end());
        trail = all;
        return x;
      }
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Match> silu(const NetworkGraph& g, std::size_t last) {
  return gated(g, last, "SiLU", 1,
               [&](const std::string& gate, Trail& trail) { return argument(g, gate, "Sigmoid", trail); });
}

std::optional<Match> mish(const NetworkGraph& g, std::size_t last) {
  return gated(g, last, "Mish", 1, [&](const std::string& gate, Trail& trail) {
    const auto inner = argument(g, gate, "Tanh", trail);
    return inner ? argument(g, *inner, "Softplus", trail) : std::nullopt;
  });
}

std::optional<Match> gelu(const NetworkGraph& g, std::size_t last) {
  bool by_tanh = false;
  auto match = gated(g, last, "Gelu", 0.5, [&](const std::string& gate, Trail& trail) {
    const Node* add = g.find(gate, "Add", trail);
    const auto inner = add == nullptr ? std::nullopt : beside_scalar(g, *add, 1);
    if (!inner) return std::optional<std::string>();
    by_tanh = false;
    if (const auto scaled = argument(g, *inner, "Erf", trail))
      return scaled_by(g, *scaled, std::sqrt(0.5), trail);
    by_tanh = true;
    const auto polynomial = argument(g, *inner, "Tanh", trail);
    return polynomial ? cubic(g, *polynomial, trail) : std::nullopt;
  });
  if (match && by_tanh) match->replacement.attributes.strings["approximate"] = "tanh";
  return match;
}

std::optional<Match> hard_swish(const NetworkGraph& g, std::size_t last) {
  auto match = gated(g, last, "HardSwish", 1.0 / 6, [&](const std::string& gate, Trail& trail) {
    const Node* clip = g.find(gate, "Clip", trail);
    if (clip == nullptr) return std::optional<std::string>();
    const auto bound = [&](std::size_t input, const char* name) {
      return clip->inputs.size() > input ? g.scalar(clip->inputs[input]).value_or(NAN)
                                         : clip->attributes.get(name, NAN);
    };
    const Node* add =
        bound(1, "min") == 0 && bound(2, "max") == 6 ? g.find(clip->inputs[0], "Add", trail) : nullptr;
    const auto inner = add == nullptr ? std::nullopt : beside_scalar(g, *add, 3);
    return inner ? std::optional<std::string>(g.root(*inner, trail)) : std::nullopt;
  });
  if (match) return match;
  return gated(g, last, "HardSwish", 1, [&](const std::string& gate, Trail& trail) {
    const Node* hard = g.find(gate, "HardSigmoid", trail);
    if (hard == nullptr || !near(hard->attributes.get("alpha", 0.2), 1.0 / 6) ||
        hard->attributes.get("beta", 0.5) != 0.5)
      return std::optional<std::string>();
    return std::optional<std::string>(g.root(hard->inputs[0], trail));
  });
}

std::optional<Match> softplus(const NetworkGraph& g, std::size_t last) {
  const Node& log = g.node(last);
  Trail trail;
  const Node* add = log.op == "Log" ? g.find(log.inputs.at(0), "Add", trail) : nullptr;
  const auto inner = add == nullptr ? std::nullopt : beside_scalar(g, *add, 1);
  const auto x = inner ? argument(g, *inner, "Exp", trail) : std::nullopt;
  return x ? std::optional<Match>(match_of(g, trail, last, "Softplus", {*x})) : std::nullopt;
}

}  // namespace bpusim::rules
