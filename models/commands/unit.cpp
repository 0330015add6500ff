#include "models/commands/unit.h"

#include <stdexcept>

namespace bpusim {

const char* to_string(Unit unit) {
  switch (unit) {
    case Unit::Load:
      return "dma_load";
    case Unit::Store:
      return "dma_store";
    case Unit::Mac:
      return "mac";
    case Unit::Reduction:
      return "reduction";
    case Unit::Vector:
      return "vector";
    case Unit::SpecialFunction:
      return "sfu";
    case Unit::Host:
      return "host";
  }
  throw std::logic_error("to_string: unknown Unit");
}

}  // namespace bpusim
