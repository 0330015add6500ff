// Attributes of an operator node, as read from a model or a config.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace bpusim {

/// By type and name. get() returns the fallback where there is none of that name and type.
struct Attributes {
  std::map<std::string, std::int64_t> ints;
  std::map<std::string, double> floats;
  std::map<std::string, std::string> strings;
  std::map<std::string, std::vector<std::int64_t>> int_lists;
  std::map<std::string, std::vector<std::string>> string_lists;
  std::map<std::string, std::vector<double>> float_lists = {};

  std::int64_t get(const std::string& name, std::int64_t fallback) const;
  /// An integer is as good: YAML and some exporters write 1 where 1.0 is meant.
  double get(const std::string& name, double fallback) const;
  std::string get(const std::string& name, const std::string& fallback) const;
  std::vector<std::int64_t> get(const std::string& name, const std::vector<std::int64_t>& fallback) const;
  /// Integers are as good, for the same reason.
  std::vector<double> get(const std::string& name, const std::vector<double>& fallback) const;
  std::vector<std::string> get(const std::string& name, const std::vector<std::string>& fallback) const;
};

}  // namespace bpusim
