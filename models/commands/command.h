// The commands that the machine understands, and programs of them. A command names its engine, the bytes it
// works on and the commands it waits for. What it costs, touches and does is said where it is defined
// (behaviour.h): the functions here only pass it on.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "models/commands/host_task.h"
#include "models/commands/mac_commands.h"
#include "models/commands/norm_commands.h"
#include "models/commands/plans.h"
#include "models/commands/reduction_commands.h"
#include "models/commands/transfer.h"
#include "models/commands/unit.h"
#include "models/commands/vector_commands.h"

namespace bpusim {

using Body =
    std::variant<Transfer, Reduce, Combine, Finalise, Apply, Primitive, Convolve, Elementwise, Lookup,
                 SoftmaxRows, Pool, Multiply, ReduceCodes, FinishReduction, Resample, HostTask>;

struct Command {
  Unit unit = Unit::Load;
  int core = 0;
  int channel = 0;  ///< of the DMA
  int node = 0;     ///< which of the program's nodes it belongs to
  int tile = 0;     ///< which tile of its node, for traces
  Body body;
  std::vector<int> dependencies;  ///< indices of earlier commands

  Site site() const { return {unit, core}; }
};

/// Commands in the order in which each engine takes its own; an index is a command's identity.
struct Program {
  std::string name;
  std::vector<Command> commands;
  Plans plans;
  std::int64_t sram_bytes = 0;  ///< high-water mark of one core's SRAM
};

/// "Reduce #12 (tile 3, core 0, reduction)".
std::string describe(const Program& program, int command);

/// Moves what the command has in SRAM by `offset` bytes, on whatever core; windows stay.
void relocate(Command& command, std::int64_t offset);

/// Makes a command of another program, whose plans were appended to `plans` just now, use them there.
void use_appended_plans(Command& command, const Plans& plans, const Plans& appended);

/// Everything that the command reads and writes. Points into it.
Footprint footprint(const Command& command, const Program& program);

/// Cycles on its engine, where no other command is in the way. What the DRAM adds to a transfer is not in it.
Cost price(const MachineParams& machine, const Program& program, const Command& command);

/// Does to bytes what the command does, without time.
void execute(const Command& command, const Program& program, Memories& memories);

}  // namespace bpusim
