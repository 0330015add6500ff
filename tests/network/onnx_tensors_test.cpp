#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <gtest/gtest.h>

#include "sim/network/onnx/tensor.h"
#include "sim/network/onnx/wire.h"
#include "tests/network/onnx_files.h"

namespace bpusim {
namespace {

using testing::data_of;
using testing::Dims;
using testing::error_of;
using testing::Model;
using testing::network_of;
using testing::sum_with;
using testing::TemporaryFolder;

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
  sparse.mutable_indices()->set_int64_data(2, 0);  // (0, 1), then (0, 0)
  EXPECT_NE(error_of(model).find("sparse initializer 's' has indices that do not ascend"), std::string::npos);
  sparse.mutable_indices()->set_int64_data(2, 1);
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

}  // namespace
}  // namespace bpusim
