// The YAML of Horizon's own tools, hb_mapper makertbin and hb_compile, as a run.
#pragma once

#include <string>

#include "sim/config/yaml_reader.h"
#include "sim/scenario/run_file.h"

namespace bpusim {

/// Whether the file is one of theirs: it has model_parameters.
bool is_toolchain_file(const YamlNode& root);

/// The run that it stands for. What is wrong is said at its place; throws InputError for what is wrong with
/// its model or data. RunSpec::notes has what is not modelled.
void read_toolchain_file(const YamlNode& root, const std::string& folder, const ReadOptions& options,
                         RunSpec& run);

}  // namespace bpusim
