// What a command says about itself, all of it in members beside its fields. Every alternative of Body
// (command.h) has these, and the compiler names the one that is missing:
//
//   const char* name(const Site&) const
//       for traces and errors
//   void relocate(std::int64_t offset)
//       moves all its SRAM addresses by so many bytes; DRAM and windows stay
//   Footprint footprint(const Site&, const Plans&) const
//       every byte that execute() reads and writes: what waits for what follows from it
//   Cost price(const MachineParams&, const Site&, const Plans&) const
//       cycles on its engine, where no other command is in the way
//   void execute(const Site&, const Plans&, Memories&) const
//       what it does to bytes, without time
//
// A command with constants says `using Plan = …` and has an `int plan`, its index among the program's plans
// of that type (plans.h).
#pragma once

#include <cstdint>

#include "models/commands/unit.h"

namespace bpusim {

class Plans;
struct Cost;
struct Footprint;
struct MachineParams;
struct Memories;

}  // namespace bpusim
