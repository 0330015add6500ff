#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "sim/input_error.h"
#include "sim/network/onnx/import.h"
#include "sim/network/onnx/tensor.h"
#include "sim/network/onnx/wire.h"
#include "sim/scenario/run_file.h"
#include "tests/network/error_of.h"
#include "tests/network/onnx_models.h"

namespace bpusim {
namespace {

using testing::Dims;
using testing::Model;
using testing::Names;
using testing::set_float;
using testing::set_int;
using testing::set_ints;
using testing::set_string;
using testing::set_tensor;

namespace fs = std::filesystem;

using testing::error_of;

std::string error_of(const Model& model, const Dimensions& dims = {}) {
  return error_of([&] { parse_onnx(model.bytes(), "m.onnx", "", dims); });
}

Network network_of(const Model& model, const Dimensions& dims = {}) {
  return parse_onnx(model.bytes(), "m.onnx", "", dims);
}

Tensor data_of(const Network& network, const std::string& name) {
  return *network.values.at(name).numbers();
}

// x -> Relu -> y
Model relu(int opset = 13, int ir = 8) {
  Model model(opset, ir);
  model.input("x", {1, 4});
  model.output("y", {1, 4});
  model.node("Relu", {"x"}, {"y"}, "relu");
  return model;
}

// x + w, whose tensor the caller fills.
onnx::TensorProto& sum_with(Model& model) {
  model.input("x", {2, 3});
  model.output("y", {2, 3});
  model.node("Add", {"x", "w"}, {"y"}, "sum");
  return *model.graph().add_initializer();
}

class TemporaryFolder {
 public:
  TemporaryFolder() : path_(fs::temp_directory_path() / ("bpusim_onnx_" + std::to_string(::getpid()))) {
    fs::create_directories(path_);
  }
  ~TemporaryFolder() { fs::remove_all(path_); }
  std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return (path_ / name).string();
  }
  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

TEST(OnnxVersions, RangeOfIrAndOpset) {
  for (const int opset : {9, 11, 17, 23}) EXPECT_EQ(network_of(relu(opset)).nodes.at(0).opset, opset);
  for (const int ir : {3, 10, 11}) EXPECT_EQ(network_of(relu(13, ir)).nodes.size(), 1u);
  EXPECT_EQ(error_of(relu(24)),
            "m.onnx: opset 24 is not read (9 to 23 are): convert it with "
            "onnx.version_converter.convert_version(model, 23)");
  EXPECT_NE(error_of(relu(8)).find("opset 8 is not read (9 to 23 are): convert it"), std::string::npos);
  EXPECT_NE(error_of(relu(13, 2)).find("IR version 2 is not read (3 to 11 are)"), std::string::npos);
  EXPECT_NE(error_of(relu(13, 12)).find("IR version 12 is not read (3 to 11 are)"), std::string::npos);
}

TEST(OnnxVersions, ImportsOfOpsets) {
  Model none = relu();
  none.proto.clear_opset_import();
  EXPECT_NE(error_of(none).find("no opset_import"), std::string::npos);
  Model two = relu(13);
  auto& other = *two.proto.add_opset_import();
  other.set_domain("ai.onnx");
  other.set_version(13);
  EXPECT_EQ(network_of(two).nodes.at(0).opset, 13);  // the same twice does no harm
  other.set_version(14);
  EXPECT_NE(error_of(two).find("opset_import names 13 and 14"), std::string::npos);
}

TEST(OnnxTensors, EveryElementTypeRawAndTyped) {
  const auto values = [](int type, const std::string& raw, const Dims& entries, const Dims& dims) {
    Model model;
    onnx::TensorProto& w = sum_with(model);
    w.set_name("w");
    w.set_data_type(type);
    for (const std::int64_t dim : dims) w.add_dims(dim);
    if (!raw.empty()) w.set_raw_data(raw);
    for (const std::int64_t entry : entries) w.add_int32_data(static_cast<std::int32_t>(entry));
    return data_of(network_of(model), "w").values;
  };
  using V = std::vector<double>;
  using T = onnx::TensorProto;
  EXPECT_EQ(values(T::INT8, "\xFF\x02\x03", {}, {3}), (V{-1, 2, 3}));
  EXPECT_EQ(values(T::UINT8, "\xFF\x02\x03", {}, {3}), (V{255, 2, 3}));
  EXPECT_EQ(values(T::INT16, std::string("\xFE\xFF\x01\x00", 4), {}, {2}), (V{-2, 1}));
  EXPECT_EQ(values(T::FLOAT16, "", {0x3C00, 0xC000}, {2}), (V{1, -2}));   // halves of 1 and -2
  EXPECT_EQ(values(T::BFLOAT16, "", {0x3F80, 0xC000}, {2}), (V{1, -2}));  // upper halves of the floats
  EXPECT_EQ(values(T::INT32, "", {-7, 9}, {2}), (V{-7, 9}));
  EXPECT_EQ(values(T::INT8, "", {-7, 9}, {2}), (V{-7, 9}));
  EXPECT_EQ(values(22, "\x8F\x07", {}, {3}), (V{-1, -8, 7}));  // INT4: low nibble first; 0xF, 0x8, 0x7
  EXPECT_EQ(values(21, "\x8F\x07", {}, {3}), (V{15, 8, 7}));   // UINT4
  EXPECT_EQ(values(21, "", {0x8F, 0x07}, {3}), (V{15, 8, 7}));
}

TEST(OnnxTensors, LargestIntegerStaysWithin64Bits) {
  Model model;
  testing::fill_int64(sum_with(model), "w", {2}, {INT64_MAX, INT64_MIN});
  const auto& values = data_of(network_of(model), "w").values;
  EXPECT_LT(values[0], 9223372036854775808.0);  // 2^63 itself could not be cast back
  EXPECT_EQ(values[1], -9223372036854775808.0);
}

TEST(OnnxTensors, SizesThatDoNotFit) {
  const auto with = [](const std::function<void(onnx::TensorProto&)>& change) {
    Model model;
    onnx::TensorProto& w = sum_with(model);
    testing::fill(w, "w", {2, 3}, {1, 2, 3, 4, 5, 6});
    change(w);
    return error_of(model);
  };
  EXPECT_EQ(with([](auto&) {}), "no error");
  EXPECT_EQ(with([](auto& w) { w.set_raw_data("1234567890"); }),
            "m.onnx: initializer 'w' of shape 2x3 (FLOAT) takes 24 bytes of raw_data, it has 10");
  EXPECT_EQ(with([](auto& w) { w.clear_raw_data(); }),
            "m.onnx: initializer 'w' of shape 2x3 (FLOAT) takes 6 entries in float_data, it has 0");
  EXPECT_EQ(with([](auto& w) { w.set_data_type(onnx::TensorProto::DOUBLE); }),
            "m.onnx: initializer 'w' of shape 2x3 (DOUBLE) takes 48 bytes of raw_data, it has 24");
  EXPECT_EQ(with([](auto& w) { w.set_dims(0, -2); }),
            "m.onnx: initializer 'w' has an impossible dimension -2");
  EXPECT_NE(
      with([](auto& w) { w.set_dims(0, std::int64_t{1} << 40); }).find("impossible dimension 1099511627776"),
      std::string::npos);
  EXPECT_NE(with([](auto& w) {
              w.set_dims(0, 1 << 20);
              w.set_dims(1, 1 << 20);
            }).find("has shape 1048576x1048576: more than"),
            std::string::npos);
  EXPECT_NE(with([](auto& w) { w.set_data_type(17); }).find("element type FLOAT8E4M3FN, which is not read"),
            std::string::npos);
  EXPECT_NE(with([](auto& w) { w.set_data_type(999); }).find("element type 999, which is not read"),
            std::string::npos);
  EXPECT_NE(with([](auto& w) { w.mutable_segment()->set_begin(0); }).find("stored in segments"),
            std::string::npos);
  EXPECT_NE(with([](auto& w) { w.clear_name(); }).find("an initializer has no name"), std::string::npos);
}

TEST(OnnxTensors, SparseInitializersBecomeDense) {
  Model model;
  model.input("x", {2, 3});
  model.output("y", {2, 3});
  model.node("Add", {"x", "s"}, {"y"});
  auto& sparse = *model.graph().add_sparse_initializer();
  testing::fill(*sparse.mutable_values(), "s", {2}, {5, 7});
  testing::fill_int64(*sparse.mutable_indices(), "", {2}, {1, 5});
  sparse.add_dims(2);
  sparse.add_dims(3);
  EXPECT_EQ(data_of(network_of(model), "s").values, (std::vector<double>{0, 5, 0, 0, 0, 7}));
  sparse.mutable_indices()->Clear();
  testing::fill_int64(*sparse.mutable_indices(), "", {2, 2}, {0, 1, 1, 0});  // row and column of each
  EXPECT_EQ(data_of(network_of(model), "s").values, (std::vector<double>{0, 5, 0, 7, 0, 0}));
  sparse.mutable_indices()->set_int64_data(3, 3);
  EXPECT_NE(error_of(model).find("sparse initializer 's' has an index that lies outside of 2x3"),
            std::string::npos);
}

TEST(OnnxTensors, ExternalData) {
  const TemporaryFolder folder;
  std::vector<float> values = {0, 1, 2, 3, 4, 5, 6};
  folder.write("w.bin", std::string(reinterpret_cast<const char*>(values.data()), values.size() * 4));
  Model model;
  onnx::TensorProto& w = sum_with(model);
  w.set_name("w");
  w.set_data_type(onnx::TensorProto::FLOAT);
  w.add_dims(2);
  w.add_dims(3);
  w.set_data_location(onnx::TensorProto::EXTERNAL);
  const auto set = [&](const std::string& key, const std::string& value) {
    for (auto& entry : *w.mutable_external_data())
      if (entry.key() == key) return entry.set_value(value);
    auto& entry = *w.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
  };
  const auto error = [&] { return error_of([&] { parse_onnx(model.bytes(), "m.onnx", folder.path()); }); };
  EXPECT_NE(error().find("initializer 'w' has external data without a location"), std::string::npos);
  set("location", "w.bin");
  set("offset", "4");
  set("length", "24");
  EXPECT_EQ(data_of(parse_onnx(model.bytes(), "m", folder.path()), "w").values,
            (std::vector<double>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(data_of(read_onnx(folder.write("m.onnx", model.bytes())), "w").values[5], 6);
  set("offset", "8");
  EXPECT_NE(error().find("too short (28 bytes)"), std::string::npos);
  set("offset", "0x4");
  EXPECT_NE(error().find("offset '0x4', no number of bytes"), std::string::npos);
  set("offset", "4");
  set("length", "20");
  EXPECT_NE(error().find("of shape 2x3 (FLOAT) takes 24 bytes, it has 20"), std::string::npos);
  set("location", "../w.bin");
  EXPECT_NE(error().find("outside of the model's folder"), std::string::npos);
  set("location", "none.bin");
  EXPECT_NE(error().find("which is not there"), std::string::npos);
}

// A model's large tensors stay in its file until somebody asks for them.
TEST(OnnxTensors, LargeOnesAreReadWhenTheyAreWanted) {
  const TemporaryFolder folder;
  Model model;
  std::vector<float> values(3 * kLeastStored);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) / 3;
  testing::fill(sum_with(model), "w", {3, kLeastStored}, values);
  const std::string path = folder.write("m.onnx", model.bytes());
  const Network stored = read_onnx(path);
  const Value& w = stored.values.at("w");
  EXPECT_EQ(w.data, nullptr);
  EXPECT_TRUE(w.has_numbers());
  EXPECT_EQ(w.shape, (Shape{3, kLeastStored}));
  const auto read = w.numbers();
  EXPECT_EQ(read->shape, w.shape);
  EXPECT_EQ(read->values, (std::vector<double>(values.begin(), values.end())));
  EXPECT_EQ(data_of(parse_onnx(model.bytes(), "m", folder.path()), "w").values, read->values);
  folder.write("m.onnx", "gone");
  EXPECT_NE(error_of([&] { w.numbers(); }).find("m.onnx', which has changed since the model was read"),
            std::string::npos);
}

TEST(OnnxTensors, LargeOnesOfTheWrongSizeAreRefused) {
  const TemporaryFolder folder;
  Model model;
  onnx::TensorProto& w = sum_with(model);
  testing::fill(w, "w", {3, kLeastStored}, std::vector<float>(3 * kLeastStored));
  w.mutable_raw_data()->resize(80000);
  const std::string error = error_of([&] { read_onnx(folder.write("m.onnx", model.bytes())); });
  EXPECT_NE(error.find("initializer 'w' of shape 3x16384 (FLOAT) takes 196608 bytes, it has 80000"),
            std::string::npos)
      << error;
}

// What is kept of a file is the message itself, but for the large tensors' bytes.
TEST(OnnxTensors, ASkeletonIsTheMessageWithoutLargeTensors) {
  Model model;
  onnx::TensorProto& w = sum_with(model);
  testing::fill(w, "w", {3, kLeastStored}, std::vector<float>(3 * kLeastStored, 2.5F));
  const std::string bytes = model.bytes();
  google::protobuf::io::ArrayInputStream stream(bytes.data(), static_cast<int>(bytes.size()));
  const Skeleton skeleton = read_skeleton(stream, static_cast<std::int64_t>(bytes.size()),
                                          *onnx::ModelProto::descriptor(), "m.onnx");
  EXPECT_EQ(skeleton.damage, "");
  EXPECT_LT(skeleton.message.size(), 1000U);
  onnx::ModelProto kept, whole;
  ASSERT_TRUE(kept.ParseFromString(skeleton.message));
  ASSERT_TRUE(whole.ParseFromString(bytes));
  onnx::TensorProto& lifted = *kept.mutable_graph()->mutable_initializer(0);
  ASSERT_EQ(lifted.external_data_size(), 3);
  const std::size_t offset = std::stoul(lifted.external_data(1).value());
  EXPECT_EQ(bytes.substr(offset, std::stoul(lifted.external_data(2).value())),
            whole.graph().initializer(0).raw_data());
  lifted.clear_external_data();
  lifted.clear_data_location();
  whole.mutable_graph()->mutable_initializer(0)->clear_raw_data();
  EXPECT_EQ(kept.SerializeAsString(), whole.SerializeAsString());
}

// raw_data counts, whatever else the tensor says of a place, and the last of several.
TEST(OnnxTensors, LargeOnesCountBeforeOtherPlaces) {
  const TemporaryFolder folder;
  Model model;
  onnx::TensorProto& w = sum_with(model);
  testing::fill(w, "w", {3, kLeastStored}, std::vector<float>(3 * kLeastStored, 2.5F));
  w.set_data_location(onnx::TensorProto::DEFAULT);  // as onnx.save writes it behind onnx.load
  const auto first = [&] {
    return read_onnx(folder.write("m.onnx", model.bytes())).values.at("w").numbers()->values[0];
  };
  EXPECT_EQ(first(), 2.5);
  auto& entry = *w.add_external_data();
  entry.set_key("location");
  entry.set_value("nowhere.bin");
  EXPECT_EQ(first(), 2.5);
}

TEST(OnnxGraph, NamesThatAreTwiceOrNowhere) {
  Model twice;
  testing::fill(sum_with(twice), "w", {3}, {1, 2, 3});
  twice.weights("w", {3}, {1, 2, 3});
  EXPECT_EQ(error_of(twice), "m.onnx: initializer 'w' is there twice");
  Model made = relu();
  made.node("Neg", {"x"}, {"y"}, "again");
  EXPECT_EQ(error_of(made), "m.onnx: value 'y' is made twice");
  Model missing = relu();
  missing.output("z", {1});
  EXPECT_EQ(error_of(missing), "m.onnx: output 'z' of the graph is made by nothing");
  Model inputs = relu();
  inputs.input("x", {1, 4});
  EXPECT_EQ(error_of(inputs), "m.onnx: input 'x' of the graph is there twice");
  Model typo;
  typo.input("image", {1, 4});
  typo.output("y", {1, 4});
  typo.node("Relu", {"imgae"}, {"y"}, "relu");
  EXPECT_EQ(error_of(typo),
            "m.onnx: Relu 'relu' reads 'imgae', which nothing before it makes, did you mean 'image'?");
}

TEST(OnnxGraph, OrderOfTheNodes) {
  Model model;
  model.input("x", {1, 4});
  model.output("y", {1, 4});
  model.node("Relu", {"h"}, {"y"}, "second");
  model.node("Neg", {"x"}, {"h"}, "first");
  EXPECT_EQ(error_of(model),
            "m.onnx: Relu 'second' reads 'h', which is made only after it, by Neg 'first': the nodes of an "
            "ONNX graph "
            "stand in the order of their data");
  Model cycle;
  cycle.input("x", {1, 4});
  cycle.output("y", {1, 4});
  cycle.node("Add", {"x", "y"}, {"h"}, "a");
  cycle.node("Neg", {"h"}, {"y"}, "b");
  EXPECT_NE(error_of(cycle).find("Add 'a' reads 'y', which is made only after it, by Neg 'b'"),
            std::string::npos);
}

TEST(OnnxGraph, WeightsThatAreInputsToo) {
  Model model(9, 3);  // IR 3 lists every initializer as an input
  testing::fill(sum_with(model), "w", {3}, {1, 2, 3});
  model.input("w", {3});
  const Network network = network_of(model);
  EXPECT_EQ(network.inputs, Names{"x"});
  EXPECT_TRUE(network.values.at("w").constant);
}

TEST(OnnxGraph, OptionalInputsAndOutputs) {
  Model model;
  model.input("x", {1, 1, 4, 4});
  model.output("y", {1, 1, 8, 8});
  model.weights("scales", {4}, {1, 1, 2, 2});
  model.node("Resize", {"x", "", "scales", ""}, {"y", ""}, "resize");
  const Node node = network_of(model).nodes.at(0);
  EXPECT_EQ(node.inputs, (Names{"x", "", "scales"}));  // what is left out at the end, is left out
  EXPECT_EQ(node.outputs, Names{"y"});
}

TEST(OnnxGraph, InputsThatAnOperatorNeeds) {
  Model model;
  model.input("x", {1, 3, 4, 4});
  model.output("y", {1, 3, 4, 4});
  onnx::NodeProto& node = model.node("Conv", {"x"}, {"y"}, "conv");
  EXPECT_EQ(error_of(model), "m.onnx: Conv 'conv' needs at least 2 inputs, it has 1");
  node.set_op_type("Transpose");
  node.clear_input();
  EXPECT_EQ(error_of(model), "m.onnx: Transpose 'conv' needs at least 1 inputs, it has 0");
  node.add_input("x");
  node.set_output(0, "");
  node.add_output("y");
  EXPECT_EQ(error_of(model), "m.onnx: Transpose 'conv' has no name for its first output");
}

TEST(OnnxAttributes, TypesAreCheckedOrInferred) {
  Model model(11);
  model.input("x", {1, 3, 4, 4});
  model.output("y", {1, 3, 4, 4});
  onnx::NodeProto& node = model.node("MaxPool", {"x"}, {"y"}, "pool");
  set_ints(node, "kernel_shape", {1, 1});
  node.mutable_attribute(0)->clear_type();  // as before IR 2
  EXPECT_EQ(network_of(model).nodes.at(0).attributes.int_lists.at("kernel_shape"), (Dims{1, 1}));
  node.mutable_attribute(0)->set_type(onnx::AttributeProto::FLOAT);
  EXPECT_EQ(error_of(model),
            "m.onnx: MaxPool 'pool': attribute 'kernel_shape' says that it is FLOAT and holds INTS");
  node.clear_attribute();
  set_int(node, "kernel_shape", 3);
  EXPECT_EQ(error_of(model), "m.onnx: MaxPool 'pool': attribute 'kernel_shape' is INT, expected INTS");
  node.clear_attribute();
  node.add_attribute()->set_name("kernel_shape");
  EXPECT_NE(error_of(model).find("says no type, and holds no value"), std::string::npos);
  node.clear_attribute();
  set_int(node, "ceil_mode", 1);
  set_int(node, "ceil_mode", 0);
  EXPECT_NE(error_of(model).find("attribute 'ceil_mode' is given twice"), std::string::npos);
}

// What opsets 9 and 10 have as attributes and newer ones as inputs.
TEST(OnnxAttributes, OldOpsets) {
  Model model(9);
  model.input("x", {1, 3, 8, 8});
  model.output("d", {1, 3, 16, 16});
  onnx::NodeProto& slice = model.node("Slice", {"x"}, {"a"});
  set_ints(slice, "starts", {0});
  set_ints(slice, "ends", {INT64_MAX});
  set_ints(slice, "axes", {2});
  onnx::NodeProto& pad = model.node("Pad", {"a"}, {"b"});
  set_ints(pad, "pads", {0, 0, 1, 1, 0, 0, 1, 1});
  set_float(pad, "value", 0.5f);
  onnx::NodeProto& clip = model.node("Clip", {"b"}, {"c"});
  set_float(clip, "min", 0);
  set_float(clip, "max", 6);
  model.weights("scales", {4}, {1, 1, 2, 2});
  set_string(model.node("Upsample", {"c", "scales"}, {"d"}), "mode", "nearest");
  const Network network = network_of(model);
  ASSERT_EQ(network.nodes.size(), 4u);
  EXPECT_EQ(network.nodes[0].attributes.int_lists.at("ends"), Dims{INT64_MAX});
  EXPECT_EQ(network.nodes[1].attributes.floats.at("value"), 0.5);
  EXPECT_EQ(network.nodes[2].attributes.floats.at("max"), 6);
  EXPECT_EQ(network.nodes[3].attributes.strings.at("mode"), "nearest");
}

TEST(OnnxConstants, PaddleNamesAndEveryKindOfValue) {
  Model model(11);
  model.input("x", {1, 3});
  model.output("conv2d_0.tmp_1/y", {1, 3});
  testing::fill(set_tensor(model.node("Constant", {}, {"conv2d_0.w_0"}), "value"), "", {3}, {1, 2, 3});
  model.node("Mul", {"x", "conv2d_0.w_0"}, {"conv2d_0.tmp_1/y"}, "p2o.Mul.0");
  set_int(model.node("Constant", {}, {"i"}), "value_int", 7);
  set_float(model.node("Constant", {}, {"f"}), "value_float", 0.25f);
  set_ints(model.node("Constant", {}, {"is"}), "value_ints", {4, 5});
  set_string(model.node("Constant", {}, {"s"}), "value_string", "text");
  const Network network = network_of(model);
  ASSERT_EQ(network.nodes.size(), 1u);
  EXPECT_EQ(network.nodes[0].name, "p2o.Mul.0");
  EXPECT_EQ(data_of(network, "conv2d_0.w_0").values, (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(data_of(network, "i").values, std::vector<double>{7});
  EXPECT_EQ(network.values.at("i").dtype, DType::Int64);
  EXPECT_EQ(data_of(network, "f").values, std::vector<double>{0.25});
  EXPECT_EQ(data_of(network, "is").shape, Shape{2});
  EXPECT_EQ(network.values.at("s").text->values, Names{"text"});
}

TEST(OnnxConstants, TypesThatCastLikeTakes) {
  Model model(15);
  model.input("x", {1, 3});
  model.output("y", {1, 3});
  model.integers("like", {0});
  model.node("CastLike", {"x", "like"}, {"y"});
  const Node node = network_of(model).nodes.at(0);
  EXPECT_EQ(node.op, "Cast");
  EXPECT_EQ(node.inputs, Names{"x"});
  EXPECT_EQ(node.attributes.ints.at("to"), onnx::TensorProto::INT64);
}

TEST(OnnxConstants, WithoutAValue) {
  Model model = relu();
  model.node("Constant", {}, {"c"}, "none");
  EXPECT_EQ(error_of(model), "m.onnx: Constant 'none' must have one value, it has 0");
  set_int(*model.graph().mutable_node(1), "value", 1);
  EXPECT_EQ(error_of(model), "m.onnx: Constant 'none' has 'value' as INT, expected TENSOR");
}

TEST(OnnxDimensions, SetUnsetAndUnknown) {
  Model model;
  model.open_input("x", "batch", {4});
  model.output("y", {1, 4});
  model.node("Relu", {"x"}, {"y"});
  EXPECT_EQ(network_of(model, {{"batch", 3}}).values.at("x").shape, (Shape{3, 4}));
  const Network open = network_of(model);
  EXPECT_EQ(open.values.at("x").shape, (Shape{0, 4}));
  EXPECT_EQ(open.dynamic_dims, std::set<std::string>{"batch"});
  EXPECT_EQ(error_of(model, {{"bacth", 3}}),
            "m.onnx: the model has no open dimension 'bacth', did you mean 'batch'?");
  EXPECT_NE(error_of(model, {{"batch", 1 << 27}}).find("more than 268435456 elements"), std::string::npos);
}

// Paddle writes open dimensions as -1, others leave them out: they are called by input and axis.
TEST(OnnxDimensions, WithoutAName) {
  Model model;
  model.input("x", {-1, 4});
  model.output("y", {-1, 4});
  model.node("Relu", {"x"}, {"y"});
  EXPECT_EQ(network_of(model).dynamic_dims, std::set<std::string>{"x.0"});
  EXPECT_EQ(network_of(model, {{"x.0", 2}}).values.at("x").shape, (Shape{2, 4}));
}

TEST(OnnxDimensions, InputsWithoutAShape) {
  const TemporaryFolder folder;
  Model model = relu();
  model.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  const std::string path = folder.write("m.onnx", model.bytes());
  EXPECT_NE(
      error_of([&] { read_run(path); }).find("input 'x' has no shape: give it a file, as inputs: {x: x.npy}"),
      std::string::npos);
  model.open_input("z", "N", {4});
  model.graph().mutable_input()->SwapElements(0, 1);
  const std::string open = folder.write("open.onnx", model.bytes());
  EXPECT_NE(error_of([&] { read_run(open); })
                .find("input 'z' has shape Nx4: set its dimensions (--dim N=1, or dim: in the run file), or "
                      "give it a"),
            std::string::npos);
}

// Weights that are inputs without data: shapes are enough to time the model.
TEST(OnnxDimensions, ShapesOnly) {
  const TemporaryFolder folder;
  Model model(11, 3);
  model.input("x", {1, 3, 8, 8});
  model.input("w", {4, 3, 3, 3});
  model.output("y", {1, 4, 6, 6});
  model.node("Conv", {"x", "w"}, {"y"}, "conv");
  const RunSpec run = read_run(folder.write("m.onnx", model.bytes()));
  EXPECT_TRUE(run.network.shapes_only);
  EXPECT_TRUE(run.network.values.at("w").constant);
}

TEST(OnnxDamage, NamesThePlace) {
  Model model = relu();
  model.weights("w", {64}, std::vector<float>(64, 1));
  const std::string good = model.bytes();
  const auto error = [](const std::string& bytes) {
    return error_of([&] { parse_onnx(bytes, "m.onnx", ""); });
  };
  const std::string cut = error(good.substr(0, good.size() / 2));
  EXPECT_NE(cut.find("m.onnx: not an ONNX model, or damaged"), std::string::npos) << cut;
  EXPECT_NE(cut.find("graph at byte"), std::string::npos) << cut;
  EXPECT_NE(cut.find("says that it has"), std::string::npos) << cut;
  // The graph's own length made to fit: now it is the initializer that is too long.
  Model inner = model;
  std::string graph = inner.graph().SerializeAsString();
  const auto at = graph.find("Relu");
  ASSERT_NE(at, std::string::npos);
  graph[at - 1] = 100;  // the length of op_type
  onnx::ModelProto shell = inner.proto;
  shell.clear_graph();
  std::string bytes = shell.SerializeAsString();
  bytes += '\x3A';  // field 7, by length
  bytes += static_cast<char>(0x80 | (graph.size() & 127));
  bytes += static_cast<char>(graph.size() >> 7);
  bytes += graph;
  EXPECT_NE(error(bytes).find("graph.node[0].op_type at byte"), std::string::npos) << error(bytes);
  EXPECT_NE(error_of([] { read_onnx("/dev/zero"); }).find("no regular file"), std::string::npos);
}

}  // namespace
}  // namespace bpusim
