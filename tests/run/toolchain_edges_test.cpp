// Where a vendor's model ends, and which types its nodes are asked to have.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/run/toolchain_files.h"

namespace bpusim {
namespace {

using testing::image_model;
using testing::mistakes_of;
using testing::notes_of;
using testing::run_of;
using testing::TemporaryFolder;
using testing::Vendor;

class Edges : public ::testing::Test {
 protected:
  Edges() { folder_.write("m.onnx", image_model().bytes()); }

  RunSpec read(const Vendor& vendor) const { return parse_run(vendor.text(), "run.yaml", folder_.path()); }
  std::string notes(const Vendor& vendor) const { return notes_of(vendor.text(), folder_); }

  TemporaryFolder folder_;
};

std::size_t count_of(const std::string& text, const std::string& word) {
  std::size_t count = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

// A Conv stays: its name stands for the dequantisation behind it, also behind a Transpose.
TEST_F(Edges, NamesOfOtherNodesStandForTheirDequantisation) {
  Vendor vendor;
  vendor.march = "nash-e";
  const std::size_t nodes = read(vendor).network.nodes.size();
  for (const char* name : {"head;", "c2_HzDequantize", "head_quantize"}) {
    vendor.model = std::string("  remove_node_name: '") + name + "'\n";
    EXPECT_EQ(read(vendor).network.nodes.size(), nodes);
    EXPECT_EQ(run_of(vendor.text(), folder_).nodes.back().out_type, "int8");
    EXPECT_NE(notes(vendor).find("the dequantisation behind 'head' goes"), std::string::npos);
  }
  vendor.model = "  remove_node_name: c1_HzCalibration\n";
  EXPECT_EQ(run_of(vendor.text(), folder_).nodes.back().out_type, "float32");
  EXPECT_NE(notes(vendor).find("'conv' makes no output"), std::string::npos);
  vendor.march = "bayes-e";
  vendor.model = "  remove_node_name: head\n";
  EXPECT_EQ(read(vendor).network.nodes.size(), nodes);
  EXPECT_NE(notes(vendor).find("'head' stays"), std::string::npos);
}

// Of several outputs those leave as codes whose nodes are named.
TEST_F(Edges, OutputsLeaveAsCodesOneByOne) {
  testing::Model model = image_model();
  model.output("r", {1, 4, testing::kSide, testing::kSide});
  folder_.write("m.onnx", model.bytes());
  Vendor vendor;
  vendor.march = "nash-e";
  vendor.model = "  remove_node_name: head\n";
  EXPECT_EQ(read(vendor).float32, std::vector<std::string>{"r"});
}

TEST_F(Edges, NamesThatMatchNothingAreSaid) {
  Vendor vendor;
  vendor.model = "  remove_node_name: hedd\n";
  EXPECT_NE(
      notes(vendor).find("run.yaml:4: model_parameters.remove_node_name: 'hedd' is no node of the model, "
                         "did you mean 'head'?; what is said of it is not used"),
      std::string::npos)
      << notes(vendor);
  vendor.model = "  remove_node_name: a1;a2;a3;a4;last\n";
  EXPECT_NE(notes(vendor).find("4 names are no nodes of the model: 'a1', 'a2', 'a3', …"), std::string::npos);
  EXPECT_EQ(read(vendor).network.nodes.back().name, "head");
}

TEST_F(Edges, TypesOfTheToolsOwnNodesAreOneLine) {
  Vendor vendor;
  vendor.model = "  remove_node_type: Quantize;Dequantize;Cast;Reshape\n";
  const std::string said = notes(vendor);
  EXPECT_EQ(count_of(said, "remove_node_type"), 2u) << said;
  EXPECT_NE(said.find("outputs leave without dequantisation"), std::string::npos);
  EXPECT_NE(said.find("'Cast', 'Reshape' touch no input and no output"), std::string::npos) << said;
  vendor.model = "  remove_node_type: DequantizeFilter;Softmax\n";
  EXPECT_NE(notes(vendor).find("DequantizeFilter is not modelled"), std::string::npos);
}

// The step that makes pixels numbers is in front of the model's first node, which is at no edge then.
TEST_F(Edges, WhatReadsAnImageStays) {
  folder_.write("m.onnx", image_model(true).bytes());
  Vendor vendor;
  vendor.input = "  input_type_rt: nv12\n";
  std::string text = vendor.text();
  text.replace(text.find("NCHW"), 4, "NHWC");
  text.insert(text.find("input_parameters"), "  remove_node_type: Transpose\n");
  const Network network = parse_run(text, "run.yaml", folder_.path()).network;
  const auto has = [&](const char* name) {
    return std::any_of(network.nodes.begin(), network.nodes.end(),
                       [&](const Node& node) { return node.name == name; });
  };
  EXPECT_TRUE(has("to_planes"));
  EXPECT_FALSE(has("last"));
}

TEST_F(Edges, OptionsOfAnOperatorPutItOnTheBpu) {
  testing::Model model = image_model();
  model.output("s", {1, 4, testing::kSide, testing::kSide});
  testing::set_int(model.node("Softmax", {"r"}, {"s"}, "soft"), "axis", 3);
  folder_.write("m.onnx", model.bytes());
  Vendor vendor;
  const auto side = [&] {
    for (const NodeResult& node : run_of(vendor.text(), folder_, false).nodes)
      if (node.name == "soft") return node.on;
    return Side::Nowhere;
  };
  EXPECT_EQ(side(), Side::Cpu);
  vendor.calibration =
      "  calibration_type: skip\n  optimization: set_Softmax_input_int8,set_Softmax_output_int8\n";
  EXPECT_EQ(side(), Side::Bpu);
  vendor.calibration += "  run_on_cpu: soft\n";
  EXPECT_EQ(side(), Side::Cpu);
}

// Pixels are bytes, whatever reads them.
TEST_F(Edges, ImagesStayInt8) {
  Vendor vendor;
  vendor.model = "  node_info: {conv: {InputType0: int16, OutputType: int16}}\n";
  EXPECT_EQ(read(vendor).int16, std::vector<std::string>{"conv"});
  EXPECT_NE(notes(vendor).find("'image' is an image, whose pixels are int8, also for 'conv'"),
            std::string::npos)
      << notes(vendor);
  vendor.model = "";
  vendor.calibration = "  calibration_type: skip\n  optimization: set_Conv_input_int16\n";
  EXPECT_EQ(read(vendor).int16, std::vector<std::string>{"act"});
}

// X3 has no int16; where a node runs is honoured there too.
TEST_F(Edges, NodeInfoIsReadForX3) {
  Vendor vendor;
  vendor.march = "bernoulli2";
  vendor.model = "  node_info: {head: {ON: CPU, OutputType: int16}}\n";
  EXPECT_EQ(read(vendor).on.at("head"), Request::Cpu);
  EXPECT_TRUE(read(vendor).int16.empty());
  EXPECT_NE(notes(vendor).find("int16 is not on bernoulli2 (X3): int8 is taken"), std::string::npos);
  vendor.calibration = "  calibration_type: skip\n  run_on_bpu: head\n";
  EXPECT_EQ(read(vendor).on.at("head"), Request::Cpu);
  EXPECT_NE(notes(vendor).find("of 'head' is not used"), std::string::npos);
}

// A tool's optimised model has a Div in two halves.
TEST_F(Edges, HalvesOfADivMeanIt) {
  testing::Model model = image_model();
  model.output("d", {1, 4, testing::kSide, testing::kSide});
  model.node("Div", {"r", "c2"}, {"d"}, "div");
  folder_.write("m.onnx", model.bytes());
  Vendor vendor;
  vendor.model = "  node_info: {div_reciprocal: {ON: CPU}, div_mul: {ON: CPU}}\n";
  EXPECT_EQ(read(vendor).on.at("div"), Request::Cpu);
}

// A list of one is no choice; other spellings of the tools' releases are read.
TEST_F(Edges, QuantConfigOfOtherReleases) {
  Vendor vendor;
  vendor.march = "nash-e";
  vendor.calibration =
      "  calibration_type: skip\n  quant_config: {model_config: {activation: {calibration_type: [kl], "
      "asymmetric: [true], max_num_bin: 4096}, layerwise_search: {metric: cosine}}, weight: {x: 1},\n"
      "    node_config: {head: {InputType0: int16}, conv: {qtype: float32}}}\n";
  const RunSpec run = read(vendor);
  EXPECT_EQ(run.defaults.calibration, "kl");
  EXPECT_EQ(run.defaults.quantisation, GridKind::Affine);
  EXPECT_EQ(run.int16, std::vector<std::string>{"act"});
  EXPECT_EQ(run.on.at("conv"), Request::Cpu);
  EXPECT_NE(notes(vendor).find("weight: belongs into model_config"), std::string::npos);
  EXPECT_NE(notes(vendor).find("max_num_bin: is not modelled"), std::string::npos);
}

}  // namespace
}  // namespace bpusim
