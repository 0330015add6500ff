#include "sim/result/identity.h"

#include <charconv>
#include <stdexcept>

namespace bpusim {

std::string short_hash(const std::string& sha256) {
  return sha256.substr(0, 8);
}

std::string to_text(const ParameterValue& value) {
  if (const bool* truth = std::get_if<bool>(&value)) return *truth ? "true" : "false";
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return std::to_string(*whole);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, std::get<double>(value)).ptr};
}

const char* to_string(SetBy by) {
  switch (by) {
    case SetBy::Preset:
      return "preset";
    case SetBy::File:
      return "file";
    case SetBy::RunFile:
      return "run file";
    case SetBy::Command:
      return "--set";
    case SetBy::Follows:
      return "follows";
    case SetBy::Program:
      return "program";
  }
  throw std::logic_error("to_string: unknown SetBy");
}

}  // namespace bpusim
