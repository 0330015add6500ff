#include "sim/report/text_table.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <stdexcept>

#include "sim/result/printable.h"

namespace bpusim {

namespace {

// Characters that a terminal shows, not bytes.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

TextTable::TextTable(const std::vector<std::string>& columns) {
  for (const std::string& column : columns) {
    const bool right = !column.empty() && column.back() == '>';
    names_.push_back(right ? column.substr(0, column.size() - 1) : column);
    right_.push_back(right);
  }
}

void TextTable::add(std::vector<std::string> cells, const std::string& colour) {
  if (cells.size() != names_.size()) throw std::logic_error("TextTable: a row of the wrong length");
  for (std::string& cell : cells) cell = printable(cell);
  rows_.push_back(std::move(cells));
  colours_.push_back(colour);
}

std::string TextTable::str() const {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < names_.size(); ++c) {
    widths.push_back(width_of(names_[c]));
    for (const auto& row : rows_) widths[c] = std::max(widths[c], width_of(row[c]));
  }
  std::string out;
  const auto line = [&](const std::vector<std::string>& cells, const std::string& colour) {
    std::string text;
    for (std::size_t c = 0; c < cells.size(); ++c) {
      const std::string pad(widths[c] - width_of(cells[c]), ' ');
      text += (c == 0 ? "" : "  ") + (right_[c] ? pad + cells[c] : cells[c] + pad);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += (colour.empty() ? text : colour + text + kPlain) + "\n";
  };
  line(names_, "");
  std::vector<std::string> rule;
  rule.reserve(widths.size());
  for (const std::size_t width : widths) rule.emplace_back(width, '-');
  line(rule, "");
  for (std::size_t r = 0; r < rows_.size(); ++r) line(rows_[r], colours_[r]);
  return out;
}

std::string elided(const std::string& text, std::size_t width) {
  if (text.size() <= width) return text;
  const auto inside = [&](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; };
  std::size_t head = (width - 1) / 2, tail = text.size() - (width - 1 - head);
  while (head > 0 && inside(head)) --head;  // not within a character
  while (tail < text.size() && inside(tail)) ++tail;
  return text.substr(0, head) + "…" + text.substr(tail);
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
  if (b < 10.0 * 1024 * 1024) return fixed(b / 1024, 1) + " KiB";
  return fixed(b / 1024 / 1024, 1) + " MiB";
}

}  // namespace bpusim
