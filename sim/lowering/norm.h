// From a norm operator to a program: which tiles, on which engines, in which order. One lowering serves all
// norms; a mapping decides how sets meet SRAM.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/norms/datapath.h"
#include "models/commands/command.h"
#include "models/machine_params.h"
#include "sim/scenario/mapping.h"

namespace bpusim {

/// A part of a norm with its grids and its places in DRAM.
struct NormJob {
  const NormPart* part = nullptr;
  NormPlan plan;
  std::int64_t x = 0, y = 0;  ///< addresses of the tensors, which the part is a view of
  std::int64_t entries = 0;   ///< address of the affine table, 16 bytes an entry
  std::int64_t sums = -1;     ///< where each set's sums go, in order; -1: nowhere
};

/// Why the mapping cannot serve the job on this machine; empty where it can. Not for Decomposed and Host.
std::string obstacle(Mapping mapping, const NormJob& job, const MachineParams& machine);

/// The program for Resident, Streaming, Split or MacArray, with tiles of about `tile_bytes`. Throws
/// std::invalid_argument with the obstacle.
Program lower_norm(const std::string& name, const std::vector<NormJob>& jobs, Mapping mapping,
                   const MachineParams& machine, std::int64_t tile_bytes);

}  // namespace bpusim
