// The families of operators, one function and one file each.
#pragma once

#include <vector>

#include "sim/operators/operator.h"

namespace bpusim::operators {

OperatorDefinition norm(const std::string& op);  ///< a row of kernels' norm registry
std::vector<OperatorDefinition> convolutions();  ///< Conv, ConvTranspose
std::vector<OperatorDefinition> pixels();        ///< PixelPreprocess
std::vector<OperatorDefinition> products();      ///< MatMul, Gemm, Einsum
std::vector<OperatorDefinition> elementwise();   ///< two operands with broadcasting; Relu
std::vector<OperatorDefinition> tables();        ///< functions of one element
std::vector<OperatorDefinition> pools();         ///< MaxPool, AveragePool, their global forms
std::vector<OperatorDefinition> reductions();    ///< ReduceMean, ReduceSum, …
std::vector<OperatorDefinition> softmaxes();
std::vector<OperatorDefinition> views();                ///< what only moves elements
std::vector<OperatorDefinition> split_concat();         ///< Split, Concat
std::vector<OperatorDefinition> selections();           ///< Slice, Gather, Pad
std::vector<OperatorDefinition> resizes();              ///< Resize, Upsample
std::vector<OperatorDefinition> linear_quantisation();  ///< QuantizeLinear, MatMulInteger, …
std::vector<OperatorDefinition> local_norms();          ///< LRN
std::vector<OperatorDefinition> shape_arithmetic();     ///< Where, Range, Tile, OneHot, …
std::vector<OperatorDefinition> randoms();              ///< RandomNormal, RandomNormalLike
std::vector<OperatorDefinition> strings();              ///< StringNormalizer
std::vector<OperatorDefinition> shape_queries();        ///< Shape, Size
std::vector<OperatorDefinition> recurrents();           ///< RNN, GRU, LSTM
std::vector<OperatorDefinition> rankings();             ///< TopK, Hardmax
std::vector<OperatorDefinition> scatters();             ///< ScatterND, ScatterElements
std::vector<OperatorDefinition> findings();             ///< NonZero, Compress, Unique, NonMaxSuppression
std::vector<OperatorDefinition> sweeps();               ///< CumSum, ReverseSequence
std::vector<OperatorDefinition> bits();                 ///< BitShift, BitwiseAnd, …; IsNaN, IsInf
std::vector<OperatorDefinition> matrices();             ///< Det, Inverse, EyeLike
std::vector<OperatorDefinition> samplings();            ///< GridSample, RoiAlign
std::vector<OperatorDefinition> quantises();            ///< Quantise, Requantise, which plans add

}  // namespace bpusim::operators
