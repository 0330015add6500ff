// Reductions of codes over sets: ReduceSum and its kin.
#pragma once

#include <cstdint>

#include "kernels/norms/datapath.h"
#include "models/commands/behaviour.h"

namespace bpusim {

struct ReductionPlan;

/// Partial results of the sets of a tile, on Unit::Reduction.
struct ReduceCodes {
  using Plan = ReductionPlan;
  int plan = 0;
  NormTile tile;
  std::int64_t codes = 0, partials = 0;
  bool accumulate = false;  ///< onto what is there

  const char* name(const Site& site) const;
  void relocate(std::int64_t offset);
  Footprint footprint(const Site& site, const Plans& plans) const;
  Cost price(const MachineParams& machine, const Site& site, const Plans& plans) const;
  void execute(const Site& site, const Plans& plans, Memories& memories) const;
};

/// Partial results to codes: on Unit::SpecialFunction where roots are taken, on Unit::Vector otherwise.
struct FinishReduction {
  using Plan = ReductionPlan;
  int plan = 0;
  std::int64_t sets = 0;
  std::int64_t partials = 0, out = 0;

  const char* name(const Site& site) const;
  void relocate(std::int64_t offset);
  Footprint footprint(const Site& site, const Plans& plans) const;
  Cost price(const MachineParams& machine, const Site& site, const Plans& plans) const;
  void execute(const Site& site, const Plans& plans, Memories& memories) const;
};

}  // namespace bpusim
