#include "sim/network/known_attributes.h"

#include <map>
#include <sstream>

#include "kernels/norms/norm.h"

namespace bpusim {

namespace {

// From onnx's Operators.md and Changelog.md (opset 1 to 23): "name:kind", with the kinds i, f, s for one
// value, is, fs, ss for lists and o for what is neither (tensors, graphs).
struct Row {
  const char* ops;
  const char* attributes;
};

const Row kRows[] = {
    {"BatchNormalization", "epsilon:f momentum:f spatial:i training_mode:i is_test:i consumed_inputs:is"},
    {"InstanceBatchNormalization", "epsilon:f momentum:f"},
    {"IBNSplit", ""},
    {"LayerNormalization RMSNormalization", "axis:i axes:is epsilon:f stash_type:i"},
    {"SimplifiedLayerNormalization", "axis:i epsilon:f stash_type:i"},
    {"InstanceNormalization", "epsilon:f consumed_inputs:is"},
    {"GroupNormalization", "epsilon:f num_groups:i stash_type:i"},
    {"LpNormalization", "axis:i p:i"},
    {"MeanVarianceNormalization", "axes:is"},
    {"LRN", "alpha:f beta:f bias:f size:i"},
    {"Conv", "auto_pad:s dilations:is group:i kernel_shape:is pads:is strides:is"},
    {"ConvTranspose",
     "auto_pad:s dilations:is group:i kernel_shape:is output_padding:is output_shape:is pads:is strides:is"},
    {"Gemm", "alpha:f beta:f broadcast:i transA:i transB:i"},
    {"Einsum", "equation:s"},
    {"MatMul Where Range", ""},
    {"PRelu", "consumed_inputs:is"},
    {"Tile", "axis:i tiles:i"},
    {"Trilu", "upper:i"},
    {"GatherND", "batch_dims:i"},
    {"Add Sub Mul Div Pow And Or Xor Equal Less LessOrEqual Greater GreaterOrEqual",
     "axis:i broadcast:i consumed_inputs:is"},
    {"Min Max Sum Mean", "consumed_inputs:is"},
    {"Mod", "fmod:i"},
    {"Relu Abs Ceil Exp Floor Log Neg Reciprocal Sigmoid Sqrt Tanh", "consumed_inputs:is"},
    {"Acos Acosh Asin Asinh Atan Atanh Cos Cosh Erf HardSwish Mish Not Round Sign SiLU Sin Sinh Softplus "
     "Softsign Tan Identity Size",
     ""},
    {"Celu ThresholdedRelu", "alpha:f"},
    {"Elu LeakyRelu", "alpha:f consumed_inputs:is"},
    {"Selu", "alpha:f gamma:f consumed_inputs:is"},
    {"HardSigmoid", "alpha:f beta:f consumed_inputs:is"},
    {"Clip", "max:f min:f consumed_inputs:is"},
    {"Gelu", "approximate:s"},
    {"MaxPool", "auto_pad:s ceil_mode:i dilations:is kernel_shape:is pads:is storage_order:i strides:is"},
    {"AveragePool",
     "auto_pad:s ceil_mode:i count_include_pad:i dilations:is kernel_shape:is pads:is strides:is"},
    {"GlobalMaxPool GlobalAveragePool", ""},
    {"ReduceMean ReduceSum ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSum "
     "ReduceLogSumExp",
     "axes:is keepdims:i noop_with_empty_axes:i"},
    {"ArgMax ArgMin", "axis:i keepdims:i select_last_index:i"},
    {"Softmax LogSoftmax Flatten OneHot", "axis:i"},
    {"Transpose", "perm:is"},
    {"Expand", ""},
    {"DepthToSpace", "blocksize:i mode:s"},
    {"SpaceToDepth", "blocksize:i"},
    {"Reshape", "allowzero:i shape:is consumed_inputs:is"},
    {"Squeeze Unsqueeze", "axes:is"},
    {"Dropout", "ratio:f seed:i is_test:i consumed_inputs:is"},
    {"Cast", "to:i saturate:i round_mode:s"},
    {"Split", "axis:i num_outputs:i split:is"},
    {"Concat Gather GatherElements", "axis:i"},
    {"Slice", "axes:is ends:is starts:is"},
    {"Pad", "mode:s pads:is paddings:is value:f"},
    {"Resize",
     "antialias:i axes:is coordinate_transformation_mode:s cubic_coeff_a:f exclude_outside:i "
     "extrapolation_value:f keep_aspect_ratio_policy:s mode:s nearest_mode:s"},
    {"Upsample", "height_scale:f mode:s scales:fs width_scale:f"},
    {"ConstantOfShape", "value:o dtype:i"},  // the type of value, as the import reads it
    {"RandomNormal", "dtype:i mean:f scale:f seed:f shape:is"},
    {"RandomNormalLike", "dtype:i mean:f scale:f seed:f"},
    {"RandomUniform", "dtype:i high:f low:f seed:f shape:is"},
    {"RandomUniformLike", "dtype:i high:f low:f seed:f"},
    {"LpPool", "auto_pad:s ceil_mode:i dilations:is kernel_shape:is p:i pads:is strides:is"},
    {"GlobalLpPool", "p:i"},
    {"MaxRoiPool", "pooled_shape:is spatial_scale:f"},
    {"StringNormalizer", "case_change_action:s is_case_sensitive:i locale:s stopwords:ss"},
    {"QuantizeLinear", "axis:i block_size:i output_dtype:i precision:i saturate:i"},
    {"DequantizeLinear", "axis:i block_size:i output_dtype:i"},
    {"DynamicQuantizeLinear MatMulInteger", ""},
    {"ConvInteger", "auto_pad:s dilations:is group:i kernel_shape:is pads:is strides:is"},
    {"Shape", "end:i start:i"},
    {"RNN",
     "activation_alpha:fs activation_beta:fs activations:ss clip:f direction:s hidden_size:i layout:i"},
    {"GRU",
     "activation_alpha:fs activation_beta:fs activations:ss clip:f direction:s hidden_size:i layout:i "
     "linear_before_reset:i"},
    {"LSTM",
     "activation_alpha:fs activation_beta:fs activations:ss clip:f direction:s hidden_size:i input_forget:i "
     "layout:i"},
    {"TopK", "axis:i k:i largest:i sorted:i"},
    {"Hardmax", "axis:i"},
    {"ScatterND", "reduction:s"},
    {"ScatterElements", "axis:i reduction:s"},
    {"Scatter Compress", "axis:i"},
    {"Unique", "axis:i sorted:i"},
    {"NonZero Det Inverse BitwiseAnd BitwiseOr BitwiseXor BitwiseNot IsNaN", ""},
    {"NonMaxSuppression", "center_point_box:i"},
    {"CumSum", "exclusive:i reverse:i"},
    {"ReverseSequence", "batch_axis:i time_axis:i"},
    {"BitShift", "direction:s"},
    {"IsInf", "detect_negative:i detect_positive:i"},
    {"EyeLike", "dtype:i k:i"},
    {"GridSample", "align_corners:i mode:s padding_mode:s"},
    {"RoiAlign",
     "coordinate_transformation_mode:s mode:s output_height:i output_width:i sampling_ratio:i "
     "spatial_scale:f"},
    {"Shrink", "bias:f lambd:f"},
};

AttributeKind kind_of(const std::string& letters) {
  static const std::map<std::string, AttributeKind> kinds = {
      {"i", AttributeKind::Int},   {"f", AttributeKind::Float},   {"s", AttributeKind::String},
      {"is", AttributeKind::Ints}, {"fs", AttributeKind::Floats}, {"ss", AttributeKind::Strings},
      {"o", AttributeKind::Other}};
  return kinds.at(letters);
}

std::map<std::string, std::vector<KnownAttribute>> parsed() {
  std::map<std::string, std::vector<KnownAttribute>> table;
  for (const Row& row : kRows) {
    std::vector<KnownAttribute> attributes;
    std::istringstream words(row.attributes);
    for (std::string word; words >> word;) {
      const auto colon = word.find(':');
      attributes.push_back({word.substr(0, colon), kind_of(word.substr(colon + 1))});
    }
    std::istringstream ops(row.ops);
    for (std::string op; ops >> op;) table[op] = attributes;
  }
  return table;
}

}  // namespace

std::optional<std::vector<KnownAttribute>> known_attributes(const std::string& op) {
  static const auto table = parsed();
  const auto found = table.find(op);
  if (found != table.end()) return found->second;
  const NormDefinition* norm = find_norm(op);
  if (norm == nullptr) return std::nullopt;
  std::vector<KnownAttribute> attributes;
  for (const NormAttribute& attribute : norm->attributes) {
    const AttributeKind kinds[] = {AttributeKind::Int, AttributeKind::Float, AttributeKind::Ints};
    attributes.push_back({attribute.name, kinds[attribute.fallback.index()]});
  }
  return attributes;
}

const KnownAttribute* find_attribute(const std::vector<KnownAttribute>& known, const std::string& name) {
  for (const KnownAttribute& attribute : known)
    if (attribute.name == name) return &attribute;
  return nullptr;
}

std::vector<std::string> names_of(const std::vector<KnownAttribute>& known) {
  std::vector<std::string> names;
  names.reserve(known.size());
  for (const KnownAttribute& attribute : known) names.push_back(attribute.name);
  return names;
}

const char* to_string(AttributeKind kind) {
  switch (kind) {
    case AttributeKind::Int:
      return "a whole number";
    case AttributeKind::Float:
      return "a number";
    case AttributeKind::String:
      return "a word";
    case AttributeKind::Ints:
      return "a list of whole numbers";
    case AttributeKind::Floats:
      return "a list of numbers";
    case AttributeKind::Strings:
      return "a list of words";
    case AttributeKind::Other:
      break;
  }
  return "a tensor";
}

}  // namespace bpusim
