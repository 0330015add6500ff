// Parameters declared beside the unit that they belong to: name, type, unit, range, default, doc in one row.
// The rows serve reading, checking, the documentation page and the JSON Schema; nothing repeats them.
#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace bpusim {

/// A field of struct T that is an enum, by the words that files have for its values.
template <class T>
struct WordField {
  std::vector<std::string> choices;                    ///< all legal words
  std::function<std::string(const T&)> word;           ///< of the field's value
  std::function<void(T&, const std::string&)> choose;  ///< sets the value of one of the choices
};

/// `values` holds every value of the enum with its word. Values and words that are not there are the
/// program's mistake: std::logic_error.
template <class T, class Enum>
WordField<T> words(Enum T::*field, const std::vector<std::pair<Enum, std::string>>& values) {
  WordField<T> made;
  for (const auto& value : values) made.choices.push_back(value.second);
  made.word = [field, values](const T& section) {
    for (const auto& [value, word] : values)
      if (section.*field == value) return word;
    throw std::logic_error("parameter_table: a value without a word");
  };
  made.choose = [field, values](T& section, const std::string& chosen) {
    for (const auto& [value, word] : values) {
      if (word != chosen) continue;
      section.*field = value;
      return;
    }
    throw std::logic_error("parameter_table: no value has the word '" + chosen + "'");
  };
  return made;
}

/// One row, for a field of struct T. The default is the field's own initialiser.
template <class T>
struct Parameter {
  using Field = std::variant<std::int64_t T::*, double T::*, bool T::*, std::string T::*, WordField<T>>;

  std::string name;
  Field field;
  std::string unit;  ///< "bytes", "cycles", "MHz", …; empty for a pure number or a word
  double low = 0;    ///< smallest legal value of a number
  double high = 0;   ///< largest legal value of a number
  std::string doc;
};

template <class T>
using ParameterTable = std::vector<Parameter<T>>;

}  // namespace bpusim
