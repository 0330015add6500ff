// What the parameter tables say, for editors and for readers: a JSON Schema and a Markdown page.
#pragma once

#include <string>

namespace bpusim {

/// JSON Schema (draft 2020-12) of a machine file.
std::string machine_schema();

/// JSON Schema of settings by "section.key", as `set` of a run file has them: a part of others.
std::string settings_schema();

/// The configuration reference of machine files, a table a section.
std::string machine_reference();

}  // namespace bpusim
