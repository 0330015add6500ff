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
    EXPECT_GE(Policy::read(name).rows().size(), 100u) << name;  // reading refuses rows without them
  EXPECT_THROW(Policy::parse("name: p\noperators:\n  - {op: Conv, on: bpu, reason: x}\n", "p"), InputError);
}

// A convolution of 64 channels and a kernel of 7 x 7, as the facts have it.
OperatorFacts convolution() {
  OperatorFacts facts;
  facts.op = "Conv";
  for (const char* one : {"groups", "dilation_h", "dilation_w", "stride_h", "stride_w", "n"})
    facts.number(one, 1);
  facts.number("rank", 4);
  facts.number("h", 56);
  facts.number("w", 56);
  facts.number("kernel_h", 7);
  facts.number("kernel_w", 7);
  facts.number("kernel_n", 64);
  facts.number("kernel_volume", 64 * 7 * 7);
  facts.number("elements", 64 * 56 * 56);
  facts.numbers("channels_per_group", {64, 64});
  facts.numbers("sizes", {64, 56, 56});
  facts.numbers("pad_h", {3, 3});
  facts.numbers("pad_w", {3, 3});
  facts.word("residual_behind", "no");
  facts.word("is_output", "no");
  return facts;
}

TEST(Policies, PlacesByLimits) {
  const Policy x3 = Policy::read("bernoulli2"), x5 = Policy::read("bayes-e");
  EXPECT_EQ(x3.place(convolution()).where, Placement::Where::Bpu);
  OperatorFacts facts = convolution();
  facts.number("kernel_h", 9);
  EXPECT_EQ(x5.place(facts).where, Placement::Where::Bpu);
  EXPECT_EQ(x3.place(facts).where, Placement::Where::Cpu);
  EXPECT_EQ(x3.place(facts).reason, "height of the kernel 9 is beyond 7 (MAC array)");
  facts = convolution();
  facts.number("kernel_volume", 1024 * 7 * 7);  // 50176, beyond both lists
  EXPECT_EQ(x3.place(facts).reason, "C*H*W of one kernel 50176 is beyond 32768 (MAC array)");
  EXPECT_EQ(x5.place(facts).reason, "C*H*W of one kernel 50176 is beyond 32767 (MAC array)");
  // A dilation of 2 takes an input of even height.
  facts = convolution();
  facts.number("dilation_h", 2);
  facts.number("h", 55);
  EXPECT_EQ(x5.place(facts).reason, "height 55 is no multiple of dilation along H 2 (MAC array)");
  facts.number("stride_h", 2);
  EXPECT_EQ(x5.place(facts).reason, "stride along H 2 is beyond 1: dilated (MAC array)");
  // The list's plain convolutions may have twice the channels.
  facts = convolution();
  facts.numbers("channels_per_group", {64, 3000});
  EXPECT_EQ(x3.place(facts).where, Placement::Where::Bpu);
  facts.number("groups", 2);
  EXPECT_EQ(x3.place(facts).reason, "channel count of a group, in or out, 3000 is beyond 2048 (MAC array)");
  // Limits of all rows: a batch of at most 128.
  facts = convolution();
  facts.number("n", 129);
  EXPECT_EQ(x3.place(facts).reason, "batch 129 is beyond 128 (MAC array)");
}

TEST(Policies, PlacesByWords) {
  const Policy x3 = Policy::read("bernoulli2"), x5 = Policy::read("bayes-e");
  OperatorFacts bn;
  bn.op = "BatchNormalization";
  bn.number("n", 1);
  bn.word("folds_into", "");
  EXPECT_EQ(x3.place(bn).where, Placement::Where::Cpu);
  bn.word("folds_into", "Conv");
  EXPECT_EQ(x3.place(bn).where, Placement::Where::Bpu);
  OperatorFacts instance;
  instance.op = "InstanceNormalization";
  EXPECT_EQ(x5.place(instance).where, Placement::Where::Cpu);
  OperatorFacts bogus;
  bogus.op = "Bogus";
  const Placement none = x5.place(bogus);
  EXPECT_EQ(none.where, Placement::Where::Cpu);
  EXPECT_EQ(none.reason, "Bogus has no row in policy bayes-e (bayes-e.yaml): the list does not name it");
}

TEST(Policies, WhatARunAsksFor) {
  const Policy policy = Policy::parse(
      "name: p\nsource: s\noperators:\n"
      "  - {op: Softmax, on: on_request, reason: asked, limits: [{fact: rank, max: 4}]}\n"
      "  - {op: [Neg, Sub], on: cpu, reason: float}\n"
      "  - {op: Shape, on: folded, reason: computed}\n"
      "  - {op: Mean, on: unsupported, reason: none}\n",
      "p");
  const auto place = [&](const char* op, double rank, Request request) {
    OperatorFacts facts;
    facts.op = op;
    facts.number("rank", rank);
    return policy.place(facts, request);
  };
  EXPECT_EQ(place("Softmax", 4, Request::None).where, Placement::Where::Cpu);
  EXPECT_EQ(place("Softmax", 4, Request::Bpu).where, Placement::Where::Bpu);
  EXPECT_EQ(place("Softmax", 5, Request::Bpu).reason, "rank 5 is beyond 4 (asked)");
  EXPECT_EQ(place("Sub", 4, Request::Bpu).reason, "the run asks for the BPU, which does not run it: float");
  EXPECT_EQ(place("Shape", 1, Request::None).reason, "is left after folding: computed");
  EXPECT_EQ(place("Mean", 4, Request::Cpu).where, Placement::Where::Unsupported);
}

// What is written wrongly is named with its line; what an operator has no fact of breaks a limit.
TEST(Policies, MistakesInLimits) {
  const auto error = [](const std::string& limit) -> std::string {
    try {
      Policy::parse("source: s\noperators:\n  - {op: A, on: bpu, reason: r, limits: [" + limit + "]}\n", "p");
    } catch (const InputError& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_NE(error("{fact: kernel_hh, max: 7}").find("did you mean 'kernel_h'?"), std::string::npos);
  EXPECT_NE(error("{fact: kernel_h, maxx: 7, max: 7}").find("maxx"), std::string::npos);
  EXPECT_NE(error("{fact: kernel_h}").find("needs a comparison"), std::string::npos);
  EXPECT_NE(error("{fact: mode, max: 7}").find("mode is a word: it takes one_of"), std::string::npos);
  EXPECT_NE(error("{fact: stride_h, max: dilation_hh}").find("did you mean 'dilation_h'?"),
            std::string::npos);
  EXPECT_EQ(error("{fact: stride_h, max: dilation_h, when: {fact: mode, one_of: [nearest]}}"), "");
  const Policy policy = Policy::parse(
      "source: s\noperators:\n  - {op: A, on: bpu, reason: r, limits: [{fact: factor_h, power_of_two: "
      "true}]}\n",
      "p");
  OperatorFacts facts;
  facts.op = "A";
  EXPECT_EQ(policy.place(facts).reason, "factor along H is not known (r)");
  for (const double fine : {1.0, 2.0, 32.0, 0.25}) {
    facts.number("factor_h", fine);
    EXPECT_EQ(policy.place(facts).where, Placement::Where::Bpu) << fine;
  }
  for (const double wrong : {0.0, 1.5, 3.0}) {
    facts.number("factor_h", wrong);
    EXPECT_EQ(policy.place(facts).where, Placement::Where::Cpu) << wrong;
  }
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
  EXPECT_EQ(Policy::read("bayes-e").place(facts).where, Placement::Where::Unsupported);
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
