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

const char* to_string(Bound bound) {
  switch (bound) {
    case Bound::Dram:
      return "dram";
    case Bound::DmaLoad:
      return "dma_load";
    case Bound::DmaStore:
      return "dma_store";
    case Bound::Sram:
      return "sram";
    case Bound::Mac:
      return "mac";
    case Bound::Reduction:
      return "reduction";
    case Bound::Vector:
      return "vector";
    case Bound::Host:
      return "host";
    case Bound::Nothing:
      return "-";
  }
  throw std::logic_error("to_string: unknown Bound");
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
