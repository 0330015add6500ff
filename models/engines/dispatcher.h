// Who may start: counts the dependencies of a program's commands, and keeps the ranges that running commands
// use locked. Plain C++; time comes from the caller.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <vector>

#include "models/commands/command.h"
#include "models/commands/footprint.h"

namespace bpusim {

/// Two commands met on the same bytes: the program lacks a dependency. The message names both.
class HazardError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

class Dispatcher {
 public:
  /// Takes up a program, whose commands without dependencies are ready at `now`. The program must outlive its
  /// run. Throws std::invalid_argument where a dependency is not an earlier command.
  void load(const Program& program, std::int64_t now);

  bool ready(int command) const { return waits_for_[static_cast<std::size_t>(command)] == 0; }
  std::int64_t ready_at(int command) const { return ready_at_[static_cast<std::size_t>(command)]; }
  int last_dependency(int command) const { return last_dependency_[static_cast<std::size_t>(command)]; }

  /// Locks the command's ranges: what it reads against writers, what it writes against everybody. Throws
  /// HazardError.
  void start(int command);

  /// Unlocks, and returns the commands that became ready.
  std::vector<int> retire(int command, std::int64_t now);

  /// Commands not retired yet.
  std::int64_t outstanding() const { return outstanding_; }

  /// Dependencies of a command that have not retired.
  std::vector<int> missing(int command) const;

 private:
  struct Lock {
    Access access;
    bool write = false;
    int command = 0;
  };

  void check(const Access& access, bool write, int command) const;

  const Program* program_ = nullptr;
  std::vector<int> waits_for_;
  std::vector<std::int64_t> ready_at_;
  std::vector<int> last_dependency_;
  std::vector<char> retired_;
  std::vector<std::int64_t> first_dependent_;  // into dependents_, one more than there are commands
  std::vector<int> dependents_;
  std::vector<Lock> locks_;
  std::int64_t outstanding_ = 0;
};

}  // namespace bpusim
