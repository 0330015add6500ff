// Any machine that the parameter tables allow: it is refused by the name of a parameter, or runs: function on
// and off take the same cycles, the figures hold, and results are those of any other machine with its
// numerics.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "models/parameter_table.h"
#include "sim/config/config_paths.h"
#include "sim/config/machine_file.h"
#include "sim/input_error.h"
#include "tests/guarantees/points.h"
#include "tests/run/drawn_network.h"

namespace bpusim {
namespace {

using guarantees::Counts;
using guarantees::Watched;

// A machine as somebody would ask for it: a preset, and a few settings.
class Settings {
 public:
  explicit Settings(unsigned seed) : random_(seed) {
    const auto presets = list_configs("machines");
    preset_ = chance(0.5) ? "generic" : presets[index(presets.size())];
    std::vector<std::string> all;
    MachineParams machine;
    for_each_section(machine, [&](const char* name, auto& section, const auto& table, const char*) {
      for (const auto& row : table)
        all.push_back(std::string(name) + "." + row.name + "=" + value_of(section, row));
    });
    for (std::size_t n = 1 + index(6); n > 0; --n) {
      settings_.push_back(all[index(all.size())]);
      if (settings_.back().rfind("numerics.", 0) == 0) numerics_.push_back(settings_.back());
    }
  }

  MachineParams machine() const { return read_machine(preset_, settings_); }
  /// Another machine with the same numerics.
  MachineParams other() const { return read_machine("generic", numerics_); }
  bool own_numerics() const { return !numerics_.empty(); }
  std::string text() const {
    std::string text = preset_;
    for (const std::string& setting : settings_) text += " " + setting;
    return text;
  }

 private:
  bool chance(double probability) {
    return std::uniform_real_distribution<double>(0, 1)(random_) < probability;
  }
  std::size_t index(std::size_t count) { return random_() % count; }

  // Each magnitude as often as any other, the ends of the range often, powers of two where most of them fit.
  double number(double low, double high) {
    if (chance(0.25)) return chance(0.5) ? low : high;
    const double least = low > 0 ? low : 0.5;
    const double drawn =
        std::exp(std::uniform_real_distribution<double>(std::log(least), std::log(high))(random_));
    const double power = std::exp2(std::round(std::log2(drawn)));
    return chance(0.5) ? std::clamp(power, low, high) : drawn;
  }

  template <class T>
  std::string value_of(const T&, const Parameter<T>& row) {
    return std::visit(
        [&](const auto& field) -> std::string {
          using Field = std::decay_t<decltype(field)>;
          if constexpr (std::is_same_v<Field, WordField<T>>) {
            return field.choices[index(field.choices.size())];
          } else if constexpr (std::is_same_v<Field, bool T::*>) {
            return chance(0.5) ? "true" : "false";
          } else if constexpr (std::is_same_v<Field, std::int64_t T::*>) {
            const double drawn = std::round(number(row.low, row.high));
            return std::to_string(static_cast<std::int64_t>(std::clamp(drawn, row.low, row.high)));
          } else if constexpr (std::is_same_v<Field, double T::*>) {
            return std::to_string(std::clamp(number(row.low, row.high), row.low, row.high));
          } else {
            return address_map();
          }
        },
        row.field);
  }

  std::string address_map() {
    std::vector<std::string> fields = {"row", "rank", "bank", "bank_group", "column", "channel"};
    std::shuffle(fields.begin(), fields.end(), random_);
    std::string text;
    for (const std::string& field : fields) text += (text.empty() ? "" : ",") + field;
    return text;
  }

  std::mt19937 random_;
  std::string preset_;
  std::vector<std::string> settings_, numerics_;
};

bool names_a_parameter(const std::string& line) {
  bool named = false;
  MachineParams machine;
  for_each_section(machine, [&](const char* name, auto&, const auto& table, const char*) {
    for (const auto& row : table)
      named = named || line.find(std::string(name) + "." + row.name) != std::string::npos;
  });
  return named;
}

bool same_results(const RunResult& a, const RunResult& b) {
  if (a.nodes.size() != b.nodes.size()) return false;
  for (std::size_t i = 0; i < a.nodes.size(); ++i) {
    const auto &x = a.nodes[i].accuracy, &y = b.nodes[i].accuracy;
    if (a.nodes[i].name != b.nodes[i].name || x.has_value() != y.has_value()) return false;
    if (x && (x->sqnr_db != y->sqnr_db || x->cosine != y->cosine || x->max_abs_error != y->max_abs_error ||
              x->mean_abs_error != y->mean_abs_error || x->ideal_exact_fraction != y->ideal_exact_fraction))
      return false;
  }
  return true;
}

// Runs the network; false where the machine is refused, which has to say what of it.
void try_machine(const Settings& settings, const RunSpec& spec, Counts& counts) {
  const Policy policy = Policy::read("full");
  try {
    const MachineParams machine = settings.machine();
    const RunResult with = simulate({spec, machine, policy});
    const RunResult without = simulate({spec, machine, policy}, RunOptions::timing());
    EXPECT_EQ(with.cycles, without.cycles) << settings.text();
    expect_figures(with, settings.text());
    EXPECT_TRUE(same_results(with, simulate({spec, settings.other(), policy}))) << settings.text();
    for (const NodeResult& node : with.nodes)
      if (node.on == Side::Bpu && node.accuracy && !settings.own_numerics()) {
        EXPECT_EQ(node.accuracy->ideal_within_1lsb_fraction, 1) << settings.text() << " " << node.name;
      }
    ++counts["run"];
  } catch (const ErrorLines& error) {
    ++counts["refused"];
    for (const std::string& line : error.lines())
      EXPECT_TRUE(names_a_parameter(line)) << settings.text() << ": " << line;
  }
}

TEST(AnyMachine, RunsOrIsRefusedByAParameter) {
  Counts counts("machines");
  const int points = guarantees::points(25);
  for (int point = 0; point < points; ++point) {
    const unsigned drawn = guarantees::seed() * 100000 + static_cast<unsigned>(point);
    const Settings settings(drawn);
    SCOPED_TRACE("point " + std::to_string(point));
    RunSpec spec;
    spec.network = Drawn(drawn, 1).network();
    spec.network.file = "drawn";
    const Watched watched("point " + std::to_string(point) + ": " + settings.text());
    try_machine(settings, spec, counts);
  }
}

}  // namespace
}  // namespace bpusim
