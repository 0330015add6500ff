#include "sim/plan/dynamic_products.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/operators/operation.h"
#include "sim/plan/network_edit.h"

namespace bpusim {

namespace {

// What a product of numbers is made of.
struct Factors {
  std::optional<std::size_t> sums;     // a ConvInteger or MatMulInteger, through a Cast
  std::vector<std::string> constants;  // scales of the weights
  std::vector<std::string> computed;   // the input's scale, and what is none of all this
};

class Products {
 public:
  explicit Products(Network network) : edit_(std::move(network)) {}

  Network run() {
    const std::size_t nodes = edit_.size();
    for (std::size_t n = 0; n < nodes; ++n)
      if (edit_.alive(n) && edit_.node(n).op == "Mul") read(n);
    if (!read_.empty())
      edit_.network().notes.push_back("the inputs of " + read_ +
                                      " are quantised as they come (DynamicQuantizeLinear): here they have "
                                      "one grid for all inputs, which "
                                      "calibration chooses; the weights keep their codes");
    return edit_.take();
  }

 private:
  void collect(const std::string& value, Factors& factors) const {
    if (edit_.value(value).constant) {
      factors.constants.push_back(value);
      return;
    }
    const auto maker = edit_.maker(value);
    const std::string op = maker ? edit_.node(*maker).op : "";
    if (op == "Mul") {
      for (const std::string& input : edit_.node(*maker).inputs) collect(input, factors);
    } else if (op == "Cast" && !factors.sums &&
               is_integer_product(edit_.maker(edit_.node(*maker).inputs[0]))) {
      factors.sums = edit_.maker(edit_.node(*maker).inputs[0]);
    } else {
      factors.computed.push_back(value);
    }
  }

  bool is_integer_product(std::optional<std::size_t> n) const {
    return n && (edit_.node(*n).op == "MatMulInteger" || edit_.node(*n).op == "ConvInteger");
  }

  // The DynamicQuantizeLinear that makes the codes, scale and zero point of a product's first factor.
  std::optional<std::size_t> dynamic_of(const Node& product, const std::string& scale) const {
    const auto maker = edit_.maker(product.inputs[0]);
    if (!maker || edit_.node(*maker).op != "DynamicQuantizeLinear") return std::nullopt;
    const Node& dynamic = edit_.node(*maker);
    const bool same = dynamic.outputs.size() > 2 && product.inputs.size() > 2 &&
                      dynamic.outputs[0] == product.inputs[0] && dynamic.outputs[1] == scale &&
                      dynamic.outputs[2] == product.inputs[2];
    return same ? maker : std::nullopt;
  }

  // Scales of the weights as one number, or one an output: their product, as far as they lie so.
  std::optional<Tensor> scale_of(const std::vector<std::string>& constants, std::int64_t outputs,
                                 bool along_columns) const {
    Tensor scale({}, {1});
    for (const std::string& name : constants) {
      const auto numbers = edit_.value(name).numbers();
      if (!numbers) return std::nullopt;
      if (numbers->size() == 1) {
        for (double& v : scale.values) v *= numbers->values[0];
        continue;
      }
      const Shape& shape = numbers->shape;
      const std::size_t from_back = along_columns ? 1 : 3;  // [1, channels, 1, 1]: images only
      if (numbers->size() != outputs || shape.size() < from_back ||
          shape[shape.size() - from_back] != outputs)
        return std::nullopt;
      Tensor spread({outputs}, numbers->values);
      for (std::size_t o = 0; o < spread.values.size(); ++o)
        spread.values[o] *= scale.values[scale.size() == 1 ? 0 : o];
      scale = std::move(spread);
    }
    const bool positive =
        std::all_of(scale.values.begin(), scale.values.end(), [](double s) { return s > 0; });
    return positive ? std::optional<Tensor>(std::move(scale)) : std::nullopt;
  }

  void read(std::size_t n) {
    Factors factors;
    for (const std::string& input : edit_.node(n).inputs) collect(input, factors);
    if (!factors.sums || factors.computed.size() != 1) return;
    const Node product = edit_.node(*factors.sums);
    const auto dynamic = dynamic_of(product, factors.computed[0]);
    if (!dynamic || !edit_.value(product.inputs[1]).constant) return;
    const bool columns = product.op == "MatMulInteger";
    const Shape& weights = edit_.value(product.inputs[1]).shape;
    const bool images = weights.size() == 4;
    if (columns ? weights.size() < 2 : !images) return;
    const auto scale = scale_of(factors.constants, columns ? weights.back() : weights[0], columns);
    if (!scale || edit_.value(edit_.node(n).outputs[0]).shape != edit_.value(product.outputs[0]).shape)
      return;
    replace(n, product, edit_.node(*dynamic).inputs[0], *scale);
  }

  void replace(std::size_t n, const Node& product, const std::string& input, const Tensor& scale) {
    const bool columns = product.op == "MatMulInteger";
    const std::string name = edit_.node(n).name, result = edit_.node(n).outputs[0];
    const std::string scales = edit_.take_name(product.name + ".scales");
    Value& held = edit_.network().values[scales];
    held.constant = true;
    held.hold(scale);
    Node weights;
    weights.op = "DequantizeLinear";
    weights.name = edit_.take_name(product.name + "/DequantizeLinear");
    weights.inputs = {product.inputs[1], scales};
    if (product.inputs.size() > 3 && !product.inputs[3].empty())
      weights.inputs.push_back(zeros(product.inputs[3], scale.size(), product.name));
    weights.attributes.ints["axis"] = columns ? -1 : 0;
    weights.outputs = {edit_.take_name(product.name + ".weights")};
    edit_.network().values[weights.outputs[0]].shape = edit_.value(product.inputs[1]).shape;
    Node real;
    real.op = columns ? "MatMul" : "Conv";
    real.name = name;
    real.attributes = product.attributes;
    real.inputs = {input, weights.outputs[0]};
    real.outputs = {result};
    edit_.add(std::move(weights));
    edit_.remove(n);
    edit_.add(std::move(real));
    read_ += (read_.empty() ? "" : ", ") + product.name;
  }

  // As many zero points as scales: one stands for all.
  std::string zeros(const std::string& zero, std::int64_t count, const std::string& of) {
    const Value& value = edit_.value(zero);
    if (element_count(value.shape) == count || !value.data) return zero;
    std::string name = edit_.take_name(of + ".zeros");
    const DType dtype = value.dtype;
    Tensor spread = Tensor::filled({count}, value.data->values.at(0));
    Value& held = edit_.network().values[name];
    held.constant = true;
    held.dtype = dtype;
    held.hold(std::move(spread));
    return name;
  }

  NetworkEdit edit_;
  std::string read_;  // names of products
};

}  // namespace

Network with_dynamic_products(Network network) {
  const bool any = std::any_of(network.nodes.begin(), network.nodes.end(),
                               [](const Node& node) { return node.op == "DynamicQuantizeLinear"; });
  return any ? Products(std::move(network)).run() : network;
}

}  // namespace bpusim
