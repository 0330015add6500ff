#include "models/commands/command.h"

#include "kernels/mac/product.h"
#include "kernels/vector/pool.h"
#include "kernels/vector/reduction.h"
#include "kernels/vector/unary.h"
#include "models/commands/cost.h"
#include "models/commands/footprint.h"

namespace bpusim {

std::string describe(const Program& program, int command) {
  const Command& c = program.commands[static_cast<std::size_t>(command)];
  const std::string what = std::visit([&](const auto& body) { return body.name(c.site()); }, c.body);
  return what + " #" + std::to_string(command) + " (tile " + std::to_string(c.tile) + ", core " +
         std::to_string(c.core) + ", " + to_string(c.unit) + ")";
}

void relocate(Command& command, std::int64_t offset) {
  std::visit([&](auto& body) { body.relocate(offset); }, command.body);
}

namespace {

template <class Body, class = void>
constexpr bool has_plan = false;
template <class Body>
constexpr bool has_plan<Body, std::void_t<typename Body::Plan>> = true;

}  // namespace

void use_appended_plans(Command& command, const Plans& plans, const Plans& appended) {
  std::visit(
      [&](auto& body) {
        using Alternative = std::decay_t<decltype(body)>;
        if constexpr (has_plan<Alternative>) {
          using Plan = typename Alternative::Plan;
          body.plan += plans.count<Plan>() - appended.count<Plan>();
        }
      },
      command.body);
}

Footprint footprint(const Command& command, const Program& program) {
  return std::visit([&](const auto& body) { return body.footprint(command.site(), program.plans); },
                    command.body);
}

Cost price(const MachineParams& machine, const Program& program, const Command& command) {
  return std::visit([&](const auto& body) { return body.price(machine, command.site(), program.plans); },
                    command.body);
}

void execute(const Command& command, const Program& program, Memories& memories) {
  std::visit([&](const auto& body) { body.execute(command.site(), program.plans, memories); }, command.body);
}

}  // namespace bpusim
