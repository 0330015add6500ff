#include "sim/result/printable.h"

#include <cstdint>
#include <cstdio>
#include <vector>

namespace bpusim {

namespace {

struct Character {
  std::uint32_t code = 0;
  std::size_t bytes = 0;  // 0 where no character of UTF-8 starts here
};

Character character_at(const std::string& text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
  };
  const std::uint32_t first = byte(at);
  if (first < 0x80) return {first, 1};
  const std::size_t bytes = first >= 0xF0 && first < 0xF5   ? 4
                            : first >= 0xE0 && first < 0xF0 ? 3
                            : first >= 0xC2 && first < 0xE0 ? 2
                                                            : 0;
  if (bytes == 0 || at + bytes > text.size()) return {};
  std::uint32_t code = first & (0xFFu >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return {};
    code = code << 6 | (byte(at + i) & 0x3F);
  }
  // Spelt longer than need be, halves of pairs, beyond Unicode.
  const std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < least[bytes] || (code >= 0xD800 && code < 0xE000) || code > 0x10FFFF) return {};
  return {code, bytes};
}

// Unicode's controls, line ends, and marks of direction.
bool is_hidden(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x61C || code == 0x200E || code == 0x200F ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF;
}

std::string escape(const char* form, std::uint32_t code) {
  char text[16];
  std::snprintf(text, sizeof text, form, static_cast<unsigned>(code));
  return text;
}

std::string escaped(const std::string& text, bool also_hidden) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Character c = character_at(text, at);
    if (c.bytes == 0) {
      out += escape("\\x%02X", static_cast<unsigned char>(text[at]));
    } else if (!also_hidden || !is_hidden(c.code)) {
      out.append(text, at, c.bytes);
    } else if (c.code == '\n' || c.code == '\t' || c.code == '\r') {
      out += c.code == '\n' ? "\\n" : c.code == '\t' ? "\\t" : "\\r";
    } else {
      out += escape(c.code < 0x100 ? "\\x%02X" : "\\u%04X", c.code);
    }
    at += c.bytes == 0 ? 1 : c.bytes;
  }
  return out;
}

void clean(std::string& text) {
  text = escaped(text, true);
}

void clean(std::vector<std::string>& texts) {
  for (std::string& text : texts) clean(text);
}

void clean(Quantised& quantised) {
  clean(quantised.method);
  clean(quantised.int16);
  clean(quantised.kept_int8);
  if (quantised.search) clean(quantised.search->names);
  for (NodeMethod& one : quantised.by_node) clean(one.node);
  for (Sensitivity& node : quantised.sensitivity) {
    clean(node.name);
    clean(node.op);
  }
}

}  // namespace

std::string printable(const std::string& text) {
  return escaped(text, true);
}

std::string valid_utf8(const std::string& text) {
  return escaped(text, false);
}

RunResult printable(RunResult result) {
  for (std::string* text : {&result.name, &result.machine, &result.policy}) clean(*text);
  for (NodeResult& node : result.nodes) {
    for (std::string* text : {&node.name, &node.op, &node.reason, &node.origin}) clean(*text);
    clean(node.fused);
  }
  for (OutputResult& output : result.outputs) clean(output.name);
  clean(result.warnings);
  clean(result.notes);
  if (result.quantised) clean(*result.quantised);
  return result;
}

CheckResult printable(CheckResult result) {
  for (std::string* text : {&result.name, &result.machine, &result.policy}) clean(*text);
  clean(result.notes);
  for (PlacedNode& node : result.nodes)
    for (std::string* text : {&node.name, &node.op, &node.reason, &node.source}) clean(*text);
  return result;
}

}  // namespace bpusim
