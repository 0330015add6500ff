#include "sim/study/conformance.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "sim/config/machine_file.h"
#include "sim/operators/operator.h"
#include "sim/quantise/golden.h"

namespace bpusim {
namespace {

void all_pass(const std::string& folder, int at_least) {
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << folder << " is not there";
  int passed = 0;
  for (const ConformanceCase& c : run_conformance(folder, read_machine("generic"))) {
    EXPECT_NE(c.status, ConformanceCase::Status::Failed) << c.name << ": " << c.reason;
    passed += c.status == ConformanceCase::Status::Passed;
    if (c.int8) {
      EXPECT_LT(c.int8->ideal_loss_db, 0.3) << c.name;  // few outputs: one step off in a small case shows
    }
  }
  EXPECT_GE(passed, at_least);
}

TEST(Conformance, CasesInstalledWithOnnx) {
  all_pass("/usr/share/libonnx-testdata/data/node", 570);
}

TEST(Conformance, CasesOfTheReference) {
  const char* folder = std::getenv("BPUSIM_REFERENCE");
  all_pass(
      (folder != nullptr ? folder : std::string(BPUSIM_SOURCE_DIR) + "/../shared/reference") + "/onnx_node",
      100);
}

// A LayerNormalization in primitives beside a case of another norm: it passes as what its values are named
// after, and fails where only the case beside it says what it is, and says something else.
TEST(Conformance, ExpansionsAreHeldAgainstTheirOperator) {
  namespace fs = std::filesystem;
  const fs::path data = "/usr/share/libonnx-testdata/data/node";
  if (!fs::is_directory(data)) GTEST_SKIP() << data << " is not there";
  const fs::path folder = fs::path(testing::TempDir()) / "bpusim_conformance";
  fs::remove_all(folder);
  fs::create_directories(folder);
  const std::string expanded = "test_layer_normalization_2d_axis0_expanded";
  const auto all = fs::copy_options::recursive;
  fs::copy(data / expanded, folder / expanded, all);
  fs::copy(data / expanded, folder / "test_instancenorm_expanded", all);
  fs::copy(data / expanded, folder / "test_unknown_expanded", all);  // nothing says what it is
  fs::copy(data / "test_instancenorm_example", folder / "test_instancenorm", all);
  const auto cases = run_conformance(folder.string(), read_machine("generic"));
  ASSERT_EQ(cases.size(), 4U);  // by name: the instancenorm pair, layer_normalization, unknown
  EXPECT_EQ(cases[0].status, ConformanceCase::Status::Passed);
  EXPECT_EQ(cases[1].op, "InstanceNormalization");
  EXPECT_EQ(cases[1].status, ConformanceCase::Status::Failed);
  EXPECT_EQ(cases[1].reason, "recognised as LayerNormalization, not as one InstanceNormalization");
  EXPECT_EQ(cases[2].status, ConformanceCase::Status::Passed);
  EXPECT_TRUE(cases[2].int8.has_value());
  EXPECT_EQ(cases[3].status, ConformanceCase::Status::Skipped);
}

// Signed inputs of LpNormalization, which the suite lacks: p = 1 takes magnitudes, a zero norm gives zeros.
TEST(Conformance, SignedLpNormalization) {
  Node node;
  node.op = "LpNormalization";
  node.attributes.ints = {{"axis", 1}, {"p", 1}};
  const Tensor x({3, 2}, {-3, 1, 0, 0, 2, -2});
  EXPECT_EQ(evaluate(node, {&x})[0].values, (std::vector<double>{-0.75, 0.25, 0, 0, 0.5, -0.5}));
  node.attributes.ints["p"] = 2;
  const Tensor zero({2, 2}, {-3, 4, 0, 0});
  const auto y = evaluate(node, {&zero})[0].values;
  EXPECT_DOUBLE_EQ(y[0], -0.6);
  EXPECT_DOUBLE_EQ(y[1], 0.8);
  EXPECT_EQ(y[2], 0);
}

}  // namespace
}  // namespace bpusim
