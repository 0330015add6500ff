// What tells runs apart, and what they share.
#pragma once

#include <string>
#include <vector>

#include "sim/report/compared_run.h"

namespace bpusim {

/// "a", "b", …, "z", "aa": how JSON, CSV and legends call the runs, in their order.
std::string run_letter(std::size_t run);

/// Keys of all traits that some run has, in the order of the identity.
std::vector<std::string> trait_keys(const std::vector<ComparedRun>& runs);

/// The trait of each run; null where it has none.
std::vector<const Trait*> traits_by_run(const std::vector<ComparedRun>& runs, const std::string& key);

/// Whether they are not all alike.
bool differs(const std::vector<const Trait*>& by_run);

/// A trait that not all runs have alike.
struct Difference {
  std::string key;
  std::vector<const Trait*> by_run;  ///< null where a run has none
  /// What names a run first: 0 for what somebody chose, more for what follows from that.
  int rank = 0;
};

/// In the order of the identity. Parameters that differ because the machines do are left out, and whether
/// what the advice would change was tried, which changes nothing that is compared.
std::vector<Difference> differences(const std::vector<ComparedRun>& runs);

/// A trait as people are told it: "rdk-x5", "mac.rows=64", "int16=all"; "mac.rows=-" where a run has none.
std::string label_of(const std::string& key, const Trait* trait);

/// A name a run, by as few of the differences as tell them all apart; with the run's letter where none do.
std::vector<std::string> run_labels(const std::vector<ComparedRun>& runs);

/// The lines above a comparison: what all share, and a line a run with what it has of its own.
std::string legend(const std::vector<ComparedRun>& runs);

}  // namespace bpusim
