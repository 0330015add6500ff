// The vendor's YAML: the run of each is that of a run file which says the same.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/run/toolchain_files.h"

namespace bpusim {
namespace {

namespace fs = std::filesystem;
using testing::bytes_of;
using testing::image_model;
using testing::kSide;
using testing::mistakes_of;
using testing::run_of;
using testing::TemporaryFolder;
using testing::Vendor;

constexpr const char* kImage = "pixels: {image: {type: nv12, train: rgb, scale: 0.0039, samples: train}}\n";

class Toolchain : public ::testing::Test {
 protected:
  Toolchain() {
    folder_.write("m.onnx", image_model().bytes());
    for (const char* name : {"cal", "cal_f32"}) fs::create_directory(fs::path(folder_.path()) / name);
    for (int i = 0; i < 3; ++i) {
      const std::string bytes = bytes_of(3 * kSide * kSide, i);
      std::string floats;
      for (const char byte : bytes) {
        const auto value = static_cast<float>(static_cast<unsigned char>(byte));
        floats.append(reinterpret_cast<const char*>(&value), sizeof value);
      }
      folder_.write("cal/" + std::to_string(i) + ".rgb", bytes);
      folder_.write("cal_f32/" + std::to_string(i) + ".rgb", floats);
    }
  }

  // The runs have the same rows, in the same cycles, on the same grids, of the same accuracy. Outputs leave
  // as sums, on Nash as float32.
  void expect_same(const Vendor& vendor, const std::string& own, bool sums = true) {
    const char* const leave = vendor.march.rfind("nash", 0) == 0 ? "float32: all\n"
                              : sums                             ? "int32: all\n"
                                                                 : "";
    const RunResult a = run_of(vendor.text(), folder_), b = run_of("model: m.onnx\n" + own + leave, folder_);
    EXPECT_TRUE(a.of_toolchain);
    EXPECT_EQ(a.machine, b.machine);
    EXPECT_EQ(a.policy, b.policy);
    EXPECT_EQ(a.cycles, b.cycles);
    ASSERT_EQ(a.nodes.size(), b.nodes.size());
    for (std::size_t n = 0; n < a.nodes.size(); ++n) {
      EXPECT_EQ(a.nodes[n].name, b.nodes[n].name);
      EXPECT_EQ(a.nodes[n].on, b.nodes[n].on) << a.nodes[n].name;
      EXPECT_EQ(a.nodes[n].in_type, b.nodes[n].in_type) << a.nodes[n].name;
      EXPECT_EQ(a.nodes[n].out_type, b.nodes[n].out_type) << a.nodes[n].name;
      EXPECT_EQ(a.nodes[n].threshold, b.nodes[n].threshold) << a.nodes[n].name;
      ASSERT_EQ(a.nodes[n].accuracy.has_value(), b.nodes[n].accuracy.has_value());
      if (a.nodes[n].accuracy) {
        EXPECT_EQ(a.nodes[n].accuracy->sqnr_db, b.nodes[n].accuracy->sqnr_db);
      }
    }
  }

  std::string mistakes(const Vendor& vendor) const { return mistakes_of(vendor.text(), folder_); }
  std::string notes(const Vendor& vendor) const {
    std::string text;
    for (const std::string& note : parse_run(vendor.text(), "run.yaml", folder_.path()).notes)
      text += note + "\n";
    return text;
  }

  TemporaryFolder folder_;
};

TEST_F(Toolchain, RunsOnTheMachineOfEachMarch) {
  for (const auto& [march, machine, cores] : {std::tuple("bernoulli2", "rdk-x3", true),
                                              {"bayes", "j5", true},
                                              {"bayes-e", "rdk-x5", false},
                                              {"nash-e", "s100", false},
                                              {"nash-m", "s100p", false},
                                              {"nash-p", "s600", true}}) {
    SCOPED_TRACE(march);
    Vendor vendor;
    vendor.march = march;
    expect_same(vendor,
                std::string(kImage) + "machine: " + machine + "\n" + (cores ? "set: {bpu.cores: 1}\n" : ""));
  }
}

// Behind the Transpose, a step of its own, they stay on their grid.
TEST_F(Toolchain, OutputsLeaveAsSumsUnlessAskedFor) {
  Vendor vendor;
  EXPECT_EQ(run_of(vendor.text(), folder_).nodes.back().out_type, "int8");
  vendor.model = "  remove_node_type: Transpose\n";
  const std::string own =
      std::string(kImage) + "machine: rdk-x5\nremove_at_edges: {operators: [Transpose]}\n";
  EXPECT_EQ(run_of(vendor.text(), folder_).nodes.back().out_type, "int32");
  expect_same(vendor, own);
  vendor.calibration = "  calibration_type: skip\n  optimization: set_model_output_int8\n";
  expect_same(vendor, own, false);
  vendor.calibration = "  calibration_type: skip\n  optimization: set_model_output_int16\n";
  expect_same(vendor, own + "int16: [head]\n", false);
}

TEST_F(Toolchain, NashDequantisesItsOutputsUnlessSuchNodesGo) {
  Vendor vendor;
  vendor.march = "nash-e";
  const RunResult numbers = run_of(vendor.text(), folder_);
  EXPECT_EQ(numbers.nodes.back().op, "Dequantise");
  EXPECT_EQ(numbers.nodes.back().on, Side::Bpu);
  EXPECT_EQ(numbers.nodes.back().out_type, "float32");
  vendor.model = "  remove_node_type: Dequantize\n";
  EXPECT_EQ(run_of(vendor.text(), folder_).nodes.back().out_type, "int8");
}

TEST_F(Toolchain, SaysWhichMarchHasNoPreset) {
  Vendor vendor;
  vendor.march = "nash-h";
  const std::string said = testing::error_of([&] { run_of(vendor.text(), folder_); });
  EXPECT_NE(said.find("run.yaml:3: model_parameters.march: no preset for march nash-h"), std::string::npos)
      << said;
  vendor.march = "bayes_e";
  EXPECT_NE(mistakes(vendor).find("'bayes_e' is no march, did you mean 'bayes-e'?"), std::string::npos);
}

TEST_F(Toolchain, TakesImagesOfAllTypes) {
  for (const char* type : {"nv12", "yuv444", "rgb", "bgr"}) {
    SCOPED_TRACE(type);
    Vendor vendor;
    vendor.input = std::string("  input_type_rt: ") + type + "\n  input_layout_rt: NHWC\n";
    vendor.norm =
        "  norm_type: data_mean_and_scale\n  mean_value: '123.7 116.3 103.5'\n"
        "  scale_value: 0.017 0.018 0.019\n";
    expect_same(vendor, std::string("machine: rdk-x5\npixels: {image: {type: ") + type +
                            ", train: rgb, mean: [123.7, 116.3, 103.5], scale: [0.017, 0.018, 0.019]}}\n");
  }
}

TEST_F(Toolchain, TakesVideoRangeAndOneOfMeanAndScale) {
  Vendor vendor;
  vendor.input += "  input_space_and_range: bt601_video\n";
  vendor.norm = "  norm_type: data_mean\n  mean_value: 128\n  scale_value: 5\n";
  expect_same(vendor,
              "machine: rdk-x5\npixels: {image: {type: nv12, train: rgb, range: bt601_video, mean: 128}}\n");
  vendor.march = "nash-e";
  vendor.norm = "  mean_value: 128\n  std_value: 2\n";
  expect_same(vendor,
              "machine: s100\npixels: {image: {type: nv12, train: rgb, range: bt601_video, mean: 128, "
              "scale: 0.5}}\n");
}

TEST_F(Toolchain, CalibratesOnFolders) {
  const std::string own = std::string("machine: rdk-x5\n") + kImage + "calibration_samples: {image: ";
  Vendor vendor;
  vendor.calibration = "  cal_data_dir: cal_f32\n  calibration_type: max\n";
  expect_same(vendor, own + "{folder: cal_f32, raw: float32}}\n");
  vendor.calibration = "  cal_data_dir: cal\n  cal_data_type: uint8\n  calibration_type: kl\n";
  expect_same(vendor, own + "{folder: cal, raw: uint8}}\ncalibration: kl\n");
  vendor.calibration = "  cal_data_dir: ./cal\n  calibration_type: max\n  max_percentile: '0.999'\n";
  expect_same(vendor, own + "{folder: cal, raw: uint8}}\ncalibration: percentile\npercentile: 0.999\n");
  vendor.calibration = "  cal_data_dir: cal\n  calibration_type: default\n";
  expect_same(vendor, own + "{folder: cal, raw: uint8}}\ncalibration: auto\n");
  vendor.calibration = "  cal_data_dir: cal\n  cal_data_type: float32\n  calibration_type: max\n";
  const std::string said = testing::error_of([&] { run_of(vendor.text(), folder_); });
  EXPECT_NE(said.find("has 192 bytes, and 192 numbers of float32 are 768"), std::string::npos) << said;
}

// hb_compile calibrates the float model, so its samples hold what that takes: on X5's samples behind mean and
// scale, grids are those of X5.
TEST_F(Toolchain, NashTakesSamplesBehindMeanAndScale) {
  fs::create_directory(fs::path(folder_.path()) / "normed");
  for (int i = 0; i < 3; ++i) {
    std::string floats;
    for (const char byte : bytes_of(3 * kSide * kSide, i)) {
      const auto value = static_cast<float>((static_cast<unsigned char>(byte) - 100) * 0.0039);
      floats.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    folder_.write("normed/" + std::to_string(i) + ".bin", floats);
  }
  Vendor vendor;
  vendor.norm = "  norm_type: data_mean_and_scale\n  mean_value: 100\n  scale_value: 0.0039\n";
  vendor.calibration = "  cal_data_dir: cal_f32\n  calibration_type: max\n";
  const RunResult x5 = run_of(vendor.text(), folder_);
  vendor.march = "nash-e";
  vendor.calibration = "  cal_data_dir: normed\n  calibration_type: max\n";
  const RunResult nash = run_of(vendor.text(), folder_);
  for (std::size_t n = 0; n < x5.nodes.size(); ++n)
    EXPECT_EQ(nash.nodes[n].threshold, x5.nodes[n].threshold) << x5.nodes[n].name;
}

// Without values a run needs no samples: where they are missing is said.
TEST_F(Toolchain, NeedsFoldersForValuesOnly) {
  Vendor vendor;
  vendor.calibration = "  cal_data_dir: elsewhere\n  calibration_type: max\n";
  EXPECT_NE(notes(vendor).find("'elsewhere' is neither at"), std::string::npos);
  EXPECT_GT(run_of(vendor.text(), folder_, false).cycles, 0);
  const std::string said = testing::error_of([&] { run_of(vendor.text(), folder_); });
  EXPECT_NE(said.find("elsewhere: no such file or folder"), std::string::npos) << said;
}

// Mistakes of samples name the key that names their folder.
TEST_F(Toolchain, SaysWhereSamplesAreWrong) {
  Vendor vendor;
  vendor.calibration = "  preprocess_on: True\n  cal_data_dir: cal\n  cal_data_type: float32\n";
  const auto said = [&] { return testing::error_of([&] { run_of(vendor.text(), folder_); }); };
  const std::string place = "run.yaml:12: calibration_parameters.cal_data_dir: ";
  EXPECT_EQ(said().find(place), 0u) << said();
  vendor.calibration = "  preprocess_on: True\n  cal_data_dir: pictures\n";
  fs::create_directory(fs::path(folder_.path()) / "pictures");
  EXPECT_NE(said().find(place), std::string::npos) << said();
  folder_.write("pictures/a.jpg", "abc");
  EXPECT_NE(notes(vendor).find("a.jpg: JPEG, PNG and BMP are not read"), std::string::npos);
  EXPECT_GT(run_of(vendor.text(), folder_, false).cycles, 0);
  EXPECT_NE(said().find(place), std::string::npos) << said();
}

// Calibration is of the model, compiled are several images of it.
TEST_F(Toolchain, SamplesOfABatchHaveOneImage) {
  Vendor one, four;
  one.calibration = four.calibration = "  cal_data_dir: cal\n  calibration_type: max\n";
  four.input += "  input_batch: 4\n";
  const RunResult a = run_of(one.text(), folder_), b = run_of(four.text(), folder_);
  for (std::size_t n = 0; n < a.nodes.size(); ++n) EXPECT_EQ(a.nodes[n].threshold, b.nodes[n].threshold);
}

// What the tools' loader has, and what they take where a file says nothing.
TEST_F(Toolchain, TakesTheLastOfAKeyThatIsThereTwice) {
  Vendor vendor;
  vendor.input = "  input_type_rt: rgb\n  input_type_rt: nv12\n";
  vendor.norm = "  scale_value: 2\n";
  EXPECT_NE(
      notes(vendor).find("run.yaml:8: input_parameters.input_type_rt: is there twice: the last one counts"),
      std::string::npos)
      << notes(vendor);
  EXPECT_NE(notes(vendor).find("is not used: norm_type is no_preprocess"), std::string::npos);
  const RunSpec run = parse_run(vendor.text(), "run.yaml", folder_.path());
  EXPECT_EQ(run.network.pixels.at("image").type, PixelType::Nv12);
  EXPECT_EQ(run.network.pixels.at("image").scale, std::vector<double>{1});
}

TEST_F(Toolchain, SaysThatNoLevelIsTheLowest) {
  Vendor vendor;
  std::string text = vendor.text();
  text.erase(text.find("  optimize_level: O3"));
  EXPECT_NE(testing::notes_of(text, folder_).find("no optimize_level: hb_mapper takes O0"),
            std::string::npos);
}

// norm_type and input_layout_rt change nothing in hb_compile.
TEST_F(Toolchain, NashTakesWhatIsThereOfMeanAndScale) {
  Vendor vendor;
  vendor.march = "nash-e";
  vendor.input = "  input_type_rt: rgb\n  input_layout_rt: NCHW\n";
  vendor.norm = "  norm_type: data_scale\n  mean_value: 128\n  scale_value: 2\n";
  const RunSpec run = parse_run(vendor.text(), "run.yaml", folder_.path());
  EXPECT_EQ(run.network.pixels.at("image").mean, std::vector<double>{128});
  EXPECT_TRUE(run.network.pixels.at("image").channels_last);
  EXPECT_NE(notes(vendor).find("input_layout_rt: changes nothing in hb_compile"), std::string::npos);
}

TEST_F(Toolchain, PutsNodesWhereItSays) {
  const std::string own = std::string("machine: rdk-x5\n") + kImage;
  Vendor vendor;
  vendor.calibration = "  calibration_type: skip\n  run_on_cpu: 'conv;'\n";
  expect_same(vendor, own + "on: {conv: cpu}\n");
  vendor.calibration = "";
  vendor.model = "  node_info: {head: {ON: CPU, OutputType: int8}}\n";
  expect_same(vendor, own + "on: {head: cpu}\n");
  vendor.model = "  run_on_cpu: conv\n";
  EXPECT_NE(
      mistakes(vendor).find("run.yaml:4: model_parameters.run_on_cpu: is a key of calibration_parameters"),
      std::string::npos);
}

TEST_F(Toolchain, WidensNodesAsItSays) {
  const std::string own = std::string("machine: rdk-x5\n") + kImage;
  Vendor vendor;
  vendor.model = "  node_info: 'conv:int16'\n";
  expect_same(vendor, own + "int16: [conv]\n");
  vendor.model = "  set_node_data_type: conv:int16;head:int8\n";
  expect_same(vendor, own + "int16: [conv]\n");
  vendor.model = "  node_info: {head: {InputType0: int16}}\n";
  expect_same(vendor, own + "int16: [act]\n");
  vendor.model = "";
  vendor.calibration = "  calibration_type: skip\n  optimization: set_Relu_output_int16\n";
  expect_same(vendor, own + "int16: [act]\n");
  vendor.calibration = "  calibration_type: skip\n  optimization: set_all_nodes_int16\n";
  expect_same(vendor, own + "int16: all\n");
  vendor.calibration = "  calibration_type: skip\n  optimization: set_all_nodes_int16,set_Relu_output_int8\n";
  expect_same(vendor, own + "int16: all\nint8: [act]\n");
  vendor.march = "nash-e";
  vendor.calibration =
      "  calibration_type: skip\n  quant_config: {op_config: {Conv: {qtype: int16}}, "
      "node_config: {head: {qtype: int8}}}\n";
  expect_same(vendor, "machine: s100\n" + std::string(kImage) + "int16: [conv]\n");
  folder_.write("q.json", "{\"node_config\": {\"conv\": {\"qtype\": \"int16\", \"ON\": \"BPU\"}}}");
  vendor.calibration = "  calibration_type: skip\n  quant_config: q.json\n";
  expect_same(vendor, "machine: s100\n" + std::string(kImage) + "int16: [conv]\non: {conv: bpu}\n");
}

TEST_F(Toolchain, CutsTheModel) {
  const std::string own = std::string("machine: rdk-x5\n") + kImage;
  Vendor vendor;
  vendor.model = "  output_nodes: act\n";
  expect_same(vendor, own + "outputs: [act]\n");
  EXPECT_EQ(run_of(vendor.text(), folder_).nodes.size(), 2u);  // the preprocess step, and conv with act
  vendor.model = "  remove_node_type: Transpose\n";
  expect_same(vendor, own + "remove_at_edges: {operators: [Transpose]}\n");
  vendor.model = "  remove_node_name: last\n";
  expect_same(vendor, own + "remove_at_edges: {nodes: [last]}\n");
  EXPECT_EQ(run_of(vendor.text(), folder_).nodes.back().name, "head");
  vendor.model = "  remove_node_name: act\n";
  EXPECT_NE(notes(vendor).find("'act' stays"), std::string::npos);
}

// image of n x 3 x 8 x 8 -> Relu "act" -> y.
testing::Model of_open_batch() {
  testing::Model open(11, 6);
  open.open_input("image", "n", {3, kSide, kSide});
  open.output("y", {1, 3, kSide, kSide});
  open.node("Relu", {"image"}, {"y"}, "act");
  return open;
}

// Open dimensions of an image are one mistake, which names the key that sets them.
TEST_F(Toolchain, SaysWhereAnImagesShapeIsSet) {
  folder_.write("m.onnx", of_open_batch().bytes());
  const std::string said = mistakes(Vendor());
  EXPECT_NE(said.find("input_shape: in a vendor's"), std::string::npos) << said;
  EXPECT_EQ(said.find("--dim n=1"), std::string::npos) << said;
}

TEST_F(Toolchain, SetsShapesBatchAndCores) {
  folder_.write("m.onnx", of_open_batch().bytes());
  Vendor vendor;
  vendor.input += "  input_shape: 2x3x8x8\n";
  expect_same(vendor, std::string("machine: rdk-x5\ninput_shapes: {image: [2, 3, 8, 8]}\n") + kImage);
  vendor.input = "  input_type_rt: nv12\n  input_shape: 1x3x8x8\n  input_batch: 3\n";
  expect_same(vendor, std::string("machine: rdk-x5\ndim: {n: 1}\nbatch: 3\n") + kImage);
  vendor.march = "bernoulli2";
  vendor.compiler = "  core_num: 2\n";
  expect_same(vendor, std::string("machine: rdk-x3\ndim: {n: 1}\nbatch: 3\n") + kImage);
  vendor.compiler = "  core_num: 3\n";
  EXPECT_NE(mistakes(vendor).find("compiler_parameters.core_num: '3' cores: bernoulli2 has 2"),
            std::string::npos);
  vendor.input = "  input_type_rt: nv12\n  input_shape: 1x3x8x9\n";
  EXPECT_NE(mistakes(vendor).find("is to have shape 1x3x8x9, and the model's is 0x3x8x8"), std::string::npos);
}

}  // namespace
}  // namespace bpusim
