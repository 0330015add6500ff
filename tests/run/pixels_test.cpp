// Images in front of a network: what they become, what they cost, and what is said where they do not fit.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "sim/scenario/pixel_images.h"
#include "tests/run/toolchain_files.h"

namespace bpusim {
namespace {

using testing::bytes_of;
using testing::image_model;
using testing::kSide;
using testing::mistakes_of;
using testing::run_of;
using testing::TemporaryFolder;

constexpr const char* kPreprocess = "HZ_PREPROCESS_FOR_image";

std::string with_pixels(const std::string& pixels, const std::string& more = "") {
  return "model: m.onnx\nmachine: rdk-x5\npixels: {image: " + pixels + "}\n" + more;
}

class Pixels : public ::testing::Test {
 protected:
  Pixels() { folder_.write("m.onnx", image_model().bytes()); }

  // What the model is given, in float64.
  Tensor golden(const std::string& yaml) const {
    const Scenario scenario = resolve(parse_run(yaml, "run.yaml", folder_.path()));
    return golden_values(scenario).numbers.at(std::string(kPreprocess) + "_output");
  }

  TemporaryFolder folder_;
};

// (byte - mean) * scale, a channel: the second of the first pixel is byte 1 of the file.
TEST_F(Pixels, AreNormalised) {
  const std::string image = bytes_of(3 * kSide * kSide);
  folder_.write("x.rgb", image);
  const Tensor made = golden(with_pixels("{type: rgb, train: rgb, mean: [10, 20, 30], scale: [0.5, 0.25, 2]}",
                                         "inputs: {image: x.rgb}\n"));
  ASSERT_EQ(made.shape, (Shape{1, 3, kSide, kSide}));
  const auto byte = [&](std::size_t i) { return static_cast<double>(static_cast<unsigned char>(image[i])); };
  EXPECT_DOUBLE_EQ(made.values[0], (byte(0) - 10) * 0.5);
  EXPECT_DOUBLE_EQ(made.values[kSide * kSide], (byte(1) - 20) * 0.25);
  EXPECT_DOUBLE_EQ(made.values[2 * kSide * kSide + 1], (byte(3 + 2) - 30) * 2);
}

TEST_F(Pixels, SwapRedAndBlueAndTakePlanes) {
  const std::string image = bytes_of(3 * kSide * kSide);
  folder_.write("x.bin", image);
  const Tensor made =
      golden(with_pixels("{type: bgr, train: rgb, layout: NCHW}", "inputs: {image: x.bin}\n"));
  const std::size_t plane = kSide * kSide;
  for (std::size_t i = 0; i < plane; ++i) {
    EXPECT_DOUBLE_EQ(made.values[i], static_cast<unsigned char>(image[2 * plane + i]));
    EXPECT_DOUBLE_EQ(made.values[2 * plane + i], static_cast<unsigned char>(image[i]));
  }
}

// Four pixels share U and V, which lie in turns behind Y: of pixel (2, 3) they are pair (1, 1).
TEST_F(Pixels, OfNv12ShareTheirChroma) {
  const std::string image = bytes_of(kSide * kSide * 3 / 2);
  folder_.write("x.nv12", image);
  const Tensor made = golden(with_pixels("{type: nv12, train: yuv444}", "inputs: {image: x.nv12}\n"));
  const std::size_t plane = kSide * kSide, pixel = 2 * kSide + 3, pair = plane + kSide + 2;
  const auto byte = [&](std::size_t i) { return static_cast<double>(static_cast<unsigned char>(image[i])); };
  EXPECT_DOUBLE_EQ(made.values[pixel], byte(pixel));
  EXPECT_DOUBLE_EQ(made.values[plane + pixel], byte(pair));
  EXPECT_DOUBLE_EQ(made.values[2 * plane + pixel], byte(pair + 1));
}

const NodeResult& row(const RunResult& result, const std::string& name) {
  const auto found = std::find_if(result.nodes.begin(), result.nodes.end(),
                                  [&](const NodeResult& node) { return node.name == name; });
  if (found == result.nodes.end()) throw std::out_of_range(name);
  return *found;
}

// On the BPU, exact against the ideal but for ties, its threshold 127; NV12 reads half of what RGB does.
TEST_F(Pixels, RunOnTheBpu) {
  std::int64_t bytes[2];
  for (const bool nv12 : {false, true})
    for (const char* machine : {"rdk-x3", "rdk-x5", "j5", "s100", "generic"}) {
      SCOPED_TRACE(machine);
      const std::string yaml =
          with_pixels(std::string("{type: ") + (nv12 ? "nv12" : "rgb") + ", train: rgb, scale: 0.0039}");
      Overrides overrides;
      overrides.machine = machine;
      const auto run = [&](bool function) {
        return simulate(resolve(parse_run(yaml, "run.yaml", folder_.path()), overrides),
                        function ? RunOptions() : RunOptions::timing());
      };
      const RunResult result = run(true);
      EXPECT_EQ(result.cycles, run(false).cycles);
      const NodeResult& node = row(result, kPreprocess);
      EXPECT_EQ(node.on, Side::Bpu) << node.reason;
      EXPECT_EQ(node.threshold, 127);
      EXPECT_EQ(node.accuracy->ideal_within_1lsb_fraction, 1);
      EXPECT_GE(node.accuracy->ideal_exact_fraction, 0.999);
      EXPECT_GT(node.accuracy->cosine, 0.999);
      bytes[nv12 ? 1 : 0] = node.dram_read_bytes;
    }
  EXPECT_EQ(bytes[0] - bytes[1], 3 * kSide * kSide - 3 * kSide * kSide / 2);
}

// Bands of rows that begin in the middle of a pair: a small SRAM makes tiles of few rows.
TEST_F(Pixels, OfNv12InTilesOfAnyRows) {
  testing::Model model(11, 6);
  model.input("image", {2, 3, 30, 64});
  model.output("y", {2, 3, 30, 64});
  model.node("Relu", {"image"}, {"y"}, "act");
  folder_.write("m.onnx", model.bytes());
  for (const char* sram : {"2KiB", "3KiB", "4KiB", "64KiB"}) {
    Overrides overrides;
    overrides.machine = "generic";
    overrides.settings = {std::string("sram.bytes=") + sram, "sram.tensor_bytes=0"};
    const RunResult result = simulate(resolve(
        parse_run(with_pixels("{type: nv12, train: bgr, range: bt601_video}"), "run.yaml", folder_.path()),
        overrides));
    EXPECT_EQ(row(result, kPreprocess).accuracy->ideal_within_1lsb_fraction, 1) << sram;
    EXPECT_GE(row(result, kPreprocess).accuracy->ideal_exact_fraction, 0.999) << sram;
  }
}

// What a step of the BPU leaves on chip comes doubled from there, too.
TEST_F(Pixels, OfNv12WhoseChromaLiesOnChip) {
  const RunResult result =
      run_of(with_pixels("{type: nv12, train: rgb, scale: 0.017}", "int16: [image_uv]\n"), folder_);
  const NodeResult& node = row(result, kPreprocess);
  EXPECT_EQ(node.accuracy->ideal_within_1lsb_fraction, 1);
  EXPECT_GT(node.accuracy->cosine, 0.999);
}

// A model that takes channels last moves them first at once: nothing moves.
TEST_F(Pixels, InFrontOfChannelsLast) {
  folder_.write("m.onnx", image_model(true).bytes());
  const RunResult last = run_of(with_pixels("{type: rgb, train: rgb, train_layout: NHWC}"), folder_);
  folder_.write("m.onnx", image_model().bytes());
  const RunResult first = run_of(with_pixels("{type: rgb, train: rgb}"), folder_);
  ASSERT_EQ(last.nodes.size(), first.nodes.size());
  EXPECT_EQ(last.cycles, first.cycles);
}

// Samples as trained become what the board sees: 2 x 2 pixels of one colour come back as they were, within
// what rounding to bytes costs.
TEST(PixelImages, ComeBackFromTrainingData) {
  PixelInput pixels;
  pixels.type = PixelType::Nv12;
  pixels.train = PixelType::Rgb;
  pixels.images = 1;
  pixels.height = pixels.width = 2;
  pixels.chroma = "uv";
  const Tensor trained({1, 3, 2, 2}, {200, 200, 200, 200, 100, 100, 100, 100, 50, 50, 50, 50});
  const Tensor board = board_image(pixels, trained);
  ASSERT_EQ(board.shape, (Shape{1, 3, 2}));
  // Y = 0.299 * 200 + 0.587 * 100 + 0.114 * 50 = 124.2; U = 128 + (50 - 124.2) / 1.772 = 86.13;
  // V = 128 + (200 - 124.2) / 1.402 = 182.07.
  EXPECT_EQ(board.values, (std::vector<double>{124, 124, 124, 124, 86, 182}));
  const auto values = board_values("x", pixels, board);
  EXPECT_EQ(values.at("x").values, (std::vector<double>{-4, -4, -4, -4}));
  EXPECT_EQ(values.at("uv").values, (std::vector<double>{-42, 54}));
}

// Those that the model takes have mean and scale behind them.
TEST(PixelImages, ComeBackFromWhatTheModelTakes) {
  PixelInput pixels;
  pixels.height = pixels.width = 2;
  pixels.mean = {100, 120, 140};
  pixels.scale = {0.5};
  pixels.samples = PixelSamples::Model;
  const Tensor taken({1, 3, 2, 2}, {50, 0, -50, 10, 40, 0, 0, 0, 30, 0, 0, 20});
  EXPECT_EQ(board_image(pixels, taken).values,
            (std::vector<double>{200, 200, 200, 100, 120, 140, 0, 120, 140, 120, 120, 180}));
}

TEST_F(Pixels, SayWhatIsWrong) {
  const auto of = [&](const std::string& pixels, const std::string& more = "") {
    return mistakes_of(with_pixels(pixels, more), folder_);
  };
  EXPECT_EQ(of("{type: nv21}"),
            "run.yaml:3: pixels.image.type: 'nv21' is none of the choices, did you mean 'nv12'?");
  EXPECT_NE(of("{type: rgb, train: yuv444}").find("there is no way from rgb to yuv444"), std::string::npos);
  EXPECT_NE(of("{type: rgb, means: 1}").find("unknown key, did you mean 'mean'?"), std::string::npos);
  EXPECT_NE(of("{type: rgb, scale: [1, 0, 1]}").find("a scale of 0"), std::string::npos);
  EXPECT_NE(of("{type: rgb, mean: [1, 2]}").find("has 2 numbers"), std::string::npos);
  EXPECT_NE(of("{type: rgb, range: bt601_video}").find("is for nv12 alone"), std::string::npos);
  EXPECT_NE(of("{type: gray}").find("1 channels at axis 1"), std::string::npos);
  folder_.write("short.bin", "abc");
  EXPECT_NE(
      of("{type: rgb}", "inputs: {image: short.bin}\n").find("has 3 bytes, and 192 numbers of uint8 are 192"),
      std::string::npos);
  EXPECT_NE(
      mistakes_of("model: m.onnx\npixels: {imag: {type: rgb}}\n", folder_).find("did you mean 'image'?"),
      std::string::npos);
}

}  // namespace
}  // namespace bpusim
