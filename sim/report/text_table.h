// Plain-text tables: columns as wide as their widest cell, or as the width of the whole allows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/report/text_layout.h"

namespace bpusim {

/// A column of a table, and how it gives way where the table is too wide.
struct TextColumn {
  enum class Long {
    Kept,     ///< cells are shown whole
    Elided,   ///< cells lose their middle
    Wrapped,  ///< cells go on in lines below
  };

  /// A title that ends in '>' is of a column aligned to the right (the sign itself is not printed).
  TextColumn(const std::string& text);  // NOLINT(google-explicit-constructor): a table is a list of titles
  TextColumn(const char* text) : TextColumn(std::string(text)) {}  // NOLINT(google-explicit-constructor)

  /// Cells are cut, or wrapped, to no less than `narrowest` columns. With more than `wide_enough` they leave
  /// room to columns of rank 2 and above.
  TextColumn elided(std::size_t narrowest, std::size_t wide_enough = kAnyWidth) const;
  TextColumn wrapped(std::size_t narrowest) const;
  /// 0 (as it is without) never goes; of others that have no room the highest goes first. Elided columns are
  /// cut to less than is enough for those of rank 0 and 1 alone.
  TextColumn ranked(int importance) const;
  /// The column goes where each cell is empty, "-" or this.
  TextColumn unless_all(const std::string& says_nothing) const;

  std::string title;
  bool right = false;
  Long when_long = Long::Kept;
  std::size_t least = 0, enough = kAnyWidth;
  int rank = 0;
  bool may_go = false;  ///< where all of its cells say nothing
  std::string dull;
};

class TextTable {
 public:
  explicit TextTable(std::vector<TextColumn> columns) : columns_(std::move(columns)) {}
  /// As many cells as columns. `colour` is an escape sequence for the whole row, or empty.
  void add(std::vector<std::string> cells, const std::string& colour = "");
  /// Lines of at most `width` columns, unless those of rank 0 need more.
  std::string str(std::size_t width = kAnyWidth) const;

 private:
  std::vector<TextColumn> columns_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::string> colours_;
};

constexpr const char* kPlain = "\033[0m";
constexpr const char* kBold = "\033[1m";
constexpr const char* kYellow = "\033[33m";
constexpr const char* kRed = "\033[31m";

/// 12,345,678
std::string grouped(std::int64_t value);
/// Fixed decimals.
std::string fixed(double value, int decimals);
/// 1.5 MiB
std::string bytes_text(std::int64_t bytes);

}  // namespace bpusim
