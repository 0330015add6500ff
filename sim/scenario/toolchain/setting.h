// A value of a toolchain's YAML: those tools take numbers, lists and truth as strings too, and several ways
// to say nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/config/yaml_reader.h"
#include "sim/scenario/model_source.h"

namespace bpusim::toolchain {

/// "a; b;c" to its parts, without the spaces around them. Empty parts stay, but for one behind the last
/// separator.
std::vector<std::string> parts_of(const std::string& text, const std::string& separators);

/// "none", "None", "null" and "".
bool says_nothing(const std::string& word);

class Setting {
 public:
  explicit Setting(YamlNode node) : node_(std::move(node)) {}

  const YamlNode& node() const { return node_; }
  /// Whether it is there and says something: no null, no empty list or map, none of says_nothing().
  bool given() const;
  /// Text without spaces around it; the fallback where nothing is given.
  std::string word(const std::string& fallback = "") const;
  /// One of the choices, whatever the case of its letters.
  std::string choice(const std::string& fallback, const std::vector<std::string>& choices) const;
  /// true, false, and the words True, "1", yes, … for them.
  bool flag(bool fallback) const;
  std::int64_t integer(std::int64_t fallback, double low, double high) const;
  double number(double fallback, double low, double high) const;
  /// A YAML list, or one string with separators; each with its place. Nothing where nothing is given.
  std::vector<Placed<std::string>> list(const std::string& separators = ";") const;
  void fail(const std::string& what) const { node_.fail(what); }

 private:
  YamlNode node_;
};

}  // namespace bpusim::toolchain
