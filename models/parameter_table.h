// Parameters declared beside the unit that they belong to: name, type, unit, range, default, doc in one row.
// The rows serve reading, checking, the documentation page and the JSON Schema; nothing repeats them.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace bpusim {

/// One row, for a field of struct T. The default is the field's own initialiser.
template <class T>
struct Parameter {
  using Field = std::variant<std::int64_t T::*, double T::*, bool T::*, std::string T::*>;

  std::string name;
  Field field;
  std::string unit;                  ///< "bytes", "cycles", "MHz", …; empty for a pure number or a word
  double low = 0;                    ///< smallest legal value of a number
  double high = 0;                   ///< largest legal value of a number
  std::vector<std::string> choices;  ///< legal values of a word; empty: any
  std::string doc;
};

template <class T>
using ParameterTable = std::vector<Parameter<T>>;

}  // namespace bpusim
