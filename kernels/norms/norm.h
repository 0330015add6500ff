// What a normalization is: statistics over some axes, then an affine map. Every norm operator reduces to a
// NormProblem, and everything downstream (golden, integer datapath, tiler, cost) knows NormProblems only.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <variant>
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

// What a statistic is made of. The switches behind these are where the compiler names one that is new.
bool subtracts_mean(Statistic statistic);   ///< a set's own mean, from each element
bool averages(Statistic statistic);         ///< the sum over the set's size; else the sum itself
bool sums_magnitudes(Statistic statistic);  ///< and not squares

/// Where epsilon enters.
enum class EpsilonPlace {
  None,         ///< nowhere; a zero norm gives zeros. Statistic::L1 takes no other
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
  /// While the constants of a norm of two parts are still to be drawn: channels of the first; 0 for half.
  std::int64_t first_channels = 0;
  std::string op = {};  ///< the row's; filled in for those that say what is wrong
};

/// What a constant input of a norm is.
enum class NormRole { Scale, Bias, Mean, Variance };

/// A constant input of a norm.
struct NormConstant {
  std::string name;  ///< as ONNX, or the operator's usual exporters, spell it
  NormRole role = NormRole::Scale;
  /// Its shape, from shape, attributes and opset. Throws std::invalid_argument where those do not fit.
  /// kernels/norms/definitions/building_blocks.h has the usual ones.
  Shape (*shape)(const NormArguments&) = nullptr;
  bool optional = false;
  bool broadcasts = false;  ///< onto that shape, by numpy's rule; else its number of values must be the same
  std::string drawn_as = {};  ///< its value's name in a workload; empty: by its role (scale, bias, mean, var)
};

/// An attribute that a norm reads.
struct NormAttribute {
  std::string name;
  std::variant<std::int64_t, double, std::vector<std::int64_t>> fallback;  ///< where it is not given
  bool required = false;  ///< ONNX wants it given: its fallback is refused
};

/// A tensor that a norm takes with some attributes: the smallest. Whole multiples of its extents are taken
/// too, and so random tests draw them.
struct NormExample {
  Shape shape;
  std::map<std::string, std::int64_t> ints = {};
  std::map<std::string, std::vector<std::int64_t>> int_lists = {};

  Attributes attributes() const { return {ints, {}, {}, int_lists, {}}; }
};

/// An output of a norm behind Y: a number for each set, in the tensor's shape with 1 where it is normalised.
enum class NormOutput { Mean, InverseDeviation };

/// A row of the registry: one norm operator. What runs, imports, checks, documents, advises on and tests
/// norms follows from the rows. Elsewhere a norm is named where that one is meant: by rules of recognition,
/// by what folds into convolutions, by policies.
struct NormDefinition {
  std::string op;                         ///< operator name, as ONNX or its usual exporters spell it
  std::string over;                       ///< what the statistics run over, for docs
  std::string affine;                     ///< what scale and bias are indexed by, for docs
  int min_rank = 1;                       ///< of the tensor; there is no highest
  std::vector<NormConstant> constants;    ///< the inputs after X, in order
  std::vector<NormAttribute> attributes;  ///< that `resolve` and the constants' shapes read
  std::vector<NormExample> examples;      ///< at least one
  /// Mean and variance are constants, but for a training mode.
  bool given_statistics = false;
  /// The integer attribute that is not 0 in training mode: the norm takes its tensor's own statistics and
  /// gives the running ones out, an output for each mean and variance among its constants. Empty: there is
  /// no such mode.
  std::string training_attribute;
  std::vector<NormOutput> outputs;  ///< behind Y, out of training mode
  /// Made of norms that are operators of their own, some of which may run where it does not.
  bool composite = false;
  /// How an exporter keeps it whole, for advice.
  std::string kept_whole = "no opset has it";
  /// What to do where it stands in a network in parts and the policy has nothing for it whole, for advice;
  /// empty: keep it whole.
  std::string in_parts;
  /// Arguments are as resolve_norm() leaves them: every attribute of the row is there, in its row's type, and
  /// every constant of the row, checked and of its shape (or empty, where it is optional and not given).
  /// Throws std::invalid_argument with what is wrong.
  NormProblem (*resolve)(const NormArguments&) = nullptr;
};

/// All norms. A row keeps its place, whatever is registered after it.
const std::deque<NormDefinition>& norm_registry();

/// Adds a row of one's own. Everything that asks the registry knows it from then on: run files, the ONNX
/// importer, operators, docs. Before the first run, and by one thread alone. Throws std::invalid_argument
/// where the name is taken, or where the row has no name, no way to resolve, no shape for a constant or no
/// example.
void register_norm(NormDefinition definition);

/// The row of `op`, or nullptr.
const NormDefinition* find_norm(const std::string& op);

/// The names of the constants, '?' behind those that are optional: "Scale, B?".
std::string constant_names(const NormDefinition& definition);

/// Constants that must be given, counted up to the last of them.
std::size_t required_constants(const NormDefinition& definition);

/// Whether a norm with these attributes is in training mode (NormDefinition::training_attribute).
bool in_training(const NormDefinition& definition, const Attributes& attributes);

/// Whether a norm with these attributes takes statistics of its tensor, and does not only apply given ones.
bool takes_statistics(const NormDefinition& definition, const Attributes& attributes);

/// The shape of a constant of the row, for those who draw it. Of `arguments`, its constants are not looked
/// at. Throws std::invalid_argument where shape and attributes do not fit the row.
Shape constant_shape(const NormDefinition& definition, const NormConstant& constant, NormArguments arguments);

/// Checks rank, extents and constants against the row, resolves and merges dimensions.
/// Throws std::invalid_argument with a sentence that names the operator and what is wrong.
NormProblem resolve_norm(const NormDefinition& definition, NormArguments arguments);

}  // namespace bpusim
