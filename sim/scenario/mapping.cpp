#include "sim/scenario/mapping.h"

#include <stdexcept>

namespace bpusim {

const char* to_string(Mapping mapping) {
  for (const MappingName& row : kMappings)
    if (row.mapping == mapping) return row.name;
  throw std::logic_error("to_string: unknown Mapping");
}

std::optional<Mapping> parse_mapping(const std::string& name) {
  for (const MappingName& row : kMappings)
    if (name == row.name) return row.mapping;
  return std::nullopt;
}

}  // namespace bpusim
