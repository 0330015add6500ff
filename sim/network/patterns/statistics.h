// Means, variances and norms of a set, as exporters spell them.
#pragma once

#include "kernels/norms/norm.h"
#include "sim/network/patterns/graph.h"

namespace bpusim {

/// Axes that a reduction runs over, ascending; from the front where the rank is known, else as they are
/// written. Empty where they are not known.
std::vector<std::int64_t> reduced_axes(const NetworkGraph& g, const Node& reduce);

/// A reduction of `source` whose result meets a tensor of source's shape again.
struct Reduction {
  std::string source;  ///< root
  std::vector<std::int64_t> axes;
  std::string value;  ///< the reduction's own output
};
/// `value` is made by `op`. With `vector`, a result of one dimension (as BatchNormalization takes it) will
/// do; otherwise it must broadcast against the source, be it by keepdims or by a Reshape or Unsqueeze behind
/// it.
std::optional<Reduction> reduction_of(const NetworkGraph& g, const std::string& value, const std::string& op,
                                      bool vector, Trail& trail);

/// The same for a mean: ReduceMean, or ReduceSum by the number of elements, as Mul or Div.
std::optional<Reduction> mean_of(const NetworkGraph& g, const std::string& value, bool vector, Trail& trail);

/// Whether the reduction is of `x`, perhaps of another shape of it: then source and axes are x's from now on.
bool comes_from(const NetworkGraph& g, const std::string& x, Reduction& reduction, Trail& trail);

/// d of d * d or d ^ 2, the root.
std::optional<std::string> square_of(const NetworkGraph& g, const std::string& value, Trail& trail);

/// A mean of squares: about the mean (a variance) or not.
struct Spread {
  std::string x;  ///< root
  std::vector<std::int64_t> axes;
  bool centred = true;
  std::string mean;  ///< of a variance: the value that holds x's mean
};
/// mean((x - mean)^2), mean(x^2) - mean^2, or mean(x^2); a Relu or a Max with 0 around it changes nothing,
/// nor do Reshapes before and behind the means.
std::optional<Spread> spread_of(const NetworkGraph& g, const std::string& value, bool vector, Trail& trail);

/// x - mean(x): which x, over which axes, and the value that holds the mean.
std::optional<Reduction> centred_of(const NetworkGraph& g, const std::string& value, Trail& trail);

/// What a spread is divided by.
struct Deviation {
  Spread spread;
  EpsilonPlace place = EpsilonPlace::InVariance;
  double epsilon = 0;
  std::string value;  ///< that holds the deviation; empty where only its inverse is there
};
/// sqrt(spread + epsilon), (spread + epsilon) ^ 0.5, or sqrt(spread) + epsilon.
std::optional<Deviation> deviation_of(const NetworkGraph& g, const std::string& value, Trail& trail);
/// 1 / deviation as Reciprocal, as a Div of 1, or as (spread + epsilon) ^ -0.5.
std::optional<Deviation> inverse_deviation_of(const NetworkGraph& g, const std::string& value, Trail& trail);

}  // namespace bpusim
