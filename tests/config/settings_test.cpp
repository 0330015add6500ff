// Names and settings as people give them: what is taken, what is suggested, and what follows from a setting.
#include <gtest/gtest.h>

#include "sim/config/config_paths.h"
#include "sim/config/machine_file.h"
#include "sim/config/policy.h"
#include "sim/config/suggest.h"
#include "sim/input_error.h"

namespace bpusim {
namespace {

constexpr std::int64_t kKib = 1024, kMib = kKib * kKib;

std::string errors_of(const std::string& machine, const std::vector<std::string>& settings,
                      const SettingPlaces& places = {}) {
  try {
    read_machine(machine, settings, places);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Names, AreTakenWhateverTheirCaseAndSeparators) {
  const std::vector<std::string> machines = list_configs("machines");
  for (const char* word : {"rdk-x5", "RDK-X5", "rdk_x5", "Rdk X5", "RDKX5"})
    EXPECT_EQ(name_meant(word, machines), "rdk-x5") << word;
  EXPECT_EQ(name_meant("BAYES_E", list_configs("support")), "bayes-e");
  EXPECT_EQ(name_meant("layer_normalization", {"LayerNormalization"}), "LayerNormalization");
  EXPECT_EQ(name_meant("x5", machines), "");
  EXPECT_EQ(name_meant("", machines), "");
  EXPECT_EQ(name_meant("A-B", {"a_b", "ab"}), "") << "two have its letters";
  EXPECT_EQ(name_meant("ab", {"a_b", "ab"}), "ab") << "one is it";
  EXPECT_EQ(read_machine("RDK_X5").name, "rdk-x5");
  EXPECT_EQ(Policy::read("BAYES_E").name(), "bayes-e");
}

TEST(Names, ArePartsOfWhatIsSuggested) {
  const std::vector<std::string> machines = list_configs("machines");
  EXPECT_EQ(did_you_mean("x5", machines), ", did you mean 'rdk-x5'?");
  EXPECT_EQ(did_you_mean("X3", machines), ", did you mean 'rdk-x3'?");
  EXPECT_EQ(
      did_you_mean("LayerNorm", {"BatchNormalization", "SimplifiedLayerNormalization", "LayerNormalization"}),
      ", did you mean 'LayerNormalization'?");
  EXPECT_EQ(did_you_mean("SOFTMX", {"Relu", "Softmax"}), ", did you mean 'Softmax'?");
  EXPECT_EQ(did_you_mean("a", {"batch", "cats"}), " (there are: batch, cats)") << "a letter is in many";
}

TEST(Sram, BytesAloneAreTaken) {
  for (const std::string& preset : list_configs("machines")) {
    const SramParams before = read_machine(preset).sram;
    for (std::int64_t bytes = 256 * kKib; bytes <= 64 * kMib; bytes *= 2) {
      const std::string setting = "sram.bytes=" + std::to_string(bytes / kKib) + "KiB";
      SCOPED_TRACE(preset + " " + setting);
      const SramParams sram = read_machine(preset, {setting}).sram;
      EXPECT_EQ(sram.bytes, bytes);
      EXPECT_EQ(sram.bytes % sram.banks, 0);
      EXPECT_GE(2 * sram.banks, before.banks);
      EXPECT_LE(sram.banks, 2 * before.banks);
      // The same share, in whole KiB.
      const double room = static_cast<double>(before.tensor_bytes) / static_cast<double>(before.bytes) *
                          static_cast<double>(bytes);
      EXPECT_NEAR(static_cast<double>(sram.tensor_bytes), room, 1024);
    }
  }
}

TEST(Sram, WhatFollowsIsSaidAndWhatIsGivenStays) {
  std::vector<std::string> notes;
  // 24 banks do not divide 4 MiB; of the powers of two that do, 16 and 32 are as near.
  EXPECT_EQ(read_machine("rdk-x5", {"sram.bytes=4MiB"}, {}, &notes).sram.banks, 32);
  EXPECT_EQ(notes,
            (std::vector<std::string>{"sram.bytes of 4MiB: sram.banks follow, 32 in place of 24, which "
                                      "do not divide it"}));
  notes.clear();
  const SramParams given =
      read_machine("rdk-x5", {"sram.banks=16", "sram.bytes=4MiB", "sram.tensor_bytes=1MiB"}, {}, &notes).sram;
  EXPECT_EQ(given.banks, 16);
  EXPECT_EQ(given.tensor_bytes, kMib);
  EXPECT_TRUE(notes.empty());
  EXPECT_EQ(read_machine("generic", {"sram.bytes=4MiB"}, {}, &notes).sram.banks, 16);
  EXPECT_TRUE(notes.empty()) << "16 banks divide it";
  EXPECT_EQ(parse_machine("sram: {bytes: 3MiB}\n", "m.yaml").sram.banks, 16) << "defaults follow too";
}

TEST(Settings, MistakesNameTheOptionAndWhatWouldDo) {
  EXPECT_EQ(errors_of("rdk-x5", {"sram.banks=7"}),
            "--set sram.banks=7: sram.bytes: must be a multiple of sram.banks; sram.banks=6 or 8 would do");
  // Three quarters of 3 MiB are 2304 KiB.
  EXPECT_EQ(errors_of("rdk-x5", {"sram.tensor_bytes=4MiB"}),
            "--set sram.tensor_bytes=4MiB: sram.tensor_bytes: must leave a quarter of sram.bytes to the "
            "operators; sram.tensor_bytes=2304KiB would do");
  EXPECT_EQ(
      errors_of("generic", {"dram.columns=1000"}),
      "--set dram.columns=1000: dram.columns: must be a power of two; dram.columns=512 or 1024 would do");
  EXPECT_EQ(
      errors_of("generic", {"numerics.epsilon_bits=7"}),
      "--set numerics.epsilon_bits=7: numerics.epsilon_bits: must be even, since its square root is taken; "
      "numerics.epsilon_bits=6 or 8 would do");
  // Between two refreshes of the default's 3125 clocks all that it waits for has to fit.
  const std::string longer = errors_of("generic", {"dram.rcd=2900"});
  EXPECT_NE(longer.find("--set dram.rcd=2900: dram.refi: of 3125 clocks"), std::string::npos) << longer;
  EXPECT_NE(longer.find("; dram.rcd="), std::string::npos) << longer;
  EXPECT_EQ(errors_of("generic", {"dram.address_map=row,rank"}).find("--set dram.address_map=row,rank: "),
            0U);
  EXPECT_NE(errors_of("generic", {"dram.address_map=row,rank"})
                .find("dram.address_map=row,rank,bank,column,bank_group,channel would do"),
            std::string::npos);
}

TEST(Settings, OfSeveralEachThatMendsItIsNamed) {
  EXPECT_EQ(
      errors_of("rdk-x5", {"sram.bytes=1000KB", "sram.banks=7", "sram.tensor_bytes=0"}),
      "--set sram.bytes=1000KB: sram.bytes: must be a multiple of sram.banks; sram.bytes=999999 or 1000006 "
      "would do\n"
      "--set sram.banks=7: sram.bytes: must be a multiple of sram.banks; sram.banks=5 or 8 would do");
  // The last one of a parameter counts.
  EXPECT_EQ(errors_of("rdk-x5", {"sram.banks=7", "sram.banks=8"}), "no error");
  EXPECT_EQ(errors_of("rdk-x5", {"mac.rows=0", "mac.clos=1"}),
            "--set mac.clos=1: unknown key 'clos' of mac, did you mean 'cols'?\n"
            "--set mac.rows=0: expected a whole number between 1 and 4096, got '0'");
}

TEST(Settings, OfARunFileAreNamedByTheirPlace) {
  EXPECT_EQ(
      errors_of("rdk-x5", {"sram.banks=7"}, {{"sram.banks=7", "run.yaml:4: set.sram.banks"}}),
      "run.yaml:4: set.sram.banks: sram.bytes: must be a multiple of sram.banks; sram.banks=6 or 8 would do");
}

TEST(Settings, AFileThatIsWrongByItselfIsNamed) {
  try {
    parse_machine("sram: {bytes: 1000KB, banks: 7}\n", "m.yaml", {"mac.rows=8"});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "m.yaml: sram.bytes: must be a multiple of sram.banks");
  }
  EXPECT_EQ(parse_machine("sram: {bytes: 1000KB, banks: 7}\n", "m.yaml", {"sram.banks=8"}).sram.banks, 8)
      << "a setting mends it";
}

TEST(FileKinds, AMachineOrAPolicyIsNoOther) {
  const auto error = [](auto&& read) -> std::string {
    try {
      read();
    } catch (const InputError& wrong) {
      return wrong.what();
    }
    return "no error";
  };
  EXPECT_EQ(error([] { parse_machine("operators: [{op: Relu, shape: [4]}]\n", "r.yaml"); }),
            "r.yaml: this is a run file: bpusim run r.yaml");
  EXPECT_EQ(error([] { Policy::parse("mac: {rows: 8}\n", "m.yaml"); }),
            "m.yaml: this is a machine file: bpusim run MODEL --machine m.yaml");
  const std::string policy = "operators: [{op: Relu, on: cpu, reason: r, source: s}]\n";
  EXPECT_EQ(error([&] { parse_machine(policy, "p.yaml"); }),
            "p.yaml: this is a policy file: bpusim run MODEL --policy p.yaml");
  EXPECT_EQ(error([&] { Policy::parse(policy, "p.yaml"); }), "no error");
}

TEST(Presets, TheS100PIsAnS100AtAnotherClock) {
  const MachineParams s100 = read_machine("s100"), s100p = read_machine("s100p");
  EXPECT_DOUBLE_EQ(s100p.bpu.clock_mhz, 1.5 * s100.bpu.clock_mhz);
  EXPECT_EQ(s100p.mac.rows, s100.mac.rows);
  EXPECT_EQ(s100p.mac.cols, s100.mac.cols);
}

}  // namespace
}  // namespace bpusim
