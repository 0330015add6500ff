// Norms: as the datapath runs them (reduce, combine, finalise, apply), and as sub-operators.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/norms/datapath.h"
#include "kernels/norms/decomposed.h"
#include "models/commands/behaviour.h"

namespace bpusim {

/// Sums of the sets of a tile. On Unit::Reduction, or on Unit::Mac as products with ones and with the codes
/// themselves.
struct Reduce {
  using Plan = NormPlan;
  int plan = 0;
  NormTile tile;
  std::int64_t codes = 0, sums = 0;
  bool accumulate = false;  ///< add to what is there

  const char* name(const Site& site) const;
  void relocate(std::int64_t offset);
  Footprint footprint(const Site& site, const Plans& plans) const;
  Cost price(const MachineParams& machine, const Site& site, const Plans& plans) const;
  void execute(const Site& site, const Plans& plans, Memories& memories) const;
};

/// Adds partial sums of several cores or tiles, on Unit::Vector.
struct Combine {
  struct Part {
    int core = 0;
    std::int64_t sums = 0;
  };
  std::vector<Part> parts;
  std::int64_t into = 0, sets = 0;

  const char* name(const Site& site) const;
  void relocate(std::int64_t offset);
  Footprint footprint(const Site& site, const Plans& plans) const;
  Cost price(const MachineParams& machine, const Site& site, const Plans& plans) const;
  void execute(const Site& site, const Plans& plans, Memories& memories) const;
};

/// SetSums to SetScales, on Unit::SpecialFunction.
struct Finalise {
  using Plan = NormPlan;
  int plan = 0;
  std::int64_t sums = 0, scales = 0, sets = 0;

  const char* name(const Site& site) const;
  void relocate(std::int64_t offset);
  Footprint footprint(const Site& site, const Plans& plans) const;
  Cost price(const MachineParams& machine, const Site& site, const Plans& plans) const;
  void execute(const Site& site, const Plans& plans, Memories& memories) const;
};

/// Codes to normalised codes, on Unit::Vector.
struct Apply {
  using Plan = NormPlan;
  int plan = 0;
  NormTile tile;
  std::int64_t codes = 0, scales = 0, entries = 0, out = 0;
  std::int64_t entry_count = 0;  ///< entries that the tile reads, from `entries` on

  const char* name(const Site& site) const;
  void relocate(std::int64_t offset);
  Footprint footprint(const Site& site, const Plans& plans) const;
  Cost price(const MachineParams& machine, const Site& site, const Plans& plans) const;
  void execute(const Site& site, const Plans& plans, Memories& memories) const;
};

/// One sub-operator of a norm that runs decomposed: sums on Unit::Reduction, roots on Unit::SpecialFunction,
/// the rest on Unit::Vector.
struct Primitive {
  using Plan = DecomposedPlan;
  int plan = 0;
  PrimitiveOp op = PrimitiveOp::Mean;
  NormTile tile;
  PrimitiveAddresses at;

  const char* name(const Site& site) const;
  void relocate(std::int64_t offset);
  Footprint footprint(const Site& site, const Plans& plans) const;
  Cost price(const MachineParams& machine, const Site& site, const Plans& plans) const;
  void execute(const Site& site, const Plans& plans, Memories& memories) const;
};

}  // namespace bpusim
