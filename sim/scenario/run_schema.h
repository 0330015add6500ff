// What a run file holds, for editors.
#pragma once

#include <string>

namespace bpusim {

/// JSON Schema (draft 2020-12) of a run file. Names of machines and policies are those that ship with bpusim;
/// files are as good. Throws InputError where the shipped configurations are not found.
std::string run_file_schema();

}  // namespace bpusim
