#include "sim/config/limits.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <stdexcept>

#include "sim/config/suggest.h"

namespace bpusim {

namespace {

constexpr double kLargest = 1e15;  // of a bound in a file

const FactDefinition* find_fact(const std::string& name) {
  for (const FactDefinition& fact : fact_definitions())
    if (name == fact.name) return &fact;
  return nullptr;
}

std::string number_text(double value) {
  std::ostringstream out;
  out.precision(15);
  out << value;
  return out.str();
}

std::string list_text(const std::vector<double>& values) {
  std::string text;
  for (const double v : values) text += (text.empty() ? "" : ", ") + number_text(v);
  return "[" + text + "]";
}

std::string words_text(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return words.size() > 1 ? "one of " + text : text;
}

std::string text_of(const Condition::Bound& bound) {
  return std::holds_alternative<double>(bound) ? number_text(std::get<double>(bound))
                                               : std::get<std::string>(bound);
}

// The bound's number; unset where it is a fact that nobody knows. Of several numbers the tightest is not ours
// to choose: bounds are facts of one number.
std::optional<double> number_of(const Condition::Bound& bound, const OperatorFacts& facts) {
  if (std::holds_alternative<double>(bound)) return std::get<double>(bound);
  const auto at = facts.values.find(std::get<std::string>(bound));
  if (at == facts.values.end()) return std::nullopt;
  const auto* numbers = std::get_if<std::vector<double>>(&at->second);
  if (numbers == nullptr || numbers->size() != 1) return std::nullopt;
  return (*numbers)[0];
}

bool is_power_of_two(double value) {
  int exponent = 0;
  return value > 0 && std::frexp(value, &exponent) == 0.5;
}

// A comparison with a bound.
struct Comparison {
  const char* key;
  std::optional<Condition::Bound> Condition::*bound;
  const char* sign;  ///< in short
  const char* refusal;
  bool (*keeps)(double value, double bound);
};

const std::vector<Comparison>& comparisons() {
  static const std::vector<Comparison> rows = {
      {"min", &Condition::min, ">=", "is below", [](double v, double b) { return v >= b; }},
      {"max", &Condition::max, "<=", "is beyond", [](double v, double b) { return v <= b; }},
      {"multiple_of", &Condition::multiple_of, "a multiple of", "is no multiple of",
       [](double v, double b) { return b != 0 && std::fmod(v, b) == 0; }},
  };
  return rows;
}

std::optional<Condition::Bound> read_bound(const YamlNode& node) {
  if (!node.exists()) return std::nullopt;
  const std::string word = node.word();
  if (word.empty() || std::string("-0123456789").find(word[0]) != std::string::npos)
    return node.number(0, -kLargest, kLargest);
  const FactDefinition* fact = find_fact(word);
  std::vector<std::string> names;
  for (const FactDefinition& each : fact_definitions())
    if (!each.is_word) names.emplace_back(each.name);
  if (fact == nullptr || fact->is_word)
    node.fail("'" + word + "' is neither a number nor a fact that is one" + did_you_mean(word, names));
  return word;
}

void check_kind(const YamlNode& node, const Condition& condition, const FactDefinition& fact) {
  bool compares = condition.power_of_two || !condition.equals.empty();
  for (const Comparison& row : comparisons()) compares = compares || (condition.*row.bound).has_value();
  if (fact.is_word && compares) node.fail(condition.fact + " is a word: it takes one_of");
  if (!compares && condition.one_of.empty())
    node.fail("needs a comparison: min, max, multiple_of, equals, one_of or power_of_two");
}

Condition read_condition(const YamlNode& node) {
  Condition condition;
  condition.fact = node["fact"].word();
  for (const Comparison& row : comparisons()) condition.*row.bound = read_bound(node[row.key]);
  for (const std::int64_t number : node["equals"].integers())
    condition.equals.push_back(static_cast<double>(number));
  condition.one_of = node["one_of"].words();
  condition.power_of_two = node["power_of_two"].flag(false);
  const FactDefinition* fact = find_fact(condition.fact);
  if (fact == nullptr) {
    std::vector<std::string> names;
    for (const FactDefinition& each : fact_definitions()) names.emplace_back(each.name);
    node["fact"].fail("'" + condition.fact + "' is no fact of an operator" +
                      did_you_mean(condition.fact, names));
  } else {
    check_kind(node, condition, *fact);
  }
  return condition;
}

// One condition or several.
std::vector<Condition> read_conditions(const YamlNode& node) {
  std::vector<Condition> conditions;
  if (!node.exists()) return conditions;
  for (const YamlNode& each : node.is_list() ? node.items() : std::vector<YamlNode>{node}) {
    conditions.push_back(read_condition(each));
    each.close();
  }
  return conditions;
}

// What of the values a bound does not let pass; empty where all do.
std::string beyond(const Condition& condition, const std::string& doc, const std::vector<double>& values,
                   const OperatorFacts& facts) {
  for (const Comparison& row : comparisons()) {
    const auto& bound = condition.*row.bound;
    if (!bound) continue;
    const auto limit = number_of(*bound, facts);
    if (!limit) return find_fact(text_of(*bound))->doc + std::string(" is not known");
    const bool named = std::holds_alternative<std::string>(*bound);
    for (const double v : values)
      if (!row.keeps(v, *limit))
        return doc + " " + number_text(v) + " " + row.refusal + " " +
               (named ? find_fact(text_of(*bound))->doc + std::string(" ") : "") + number_text(*limit);
  }
  return "";
}

std::string broken(const Condition& condition, const OperatorFacts& facts) {
  const std::string doc = find_fact(condition.fact)->doc;
  const auto at = facts.values.find(condition.fact);
  if (at == facts.values.end()) return doc + " is not known";
  const auto listed = [&](const std::string& word) {
    return std::find(condition.one_of.begin(), condition.one_of.end(), word) != condition.one_of.end();
  };
  if (const auto* word = std::get_if<std::string>(&at->second))
    return listed(*word)
               ? ""
               : doc + ": " + (word->empty() ? "none" : *word) + " is not " + words_text(condition.one_of);
  const auto& values = std::get<std::vector<double>>(at->second);
  if (!condition.equals.empty() && values != condition.equals)
    return doc + " " + list_text(values) + " is not " + list_text(condition.equals);
  for (const double v : values) {
    if (!condition.one_of.empty() && !listed(number_text(v)))
      return doc + " " + number_text(v) + " is not " + words_text(condition.one_of);
    if (condition.power_of_two && !is_power_of_two(v))
      return doc + " " + number_text(v) + " is no power of two";
  }
  return beyond(condition, doc, values, facts);
}

std::string to_string(const Condition& condition) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  for (const Comparison& row : comparisons())
    if (const auto& bound = condition.*row.bound) add(std::string(row.sign) + " " + text_of(*bound));
  if (!condition.equals.empty()) add("= " + list_text(condition.equals));
  if (!condition.one_of.empty()) add(words_text(condition.one_of));
  if (condition.power_of_two) add("a power of two");
  return condition.fact + " " + text;
}

bool all_kept(const std::vector<Condition>& conditions, const OperatorFacts& facts) {
  return std::all_of(conditions.begin(), conditions.end(),
                     [&](const Condition& each) { return broken(each, facts).empty(); });
}

std::string joined(const std::vector<Condition>& conditions) {
  std::string text;
  for (const Condition& each : conditions) text += (text.empty() ? "" : " and ") + to_string(each);
  return text;
}

}  // namespace

const std::vector<LimitKey>& condition_keys() {
  static const std::vector<LimitKey> keys = {
      {"fact", "string", "what is compared, of the table below"},
      {"min", "number", "the least that it may be: a number, or another fact"},
      {"max", "number", "the most that it may be: a number, or another fact"},
      {"multiple_of", "number", "what divides it: a number, or another fact"},
      {"equals", "array", "all of its numbers, in order"},
      {"one_of", "array", "words or numbers, one of which each of its values is"},
      {"power_of_two", "boolean", "each is a power of two, or one over such"},
  };
  return keys;
}

const std::vector<LimitKey>& limit_keys() {
  static const std::vector<LimitKey> keys = {
      {"when", "object", "a condition, or several: the limit counts where all are kept"},
      {"unless", "object", "a condition, or several: the limit does not count where all are kept"},
      {"says", "string", "words that a refusal adds"},
  };
  return keys;
}

std::vector<Limit> read_limits(const YamlNode& node) {
  std::vector<Limit> limits;
  for (const YamlNode& item : node.items()) {
    Limit limit;
    limit.condition = read_condition(item);
    limit.when = read_conditions(item["when"]);
    limit.unless = read_conditions(item["unless"]);
    limit.says = item["says"].word();
    item.close();
    limits.push_back(limit);
  }
  return limits;
}

std::string broken(const Limit& limit, const OperatorFacts& facts) {
  if (!all_kept(limit.when, facts)) return "";
  if (!limit.unless.empty() && all_kept(limit.unless, facts)) return "";
  std::string why = broken(limit.condition, facts);
  if (!why.empty() && !limit.says.empty()) why += ": " + limit.says;
  return why;
}

std::string to_string(const Limit& limit) {
  std::string text = to_string(limit.condition);
  if (!limit.when.empty()) text += " where " + joined(limit.when);
  if (!limit.unless.empty()) text += " unless " + joined(limit.unless);
  return text;
}

}  // namespace bpusim
