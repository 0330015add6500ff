#include "sim/config/file_kind.h"

#include <algorithm>
#include <optional>

#include "models/machine_params.h"

namespace bpusim {

namespace {

bool has_any(const YamlNode& root, const std::vector<std::string>& keys) {
  return std::any_of(keys.begin(), keys.end(), [&](const std::string& key) { return root.has(key); });
}

std::vector<std::string> sections() {
  std::vector<std::string> names;
  MachineParams machine;
  for_each_section(machine,
                   [&](const char* name, auto&, const auto&, const char*) { names.emplace_back(name); });
  return names;
}

// Rows of a policy say where and why; operators of a run have shapes.
bool lists_rows(const YamlNode& root) {
  if (!root.has("operators") || !root["operators"].is_list()) return false;
  const std::vector<YamlNode> items = root["operators"].items();
  return std::any_of(items.begin(), items.end(),
                     [](const YamlNode& item) { return item.has("on") && item.has("reason"); });
}

// Nothing where no key tells.
std::optional<FileKind> kind_of(const YamlNode& root) {
  if (has_any(root, {"model", "base", "model_parameters"})) return FileKind::Run;
  if (lists_rows(root) || has_any(root, {"opsets", "otherwise"})) return FileKind::Policy;
  if (root.has("operators")) return FileKind::Run;
  if (has_any(root, sections())) return FileKind::Machine;
  return std::nullopt;
}

}  // namespace

void require_kind(FileKind wanted, const YamlNode& root) {
  const std::optional<FileKind> kind = kind_of(root);
  if (!kind || *kind == wanted) return;
  const std::string& file = root.file();
  switch (*kind) {
    case FileKind::Run:
      throw InputError(file + ": this is a run file: bpusim run " + file);
    case FileKind::Machine:
      throw InputError(file + ": this is a machine file: bpusim run MODEL --machine " + file);
    case FileKind::Policy:
      throw InputError(file + ": this is a policy file: bpusim run MODEL --policy " + file);
  }
}

}  // namespace bpusim
