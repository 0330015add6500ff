#include "sim/report/text_table.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <stdexcept>

#include "sim/result/printable.h"

namespace bpusim {

namespace {

constexpr std::size_t kBetween = 2;  // columns of a terminal between those of the table

using Long = TextColumn::Long;
using Rows = std::vector<std::vector<std::string>>;

// Which columns are shown, and how wide.
class Layout {
 public:
  Layout(const std::vector<TextColumn>& columns, const Rows& rows, std::size_t width)
      : columns_(columns), width_(width) {
    for (std::size_t c = 0; c < columns.size(); ++c) {
      std::size_t widest = width_of(columns[c].title);
      least_.push_back(std::max(widest, columns[c].least));
      for (const auto& row : rows) widest = std::max(widest, width_of(row[c]));
      natural_.push_back(widest);
      wanted_.push_back(std::min(widest, std::max(least_[c], columns[c].enough)));
      least_[c] = columns[c].when_long == Long::Kept ? widest : std::min(least_[c], widest);
      told_.push_back(!columns[c].may_go || rows.empty() || says_something(columns[c], rows, c));
    }
    choose();
    share_out();
  }

  const std::vector<std::size_t>& shown() const { return shown_; }  // columns, in their order
  std::size_t width(std::size_t column) const { return widths_[column]; }

 private:
  static bool says_something(const TextColumn& column, const Rows& rows, std::size_t c) {
    return std::any_of(rows.begin(), rows.end(), [&](const std::vector<std::string>& row) {
      return !row[c].empty() && row[c] != "-" && row[c] != column.dull;
    });
  }

  bool fits(const std::vector<std::size_t>& columns, const std::vector<std::size_t>& widths) const {
    std::size_t sum = 0;
    for (const std::size_t c : columns) sum += widths[c] + (sum > 0 ? kBetween : 0);
    return sum <= width_;
  }

  // The most important first, each where it has room beside those before it.
  void choose() {
    std::vector<std::size_t> order;
    for (std::size_t c = 0; c < columns_.size(); ++c)
      if (told_[c]) order.push_back(c);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return columns_[a].rank < columns_[b].rank; });
    for (const std::size_t c : order) {
      shown_.push_back(c);
      if (columns_[c].rank > 0 && width_ != kAnyWidth &&
          !fits(shown_, columns_[c].rank == 1 ? least_ : wanted_))
        shown_.pop_back();
    }
    std::sort(shown_.begin(), shown_.end());
  }

  // Column by column of the terminal, to the narrowest that wants more.
  void share_out() {
    widths_ = least_;
    for (;;) {
      std::size_t neediest = columns_.size();
      for (const std::size_t c : shown_)
        if (widths_[c] < natural_[c] && (neediest == columns_.size() || widths_[c] < widths_[neediest]))
          neediest = c;
      if (neediest == columns_.size()) return;
      ++widths_[neediest];
      if (width_ != kAnyWidth && !fits(shown_, widths_)) {
        --widths_[neediest];
        return;
      }
    }
  }

  const std::vector<TextColumn>& columns_;
  const std::size_t width_;
  std::vector<std::size_t> natural_, least_, wanted_, widths_, shown_;
  std::vector<bool> told_;
};

}  // namespace

TextColumn::TextColumn(const std::string& text) : title(text), right(!text.empty() && text.back() == '>') {
  if (right) title.pop_back();
}

TextColumn TextColumn::elided(std::size_t narrowest, std::size_t wide_enough) const {
  TextColumn column = *this;
  column.when_long = Long::Elided;
  column.least = narrowest;
  column.enough = wide_enough;
  return column;
}

TextColumn TextColumn::wrapped(std::size_t narrowest) const {
  TextColumn column = *this;
  column.when_long = Long::Wrapped;
  column.least = narrowest;
  return column;
}

TextColumn TextColumn::ranked(int importance) const {
  TextColumn column = *this;
  column.rank = importance;
  return column;
}

TextColumn TextColumn::unless_all(const std::string& says_nothing) const {
  TextColumn column = *this;
  column.may_go = true;
  column.dull = says_nothing;
  return column;
}

void TextTable::add(std::vector<std::string> cells, const std::string& colour) {
  if (cells.size() != columns_.size()) throw std::logic_error("TextTable: a row of the wrong length");
  for (std::string& cell : cells) cell = printable(cell);
  rows_.push_back(std::move(cells));
  colours_.push_back(colour);
}

std::string TextTable::str(std::size_t width) const {
  const Layout layout(columns_, rows_, width);
  std::string out;
  const auto line = [&](const std::vector<std::string>& cells, const std::string& colour) {
    std::string text;
    for (const std::size_t c : layout.shown()) {
      const std::string pad(layout.width(c) - width_of(cells[c]), ' ');
      text += (c == layout.shown().front() ? "" : std::string(kBetween, ' ')) +
              (columns_[c].right ? pad + cells[c] : cells[c] + pad);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += (colour.empty() ? text : colour + text + kPlain) + "\n";
  };
  const auto row = [&](const std::vector<std::string>& cells, const std::string& colour) {
    std::vector<std::vector<std::string>> lines(1, std::vector<std::string>(cells.size()));
    for (const std::size_t c : layout.shown()) {
      const std::vector<std::string> parts = columns_[c].when_long == Long::Wrapped
                                                 ? wrapped_lines(cells[c], layout.width(c))
                                                 : std::vector{elided(cells[c], layout.width(c))};
      if (parts.size() > lines.size()) lines.resize(parts.size(), std::vector<std::string>(cells.size()));
      for (std::size_t p = 0; p < parts.size(); ++p) lines[p][c] = parts[p];
    }
    for (const auto& one : lines) line(one, colour);
  };
  std::vector<std::string> titles, rule(columns_.size());
  for (const TextColumn& column : columns_) titles.push_back(column.title);
  for (const std::size_t c : layout.shown()) rule[c] = std::string(layout.width(c), '-');
  line(titles, "");
  line(rule, "");
  for (std::size_t r = 0; r < rows_.size(); ++r) row(rows_[r], colours_[r]);
  return out;
}

std::string grouped(std::int64_t value) {
  std::string digits = std::to_string(value < 0 ? -value : value);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return (value < 0 ? "-" : "") + digits;
}

std::string fixed(double value, int decimals) {
  if (std::isnan(value)) return "nan";  // whose sign says nothing
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

std::string bytes_text(std::int64_t bytes) {
  const double b = static_cast<double>(bytes);
  if (bytes < 10 * 1024) return std::to_string(bytes) + " B";
  if (b < 1024.0 * 1024) return fixed(b / 1024, 1) + " KiB";
  return fixed(b / 1024 / 1024, b < 10.0 * 1024 * 1024 ? 2 : 1) + " MiB";
}

}  // namespace bpusim
