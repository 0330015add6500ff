// A run as `compare` needs it: from a result in memory, or from JSON that another run wrote.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/result/result.h"

namespace bpusim {

/// Value of sim/result/metrics.h, by another name: networks have values, too, and who uses both includes
/// this.
using Figure = std::variant<std::monostate, bool, std::int64_t, double, std::string, std::vector<std::string>,
                            std::vector<double>>;

/// Something that a run was made with: a file, a parameter, an option.
struct Trait {
  std::string key;  ///< "machine", "model", "mac.rows", "options.int16", "files.x.npy"
  Figure value;     ///< of a file its path
  std::optional<std::string>
      sha256;                     ///< of a file; then it is what tells two apart, whatever they are called
  std::optional<std::string> by;  ///< of a parameter: who set it, as in identity.parameters[]

  bool same_as(const Trait& other) const;
};

/// A node, or the nodes of one operator on one side.
struct ComparedRow {
  std::string name, op, on;
  std::int64_t count = 1;
  double time_ms = 0;
  std::int64_t dram_bytes = 0;
  std::vector<Figure> metrics;  ///< of a node: as node_metrics()
};

struct ComparedRun {
  std::string source;  ///< file that it was read from; empty where it was simulated for this
  std::string name, machine, policy;
  std::int64_t nodes = 0, nodes_on_cpu = 0, segments = 0;
  double time_ms = 0, bpu_ms = 0, host_ms = 0;
  std::int64_t dram_read_bytes = 0, dram_write_bytes = 0;
  std::optional<double> output_cosine, output_sqnr_db;  ///< of the worst output
  std::vector<Trait> traits;
  std::vector<ComparedRow> rows, kinds;

  const Trait* find(const std::string& key) const;
};

ComparedRun compared_run(const RunResult& result);

/// From what `bpusim run --json` wrote; `file` names it in messages. Throws InputError where it is something
/// else, of another version of the schema, or damaged.
ComparedRun stored_run(const std::string& json, const std::string& file);

}  // namespace bpusim
