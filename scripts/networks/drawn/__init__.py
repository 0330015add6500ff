"""Draws nodes of one operator each, over shapes, attributes, types and opsets: what scripts/check-operators runs.

OPERATORS maps each operator to the function that fills a Case: its inputs, constant or not, and attributes. A case may turn out to be no
valid ONNX (a kernel larger than the image, a type that a runtime lacks): whoever runs it draws again.
"""
from .case import Case
from .pointwise import cast, clip, divide, function, gelu, modulo, pair, power, prelu, several, where
from .windows import convolution, einsum, gemm, global_pool, lp_pool, matmul, pool, roi_pool, transposed
from .moves import (arguments, concat, constant_of_shape, depth_to_space, dropout, expand, flatten, gather, gather_elements, gather_nd,
    identity, one_hot, pad, range_, reduction, reshape, resize, shape_of, slice_, softmax, space_to_depth, split, squeeze, tile, transpose,
    trilu, unsqueeze, upsample)
from .host_only import (bit_not, bit_pair, compress, cumulative, eye_like, finding, grid_sample, hardmax, is_infinite, reverse_sequence,
    roi_align, scatter_elements, scatter_nd, square, suppression, top_k, unique)
from .recurrent_and_fused import (attention, biased, embedding, fused_conv, fused_gemm, fused_matmul, multi_head, quick_gelu, recurrent,
    skip_norm)
from .norms import batch_norm, group_norm, instance_norm, layer_norm, local_norm, lp_norm, mean_variance_norm

NUMBERS, TRUTH = ("int32", "int64", "float64"), ("bool",)
OPERATORS = {
    "Abs": function(-4, 4, "int32", "int64", "int8"), "Neg": function(-4, 4, "int32", "int64", "int8"), "Sign": function(-4, 4, "int32", "int64", "uint8"),
    "Acos": function(-1, 1), "Asin": function(-1, 1), "Atanh": function(-0.95, 0.95), "Acosh": function(1, 6), "Asinh": function(-4, 4),
    "Atan": function(-4, 4), "Ceil": function(-4, 4), "Floor": function(-4, 4), "Round": function(-4, 4), "Cos": function(-7, 7),
    "Sin": function(-7, 7), "Tan": function(-1.4, 1.4), "Cosh": function(-3, 3), "Sinh": function(-3, 3), "Tanh": function(-4, 4),
    "Erf": function(-3, 3), "Exp": function(-4, 4), "Log": function(0.1, 6), "Sqrt": function(0, 6), "Reciprocal": function(0.2, 4),
    "Sigmoid": function(-6, 6), "Softplus": function(-6, 6), "Softsign": function(-6, 6), "HardSwish": function(-5, 5),
    "Mish": function(-5, 5), "Relu": function(-4, 4, "int32", "int8"), "Not": lambda c: c.given(c.numbers(c.shape(), "bool")),
    "Celu": function(-4, 4, alpha=(0.2, 2)), "Elu": function(-4, 4, alpha=(0.2, 2)), "LeakyRelu": function(-4, 4, alpha=(-0.5, 1.5)),
    "ThresholdedRelu": function(-4, 4, alpha=(-1, 2)), "Selu": function(-4, 4, alpha=(0.2, 2), gamma=(0.2, 2)),
    "HardSigmoid": function(-4, 4, alpha=(0.1, 0.6), beta=(0.1, 0.8)), "Gelu": gelu, "Clip": clip,
    "Add": pair(*NUMBERS), "Sub": pair(*NUMBERS), "Mul": pair(*NUMBERS), "Div": divide, "Mod": modulo, "Pow": power, "PRelu": prelu,
    "Equal": pair("bool", *NUMBERS), "Less": pair(*NUMBERS), "LessOrEqual": pair(*NUMBERS), "Greater": pair(*NUMBERS),
    "GreaterOrEqual": pair(*NUMBERS), "And": pair(*TRUTH, probability=1), "Or": pair(*TRUTH, probability=1),
    "Xor": pair(*TRUTH, probability=1), "Min": several("int32", "int64", "uint8"), "Max": several("int32", "int64", "uint8"),
    "Sum": several(), "Mean": several(), "Where": where, "Cast": cast,
    "MatMul": matmul, "Gemm": gemm, "Einsum": einsum, "Conv": convolution, "ConvTranspose": transposed,
    "MaxPool": pool, "AveragePool": pool, "GlobalMaxPool": global_pool, "GlobalAveragePool": global_pool,
    "ReduceMean": reduction(), "ReduceSum": reduction(), "ReduceMax": reduction(), "ReduceMin": reduction(), "ReduceL1": reduction(),
    "ReduceL2": reduction(), "ReduceSumSquare": reduction(), "ReduceProd": reduction(-1.5, 1.5), "ReduceLogSum": reduction(0.1, 4),
    "ReduceLogSumExp": reduction(), "ArgMax": arguments, "ArgMin": arguments, "Softmax": softmax, "LogSoftmax": softmax,
    "Transpose": transpose, "Expand": expand, "DepthToSpace": depth_to_space, "SpaceToDepth": space_to_depth, "Flatten": flatten,
    "Reshape": reshape, "Squeeze": squeeze, "Unsqueeze": unsqueeze, "Identity": identity, "Dropout": dropout, "Concat": concat,
    "Split": split, "Gather": gather, "GatherElements": gather_elements, "GatherND": gather_nd, "Slice": slice_, "Pad": pad,
    "Resize": resize, "Upsample": upsample, "Shape": shape_of, "Size": identity, "ConstantOfShape": constant_of_shape, "OneHot": one_hot,
    "Range": range_, "Tile": tile, "Trilu": trilu, "BatchNormalization": batch_norm, "InstanceNormalization": instance_norm,
    "GroupNormalization": group_norm, "LayerNormalization": layer_norm, "SimplifiedLayerNormalization": layer_norm,
    "TopK": top_k, "Hardmax": hardmax, "Scatter": scatter_elements, "ScatterElements": scatter_elements, "ScatterND": scatter_nd,
    "NonZero": finding, "Compress": compress, "Unique": unique, "NonMaxSuppression": suppression, "CumSum": cumulative,
    "ReverseSequence": reverse_sequence, "BitShift": bit_pair, "BitwiseAnd": bit_pair, "BitwiseOr": bit_pair, "BitwiseXor": bit_pair,
    "BitwiseNot": bit_not, "IsInf": is_infinite, "IsNaN": is_infinite, "Det": square, "Inverse": square, "EyeLike": eye_like,
    "GridSample": grid_sample, "RoiAlign": roi_align, "LpPool": lp_pool, "GlobalLpPool": global_pool, "MaxRoiPool": roi_pool,
    "Shrink": function(-4, 4, lambd=(0.2, 2), bias=(-1, 1)),
    "RNN": recurrent(1), "GRU": recurrent(3), "LSTM": recurrent(4),
    "FusedConv": fused_conv, "FusedGemm": fused_gemm, "FusedMatMul": fused_matmul, "BiasGelu": biased, "FastGelu": lambda c: biased(c, 0.5),
    "QuickGelu": quick_gelu, "SkipLayerNormalization": skip_norm, "SkipSimplifiedLayerNormalization": skip_norm,
    "EmbedLayerNormalization": embedding, "Attention": attention, "MultiHeadAttention": multi_head,
    "RMSNormalization": layer_norm, "LpNormalization": lp_norm, "MeanVarianceNormalization": mean_variance_norm, "LRN": local_norm,
}

# The opset that brought an operator, where that is later than 9, and the last one of those that have gone.
SINCE = {"Gelu": 20, "HardSwish": 14, "Mish": 18, "LessOrEqual": 12, "GreaterOrEqual": 12, "Celu": 12, "Round": 11, "Range": 11,
         "Mod": 10, "Einsum": 12, "GatherElements": 11, "GatherND": 11, "Resize": 10, "Trilu": 14, "GroupNormalization": 18,
         "LayerNormalization": 17, "RMSNormalization": 23, "CumSum": 11, "ReverseSequence": 10, "BitShift": 11, "BitwiseAnd": 18,
         "BitwiseOr": 18, "BitwiseXor": 18, "BitwiseNot": 18, "IsInf": 10, "Det": 11, "GridSample": 16, "RoiAlign": 10, "ScatterElements": 11,
         "ScatterND": 11, "Unique": 11, "NonMaxSuppression": 10}
UNTIL = {"Upsample": 9, "Scatter": 10}

# Operators of onnxruntime's own domain; their opset is that of the model around them.
MICROSOFT = {"FusedConv", "FusedGemm", "FusedMatMul", "BiasGelu", "FastGelu", "QuickGelu", "SkipLayerNormalization",
             "SkipSimplifiedLayerNormalization", "EmbedLayerNormalization", "Attention", "MultiHeadAttention", "Inverse"}


def draw(random, op, opset):
    """A Case of the operator."""
    return Case(random, op, opset, "com.microsoft" if op in MICROSOFT else "", OPERATORS[op])


def operators_of(opset):
    return [op for op in OPERATORS if SINCE.get(op, 9) <= opset <= UNTIL.get(op, opset)]
