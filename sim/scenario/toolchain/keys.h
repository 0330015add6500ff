// The keys of the vendor's two tools: hb_mapper makertbin (X3, J5, X5) and hb_compile (Nash). One table,
// which reading, notes and docs/vendor_yaml.md come from.
#pragma once

#include <string>
#include <vector>

namespace bpusim::toolchain {

enum class Tool {
  Mapper,   ///< hb_mapper makertbin
  Compile,  ///< hb_compile
};

enum class Treatment {
  Honoured,
  Partly,      ///< some of its values
  NotModelled  ///< read, checked and said
};

struct Key {
  const char* group;
  const char* name;
  bool mapper, compile;  ///< which tool has it
  const char* values;
  Treatment treatment;
  const char* how;  ///< what it becomes here, or why it changes nothing
};

/// Group by group, in the order of the tools' own documentation.
const std::vector<Key>& keys();

/// The groups in order.
std::vector<std::string> groups();

/// A processor family, by the word of `march`, and what runs it here.
struct March {
  const char* name;
  Tool tool;
  const char* machine;  ///< empty: no preset
  int cores;            ///< that core_num may ask for; 0 where there is no preset
};
const std::vector<March>& marches();

/// Markdown: docs/vendor_yaml.md.
std::string reference();

/// JSON Schema (draft 2020-12) of the tools' YAML: its keys, each in its group and of its tool. Values that
/// are words are described, not held: the tools take them in any case, several in one string.
std::string schema();

}  // namespace bpusim::toolchain
