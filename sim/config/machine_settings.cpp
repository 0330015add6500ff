#include "sim/config/machine_settings.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <utility>

#include "models/parameter_table.h"

namespace bpusim {

namespace {

constexpr std::int64_t kNear = 4096;  // values on each side that are tried one by one
constexpr std::int64_t kTensorStep = 1024;

template <class T>
void read_field(const YamlNode& value, T& section, const Parameter<T>& row) {
  std::visit(
      [&](const auto& field) {
        if constexpr (std::is_same_v<decltype(field), const WordField<T>&>) {
          field.choose(section, value.choice(field.word(section), field.choices));
        } else {
          using Value = std::decay_t<decltype(section.*field)>;
          if constexpr (std::is_same_v<Value, bool>) {
            section.*field = value.flag(section.*field);
          } else if constexpr (std::is_same_v<Value, std::int64_t>) {
            section.*field = value.integer(section.*field, row.low, row.high, row.unit);
          } else if constexpr (std::is_same_v<Value, double>) {
            section.*field = value.number(section.*field, row.low, row.high, row.unit);
          } else {
            section.*field = value.word(section.*field);
          }
        }
      },
      row.field);
}

// A parameter of whole numbers.
struct Whole {
  std::int64_t value, low, high;
  std::string unit;
};

// Calls visit(section, row) for the parameter.
template <class Visitor>
void visit_parameter(MachineParams& machine, const MachineSetting& setting, Visitor&& visit) {
  for_each_section(machine, [&](const char* name, auto& section, const auto& table, const char*) {
    for (const auto& row : table)
      if (setting.section == name && setting.key == row.name) visit(section, row);
  });
}

// Nothing where it is no whole number.
std::optional<Whole> whole_of(MachineParams machine, const MachineSetting& setting) {
  std::optional<Whole> found;
  visit_parameter(machine, setting, [&](auto& section, const auto& row) {
    using Section = std::decay_t<decltype(section)>;
    if (const auto* field = std::get_if<std::int64_t Section::*>(&row.field))
      found = Whole{section.**field, static_cast<std::int64_t>(row.low), static_cast<std::int64_t>(row.high),
                    row.unit};
  });
  return found;
}

// Words and texts.
std::string text_of(MachineParams machine, const MachineSetting& setting) {
  std::string text;
  visit_parameter(machine, setting, [&](auto& section, const auto& row) {
    using Section = std::decay_t<decltype(section)>;
    if (const auto* field = std::get_if<std::string Section::*>(&row.field)) text = section.**field;
  });
  return text;
}

std::string quantity_text(std::int64_t value, const std::string& unit) {
  constexpr std::int64_t kib = 1024, mib = kib * kib;
  if (unit != "bytes" || value == 0 || value % kib != 0) return std::to_string(value);
  return value % mib == 0 ? std::to_string(value / mib) + "MiB" : std::to_string(value / kib) + "KiB";
}

// The machine with all settings, and what is wrong with them by themselves.
MachineParams applied(const MachineParams& base, const std::vector<MachineSetting>& settings,
                      Problems& problems) {
  MachineParams machine = base;
  std::vector<std::string> given;
  for (const MachineSetting& setting : settings) {
    const YamlNode value = YamlNode::of_text(setting.value, setting.place, problems);
    visit_parameter(machine, setting,
                    [&](auto& section, const auto& row) { read_field(value, section, row); });
    if (setting.section == "sram") given.push_back(setting.key);
  }
  return with_followers(std::move(machine), base.sram, given);
}

std::string key_of(const std::string& inconsistency) {
  return inconsistency.substr(0, inconsistency.find(": "));
}

// What is to become of a violated constraint, and of the others.
class Mender {
 public:
  Mender(const MachineParams& base, std::vector<MachineSetting> settings, std::vector<std::string> violated)
      : base_(base), settings_(std::move(settings)), violated_(std::move(violated)) {}

  // "sram.banks=6 or 8 would do" of the n-th setting; empty where it mends nothing.
  std::string remedy(std::size_t n, const std::string& violated) const {
    std::string whole = nearest(n, [](const std::vector<std::string>& left) { return left.empty(); });
    if (!whole.empty()) return whole;
    return nearest(n, [&](const std::vector<std::string>& left) {
      return std::all_of(left.begin(), left.end(), [&](const std::string& line) {
        return key_of(line) != key_of(violated) &&
               std::find(violated_.begin(), violated_.end(), line) != violated_.end();
      });
    });
  }

 private:
  using Accepts = std::function<bool(const std::vector<std::string>& left)>;

  bool mends(std::size_t n, const std::string& value, const Accepts& accepts) const {
    std::vector<MachineSetting> settings = settings_;
    settings[n].value = value;
    Problems problems;
    const MachineParams machine = applied(base_, settings, problems);
    return !problems.any() && accepts(inconsistencies(machine));
  }

  std::string nearest(std::size_t n, const Accepts& accepts) const {
    const MachineSetting& setting = settings_[n];
    Problems ignored;
    const auto asked = whole_of(applied(base_, settings_, ignored), setting);
    if (!asked) {
      const std::string text = text_of(base_, setting);
      return !text.empty() && mends(n, text, accepts) ? setting.name() + "=" + text + " would do" : "";
    }
    const auto good = [&](std::int64_t value) {
      return value >= asked->low && value <= asked->high && mends(n, std::to_string(value), accepts);
    };
    std::optional<std::int64_t> below, above;
    for (const std::int64_t value : candidates(*asked, whole_of(base_, setting)->value, good)) {
      auto& side = value < asked->value ? below : above;
      const bool nearer = !side || std::abs(value - asked->value) < std::abs(*side - asked->value);
      if (nearer && good(value)) side = value;
    }
    std::string text;
    for (const auto& side : {below, above})
      if (side) text += (text.empty() ? setting.name() + "=" : " or ") + quantity_text(*side, asked->unit);
    return text.empty() ? "" : text + " would do";
  }

  // Values of which the nearest that do are: some beside the one that is asked for, powers of two, and where
  // the way from the machine's own ends.
  static std::vector<std::int64_t> candidates(const Whole& asked, std::int64_t own,
                                              const std::function<bool(std::int64_t)>& good) {
    std::vector<std::int64_t> values = {own, asked.low, asked.high};
    for (std::int64_t power = 1; power > 0 && power <= asked.high; power *= 2) values.push_back(power);
    std::int64_t does = own, does_not = asked.value;
    if (good(own))
      while (std::abs(does - does_not) > 1) {
        const std::int64_t middle = does + (does_not - does) / 2;
        (good(middle) ? does : does_not) = middle;
      }
    values.push_back(does);
    for (const std::int64_t sign : {-1, 1})
      for (std::int64_t step = 1; step <= kNear; ++step) {
        if (!good(asked.value + sign * step)) continue;
        values.push_back(asked.value + sign * step);
        break;
      }
    return values;
  }

  const MachineParams& base_;
  const std::vector<MachineSetting> settings_;
  const std::vector<std::string> violated_;
};

// The settings that count, the last of each parameter.
std::vector<MachineSetting> last_of_each(const std::vector<MachineSetting>& settings) {
  std::vector<MachineSetting> last;
  for (auto at = settings.rbegin(); at != settings.rend(); ++at) {
    const auto same = [&](const MachineSetting& other) { return other.name() == at->name(); };
    if (std::none_of(last.begin(), last.end(), same)) last.insert(last.begin(), *at);
  }
  return last;
}

void say_violated(const MachineParams& base, const std::vector<MachineSetting>& settings,
                  const std::vector<std::string>& violated, Problems& problems) {
  const std::vector<MachineSetting> last = last_of_each(settings);
  const Mender mender(base, last, violated);
  for (const std::string& line : violated) {
    bool mended = false;
    for (std::size_t n = 0; n < last.size(); ++n) {
      const std::string remedy = mender.remedy(n, line);
      if (remedy.empty()) continue;
      mended = true;
      problems.add(last[n].place + ": " + line + "; " + remedy);
    }
    std::string places;
    for (const MachineSetting& setting : last) places += (places.empty() ? "" : " with ") + setting.place;
    if (!mended) problems.add(places + ": " + line);
  }
}

// The number of banks that divides the bytes nearest to `banks`, within half of it and twice as many; `banks`
// where there is none.
std::int64_t nearest_banks(const SramParams& sram, std::int64_t banks) {
  const auto divides = [&](std::int64_t count) {
    return count >= 1 && sram.bytes % (count * std::max<std::int64_t>(1, sram.interleave_bytes)) == 0;
  };
  for (std::int64_t step = 0; step <= banks; ++step) {
    if (divides(banks + step)) return banks + step;
    if (2 * (banks - step) >= banks && divides(banks - step)) return banks - step;
  }
  return banks;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool sets_banks(const MachineSetting& setting) {
  return setting.name() == "sram.banks";
}

}  // namespace

void read_sections(const YamlNode& root, MachineParams& machine) {
  for_each_section(machine, [&](const char* name, auto& section, const auto& table, const char*) {
    const YamlNode node = root[name];
    for (const auto& row : table) read_field(node[row.name], section, row);
    node.close();
  });
}

MachineParams with_followers(MachineParams machine, const SramParams& before,
                             const std::vector<std::string>& given) {
  SramParams& sram = machine.sram;
  if (!contains(given, "bytes")) return machine;
  if (!contains(given, "banks")) sram.banks = nearest_banks(sram, before.banks);
  if (!contains(given, "tensor_bytes") && sram.bytes != before.bytes) {
    const double share = static_cast<double>(before.tensor_bytes) / static_cast<double>(before.bytes);
    const auto room = static_cast<std::int64_t>(std::floor(share * static_cast<double>(sram.bytes)));
    sram.tensor_bytes = room / kTensorStep * kTensorStep;
  }
  return machine;
}

MachineParams with_settings(const MachineParams& base, const std::string& file,
                            const std::vector<MachineSetting>& settings, std::vector<std::string>& notes,
                            Problems& problems) {
  Problems misread;
  MachineParams machine = applied(base, settings, misread);
  for (const std::string& line : misread.lines()) problems.add(line);
  if (problems.any()) return base;
  const std::vector<std::string> violated = inconsistencies(machine), before = inconsistencies(base);
  std::vector<std::string> own;
  for (const std::string& line : violated) {
    if (contains(before, line)) {
      problems.add(file + ": " + line);
    } else {
      own.push_back(line);
    }
  }
  if (!own.empty()) say_violated(base, settings, own, problems);
  if (machine.sram.banks != base.sram.banks && std::none_of(settings.begin(), settings.end(), sets_banks))
    notes.push_back("sram.bytes of " + quantity_text(machine.sram.bytes, "bytes") + ": sram.banks follow, " +
                    std::to_string(machine.sram.banks) + " in place of " + std::to_string(base.sram.banks) +
                    ", which do not divide it");
  return machine;
}

}  // namespace bpusim
