#include "sim/report/words.h"

#include <map>
#include <stdexcept>

namespace bpusim {

const char* in_words(Cause cause) {
  switch (cause) {
    case Cause::Work:
      return "work";
    case Cause::Dram:
      return "DRAM";
    case Cause::SramBank:
      return "SRAM bank";
    case Cause::Dependency:
      return "engine";
    case Cause::Host:
      return "CPU";
    case Cause::Dispatch:
      return "dispatch";
    case Cause::QueueEmpty:
      return "idle";
  }
  throw std::logic_error("in_words: unknown Cause");
}

const char* in_words(Bound bound) {
  switch (bound) {
    case Bound::Dram:
      return "DRAM";
    case Bound::DmaLoad:
      return "load";
    case Bound::DmaStore:
      return "store";
    case Bound::Sram:
      return "SRAM";
    case Bound::Mac:
      return "MAC";
    case Bound::Reduction:
      return "reduction";
    case Bound::Vector:
      return "vector";
    case Bound::Host:
      return "CPU";
    case Bound::Nothing:
      return "-";
  }
  throw std::logic_error("in_words: unknown Bound");
}

std::string type_in_table(std::string op, const TextStyle& style) {
  constexpr std::size_t kRoomForAll = 160;
  const std::string rest = "alization";  // behind "Norm"
  if (style.table_width() >= kRoomForAll) return op;
  for (auto at = op.find("Norm" + rest); at != std::string::npos; at = op.find("Norm" + rest))
    op.erase(at + 4, rest.size());
  return op;
}

std::string unit_in_words(const std::string& unit) {
  static const std::map<std::string, std::string> words = {
      {"dma_load", "load"}, {"dma_store", "store"}, {"mac", "MAC"}, {"sfu", "SFU"}, {"host", "CPU"}};
  const auto found = words.find(unit);
  return found == words.end() ? unit : found->second;
}

}  // namespace bpusim
