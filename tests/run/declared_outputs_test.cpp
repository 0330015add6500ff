// What a file declares of its outputs and its operators do not make.
#include <gtest/gtest.h>

#include <string>

#include "sim/config/machine_file.h"
#include "sim/input_error.h"
#include "sim/network/onnx/import.h"
#include "sim/run/simulate.h"
#include "tests/network/onnx_models.h"

namespace bpusim {
namespace {

using testing::Model;

// x of 2 x 3 -> op -> y as the model declares it; all that a run warns of, or its error.
std::string said(const std::string& op, const testing::Dims& declared, int type = onnx::TensorProto::FLOAT) {
  Model model(13);
  model.input("x", {2, 3});
  model.node(op, {"x"}, {"y"}, "n");
  model.output("y", declared, type);
  Scenario scenario{{}, read_machine("generic"), Policy::read("full")};
  scenario.run.network = parse_onnx(model.bytes(), "m.onnx", "", {});
  std::string text;
  try {
    for (const std::string& line : check(scenario).notes) text += line + "\n";
  } catch (const ErrorLines& error) {
    text = error.lines().at(0);
  }
  return text;
}

TEST(DeclaredOutputs, OfAnotherShapeAreSaid) {
  const std::string expected =
      "output 'y' is float32 of shape 2x3, and the file does not declare it so (float32 of shape ";
  EXPECT_EQ(said("Relu", {2, 4}), expected + "2x4)\n");
  EXPECT_EQ(said("Relu", {2, 3, 1}), expected + "2x3x1)\n");
}

TEST(DeclaredOutputs, OfOpenDimensionsOrNoneAreAsTheyAre) {
  EXPECT_EQ(said("Relu", {2, 3}), "");
  EXPECT_EQ(said("Relu", {0, 3}), "");
  EXPECT_EQ(said("Relu", {}), "");
}

TEST(DeclaredOutputs, OfAnotherTypeAreSaidOrNoOnnx) {
  EXPECT_EQ(said("IsNaN", {2, 3}),
            "output 'y' is bool of shape 2x3, and the file does not declare it so "
            "(float32 of shape 2x3)\n");
  EXPECT_EQ(said("Relu", {2, 3}, onnx::TensorProto::INT64),
            "m.onnx: output 'y' is float32 of shape 2x3, and the file does not "
            "declare it so (int64 of shape 2x3): no valid ONNX");
}

}  // namespace
}  // namespace bpusim
