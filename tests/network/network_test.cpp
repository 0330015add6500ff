#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "sim/input_error.h"
#include "sim/network/files/tensor_files.h"
#include "sim/network/onnx/import.h"
#include "sim/scenario/run_file.h"
#include "sim/scenario/workload.h"
#include "tests/network/error_of.h"

namespace bpusim {
namespace {

namespace fs = std::filesystem;

const char* const kCases = "/usr/share/libonnx-testdata/data/node/";

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

using testing::error_of;

std::string temporary(const std::string& name) {
  return (fs::temp_directory_path() / ("bpusim_network_test_" + std::to_string(::getpid()) + name)).string();
}

TEST(Npy, RoundTrip) {
  const std::string path = temporary(".npy");
  const Tensor sent({2, 3}, {1, -2, 0.5, 1e300, -0.0, 3});
  std::ofstream out(path, std::ios::binary);
  write_npy(sent, [&](const void* bytes, std::size_t count) {
    out.write(static_cast<const char*>(bytes), static_cast<std::streamsize>(count));
  });
  out.close();
  const Tensor got = read_npy(path);
  EXPECT_EQ(got.shape, sent.shape);
  EXPECT_EQ(got.values, sent.values);
  const std::string bytes = contents(path);
  EXPECT_NE(error_of([&] {
              parse_npy(bytes.substr(0, bytes.size() - 8), "t.npy");
            }).find("t.npy: truncated: shape 2x3"),
            std::string::npos);
  EXPECT_NE(error_of([&] { parse_npy(bytes.substr(0, 40), "t.npy"); }).find("truncated: the header"),
            std::string::npos);
  fs::remove(path);
}

std::string npy(const std::string& descr, const std::string& order, const std::string& shape,
                const std::string& data) {
  const std::string header =
      "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': (" + shape + "), }\n";
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size()) + '\0' + header + data;
}

TEST(Npy, TypesAndOrders) {
  EXPECT_EQ(parse_npy(npy("|i1", "False", "3,", "\x01\xFF\x7F"), "t").values,
            (std::vector<double>{1, -1, 127}));
  EXPECT_EQ(parse_npy(npy("|u1", "True", "2, 2", "abcd"), "t").values,
            (std::vector<double>{'a', 'c', 'b', 'd'}));
  EXPECT_EQ(parse_npy(npy("<f2", "False", "2,", std::string("\x00\x3C\x00\xC0", 4)), "t").values,
            (std::vector<double>{1, -2}));
  EXPECT_NE(error_of([] { parse_npy(npy("<c8", "False", "1,", "12345678"), "t"); }).find("'<c8' is not read"),
            std::string::npos);
  EXPECT_NE(error_of([] { parse_npy("no numpy file at all", "t"); }).find("not a .npy file"),
            std::string::npos);
}

TEST(Npy, HalfPrecision) {
  EXPECT_EQ(half_to_double(0x0001), std::ldexp(1.0, -24));
  EXPECT_EQ(half_to_double(0x7BFF), 65504);
  EXPECT_TRUE(std::isinf(half_to_double(0xFC00)));
}

TEST(Npy, SurvivesMutations) {
  const std::string good = npy("<f4", "False", "2, 3", std::string(24, 'x'));
  std::mt19937 random(1);
  for (int i = 0; i < 3000; ++i) {
    std::string bad = good;
    for (int m = 0; m < 1 + i % 3; ++m) bad[random() % bad.size()] = static_cast<char>(random());
    if (i % 5 == 0) bad.resize(random() % bad.size());
    try {
      parse_npy(bad, "fuzz");
    } catch (const InputError&) {
    }
  }
}

TEST(Onnx, ReadsACaseOfTheSuite) {
  const std::string path = std::string(kCases) + "test_batchnorm_epsilon/model.onnx";
  if (!fs::exists(path)) GTEST_SKIP() << path << " is not installed (libonnx-testdata)";
  const Network network = read_onnx(path);
  ASSERT_EQ(network.nodes.size(), 1u);
  EXPECT_EQ(network.nodes[0].op, "BatchNormalization");
  EXPECT_NEAR(network.nodes[0].attributes.get("epsilon", 0.0), 0.01, 1e-8);
  EXPECT_EQ(network.inputs.size(), 5u);
  EXPECT_EQ(network.values.at("x").shape, (Shape{2, 3, 4, 5}));
}

TEST(Onnx, SurvivesTruncationAndMutation) {
  const std::string path = std::string(kCases) + "test_layer_normalization_4d_axis1/model.onnx";
  if (!fs::exists(path)) GTEST_SKIP() << path << " is not installed (libonnx-testdata)";
  const std::string good = contents(path);
  int refused = 0;
  for (std::size_t length = 0; length < good.size(); ++length) {
    try {
      parse_onnx(good.substr(0, length), "cut.onnx", "");
    } catch (const InputError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, static_cast<int>(good.size()) / 2);
  std::mt19937 random(2);
  for (int i = 0; i < 3000; ++i) {
    std::string bad = good;
    for (int m = 0; m < 1 + i % 4; ++m) bad[random() % bad.size()] = static_cast<char>(random());
    try {
      parse_onnx(bad, "fuzz.onnx", "");
    } catch (const InputError&) {
    }
  }
}

TEST(Onnx, MissingAndEmptyFiles) {
  EXPECT_NE(error_of([] { read_onnx("/nowhere.onnx"); }).find("/nowhere.onnx: no such file"),
            std::string::npos);
  EXPECT_NE(error_of([] { parse_onnx("", "e.onnx", ""); }).find("e.onnx: the model has no nodes"),
            std::string::npos);
  EXPECT_NE(error_of([] {
              parse_onnx("this is text, not protobuf", "t.onnx", "");
            }).find("t.onnx: not an ONNX model"),
            std::string::npos);
}

TEST(RunFile, MistakesHaveLineAndKey) {
  const auto errors = [](const std::string& text) {
    return error_of([&] { parse_run(text, "r.yaml", ""); });
  };
  EXPECT_EQ(errors("operators:\n  - {op: LayerNorm, shape: [1, 4]}\n").substr(0, 40),
            "r.yaml:2: operators[0].op: 'LayerNorm' i");
  EXPECT_EQ(errors("operators:\n  - op: Relu\n    shape: [1, 0, 4]\n"),
            "r.yaml:3: operators[0].shape: holds 0; every extent must be at least 1");
  EXPECT_EQ(errors("operators:\n  - op: Relu\n    shpae: [1, 4]\n    shape: [4]\n"),
            "r.yaml:3: operators[0].shpae: unknown key, did you mean 'shape'?");
  EXPECT_NE(errors("operators:\n  - {op: LayerNormalization, shape: [1, 4], attributes: {axis: 7}}\n")
                .find("LayerNormalization: axis 7 is out of range for rank 2 (-2 to 1)"),
            std::string::npos);
  EXPECT_NE(errors("operators:\n  - {op: Relu, shape: [1, 4], mapping: residnet}\n")
                .find("did you mean 'resident'?"),
            std::string::npos);
  EXPECT_EQ(
      errors("operators:\n  - {op: Conv, shape: [1, 4, 8, 8], then: [Relu], mapping: mac_array}\n"),
      "r.yaml:2: operators[0].mapping: norms alone are laid out as mac_array; Conv takes auto and host");
  // As part of a chain, for its norm; and of the whole run, for those that there may be.
  EXPECT_EQ(errors("operators:\n  - {op: Add, shape: [1, 8], then: [LayerNormalization], mapping: split}\n"),
            "no error");
  EXPECT_EQ(errors("mapping: split\noperators:\n  - {op: Relu, shape: [1, 4]}\n"), "no error");
  // What is wrong with a model does not hide what is wrong with the file that names it.
  EXPECT_EQ(errors("mapping: residnet\nmodel: missing.onnx\nmapings: 1\n"),
            "r.yaml:1: mapping: 'residnet' is none of the choices, did you mean 'resident'?\n"
            "missing.onnx: no such file, or not readable\n"
            "r.yaml:3: mapings: unknown key, did you mean 'mapping'?");
  EXPECT_NE(errors("name: empty\n").find("needs either operators or a model"), std::string::npos);
  EXPECT_NE(errors("operators:\n  - {op: Relu, data: missing.npy}\n").find("missing.npy: no such file"),
            std::string::npos);
}

TEST(RunFile, ShippedRunsRead) {
  const RunSpec run = read_run(std::string(BPUSIM_SOURCE_DIR) + "/configs/runs/norms.yaml");
  EXPECT_GT(run.network.nodes.size(), 20u);
  EXPECT_FALSE(run.options_of("conv_apart.BatchNormalization").fuse);
  EXPECT_EQ(run.options_of("instance_norm_host").mapping, Mapping::Host);
}

TEST(Workload, DataKindsAreWhatTheySay) {
  const Tensor outlier = draw({"outlier_channel", 0, 1, ""}, {1, 8, 50, 50}, 3);
  double inside = 0, outside = 0;
  for (std::int64_t i = 0; i < outlier.size(); ++i) {
    const double v = outlier.values[static_cast<std::size_t>(i)];
    (i / 2500 == 4 ? inside : outside) += v * v;
  }
  EXPECT_NEAR(std::sqrt(inside / 2500) / std::sqrt(outside / 17500), 30, 3);
  const Tensor offset = draw({"offset", 0, 0.5, ""}, {10000}, 3);
  double mean = 0;
  for (const double v : offset.values) mean += v / 10000;
  EXPECT_NEAR(mean, 100, 0.1);  // 200 deviations of 0.5
}

TEST(Workload, ChainsAndSplits) {
  Network network;
  OperatorSpec spec;
  spec.name = "ibn";
  spec.op = "IBNSplit";
  spec.shape = {1, 8, 4, 4};
  spec.instance_channels = 3;
  MemoryBudget budget;
  add_operator(spec, budget, network);
  ASSERT_EQ(network.nodes.size(), 4u);
  EXPECT_EQ(network.nodes[0].name, "ibn.Split");
  EXPECT_EQ(network.values.at(network.nodes[0].outputs[1]).shape, (Shape{1, 5, 4, 4}));
  spec.instance_channels = 8;
  EXPECT_THROW(add_operator(spec, budget, network), std::invalid_argument);
}

}  // namespace
}  // namespace bpusim
