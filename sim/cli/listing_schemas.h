// JSON Schemas (draft 2020-12) of what the commands write that simulate nothing.
#pragma once

#include <string>

namespace bpusim {

std::string cost_schema();     ///< of `bpusim cost … --json`
std::string support_schema();  ///< of `bpusim list support --json`

}  // namespace bpusim
