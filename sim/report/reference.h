// What the results of commands hold, for programs and for readers.
#pragma once

#include <string>
#include <vector>

namespace bpusim {

/// Commands whose results have a schema: run, compare, check, conformance.
std::vector<std::string> documented_results();

/// JSON Schema (draft 2020-12) of what that command writes with --json. Throws std::logic_error for others.
std::string result_schema(const std::string& command);

/// The part of docs/report.md that lists all keys, from its first marker to its last.
std::string result_reference();

}  // namespace bpusim
