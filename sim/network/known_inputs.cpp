#include "sim/network/known_inputs.h"

#include <map>
#include <sstream>

#include "kernels/norms/norm.h"

namespace bpusim {

namespace {

// From onnx's Operators.md. Norms have theirs in their own rows.
struct Row {
  const char* ops;
  InputCount count;
};

const Row kRows[] = {
    {"RandomNormal RandomUniform", {0, 0}},
    {"Relu Abs Acos Acosh Asin Asinh Atan Atanh Ceil Celu Cos Cosh Elu Erf Exp Floor Gelu HardSigmoid "
     "HardSwish LeakyRelu "
     "Log Mish Neg Not Reciprocal Round Selu Sigmoid Sign SiLU Sin Sinh Softplus Softsign Sqrt Tan Tanh "
     "ThresholdedRelu "
     "MaxPool AveragePool GlobalMaxPool GlobalAveragePool ArgMax ArgMin Softmax LogSoftmax LRN Transpose "
     "DepthToSpace "
     "SpaceToDepth Flatten Identity Cast Shape Size ConstantOfShape RandomNormalLike RandomUniformLike "
     "LpPool GlobalLpPool StringNormalizer "
     "Hardmax "
     "NonZero Unique Det Inverse BitwiseNot IsNaN IsInf EyeLike Shrink",
     {1, 1}},
    {"Add Sub Mul Div Pow Mod PRelu And Or Xor Equal Less LessOrEqual Greater GreaterOrEqual MatMul Expand "
     "Gather "
     "GatherElements GatherND Compress CumSum ReverseSequence BitwiseAnd BitwiseOr BitwiseXor BitShift "
     "GridSample MaxRoiPool",
     {2, 2}},
    {"ReduceMean ReduceSum ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSum "
     "ReduceLogSumExp "
     "Reshape Squeeze Unsqueeze Split Upsample Trilu",
     {1, 2}},
    {"Clip Dropout", {1, 3}},
    {"Conv ConvTranspose Gemm", {2, 3}},
    {"Where OneHot Range ScatterND ScatterElements Scatter", {3, 3}},
    {"RoiAlign", {3, 3}},
    {"NonMaxSuppression", {2, 5}},
    {"RNN GRU", {3, 6}},
    {"LSTM", {3, 8}},
    {"TopK", {1, 2}},
    {"Tile", {2, 3}},
    {"Resize Pad", {1, 4}},
    {"Slice", {1, 5}},
    {"DynamicQuantizeLinear", {1, 1}},
    {"QuantizeLinear DequantizeLinear", {2, 3}},
    {"ConvInteger MatMulInteger", {2, 4}},
};

std::map<std::string, InputCount> parsed() {
  std::map<std::string, InputCount> table;
  for (const Row& row : kRows) {
    std::istringstream ops(row.ops);
    for (std::string op; ops >> op;) table[op] = row.count;
  }
  return table;
}

}  // namespace

InputCount input_count(const std::string& op) {
  static const auto table = parsed();
  const auto found = table.find(op);
  if (found != table.end()) return found->second;
  if (const NormDefinition* norm = find_norm(op))
    return {1 + required_constants(*norm), 1 + norm->constants.size()};
  return {};
}

}  // namespace bpusim
