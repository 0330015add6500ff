// What the vector unit does to codes, all on Unit::Vector.
#pragma once

#include <cstdint>

#include "kernels/mac/conv.h"
#include "kernels/vector/elementwise.h"
#include "kernels/vector/resample.h"
#include "kernels/vector/softmax.h"
#include "models/commands/behaviour.h"

namespace bpusim {

struct LookupPlan;
struct PoolPlan;

/// An element-wise operator over dense spans.
struct Elementwise {
  using Plan = ElementwisePlan;
  int plan = 0;
  std::int64_t elements = 0;
  std::int64_t a = 0, b = 0, out = 0;  ///< b for two operands only
  Broadcast broadcast;                 ///< of b

  const char* name(const Site& site) const;
  void relocate(std::int64_t offset);
  Footprint footprint(const Site& site, const Plans& plans) const;
  Cost price(const MachineParams& machine, const Site& site, const Plans& plans) const;
  void execute(const Site& site, const Plans& plans, Memories& memories) const;
};

/// A function of one element by table.
struct Lookup {
  using Plan = LookupPlan;
  int plan = 0;
  std::int64_t elements = 0;
  std::int64_t in = 0, out = 0;
  std::int64_t table = -1;  ///< of int16 inputs, where sim/lowering/int16_tables.h put it

  const char* name(const Site& site) const;
  void relocate(std::int64_t offset);
  Footprint footprint(const Site& site, const Plans& plans) const;
  Cost price(const MachineParams& machine, const Site& site, const Plans& plans) const;
  void execute(const Site& site, const Plans& plans, Memories& memories) const;
};

/// Softmax over rows.
struct SoftmaxRows {
  using Plan = SoftmaxPlan;
  int plan = 0;
  std::int64_t rows = 0;
  SoftmaxRowShape shape;
  std::int64_t in = 0, out = 0;

  const char* name(const Site& site) const;
  void relocate(std::int64_t offset);
  Footprint footprint(const Site& site, const Plans& plans) const;
  Cost price(const MachineParams& machine, const Site& site, const Plans& plans) const;
  void execute(const Site& site, const Plans& plans, Memories& memories) const;
};

/// A tile of a pooling.
struct Pool {
  using Plan = PoolPlan;
  int plan = 0;
  ConvTile tile;
  std::int64_t in = 0, out = 0;

  const char* name(const Site& site) const;
  void relocate(std::int64_t offset);
  Footprint footprint(const Site& site, const Plans& plans) const;
  Cost price(const MachineParams& machine, const Site& site, const Plans& plans) const;
  void execute(const Site& site, const Plans& plans, Memories& memories) const;
};

/// A tile of a Resize.
struct Resample {
  using Plan = ResamplePlan;
  int plan = 0;
  ResampleTile tile;
  std::int64_t in = 0, out = 0;

  const char* name(const Site& site) const;
  void relocate(std::int64_t offset);
  Footprint footprint(const Site& site, const Plans& plans) const;
  Cost price(const MachineParams& machine, const Site& site, const Plans& plans) const;
  void execute(const Site& site, const Plans& plans, Memories& memories) const;
};

}  // namespace bpusim
