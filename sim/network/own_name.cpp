#include "sim/network/own_name.h"

#include <algorithm>
#include <cctype>

namespace bpusim {

namespace {

bool is_operator(const std::string& word) {
  return !word.empty() && std::isupper(static_cast<unsigned char>(word[0])) != 0 &&
         std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isalnum(c) != 0; });
}

}  // namespace

std::string in_own_name(const std::string& op, const std::string& message) {
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = message.find(": ", begin);
    if (end == std::string::npos || !is_operator(message.substr(begin, end - begin))) break;
    begin = end + 2;
  }
  return begin == 0 ? message : op + ": " + message.substr(begin);
}

}  // namespace bpusim
