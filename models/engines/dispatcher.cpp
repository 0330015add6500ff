#include "models/engines/dispatcher.h"

#include <algorithm>

namespace bpusim {

void Dispatcher::load(const Program& program, std::int64_t now) {
  const std::size_t count = program.commands.size();
  program_ = &program;
  waits_for_.assign(count, 0);
  ready_at_.assign(count, now);
  last_dependency_.assign(count, -1);
  retired_.assign(count, 0);
  first_dependent_.assign(count + 1, 0);
  locks_.clear();
  outstanding_ = static_cast<std::int64_t>(count);
  for (std::size_t c = 0; c < count; ++c) {
    for (const int d : program.commands[c].dependencies) {
      if (d < 0 || static_cast<std::size_t>(d) >= c)
        throw std::invalid_argument(describe(program, static_cast<int>(c)) + " depends on #" +
                                    std::to_string(d) + ", which is not an earlier command");
      ++first_dependent_[static_cast<std::size_t>(d) + 1];
      ++waits_for_[c];
    }
  }
  for (std::size_t c = 0; c < count; ++c) first_dependent_[c + 1] += first_dependent_[c];
  dependents_.resize(static_cast<std::size_t>(first_dependent_[count]));
  std::vector<std::int64_t> next(first_dependent_.begin(), first_dependent_.end() - 1);
  for (std::size_t c = 0; c < count; ++c)
    for (const int d : program.commands[c].dependencies)
      dependents_[static_cast<std::size_t>(next[static_cast<std::size_t>(d)]++)] = static_cast<int>(c);
}

void Dispatcher::check(const Access& access, bool write, int command) const {
  for (const Lock& lock : locks_) {
    if ((write || lock.write) && lock.command != command && lock.access.overlaps(access)) {
      const std::string where =
          access.space == 0 ? "DRAM" : "SRAM of core " + std::to_string(access.space - 1);
      throw HazardError(program_->name + ": " + describe(*program_, command) +
                        (write ? " writes" : " reads") + " [" + std::to_string(access.begin) + ", " +
                        std::to_string(access.end) + ") of " + where + " while " +
                        describe(*program_, lock.command) + (lock.write ? " writes" : " reads") +
                        " it: a dependency is missing");
    }
  }
}

void Dispatcher::start(int command) {
  const Footprint f = footprint(program_->commands[static_cast<std::size_t>(command)], *program_);
  for (const Access& access : f.reads) check(access, false, command);
  for (const Access& access : f.writes) check(access, true, command);
  for (const Access& access : f.reads) locks_.push_back({access, false, command});
  for (const Access& access : f.writes) locks_.push_back({access, true, command});
}

std::vector<int> Dispatcher::retire(int command, std::int64_t now) {
  locks_.erase(std::remove_if(locks_.begin(), locks_.end(),
                              [command](const Lock& lock) { return lock.command == command; }),
               locks_.end());
  const auto c = static_cast<std::size_t>(command);
  retired_[c] = 1;
  --outstanding_;
  std::vector<int> ready;
  for (std::int64_t i = first_dependent_[c]; i < first_dependent_[c + 1]; ++i) {
    const int d = dependents_[static_cast<std::size_t>(i)];
    if (--waits_for_[static_cast<std::size_t>(d)] > 0) continue;
    ready_at_[static_cast<std::size_t>(d)] = now;
    last_dependency_[static_cast<std::size_t>(d)] = command;
    ready.push_back(d);
  }
  return ready;
}

std::vector<int> Dispatcher::missing(int command) const {
  std::vector<int> open;
  for (const int d : program_->commands[static_cast<std::size_t>(command)].dependencies)
    if (retired_[static_cast<std::size_t>(d)] == 0) open.push_back(d);
  return open;
}

}  // namespace bpusim
