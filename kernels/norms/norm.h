// What a normalization is: statistics over some axes, then an affine map. Every norm operator reduces to a
// NormProblem, and everything downstream (golden, integer datapath, tiler, cost) knows NormProblems only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/tensor/attributes.h"
#include "kernels/tensor/tensor.h"

namespace bpusim {

/// What is reduced over a set.
enum class Statistic {
  Given,         ///< nothing: mean and variance are constants (BatchNormalization inference)
  MeanVariance,  ///< mean and population variance
  MeanSquare,    ///< mean of the squares; no mean is subtracted
  L1,            ///< sum of the magnitudes
  L2,            ///< square root of the sum of the squares
};

/// Where epsilon enters.
enum class EpsilonPlace {
  None,         ///< nowhere; a zero norm gives zeros
  InVariance,   ///< 1/sqrt(variance + epsilon), and the same with a mean square
  OnDeviation,  ///< 1/(deviation + epsilon)
};

/// One dimension of a norm's view of its tensor.
struct NormDim {
  std::int64_t extent = 1;
  std::int64_t stride = 1;  ///< elements between neighbours in the tensor
  bool in_set = false;      ///< reduced over?
  std::int64_t affine_stride =
      0;  ///< entries between neighbours in gamma/beta/mean/variance; 0 where not indexed
};

/// One normalization over one strided view: y = gamma * (x - mean) / deviation + beta, with the pieces that
/// it has.
struct NormPart {
  std::string label;          ///< empty, or which half of a composite operator this is
  std::int64_t offset = 0;    ///< first element of the view in the tensor
  std::vector<NormDim> dims;  ///< outermost first; merged where neighbours behave alike
  Statistic statistic = Statistic::MeanVariance;
  EpsilonPlace epsilon_place = EpsilonPlace::InVariance;
  double epsilon = 1e-5;
  std::vector<double> gamma;     ///< one an affine index; empty means 1
  std::vector<double> beta;      ///< one an affine index; empty means 0
  std::vector<double> mean;      ///< Statistic::Given: one an affine index
  std::vector<double> variance;  ///< Statistic::Given: one an affine index

  std::int64_t set_size() const;  ///< elements a set
  std::int64_t set_count() const;
  std::int64_t element_count() const { return set_size() * set_count(); }
  std::int64_t affine_count() const;  ///< entries of gamma and beta
};

/// A norm operator on a tensor of `shape`; the parts cover every element exactly once.
struct NormProblem {
  Shape shape;
  std::vector<NormPart> parts;
  /// BatchNormalization in training mode: running = momentum * running + (1 - momentum) * batch. Empty
  /// otherwise.
  std::vector<double> running_mean, running_variance;
  double momentum = 0.9;
};

/// What an operator node brings: its attributes, its data shape, and its constant inputs in ONNX order after
/// X (an empty tensor stands for an input that is not given).
struct NormArguments {
  Attributes attributes;
  Shape shape;
  std::vector<Tensor> constants;
  int opset = 21;
};

/// A row of the registry: one norm operator.
struct NormDefinition {
  const char* op;         ///< operator name, as ONNX or its usual exporters spell it
  const char* constants;  ///< names of the inputs after X, for messages and docs; '?' marks optional ones
  const char* over;       ///< what the statistics run over, for docs
  const char* affine;     ///< what gamma and beta are indexed by, for docs
  int min_rank, max_rank;
  NormProblem (*resolve)(const NormArguments&);  ///< throws std::invalid_argument with what is wrong
};

/// All norms. The one place that lists them; support tables, docs, tests and commands expand from it.
const std::vector<NormDefinition>& norm_registry();

/// The row of `op`, or nullptr.
const NormDefinition* find_norm(const std::string& op);

/// Checks rank, extents and constants against the row, resolves and merges dimensions.
/// Throws std::invalid_argument with a sentence that names the operator and what is wrong.
NormProblem resolve_norm(const NormDefinition& definition, const NormArguments& arguments);

}  // namespace bpusim
