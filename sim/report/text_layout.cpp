#include "sim/report/text_layout.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstring>
#include <set>

namespace bpusim {

namespace {

constexpr std::size_t kLeastText = 16;  // columns of a line, however far it is indented

struct Range {
  std::uint32_t first, last;
};
// Of Unicode's characters, in blocks: those that join the one before, and those of two columns.
constexpr Range kCombining[] = {{0x300, 0x36F}, {0x200B, 0x200D}, {0x20D0, 0x20F0}, {0xFE00, 0xFE0F}};
constexpr Range kWide[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},  {0x3041, 0xA4CF}, {0xAC00, 0xD7A3},
                           {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},  {0xFF00, 0xFF60}, {0xFFE0, 0xFFE6},
                           {0x1F300, 0x1FAFF}, {0x20000, 0x3FFFD}};

template <std::size_t n>
bool within(const Range (&ranges)[n], std::uint32_t code) {
  return std::any_of(std::begin(ranges), std::end(ranges),
                     [code](const Range& range) { return code >= range.first && code <= range.last; });
}

// A character, and how many columns it takes.
struct Glyph {
  std::size_t at, bytes, width;
};

std::vector<Glyph> glyphs_of(const std::string& text) {
  std::vector<Glyph> glyphs;
  for (std::size_t at = 0; at < text.size();) {
    const auto first = static_cast<unsigned char>(text[at]);
    const std::size_t bytes = std::min<std::size_t>(text.size() - at, first >= 0xF0   ? 4
                                                                      : first >= 0xE0 ? 3
                                                                      : first >= 0xC0 ? 2
                                                                                      : 1);
    std::uint32_t code = bytes == 1 ? first : first & (0xFFU >> (bytes + 1));
    for (std::size_t i = 1; i < bytes; ++i)
      code = code << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3FU);
    glyphs.push_back({at, bytes, within(kCombining, code) ? 0U : within(kWide, code) ? 2U : 1U});
    at += bytes;
  }
  return glyphs;
}

std::size_t columns_of(const std::vector<Glyph>& glyphs) {
  std::size_t width = 0;
  for (const Glyph& glyph : glyphs) width += glyph.width;
  return width;
}

// "28.5 %" stays on a line, and so does "Conv x3".
bool belongs_to(const std::string& unit, const std::string& number) {
  static const std::set<std::string> units = {"%",     "ms",    "us",   "s",   "ns",   "B",
                                              "KiB",   "MiB",   "GiB",  "dB",  "MHz",  "GB/s",
                                              "GMACs", "MMACs", "MACs", "FPS", "bits", "cycles"};
  const std::string bare = unit.substr(0, unit.find_last_not_of(",;:.)") + 1);
  if (bare.size() > 1 && bare[0] == 'x' && bare.find_first_not_of("0123456789", 1) == std::string::npos)
    return true;
  return std::isdigit(static_cast<unsigned char>(number.back())) != 0 && units.count(bare) > 0;
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    if (!word.empty() && !words.empty() && belongs_to(word, words.back()))
      words.back() += " " + word;
    else if (!word.empty())
      words.push_back(word);
    at = end + 1;
  }
  return words;
}

// What of the word has room, at least one character; the rest stays in it. Behind what parts names where that
// is in the second half.
std::string cut_off(std::string& word, std::size_t width) {
  std::size_t bytes = 0, taken = 0, parted = 0;
  for (const Glyph& glyph : glyphs_of(word)) {
    if (bytes > 0 && taken + glyph.width > width) break;
    taken += glyph.width;
    bytes += glyph.bytes;
    if (std::strchr("+/._-:, ", word[glyph.at]) != nullptr && 2 * taken >= width) parted = bytes;
  }
  if (parted > 0) bytes = parted;
  std::string head = word.substr(0, bytes);
  word.erase(0, bytes);
  return head;
}

}  // namespace

std::size_t width_of(const std::string& text) {
  return columns_of(glyphs_of(text));
}

std::string elided(const std::string& text, std::size_t width) {
  const std::vector<Glyph> glyphs = glyphs_of(text);
  const std::size_t all = columns_of(glyphs);
  if (all <= width) return text;
  const std::size_t room = std::max<std::size_t>(width, 1) - 1;  // beside the dots
  std::size_t head = 0, tail = text.size(), taken = 0;
  for (const Glyph& glyph : glyphs) {
    if (taken + glyph.width > room / 2) break;
    taken += glyph.width;
    head = glyph.at + glyph.bytes;
  }
  taken = 0;
  for (auto glyph = glyphs.rbegin(); glyph != glyphs.rend(); ++glyph) {
    if (taken + glyph->width > room - room / 2) break;
    taken += glyph->width;
    tail = glyph->at;
  }
  return text.substr(0, head) + "…" + text.substr(tail);
}

namespace {

// As the public one, but the first line has another width.
std::vector<std::string> wrapped_lines(const std::string& text, std::size_t width, std::size_t first) {
  std::vector<std::string> lines(1);
  std::size_t room = first;  // on the last line
  const auto next_line = [&] {
    lines.emplace_back();
    room = width;
  };
  for (std::string word : words_of(text)) {
    std::size_t wide = width_of(word);
    if (!lines.back().empty() && wide + 1 > room) next_line();
    for (; lines.back().empty() && wide > room; wide = width_of(word)) {
      if (room == width) lines.back() = cut_off(word, room);
      next_line();
    }
    const std::string between = lines.back().empty() ? "" : " ";
    lines.back() += between + word;
    room -= wide + between.size();
  }
  return lines;
}

}  // namespace

std::vector<std::string> wrapped_lines(const std::string& text, std::size_t width) {
  return wrapped_lines(text, width, width);
}

std::string wrapped(const std::string& text, std::size_t width, const std::string& lead, std::size_t hang) {
  const auto room = [width](std::size_t taken) {
    return width == kAnyWidth ? width : std::max(width, taken + kLeastText) - taken;
  };
  std::string out;
  for (const std::string& line : wrapped_lines(text, room(hang), room(width_of(lead)))) {
    out += (out.empty() ? lead : std::string(hang, ' ')) + line;
    out.erase(out.find_last_not_of(' ') + 1);
    out += "\n";
  }
  return out;
}

std::string wrapped(const std::string& text, std::size_t width, const std::string& lead) {
  return wrapped(text, width, lead, width_of(lead));
}

}  // namespace bpusim
