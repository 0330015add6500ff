// What a caller of the library can be told is wrong. Any other exception is a mistake of the library's own.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace bpusim {

/// What is wrong, line by line, each ready to print.
class ErrorLines : public std::runtime_error {
 public:
  explicit ErrorLines(std::vector<std::string> lines)
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

/// What is wrong with the input: every line of it. Ends a command with exit code 2.
class InputError : public ErrorLines {
 public:
  explicit InputError(const std::string& line) : ErrorLines({line}) {}
  explicit InputError(std::vector<std::string> lines) : ErrorLines(std::move(lines)) {}
};

/// What is right and not run: operators that the policy cannot place, tensors without elements; a line each.
/// Ends a command with exit code 3.
class PlacementError : public ErrorLines {
 public:
  explicit PlacementError(const std::string& line) : ErrorLines({line}) {}
  explicit PlacementError(std::vector<std::string> lines) : ErrorLines(std::move(lines)) {}
};

/// What could not be written: a full disk, a closed pipe. Ends a command with exit code 74.
class OutputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace bpusim
