// Where run files come from: paths, the shipped ones by name, and what a file is based on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/config/yaml_reader.h"

namespace bpusim {

/// A run file or model, and what is to be said of how it was found; empty where it is what was asked for.
struct RunPath {
  std::string path, taken;
};

/// What lies at `path_or_name`, or else the shipped run file of that name. Throws InputError with a
/// suggestion where neither is there.
RunPath run_path(const std::string& path_or_name);

/// The file's keys over those of the file that its `base` names, and so on: maps are merged, all else is
/// replaced. A base that is not there, is no run file, or is based on a file that is based on it, is said at
/// its key.
YamlNode over_bases(const YamlNode& root, std::int64_t memory_limit, Problems& problems);

/// A shipped run file, for lists.
struct ShippedRun {
  std::string name, description, machine;
  std::string
      model_made_by;  ///< command that makes its model where that is not there; empty where none is needed
};
std::vector<ShippedRun> shipped_runs();

}  // namespace bpusim
