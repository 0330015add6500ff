#include "sim/lowering/int16_tables.h"

#include <map>
#include <set>
#include <stdexcept>
#include <utility>
#include <variant>

#include "kernels/units.h"
#include "kernels/vector/unary.h"
#include "kernels/vector/vector_int16.h"
#include "sim/lowering/program_builder.h"

namespace bpusim {

std::int64_t int16_table_room(int segment_bits) {
  return aligned(int16_table_bytes(segment_bits));
}

namespace {

// Where in SRAM the tables of a program's plans lie, and which cores have them.
class Tables {
 public:
  Tables(ProgramBuilder& builder, std::int64_t room) : builder_(builder), room_(room) {}

  /// Where the command's table lies on its core; loads it there before the first command that needs it.
  std::int64_t place(const Command& command, const Lookup& lookup, const LookupPlan& plan) {
    const auto [at, added] = places_.try_emplace(lookup.plan, taken_);
    if (added) taken_ += int16_table_room(plan.segment_bits);
    if (taken_ > room_) throw std::logic_error("int16 tables: more than there is room for");
    if (loaded_.insert({command.core, lookup.plan}).second) {
      Command load;
      load.unit = Unit::Load;
      load.core = command.core;
      load.tile = command.tile;
      load.body = Transfer{DramBox{plan.address, {{0, int16_table_bytes(plan.segment_bits), 1}}}, at->second};
      builder_.add(std::move(load));
    }
    return at->second;
  }

 private:
  ProgramBuilder& builder_;
  const std::int64_t room_;
  std::int64_t taken_ = 0;
  std::map<int, std::int64_t> places_;    // by plan
  std::set<std::pair<int, int>> loaded_;  // core and plan
};

}  // namespace

Program with_int16_tables(const Program& program, std::int64_t bytes) {
  ProgramBuilder builder(program.name, program.plans);
  Tables tables(builder, bytes);
  for (Command command : program.commands) {
    relocate(command, bytes);
    command.dependencies.clear();
    if (auto* lookup = std::get_if<Lookup>(&command.body)) {
      const LookupPlan& plan = program.plans.of(*lookup);
      if (plan.in.dtype == DType::Int16) lookup->table = tables.place(command, *lookup, plan);
    }
    builder.add(std::move(command));
  }
  builder.reserve_sram(bytes + program.sram_bytes);
  return builder.finish();
}

}  // namespace bpusim
