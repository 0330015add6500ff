// Makes a program command by command, and works out what each must wait for from the bytes that it touches:
// who wrote what it reads, and who still reads or wrote what it overwrites.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "models/commands/command.h"

namespace bpusim {

struct Access;

class ProgramBuilder {
 public:
  /// `plans`: those of a program whose commands are added again.
  explicit ProgramBuilder(std::string name, Plans plans = {}) {
    program_.name = std::move(name);
    program_.plans = std::move(plans);
  }

  /// Returns what commands with this plan have as `plan`.
  template <class Plan>
  int add_plan(Plan plan) {
    return program_.plans.add(std::move(plan));
  }

  /// Adds a command after all before it, with its dependencies; returns its index.
  int add(Command command);

  /// Adds a whole program behind what is there, as node `node`, with its SRAM moved by `sram_offset`; returns
  /// the index of its first command. What it must wait for follows from the bytes, as for single commands.
  int append(const Program& other, std::int64_t sram_offset, int node);

  /// The highest SRAM byte that a core uses.
  void reserve_sram(std::int64_t bytes);

  const Program& program() const { return program_; }
  Program finish() { return std::move(program_); }

 private:
  /// A stretch of SRAM with who wrote it last, and who has read it since.
  struct Stretch {
    std::int64_t end = 0;
    int writer = -1;
    std::vector<int> readers;
  };
  using Memory = std::map<std::int64_t, Stretch>;  // by begin; stretches don't overlap
  /// Boxes of one view of one tensor that commands used, with the hull of them all.
  struct DramUses {
    struct Use {
      DramBox box;
      std::int64_t first = 0, last = 0;  // of the box
      int command = 0;
    };
    std::int64_t first = INT64_MAX, last = 0;
    std::vector<Use> uses;
  };
  /// By the boxes' base; `most` is the longest hull behind a base.
  struct DramGroups {
    std::map<std::int64_t, DramUses> by_base;
    std::int64_t most = 0;
  };

  void split(Memory& memory, std::int64_t at);
  static void collect(const DramGroups& groups, const DramBox& box, std::vector<int>& waits);
  void collect(const Access& access, bool write, std::vector<int>& waits);
  void record(const Access& access, bool write, int command);
  bool implied(const Command& command, int dependency) const;

  Program program_;
  std::map<int, Memory> srams_;  // by Access::space
  DramGroups dram_writes_, dram_reads_;
  std::vector<int> waits_;  // of the command that is being added
};

}  // namespace bpusim
