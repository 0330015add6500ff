// The kinds of engines.
#pragma once

namespace bpusim {

/// Each core has one of each but for the host, which all share, and DMA channels, which are many.
enum class Unit { Load, Store, Mac, Reduction, Vector, SpecialFunction, Host };
constexpr int kUnits = 7;
const char* to_string(Unit unit);

/// Where a command runs.
struct Site {
  Unit unit = Unit::Load;
  int core = 0;
};

}  // namespace bpusim
