#include "sim/report/identity_text.h"

#include "sim/report/text_layout.h"
#include "sim/result/printable.h"

namespace bpusim {

namespace {

constexpr std::size_t kHang = 2;

std::string with_hash(const std::string& name, const std::optional<std::string>& sha256) {
  return printable(name) + (sha256 ? " " + short_hash(*sha256) : "");
}

std::string with_hash(const NamedFile& file) {
  return with_hash(file.path, file.sha256);
}

// What is not as the machine has it.
std::string changes(const std::vector<MachineParameter>& parameters) {
  std::string text;
  for (const MachineParameter& parameter : parameters)
    if (parameter.changed())
      text += (text.empty() ? " with " : ", ") + parameter.key + "=" + printable(to_text(parameter.value)) +
              (parameter.by == SetBy::Follows ? " (follows)" : "");
  return text;
}

}  // namespace

std::string identity_text(const Identity& identity, const Making& making, std::size_t width) {
  std::string text = "bpusim " + identity.version + ", machine " +
                     with_hash(identity.machine, identity.machine_sha256) + changes(identity.parameters) +
                     ", policy " + with_hash(identity.policy, identity.policy_sha256);
  if (identity.model) text += ", model " + with_hash(*identity.model);
  if (identity.run_file) text += ", run file " + with_hash(*identity.run_file);
  text += ", seed " + std::to_string(identity.seed);
  return wrapped(text, width, "", kHang) +
         (making.command.empty() ? "" : wrapped(printable(making.command), width, "", kHang));
}

}  // namespace bpusim
