// When each step of a run was under way and what it moved: an observer.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "models/observers/observer.h"

namespace bpusim {

class Timeline : public Observer {
 public:
  struct Step {
    std::int64_t start = INT64_MAX;  ///< cycle at which its first command took its engine
    std::int64_t finish = 0;         ///< cycle at which its last command was complete
    std::int64_t dram_read_bytes = 0, dram_write_bytes = 0;
    std::int64_t sram_read_bytes = 0, sram_write_bytes = 0;  ///< of copies on chip
    std::int64_t overflows = 0;
    bool ran = false;
  };

  explicit Timeline(std::size_t steps) : steps_(steps) {}

  void command_retired(const Program& program, int index, const CommandTimes& times) override {
    const Command& command = program.commands[static_cast<std::size_t>(index)];
    Step& step = steps_[static_cast<std::size_t>(command.node)];
    step.ran = true;
    step.start = std::min(step.start, times.start);
    step.finish = std::max(step.finish, times.finish);
    step.overflows += times.overflows;
    const auto count = [](const DramBox& box, std::int64_t& bytes) {
      if (box.base < kSramWindow) bytes += box.bytes();
    };
    if (const auto* transfer = std::get_if<Transfer>(&command.body)) {
      const bool load = command.unit == Unit::Load;
      count(transfer->dram, load ? step.dram_read_bytes : step.dram_write_bytes);
      if (transfer->on_chip())
        (load ? step.sram_read_bytes : step.sram_write_bytes) += transfer->dram.bytes();
    } else if (const auto* task = std::get_if<HostTask>(&command.body)) {
      for (const DramBox& box : task->reads) count(box, step.dram_read_bytes);
      for (const DramBox& box : task->writes) count(box, step.dram_write_bytes);
    }
  }

  const Step& step(std::size_t s) const { return steps_[s]; }

 private:
  std::vector<Step> steps_;
};

}  // namespace bpusim
