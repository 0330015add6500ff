#include "sim/result/result.h"

#include <stdexcept>

namespace bpusim {

const char* to_string(Side side) {
  switch (side) {
    case Side::Bpu:
      return "BPU";
    case Side::Cpu:
      return "CPU";
    case Side::Nowhere:
      return "-";
  }
  throw std::logic_error("to_string: unknown Side");
}

const char* to_string(DataSource source) {
  switch (source) {
    case DataSource::Samples:
      return "samples";
    case DataSource::OwnInput:
      return "inputs";
    case DataSource::Drawn:
      return "drawn";
  }
  throw std::logic_error("to_string: unknown DataSource");
}

}  // namespace bpusim
