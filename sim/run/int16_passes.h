// Runs that look for the nodes that have to be int16, before the run that is reported.
#pragma once

#include <optional>

#include "sim/result/result.h"
#include "sim/run/simulate.h"

namespace bpusim {

/// What looking for int16 nodes in int8 found.
struct Int16Findings {
  RunSpec run;                         ///< with the nodes that were found, and the methods that int8 chose
  Quantised in_int8;                   ///< how int8 was quantised
  std::vector<std::string> kept_int8;  ///< nodes that fell below, without an int16 form where they lie
  std::optional<Int16Search> search;   ///< of int16_until

  /// Into the report of the run with what was found.
  void describe(Quantised& report) const;
};

/// Nothing unless the run asks for int16_below or int16_until. Throws InputError where it asks for both, or
/// for either without function.
std::optional<Int16Findings> find_int16(const Scenario& scenario, const RunOptions& options);

}  // namespace bpusim
