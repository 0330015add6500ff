// Plain-text tables: columns as wide as their widest cell, numbers to the right.
#pragma once

#include <string>
#include <vector>

namespace bpusim {

class TextTable {
 public:
  /// A column that ends in '>' is aligned to the right (the sign itself is not printed).
  explicit TextTable(const std::vector<std::string>& columns);
  /// As many cells as columns. `colour` is an escape sequence for the whole row, or empty.
  void add(std::vector<std::string> cells, const std::string& colour = "");
  std::string str() const;

 private:
  std::vector<std::string> names_;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::string> colours_;
};

constexpr const char* kPlain = "\033[0m";
constexpr const char* kBold = "\033[1m";
constexpr const char* kYellow = "\033[33m";
constexpr const char* kRed = "\033[31m";

/// The text, or where it is longer than `width` bytes its two ends with "…" between.
std::string elided(const std::string& text, std::size_t width = 40);

/// 12,345,678
std::string grouped(std::int64_t value);
/// Fixed decimals.
std::string fixed(double value, int decimals);
/// 1.5 MiB
std::string bytes_text(std::int64_t bytes);

}  // namespace bpusim
