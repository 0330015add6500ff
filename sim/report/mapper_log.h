// Logs of the vendor's tools, and a run held against one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/report/report.h"
#include "sim/result/result.h"

namespace bpusim {

/// A row of the node table that hb_mapper and hb_compile print. A name that is too long for the table starts
/// with
/// "...".
struct MapperNode {
  std::string name, on, subgraph, type, dtype;
  std::optional<double> cosine, threshold;
};

/// What a BPU subgraph takes by the tool's estimate.
struct MapperSubgraph {
  double fps = 0, latency_us = 0, ddr_bytes = 0;
};

struct MapperLog {
  std::vector<MapperNode> nodes;
  std::vector<MapperSubgraph> subgraphs;
};

/// Reads a log's text. Of several node tables the last one counts, which is that of the whole conversion.
/// Throws InputError with `file` where it has no node table, or a line of one that is no row.
MapperLog parse_mapper_log(const std::string& text, const std::string& file);

/// The same from a file.
MapperLog read_mapper_log(const std::string& path);

/// Nodes by name: those on another side, those whose thresholds differ most, and what one side alone has, by
/// type; then latency and DDR bytes. A node that another runs as part of it is found there.
std::string text_against(const RunResult& result, const MapperLog& log, const TextStyle& style = {});

}  // namespace bpusim
