// The bytes that a run leaves in its tensors, taken down as they are written: tensors on chip make room for
// others before the run is over.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "models/machine.h"
#include "sim/compile/network_compiler.h"
#include "sim/operators/step_lowering.h"

namespace bpusim {

/// An observer that keeps what steps write to their outputs, and says when a step is complete, in the order
/// of steps. Bytes go when the last step that reads them is complete.
class Capture : public Observer {
 public:
  /// All arguments must outlive the runs.
  Capture(Machine& machine, const PlacedNetwork& placed, const CompiledNetwork& compiled);

  /// `done(step)` may ask for codes of the step's inputs and outputs. Before begin().
  void when_complete(std::function<void(std::size_t)> done) { done_ = std::move(done); }

  /// Codes of a value as they lie in memory now: inputs and constants, before the first program.
  void take(const std::string& value);

  /// Ends steps that have no commands, up to the first that has.
  void begin();

  void command_retired(const Program& program, int command, const CommandTimes& times) override;

  Codes codes(const std::string& value) const;

 private:
  void copy(std::size_t step, const DramBox& box);
  void complete_steps();
  std::vector<std::uint8_t>& bytes_of(const std::string& root);
  void read(std::int64_t address, std::uint8_t* data, std::int64_t bytes);

  Machine& machine_;
  const Sharing& sharing_;
  const CompiledNetwork& compiled_;
  std::function<void(std::size_t)> done_;
  std::vector<std::int64_t> left_;                          // commands of each step that have not retired
  std::map<std::string, std::size_t> last_use_;             // of a root: the last step that touches it
  std::map<std::size_t, std::vector<std::string>> ends_;    // roots by their last step
  std::map<std::string, std::vector<std::uint8_t>> bytes_;  // of roots
  std::size_t next_ = 0;                                    // first step that is not complete
};

}  // namespace bpusim
