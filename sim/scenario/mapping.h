// How a norm may be laid over the machine: what a run file can ask for.
#pragma once

#include <array>
#include <optional>
#include <string>

namespace bpusim {

enum class Mapping {
  Resident,    ///< blocks of whole sets in SRAM: one read, one write
  Streaming,   ///< sets pass through SRAM twice: two reads, one write
  Split,       ///< a set is spread over tiles and cores, partial sums are combined; one read where all fits
  MacArray,    ///< resident or streaming, with the sums on the MAC array
  Decomposed,  ///< as the operator's exported sub-operators, with int16 in between
  Host,        ///< on the CPU; other operators take it as well
};

struct MappingName {
  Mapping mapping;
  const char* name;
};
constexpr std::array<MappingName, 6> kMappings = {{{Mapping::Resident, "resident"},
                                                   {Mapping::Streaming, "streaming"},
                                                   {Mapping::Split, "split"},
                                                   {Mapping::MacArray, "mac_array"},
                                                   {Mapping::Decomposed, "decomposed"},
                                                   {Mapping::Host, "host"}}};

const char* to_string(Mapping mapping);
std::optional<Mapping> parse_mapping(const std::string& name);  ///< nullopt: not a mapping's name

}  // namespace bpusim
