#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "models/parameter_table.h"
#include "sim/config/config_paths.h"
#include "sim/config/machine_file.h"
#include "sim/config/policy.h"
#include "sim/config/schema.h"
#include "sim/config/suggest.h"
#include "sim/input_error.h"

namespace bpusim {
namespace {

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// All lines of the error that `text` must raise.
std::string errors_of(const std::string& text, const std::vector<std::string>& overrides = {}) {
  try {
    parse_machine(text, "test.yaml", overrides);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(MachineFile, UnknownKeyNamesLineAndNeighbour) {
  EXPECT_EQ(errors_of("name: t\nmac:\n  rows: 8\n  clos: 8\n"),
            "test.yaml:4: mac.clos: unknown key, did you mean 'cols'?");
}

TEST(MachineFile, UnknownSection) {
  EXPECT_EQ(errors_of("dramm:\n  cl: 8\n"), "test.yaml:1: dramm: unknown key, did you mean 'dram'?");
}

TEST(MachineFile, UnitsAreConvertedAndWrongOnesRefused) {
  const MachineParams m =
      parse_machine("sram: {bytes: 3MiB}\nbpu: {clock_mhz: 1.2GHz}\ndram: {controller_ns: 0.04us}\n", "t");
  EXPECT_EQ(m.sram.bytes, 3 * 1024 * 1024);
  EXPECT_DOUBLE_EQ(m.bpu.clock_mhz, 1200);
  EXPECT_DOUBLE_EQ(m.dram.controller_ns, 40);
  EXPECT_EQ(
      errors_of("sram:\n  bytes: 3MHz\n"),
      "test.yaml:2: sram.bytes: expected a number in B, bytes, KiB, MiB, GiB, KB, kB, MB, GB, got '3MHz'");
  EXPECT_EQ(errors_of("mac:\n  rows: 3MiB\n"),
            "test.yaml:2: mac.rows: expected a number without a unit, got '3MiB'");
}

TEST(MachineFile, ValueOutOfRange) {
  EXPECT_EQ(errors_of("mac:\n  rows: 0\n"),
            "test.yaml:2: mac.rows: expected a whole number between 1 and 4096, got '0'");
  EXPECT_EQ(errors_of("mac:\n  rows: 1.5\n"),
            "test.yaml:2: mac.rows: expected a whole number between 1 and 4096, got '1.5'");
}

TEST(MachineFile, AllMistakesAtOnce) {
  const std::string errors =
      errors_of("mac:\n  rows: many\n  dataflow: output\nsram: 7\nnumerics: {rounding: half_evne}\n");
  EXPECT_NE(errors.find("test.yaml:2: mac.rows: expected a number, got 'many'"), std::string::npos) << errors;
  EXPECT_NE(errors.find("test.yaml:3: mac.dataflow: 'output' is none of the choices"), std::string::npos)
      << errors;
  EXPECT_NE(errors.find("test.yaml:4: sram: expected keys and values"), std::string::npos) << errors;
  EXPECT_NE(errors.find("did you mean 'half_even'?"), std::string::npos) << errors;
}

TEST(MachineFile, DuplicateKey) {
  EXPECT_EQ(errors_of("mac:\n  rows: 8\n  rows: 16\n"), "test.yaml:3: mac.rows: is there twice");
}

TEST(MachineFile, SyntaxErrorNamesItsLine) {
  EXPECT_EQ(errors_of("mac:\n  rows: [8\n").substr(0, 30), "test.yaml:3: not valid YAML: e");
}

TEST(MachineFile, ValuesThatDoNotFitTogether) {
  EXPECT_EQ(errors_of("sram: {bytes: 1000KB, banks: 7}\n"),
            "test.yaml: sram.bytes: must be a multiple of sram.banks");
}

TEST(MachineFile, Overrides) {
  EXPECT_EQ(parse_machine("name: t\n", "t", {"mac.rows=8", "sram.bytes=1MiB"}).mac.rows, 8);
  EXPECT_NE(errors_of("name: t\n", {"mac.rwos=8"}).find("unknown key 'rwos' of mac, did you mean 'rows'?"),
            std::string::npos);
  EXPECT_NE(errors_of("name: t\n", {"mca.rows=8"}).find("did you mean 'mac'?"), std::string::npos);
  EXPECT_NE(errors_of("name: t\n", {"rows"}).find("expected section.key=value"), std::string::npos);
  EXPECT_NE(errors_of("name: t\n", {"mac.rows=x"}).find("expected a number, got 'x'"), std::string::npos);
}

TEST(MachineFile, MissingFileAndUnknownName) {
  EXPECT_THROW(read_machine("/nowhere/at/all.yaml"), InputError);
  try {
    read_machine("rdk-x55");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean 'rdk-x5'?"), std::string::npos) << error.what();
  }
}

TEST(Presets, AllReadAndEveryKeyIsThereWithItsSource) {
  const auto names = list_configs("machines");
  EXPECT_EQ(names, (std::vector<std::string>{"generic", "j5", "rdk-x3", "rdk-x5", "s100", "s100p", "s600"}));
  for (const std::string& name : names) {
    const MachineParams machine = read_machine(name);
    EXPECT_EQ(machine.name, name);
    EXPECT_NO_THROW(Policy::read(machine.policy));
    const std::string text = contents(resolve_config("machines", name));
    for_each_section(machine, [&](const char* section, const auto&, const auto& table, const char*) {
      for (const auto& row : table)
        EXPECT_NE(text.find("  " + row.name + ": "), std::string::npos)
            << name << ": " << section << "." << row.name;
    });
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
      if (line.rfind("  ", 0) == 0) {
        EXPECT_NE(line.find(" # "), std::string::npos) << name << ": " << line;
      }
  }
}

// Reads every word of every enum in a section; returns how many there are.
template <class T>
int read_words(const char* section, const ParameterTable<T>& table) {
  int words = 0;
  for (const Parameter<T>& row : table) {
    const auto* field = std::get_if<WordField<T>>(&row.field);
    if (field == nullptr) continue;
    for (const std::string& choice : field->choices) {
      const MachineParams machine =
          parse_machine(std::string(section) + ": {" + row.name + ": " + choice + "}\n", "test.yaml");
      for_each_section(machine, [&](const char*, const auto& values, const auto&, const char*) {
        if constexpr (std::is_same_v<decltype(values), const T&>) {
          EXPECT_EQ(field->word(values), choice) << section << "." << row.name;
        }
      });
      ++words;
    }
  }
  return words;
}

TEST(Machines, EveryWordOfAnEnumIsReadAsItsValue) {
  int words = 0;
  const MachineParams machine;
  for_each_section(machine, [&](const char* section, const auto&, const auto& table, const char*) {
    words += read_words(section, table);
  });
  EXPECT_EQ(words, 3 + 3 + 2);  // dataflow, rounding, on_overflow
}

TEST(Schema, HoldsEveryKey) {
  const std::string schema = machine_schema(), page = machine_reference();
  const MachineParams machine;
  for_each_section(machine, [&](const char*, const auto&, const auto& table, const char*) {
    for (const auto& row : table) {
      EXPECT_NE(schema.find("\"" + row.name + "\""), std::string::npos) << row.name;
      EXPECT_NE(page.find("`" + row.name + "`"), std::string::npos) << row.name;
    }
  });
}

TEST(Policies, EveryRowHasReasonAndSource) {
  for (const std::string& name : list_configs("support"))
    EXPECT_GE(Policy::read(name).rows().size(), 20u) << name;  // reading refuses rows without them
  EXPECT_THROW(Policy::parse("name: p\noperators:\n  - {op: Conv, on: bpu, reason: x}\n", "p"), InputError);
}

TEST(Policies, PlacesByLimits) {
  const Policy x3 = Policy::read("bernoulli2"), x5 = Policy::read("bayes-e");
  OperatorFacts conv;
  conv.op = "Conv";
  conv.shape = {1, 64, 56, 56};
  conv.kernel = 9;
  conv.channels = 64;
  EXPECT_EQ(x5.place(conv).where, Placement::Where::Bpu);
  EXPECT_EQ(x3.place(conv).where, Placement::Where::Cpu);
  EXPECT_EQ(x3.place(conv).reason, "kernel 9 is over 7 (MAC array)");
  conv.kernel = 7;
  conv.kernel_volume = 1024 * 7 * 7;
  EXPECT_EQ(x3.place(conv).reason, "C*H*W of the kernel 50176 is over 32768 (MAC array)");
  OperatorFacts bn;
  bn.op = "BatchNormalization";
  bn.shape = {1, 64, 56, 56};
  EXPECT_EQ(x3.place(bn).where, Placement::Where::Cpu);
  bn.after_conv = true;
  EXPECT_EQ(x3.place(bn).where, Placement::Where::Bpu);
  OperatorFacts instance;
  instance.op = "InstanceNormalization";
  instance.shape = {1, 64, 56, 56};
  EXPECT_EQ(x5.place(instance).where, Placement::Where::Cpu);
  OperatorFacts bogus;
  bogus.op = "Bogus";
  const Placement none = x5.place(bogus);
  EXPECT_EQ(none.where, Placement::Where::Cpu);
  EXPECT_EQ(none.reason,
            "Bogus has no row in policy bayes-e (bayes-e.yaml): what no list names runs on the CPU in float");
}

TEST(Policies, OperatorsWithoutARow) {
  const std::string rows = "operators:\n  - {op: Conv, on: bpu, reason: r, source: s}\n";
  OperatorFacts facts;
  facts.op = "Sin";
  const Placement none = Policy::parse("name: p\n" + rows, "folder/p.yaml").place(facts);
  EXPECT_EQ(none.where, Placement::Where::Unsupported);
  EXPECT_EQ(none.reason, "policy p (p.yaml) has no row for Sin, and no otherwise");
  const Policy cpu =
      Policy::parse("name: p\notherwise: {on: cpu, reason: float, source: here}\n" + rows, "folder/p.yaml");
  EXPECT_EQ(cpu.place(facts).where, Placement::Where::Cpu);
  EXPECT_EQ(cpu.place(facts).reason, "Sin has no row in policy p (p.yaml): float");
  EXPECT_EQ(cpu.place(facts).source, "here");
  EXPECT_THROW(Policy::parse("name: p\notherwise: {on: cpu}\n" + rows, "folder/p.yaml"), InputError);
  EXPECT_THROW(
      Policy::parse("name: p\notherwise: {on: nowhere, reason: r, source: s}\n" + rows, "folder/p.yaml"),
      InputError);
  // What the list says nobody runs stays so.
  facts.op = "MeanVarianceNormalization";
  facts.shape = {1, 4, 4, 4};
  EXPECT_EQ(Policy::read("bayes-e").place(facts).where, Placement::Where::Unsupported);
}

// Of an operator that is none with a kernel or groups no limit is exceeded.
TEST(Policies, LimitsOfWhatAnOperatorDoesNotHave) {
  OperatorFacts facts;
  facts.op = "Relu";
  facts.shape = {4};
  for (const char* limit : {"max_kernel", "max_kernel_volume", "max_channels", "max_channels_per_group"}) {
    const Policy policy = Policy::parse(
        "name: p\noperators:\n  - {op: Relu, on: bpu, " + std::string(limit) + ": 1, reason: r, source: s}\n",
        "p");
    EXPECT_EQ(policy.place(facts).where, Placement::Where::Bpu) << limit;
  }
}

// A preset with bytes changed at random reads or is refused; nothing else happens.
TEST(MachineFile, SurvivesMutations) {
  const std::string good = contents(resolve_config("machines", "rdk-x5"));
  std::mt19937 random(11);
  int refused = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string text = good;
    for (int m = 0; m < 1 + i % 4; ++m) text[random() % text.size()] = static_cast<char>(32 + random() % 96);
    try {
      parse_machine(text, "fuzz");
    } catch (const InputError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 200);
  EXPECT_LT(refused, 2000);
}

TEST(Suggest, NearestOrTheList) {
  EXPECT_EQ(did_you_mean("rwos", {"rows", "cols"}), ", did you mean 'rows'?");
  EXPECT_EQ(did_you_mean("zebra", {"rows", "cols"}), " (there are: rows, cols)");
}

}  // namespace
}  // namespace bpusim
