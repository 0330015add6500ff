// One parameter of one preset set to any value of its range: it runs, or is refused by the parameter's name
// and with a value of it that does.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <sstream>

#include "models/parameter_table.h"
#include "sim/config/config_paths.h"
#include "sim/config/machine_file.h"
#include "sim/input_error.h"
#include "sim/run/simulate.h"
#include "tests/guarantees/points.h"

namespace bpusim {
namespace {

using guarantees::Counts;
using guarantees::Watched;

RunSpec work() {
  return parse_run(
      "operators:\n  - {op: LayerNormalization, shape: [2, 96]}\n"
      "  - {op: Conv, shape: [1, 8, 12, 12], out_channels: 8, then: [BatchNormalization, Relu]}\n"
      "  - {op: Sigmoid, shape: [1, 500]}\n",
      "work.yaml", "");
}

// Ends of the range, a power of two and something else within.
std::vector<std::int64_t> whole_numbers(double low, double high, std::mt19937& random) {
  const auto least = static_cast<std::int64_t>(low), most = static_cast<std::int64_t>(high);
  const double scale = std::log(high + 1) - std::log(low + 1);
  const double drawn =
      std::exp(std::log(low + 1) + std::uniform_real_distribution<double>(0, scale)(random)) - 1;
  const auto within = std::clamp(static_cast<std::int64_t>(drawn), least, most);
  const auto power = static_cast<std::int64_t>(std::exp2(std::round(std::log2(drawn + 1))));
  return {least, within, std::clamp(power, least, most), most};
}

template <class T>
std::vector<std::string> values_of(const Parameter<T>& row, std::mt19937& random) {
  std::vector<std::string> values;
  if (const auto* words = std::get_if<WordField<T>>(&row.field)) return words->choices;
  if (std::holds_alternative<std::int64_t T::*>(row.field)) {
    for (const std::int64_t value : whole_numbers(row.low, row.high, random))
      values.push_back(std::to_string(value));
  } else if (std::holds_alternative<double T::*>(row.field)) {
    values = {std::to_string(row.low), std::to_string((row.low + row.high) / 2), std::to_string(row.high)};
  } else if (std::holds_alternative<bool T::*>(row.field)) {
    values = {"true", "false"};
  } else {
    values = {"row,rank,bank,bank_group,column,channel", "row,bank,column",
              "channel,row,rank,bank,bank_group,column"};
  }
  return values;
}

// Lines of the refusal; none where it runs.
std::vector<std::string> refusal(const std::string& preset, const std::string& setting, const RunSpec& spec) {
  try {
    const MachineParams machine = read_machine(preset, {setting});
    simulate({spec, machine, Policy::read("full")}, RunOptions::timing());
  } catch (const ErrorLines& error) {
    return error.lines();
  }
  return {};
}

// The values behind "name=", as "6 or 8 would do".
std::vector<std::string> offered(const std::string& line, const std::string& name) {
  const std::size_t at = line.rfind("; " + name + "="), end = line.rfind(" would do");
  std::vector<std::string> values;
  if (at == std::string::npos || end == std::string::npos) return values;
  std::istringstream words(line.substr(at + name.size() + 3, end - at - name.size() - 3));
  for (std::string word; words >> word;)
    if (word != "or") values.push_back(word);
  return values;
}

void try_setting(const std::string& preset, const std::string& name, const std::string& value,
                 const RunSpec& spec, Counts& counts) {
  const std::string setting = name + "=" + value;
  const Watched watched(preset + " " + setting);
  const std::vector<std::string> lines = refusal(preset, setting, spec);
  ++counts[lines.empty() ? "run" : "refused"];
  for (const std::string& line : lines) {
    EXPECT_NE(line.find(name), std::string::npos) << preset << " " << setting << ": " << line;
    const std::vector<std::string> values = offered(line, name);
    EXPECT_FALSE(values.empty()) << preset << " " << setting << ": " << line;
    for (const std::string& other : values)
      EXPECT_NO_THROW(read_machine(preset, {name + "=" + other})) << preset << " " << setting << ": " << line;
  }
}

TEST(AnySetting, RunsOrIsRefusedWithAValueThatDoes) {
  Counts counts("settings");
  const RunSpec spec = work();
  std::mt19937 random(guarantees::seed());
  const int rounds = guarantees::points(1);
  for (int round = 0; round < rounds; ++round)
    for (const std::string& preset : list_configs("machines")) {
      MachineParams machine;
      for_each_section(machine, [&](const char* section, auto&, const auto& table, const char*) {
        for (const auto& row : table)
          for (const std::string& value : values_of(row, random))
            try_setting(preset, std::string(section) + "." + row.name, value, spec, counts);
      });
    }
}

}  // namespace
}  // namespace bpusim
