// A vendor's calibration data, and what is asked for that cannot be.
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "sim/network/files/tensor_files.h"
#include "tests/run/toolchain_files.h"

namespace bpusim {
namespace {

using testing::image_model;
using testing::kSide;
using testing::mistakes_of;
using testing::notes_of;
using testing::run_of;
using testing::TemporaryFolder;
using testing::Vendor;

constexpr std::int64_t kNumbers = 3 * kSide * kSide;

class VendorSamples : public ::testing::Test {
 protected:
  VendorSamples() {
    folder_.write("m.onnx", image_model().bytes());
    std::filesystem::create_directory(std::filesystem::path(folder_.path()) / "cal");
    vendor_.calibration = "  calibration_type: max\n  cal_data_dir: cal\n";
  }

  // Numbers from 0 to `most`, little-endian in so many bytes each.
  template <class T>
  void write_raw(int most) {
    std::string bytes;
    for (int i = 0; i < kNumbers; ++i) {
      const T number = static_cast<T>(i % (most + 1));
      bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
    }
    folder_.write("cal/0.bin", bytes);
  }
  void write_npy_to(double most) {
    Tensor tensor = Tensor::filled({1, 3, kSide, kSide}, 0);
    for (std::size_t i = 0; i < tensor.values.size(); ++i)
      tensor.values[i] = most * static_cast<double>(i) / static_cast<double>(tensor.values.size() - 1);
    std::string bytes;
    write_npy(tensor, [&](const void* data, std::size_t count) {
      bytes.append(static_cast<const char*>(data), count);
    });
    folder_.write("cal/0.npy", bytes);
  }

  TemporaryFolder folder_;
  Vendor vendor_;
};

// The same numbers, whatever type the files have.
TEST_F(VendorSamples, RawFilesAreOfTheTypeThatIsSaid) {
  const auto threshold_of = [&](const std::string& type) {
    Vendor vendor = vendor_;
    vendor.calibration += "  cal_data_type: " + type + "\n";
    return run_of(vendor.text(), folder_).nodes.at(1).threshold;
  };
  write_raw<std::uint8_t>(100);
  const double expected = threshold_of("uint8");
  ASSERT_GT(expected, 0);
  write_raw<std::int8_t>(100);
  EXPECT_EQ(threshold_of("int8"), expected);
  write_raw<std::int16_t>(100);
  EXPECT_EQ(threshold_of("int16"), expected);
  write_raw<std::int32_t>(100);
  EXPECT_EQ(threshold_of("int32"), expected);
  write_raw<float>(100);
  EXPECT_EQ(threshold_of("float32"), expected);
  write_raw<std::int16_t>(50);
  EXPECT_NE(threshold_of("int16"), expected);
}

// With a scale of 0.0039 the model takes 0 to 0.9945; 0 to 255 are pixels.
TEST_F(VendorSamples, PixelsWhereHbCompileHasMeanAndScaleBehindThemAreSaid) {
  vendor_.march = "nash-e";
  const std::string line = "and what the model takes of images is 0 to 0.9945";
  write_npy_to(255);
  EXPECT_NE(notes_of(vendor_.text(), folder_).find(line), std::string::npos)
      << notes_of(vendor_.text(), folder_);
  write_npy_to(0.99);
  EXPECT_EQ(notes_of(vendor_.text(), folder_).find(line), std::string::npos);
  vendor_.march = "bayes-e";  // whose samples are pixels
  write_npy_to(255);
  EXPECT_EQ(notes_of(vendor_.text(), folder_).find(line), std::string::npos);
}

TEST_F(VendorSamples, OptionsThatAreNotModelledAreSaid) {
  for (const char* option : {"asymmetric", "bias_correction", "lstm_batch_last"}) {
    Vendor vendor;
    vendor.calibration = std::string("  calibration_type: skip\n  optimization: ") + option + "\n";
    EXPECT_NE(notes_of(vendor.text(), folder_).find(std::string(option) + " is not modelled"),
              std::string::npos);
  }
}

TEST_F(VendorSamples, BatchesAreAsLargeAsTheToolTakesThem) {
  Vendor vendor;
  vendor.input += "  input_batch: 200\n";
  EXPECT_EQ(mistakes_of(vendor.text(), folder_), "no error");
  vendor.march = "bernoulli2";
  EXPECT_NE(mistakes_of(vendor.text(), folder_).find("input_batch"), std::string::npos);
}

// X5 has a Softmax of rank 3 and 4 alone on the BPU.
TEST_F(VendorSamples, WhatIsAskedForOnTheBpuAndRunsOnTheCpuIsSaid) {
  testing::Model model = image_model();
  model.output("s", {1, 4 * kSide * kSide});
  testing::set_int(model.node("Flatten", {"r"}, {"flat"}, "flatten"), "axis", 1);
  testing::set_int(model.node("Softmax", {"flat"}, {"s"}, "soft"), "axis", 1);
  folder_.write("m.onnx", model.bytes());
  Vendor vendor;
  vendor.model = "  node_info: {soft: {ON: BPU}}\n";
  std::string said;
  for (const std::string& warning : run_of(vendor.text(), folder_, false).warnings) said += warning + "\n";
  EXPECT_NE(said.find("'soft' is asked for on the BPU, and runs on the CPU"), std::string::npos) << said;
}

}  // namespace
}  // namespace bpusim
