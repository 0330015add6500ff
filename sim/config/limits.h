// Conditions of a support policy as data: what an operator's facts must be for a row to hold. A condition is
// a fact of one table and a comparison of another; reading, evaluating, wording and docs follow from the two.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/config/yaml_reader.h"

namespace bpusim {

/// Numbers (one, or one for each tensor, axis or border that the fact speaks of), or a word.
using FactValue = std::variant<std::vector<double>, std::string>;

/// A fact that a policy may ask for.
struct FactDefinition {
  const char* name;
  bool is_word;
  const char* of;   ///< operators that have it
  const char* doc;  ///< as a refusal calls it: "height of the kernel"
};
const std::vector<FactDefinition>& fact_definitions();

/// What a policy is told about an operator.
struct OperatorFacts {
  std::string op;
  bool shapes_known = true;  ///< else limits say nothing: an operator before it has no definition
  std::map<std::string, FactValue> values;

  /// Throw std::logic_error for a name that no table has.
  void number(const std::string& name, double value);
  void numbers(const std::string& name, std::vector<double> values);
  void word(const std::string& name, const std::string& value);
};

/// A condition that an operator keeps or not. Bounds are numbers, or the name of another fact.
struct Condition {
  using Bound = std::variant<double, std::string>;

  std::string fact;
  std::optional<Bound> min, max, multiple_of;
  std::vector<double> equals;       ///< all of the fact's numbers, in order
  std::vector<std::string> one_of;  ///< words, or numbers as text
  bool power_of_two = false;        ///< of one, or one over such
};

/// A key of a condition or a limit, for docs.
struct LimitKey {
  const char* key;
  const char* type;  ///< of JSON Schema
  const char* doc;
};
const std::vector<LimitKey>& condition_keys();
/// Beside those of its condition.
const std::vector<LimitKey>& limit_keys();

/// A condition that counts where all of `when` are kept and not all of `unless`.
struct Limit {
  Condition condition;
  std::vector<Condition> when, unless;
  std::string says;  ///< the policy's own words for a refusal; empty for made ones
};

/// Reads a list of limits; mistakes are noted with line and suggestion.
std::vector<Limit> read_limits(const YamlNode& node);

/// How the operator breaks the limit, "height of the kernel 9 is beyond 7"; empty where it keeps it. A fact
/// that nobody knows breaks it.
std::string broken(const Limit& limit, const OperatorFacts& facts);

/// The limit in short, as "kernel_h <= 7 where groups = 1".
std::string to_string(const Limit& limit);

}  // namespace bpusim
