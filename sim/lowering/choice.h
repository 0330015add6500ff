// How steps were lowered, so that steps which look the same need no second search.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace bpusim {

/// The choice among candidates.
struct LoweringChoice {
  std::string mapping;
  std::int64_t tile_bytes = 0;
  bool whole_sram = false;  ///< all of the operators' SRAM, not the half that lets steps overlap
};

using LoweringChoices = std::map<std::string, LoweringChoice>;  ///< by what the step looks like

}  // namespace bpusim
