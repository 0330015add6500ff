// Which of the files that bpusim reads a YAML file is: one that is given in another's place is told by its
// keys.
#pragma once

#include "sim/config/yaml_reader.h"

namespace bpusim {

enum class FileKind { Run, Machine, Policy };

/// Throws InputError that says how the file is given where its keys are those of another kind. Toolchains'
/// files are run files.
void require_kind(FileKind wanted, const YamlNode& root);

}  // namespace bpusim
