#include "sim/cli/making.h"

#include <ctime>
#include <string>

namespace bpusim {

namespace {

Making& kept() {
  static Making making;
  return making;
}

// As a shell takes it for one word.
std::string quoted(const std::string& word) {
  constexpr const char* kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./,:@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

}  // namespace

void note_command_line(int argc, char** argv) {
  std::string& command = kept().command;
  for (int i = 0; i < argc; ++i) command += (i == 0 ? "" : " ") + quoted(argv[i]);
  const std::time_t now = std::time(nullptr);
  std::tm utc = {};
  char text[32];
  if (::gmtime_r(&now, &utc) != nullptr && std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc) > 0)
    kept().time = text;
}

const Making& making() {
  return kept();
}

}  // namespace bpusim
