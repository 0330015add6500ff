#include "kernels/tensor/text.h"

#include <algorithm>
#include <locale>
#include <stdexcept>

namespace bpusim {

namespace {

std::locale locale_named(const std::string& name) {
  for (const std::string& candidate : {name, name + ".UTF-8", std::string("C.UTF-8")}) {
    if (candidate.empty() || candidate == ".UTF-8") continue;
    try {
      return std::locale(candidate);
    } catch (const std::runtime_error&) {  // not installed: the next candidate
    }
  }
  return std::locale::classic();
}

// Length of the UTF-8 sequence that starts here and its code point; 0 where the bytes are no UTF-8.
std::size_t decode(const std::string& text, std::size_t at, char32_t& code) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  const std::size_t length = first < 0x80       ? 1
                             : first >> 5 == 6  ? 2
                             : first >> 4 == 14 ? 3
                             : first >> 3 == 30 ? 4
                                                : 0;
  if (length == 0 || at + length > text.size()) return 0;
  code = length == 1 ? first : first & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if (byte(at + i) >> 6 != 2) return 0;
    code = code << 6 | (byte(at + i) & 0x3Fu);
  }
  return length;
}

void encode(char32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
    return;
  }
  const int continuation = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  out += static_cast<char>((0xFF00u >> (continuation + 1) & 0xFFu) | code >> (6 * continuation));
  for (int i = continuation - 1; i >= 0; --i) out += static_cast<char>(0x80u | (code >> (6 * i) & 0x3Fu));
}

}  // namespace

std::string change_case(const std::string& text, bool upper, const std::string& name) {
  const std::locale locale = locale_named(name);
  const auto& facet = std::use_facet<std::ctype<wchar_t>>(locale);
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    char32_t code = 0;
    const std::size_t length = decode(text, i, code);
    if (length == 0) {
      out += text[i++];
      continue;
    }
    const auto wide = static_cast<wchar_t>(code);
    encode(static_cast<char32_t>(upper ? facet.toupper(wide) : facet.tolower(wide)), out);
    i += length;
  }
  return out;
}

StringTensor normalise_strings(const StringTensor& input, const Attributes& attributes) {
  const auto rank = input.shape.size();
  if (rank == 0 || rank > 2 || (rank == 2 && input.shape[0] != 1))
    throw std::invalid_argument("StringNormalizer: input has shape " + to_string(input.shape) +
                                "; it must be [C] or [1, C]");
  const std::string action = attributes.get("case_change_action", std::string("NONE"));
  if (action != "NONE" && action != "LOWER" && action != "UPPER")
    throw std::invalid_argument("StringNormalizer: case_change_action '" + action +
                                "' is none of NONE, LOWER, UPPER");
  const bool sensitive = attributes.get("is_case_sensitive", std::int64_t{0}) != 0;
  const std::string locale = attributes.get("locale", std::string());
  std::vector<std::string> stop_words;
  const auto found = attributes.string_lists.find("stopwords");
  if (found != attributes.string_lists.end()) stop_words = found->second;
  const auto key = [&](const std::string& word) {
    return sensitive ? word : change_case(word, false, locale);
  };
  for (std::string& word : stop_words) word = key(word);

  StringTensor output;
  for (const std::string& word : input.values) {
    if (std::find(stop_words.begin(), stop_words.end(), key(word)) != stop_words.end()) continue;
    output.values.push_back(action == "NONE" ? word : change_case(word, action == "UPPER", locale));
  }
  if (output.values.empty()) output.values.emplace_back();
  output.shape = {static_cast<std::int64_t>(output.values.size())};
  if (rank == 2) output.shape.insert(output.shape.begin(), 1);
  return output;
}

}  // namespace bpusim
