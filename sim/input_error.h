// What a caller of the library can be told is wrong.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace bpusim {

/// What is wrong with the input: every line of it, ready to print. Ends a command with exit code 2.
class InputError : public std::runtime_error {
 public:
  explicit InputError(const std::string& line) : InputError(std::vector<std::string>{line}) {}
  explicit InputError(std::vector<std::string> lines)
      : std::runtime_error(join(lines)), lines_(std::move(lines)) {}

  const std::vector<std::string>& lines() const { return lines_; }

 private:
  static std::string join(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
    return text;
  }

  std::vector<std::string> lines_;
};

/// Operators that the policy cannot place; a line each. Ends a command with exit code 3.
class PlacementError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace bpusim
