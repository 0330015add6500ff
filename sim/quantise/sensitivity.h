// Which nodes suffer most from int8, and what can be done about each.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kernels/quantise/calibration.h"
#include "sim/quantise/accuracy.h"

namespace bpusim {

/// What a node loses. `alone` is of the ideal integer result for golden inputs that were quantised: what the
/// node's own grids cost, whatever the nodes before it did.
struct Sensitivity {
  std::string name, op, type;  ///< element type of its output
  double cosine = 1, sqnr_db = 0;
  std::optional<double> alone_cosine, alone_sqnr_db;
  std::string advice;  ///< empty where nothing needs to be done
};

/// Sorts worst first: by what nodes lose alone where that was measured, else by their cosine.
void worst_first(std::vector<Sensitivity>& nodes);

/// What to do about a node whose output takes these values. `affine` and `type` are of the grid that it has.
std::string quantisation_advice(const Sensitivity& node, const ValueStatistics& values, bool affine);

}  // namespace bpusim
