// What the MAC array does: convolutions and products of two activations.
#pragma once

#include <cstdint>

#include "kernels/mac/conv.h"
#include "models/commands/behaviour.h"

namespace bpusim {

struct MacArrayParams;
struct ProductPlan;

/// A tile of a convolution, on Unit::Mac.
struct Convolve {
  using Plan = ConvPlan;
  int plan = 0;
  ConvTile tile;
  std::int64_t input = 0, weights = 0, entries = 0, out = 0;

  const char* name(const Site& site) const;
  void relocate(std::int64_t offset);
  Footprint footprint(const Site& site, const Plans& plans) const;
  Cost price(const MachineParams& machine, const Site& site, const Plans& plans) const;
  void execute(const Site& site, const Plans& plans, Memories& memories) const;
};

/// Passes of the array that a product takes: those of int16 halves, of either factor.
std::int64_t passes_of(const ProductPlan& plan, const MacArrayParams& mac);

/// A tile of a product of two activations, on Unit::Mac: [rows][inner] by [inner][columns], each as the plan
/// says that it lies.
struct Multiply {
  using Plan = ProductPlan;
  int plan = 0;
  std::int64_t rows = 0, columns = 0;
  std::int64_t a = 0, b = 0, out = 0;

  const char* name(const Site& site) const;
  void relocate(std::int64_t offset);
  Footprint footprint(const Site& site, const Plans& plans) const;
  Cost price(const MachineParams& machine, const Site& site, const Plans& plans) const;
  void execute(const Site& site, const Plans& plans, Memories& memories) const;
};

}  // namespace bpusim
