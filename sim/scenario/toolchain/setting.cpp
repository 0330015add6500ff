#include "sim/scenario/toolchain/setting.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "sim/config/suggest.h"

namespace bpusim::toolchain {

namespace {

std::string trimmed(const std::string& text) {
  const char* blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

std::vector<std::string> parts_of(const std::string& text, const std::string& separators) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t end = 0; end != std::string::npos; begin = end + 1) {
    end = text.find_first_of(separators, begin);
    parts.push_back(trimmed(text.substr(begin, end == std::string::npos ? end : end - begin)));
  }
  if (parts.size() > 1 && parts.back().empty()) parts.pop_back();
  return parts;
}

bool says_nothing(const std::string& word) {
  const std::string text = lower(trimmed(word));
  return text.empty() || text == "none" || text == "null" || text == "~";
}

bool Setting::given() const {
  if (node_.is_scalar()) return !says_nothing(node_.word());
  if (node_.is_list()) return !node_.items().empty();
  return node_.is_map() && !node_.keys().empty();
}

std::string Setting::word(const std::string& fallback) const {
  return given() ? trimmed(node_.word(fallback)) : fallback;
}

std::string Setting::choice(const std::string& fallback, const std::vector<std::string>& choices) const {
  if (!given()) return fallback;
  const std::string text = word();
  for (const std::string& legal : choices)
    if (lower(text) == lower(legal)) return legal;
  if (node_.is_scalar()) fail("'" + text + "' is none of the choices" + did_you_mean(text, choices));
  return fallback;
}

bool Setting::flag(bool fallback) const {
  if (!given()) return fallback;
  const std::string text = lower(word());
  if (text == "true" || text == "yes" || text == "on" || text == "1") return true;
  if (text == "false" || text == "no" || text == "off" || text == "0") return false;
  if (node_.is_scalar()) fail("expected True or False, got '" + text + "'");
  return fallback;
}

std::int64_t Setting::integer(std::int64_t fallback, double low, double high) const {
  return given() ? node_.integer(fallback, low, high) : fallback;
}

double Setting::number(double fallback, double low, double high) const {
  return given() ? node_.number(fallback, low, high) : fallback;
}

std::vector<Placed<std::string>> Setting::list(const std::string& separators) const {
  std::vector<Placed<std::string>> found;
  if (!given()) return found;
  if (node_.is_list()) {
    for (const YamlNode& item : node_.items()) found.push_back({trimmed(item.word()), item});
  } else if (!node_.is_scalar()) {
    fail("expected a word, or words with " + separators.substr(0, 1) + " between");
  } else {
    for (std::string& part : parts_of(node_.word(), separators)) found.push_back({std::move(part), node_});
  }
  return found;
}

}  // namespace bpusim::toolchain
