// The commands of tiles that take turns on the cores, and where they lie in SRAM.
#pragma once

#include <cstdint>
#include <utility>

#include "models/machine_params.h"
#include "sim/lowering/program_builder.h"

namespace bpusim {

/// Adds the commands of one tile after the other; tile t belongs to core t modulo the cores.
class TileCommands {
 public:
  TileCommands(ProgramBuilder& builder, const MachineParams& machine)
      : builder_(builder), machine_(machine) {}

  int tile() const { return tile_; }
  std::int64_t core() const { return tile_ % machine_.bpu.cores; }
  /// Which of a core's `slots` the tile takes: they rotate.
  std::int64_t slot(std::int64_t slots) const { return tile_ / machine_.bpu.cores % slots; }
  void next() { ++tile_; }

  void add(Unit unit, Body body) {
    Command command;
    command.unit = unit;
    command.core = static_cast<int>(core());
    command.tile = tile_;
    command.body = std::move(body);
    builder_.add(std::move(command));
  }

 private:
  ProgramBuilder& builder_;
  const MachineParams& machine_;
  int tile_ = 0;
};

}  // namespace bpusim
