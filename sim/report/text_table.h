// Plain-text tables: columns as wide as their widest cell, numbers to the right.
#pragma once

#include <string>
#include <vector>

namespace bpusim {

class TextTable {
 public:
  /// A column that ends in '>' is aligned to the right (the sign itself is not printed).
  explicit TextTable(const std::vector<std::string>& columns);
  void add(std::vector<std::string> cells);  ///< as many as columns
  std::string str() const;

 private:
  std::vector<std::string> names_;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

/// 12,345,678
std::string grouped(std::int64_t value);
/// Fixed decimals.
std::string fixed(double value, int decimals);
/// 1.5 MiB
std::string bytes_text(std::int64_t bytes);

}  // namespace bpusim
