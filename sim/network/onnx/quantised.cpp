#include "sim/network/onnx/quantised.h"

#include <algorithm>
#include <map>
#include <vector>

#include "sim/network/onnx/tensor.h"

namespace bpusim {

namespace {

constexpr int kRowsAxis = -2, kColumnsAxis = -1, kWeightsAxis = 0, kAnyAxis = 1;

// Positions of codes, scale and zero point among a node's inputs, and along which axis there may be several.
struct Operand {
  int codes, scale, zero, axis;
};

// An operator on codes: what it does to the real numbers, its operands, and where its result's scale and zero
// point are. From onnx's Operators.md and onnxruntime's ContribOperators.md.
struct Form {
  const char* op;  // on real numbers
  std::vector<Operand> operands;
  int scale, zero, axis;
};

const Form* form_of(const std::string& op) {
  static const std::map<std::string, Form> forms = {
      {"QLinearConv", {"Conv", {{0, 1, 2, kAnyAxis}, {3, 4, 5, kWeightsAxis}}, 6, 7, kAnyAxis}},
      {"QLinearMatMul", {"MatMul", {{0, 1, 2, kRowsAxis}, {3, 4, 5, kColumnsAxis}}, 6, 7, kRowsAxis}},
      {"QGemm", {"Gemm", {{0, 1, 2, kAnyAxis}, {3, 4, 5, kColumnsAxis}}, 7, 8, kAnyAxis}},
      {"QLinearAdd", {"Add", {{0, 1, 2, kAnyAxis}, {3, 4, 5, kAnyAxis}}, 6, 7, kAnyAxis}},
      {"QLinearMul", {"Mul", {{0, 1, 2, kAnyAxis}, {3, 4, 5, kAnyAxis}}, 6, 7, kAnyAxis}},
      {"QLinearSigmoid", {"Sigmoid", {{0, 1, 2, kAnyAxis}}, 3, 4, kAnyAxis}},
      {"QLinearLeakyRelu", {"LeakyRelu", {{0, 1, 2, kAnyAxis}}, 3, 4, kAnyAxis}},
      {"QLinearSoftmax", {"Softmax", {{0, 1, 2, kAnyAxis}}, 3, 4, kAnyAxis}},
      {"QLinearReduceMean", {"ReduceMean", {{0, 1, 2, kAnyAxis}}, 3, 4, kAnyAxis}},
      {"QLinearAveragePool", {"AveragePool", {{0, 1, 2, kAnyAxis}}, 3, 4, kAnyAxis}},
      {"QLinearGlobalAveragePool", {"GlobalAveragePool", {{0, 1, 2, kAnyAxis}}, 3, 4, kAnyAxis}},
      {"QLinearWhere", {"Where", {{1, 2, 3, kAnyAxis}, {4, 5, 6, kAnyAxis}}, 7, 8, kAnyAxis}},
      {"QLinearConcat", {"Concat", {}, 0, 1, kAnyAxis}},
  };
  const auto found = forms.find(op);
  return found == forms.end() ? nullptr : &found->second;
}

bool is_of_onnx(const std::string& op) {
  return op == "QLinearConv" || op == "QLinearMatMul";
}

std::int64_t integer(const onnx::NodeProto& node, const std::string& name, std::int64_t fallback) {
  for (const auto& a : node.attribute())
    if (a.name() == name) return a.i();
  return fallback;
}

void set_integer(onnx::NodeProto& node, const std::string& name, std::int64_t value) {
  onnx::AttributeProto& a = *node.add_attribute();
  a.set_name(name);
  a.set_type(onnx::AttributeProto::INT);
  a.set_i(value);
}

// Builds a function's body, node by node; a node is called by its operator.
class Body {
 public:
  Body(const onnx::NodeProto& call, int opset) : call_(call) {
    for (int i = 0; i < call.input_size(); ++i) function_.add_input("in" + std::to_string(i));
    for (int i = 0; i < call.output_size(); ++i) function_.add_output("out" + std::to_string(i));
    auto& import = *function_.add_opset_import();
    import.set_version(opset);
  }

  bool given(int input) const { return input < call_.input_size() && !call_.input(input).empty(); }
  std::string input(int i) const { return given(i) ? "in" + std::to_string(i) : ""; }

  onnx::NodeProto& add(const std::string& op, const std::vector<std::string>& inputs,
                       const std::string& output) {
    onnx::NodeProto& node = *function_.add_node();
    node.set_op_type(op);
    const int count = ++counts_[op];
    node.set_name(count == 1 ? op : op + "_" + std::to_string(count));
    for (const std::string& in : inputs) node.add_input(in);
    node.add_output(output);
    return node;
  }

  std::string dequantised(const Operand& operand) {
    std::string real = "real" + std::to_string(operand.codes);
    set_integer(
        add("DequantizeLinear", {input(operand.codes), input(operand.scale), input(operand.zero)}, real),
        "axis", operand.axis);
    return real;
  }

  void quantise(const std::string& real, int scale, int zero, int axis) {
    set_integer(add("QuantizeLinear", {real, input(scale), input(zero)}, "out0"), "axis", axis);
  }

  // The call's attributes, but those of its integer form alone.
  void hand_on(onnx::NodeProto& node) const {
    for (const auto& a : call_.attribute()) {
      if (a.name() == "channels_last" || a.name() == "opset") continue;
      onnx::AttributeProto& reference = *node.add_attribute();
      reference.set_name(a.name());
      reference.set_ref_attr_name(a.name());
      reference.set_type(a.type());
    }
  }

  onnx::FunctionProto take() { return std::move(function_); }

 private:
  const onnx::NodeProto& call_;
  onnx::FunctionProto function_;
  std::map<std::string, int> counts_;
};

// int32 codes with the scale of the products that they are added to.
std::string bias_of(Body& body, int codes, int scale_a, int scale_b) {
  body.add("Mul", {body.input(scale_a), body.input(scale_b)}, "bias_scale");
  set_integer(body.add("DequantizeLinear", {body.input(codes), "bias_scale"}, "bias"), "axis", -1);
  return "bias";
}

// com.microsoft's matrix product has C with a scale that alpha is part of.
std::string gemm_bias_of(Body& body, const onnx::NodeProto& call) {
  std::string bias = bias_of(body, 6, 1, 4);
  for (const auto& a : call.attribute()) {
    if (a.name() != "alpha") continue;
    onnx::NodeProto& alpha = body.add("Constant", {}, "alpha");
    onnx::AttributeProto& value = *alpha.add_attribute();
    value.set_name("value_float");
    value.set_type(onnx::AttributeProto::FLOAT);
    value.set_ref_attr_name("alpha");
    body.add("Mul", {bias, "alpha"}, "bias_by_alpha");
    bias = "bias_by_alpha";
  }
  return bias;
}

onnx::FunctionProto quantised_form(const onnx::NodeProto& call, const Form& form, int opset) {
  const std::string& op = call.op_type();
  Body body(call, op == "QLinearSoftmax"      ? static_cast<int>(integer(call, "opset", opset))
                  : op == "QLinearReduceMean" ? std::min(opset, 13)  // axes as attributes
                                              : opset);
  std::vector<Operand> operands = form.operands;
  for (int i = 2; op == "QLinearConcat" && i < call.input_size(); i += 3)
    operands.push_back({i, i + 1, i + 2, kAnyAxis});
  if (op == "QGemm" && integer(call, "transB", 0) != 0) operands[1].axis = kRowsAxis;
  std::vector<std::string> real;
  if (op == "QLinearWhere") real.push_back(body.input(0));
  for (const Operand& operand : operands) real.push_back(body.dequantised(operand));
  if (op == "QLinearConv" && body.given(8)) real.push_back(bias_of(body, 8, 1, 4));
  if (op == "QGemm" && body.given(6)) real.push_back(gemm_bias_of(body, call));
  const bool quantised = body.given(form.scale);  // QGemm may leave floats
  body.hand_on(body.add(form.op, real, quantised ? "result" : "out0"));
  if (quantised) body.quantise("result", form.scale, form.zero, form.axis);
  return body.take();
}

// Sums of the codes' products, as floats: int32 times both scales, and a bias.
void scale_sums(Body& body, const std::string& scale_a, const std::string& scale_b, int bias) {
  set_integer(body.add("Cast", {"sums"}, "float_sums"), "to", onnx::TensorProto::FLOAT);
  body.add("Mul", {scale_a, scale_b}, "scale");
  body.add("Mul", {"float_sums", "scale"}, body.given(bias) ? "product" : "out0");
  if (body.given(bias)) body.add("Add", {"product", body.input(bias)}, "out0");
}

// A, B, B's scale, its zero point, bias.
onnx::FunctionProto dynamic_matmul(const onnx::NodeProto& call, int opset) {
  Body body(call, opset);
  onnx::NodeProto& dynamic = body.add("DynamicQuantizeLinear", {body.input(0)}, "codes");
  dynamic.add_output("codes_scale");
  dynamic.add_output("codes_zero");
  body.add("MatMulInteger", {"codes", body.input(1), "codes_zero", body.input(3)}, "sums");
  scale_sums(body, "codes_scale", body.input(2), 4);
  return body.take();
}

// A, B, both scales, both zero points, bias.
onnx::FunctionProto matmul_to_float(const onnx::NodeProto& call, int opset) {
  Body body(call, opset);
  body.add("MatMulInteger", {body.input(0), body.input(1), body.input(4), body.input(5)}, "sums");
  scale_sums(body, body.input(2), body.input(3), 6);
  return body.take();
}

}  // namespace

std::optional<onnx::FunctionProto> quantised_function(const onnx::NodeProto& node, int opset) {
  const std::string& op = node.op_type();
  const bool contributed = node.domain() == "com.microsoft";
  if (!contributed && !((node.domain().empty() || node.domain() == "ai.onnx") && is_of_onnx(op)))
    return std::nullopt;
  if (const Form* form = form_of(op); form != nullptr && contributed != is_of_onnx(op))
    return quantised_form(node, *form, opset);
  if (contributed && op == "DynamicQuantizeMatMul") return dynamic_matmul(node, opset);
  if (contributed && op == "MatMulIntegerToFloat") return matmul_to_float(node, opset);
  return std::nullopt;
}

std::string unread_quantised(const onnx::NodeProto& node) {
  if (form_of(node.op_type()) == nullptr || integer(node, "channels_last", 0) == 0) return "";
  return "its channels lie last, which no operator of ONNX has: quantise the model for NCHW (onnxruntime's "
         "optimiser turns it round at level all, save it at level extended or below)";
}

bool is_linear_quantisation(const std::string& op) {
  return op == "QuantizeLinear" || op == "DequantizeLinear";
}

std::string unread_code_type(const std::string& op, int onnx_type) {
  using Type = onnx::TensorProto;
  constexpr int nibble_unsigned = 21, nibble = 22;
  const bool dequantises = op == "DequantizeLinear";
  const bool read =
      onnx_type == 0 || onnx_type == Type::UINT8 || onnx_type == Type::INT8 || onnx_type == Type::UINT16 ||
      onnx_type == Type::INT16 ||
      (dequantises && (onnx_type == Type::INT32 || onnx_type == nibble_unsigned || onnx_type == nibble));
  if (read) return "";
  return op + (dequantises ? " of " : " to ") + onnx_type_name(onnx_type) +
         " has no arithmetic here: quantise the model to int8 or uint8";
}

}  // namespace bpusim
