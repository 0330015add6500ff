#include "sim/network/onnx/import.h"

#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <onnx/onnx_pb.h>

#include <filesystem>
#include <limits>
#include <set>

#include "sim/config/input_file.h"
#include "sim/input_error.h"
#include "sim/network/onnx/graph.h"
#include "sim/network/onnx/tensor.h"
#include "sim/network/onnx/wire.h"

namespace bpusim {

namespace {

using google::protobuf::Message;
using google::protobuf::io::ArrayInputStream;
using google::protobuf::io::FileInputStream;

void refuse_damage(const std::string& damage, const std::string& name, std::int64_t size, const char* kind) {
  if (!damage.empty())
    throw InputError(name + ": not " + kind + ", or damaged (" + std::to_string(size) + " bytes): " + damage);
}

// Parses from the file itself, where large tensors stay until somebody asks for them.
void parse_file(const std::string& path, const char* kind, Message& message) {
  const InputFile file(path);
  if (file.size() > std::numeric_limits<int>::max())
    throw InputError(path +
                     ": larger than 2 GiB, which no protobuf file is: keep the weights as external data");
  FileInputStream stream(file.rewound());
  const std::string name = std::filesystem::path(path).filename().string();
  const Skeleton skeleton = read_skeleton(stream, file.size(), *message.GetDescriptor(), name);
  refuse_damage(skeleton.damage, path, file.size(), kind);
  if (!message.ParseFromString(skeleton.message))
    throw InputError(path + ": not " + kind + ", or damaged (" + std::to_string(file.size()) +
                     " bytes do not parse)");
}

void parse_bytes(const std::string& bytes, const std::string& name, const char* kind, Message& message) {
  const auto size = static_cast<int>(bytes.size());
  ArrayInputStream skeleton(bytes.data(), size);
  refuse_damage(find_damage(skeleton, size, *message.GetDescriptor()), name, size, kind);
  if (!message.ParseFromArray(bytes.data(), size))
    throw InputError(name + ": not " + kind + ", or damaged (" + std::to_string(size) +
                     " bytes do not parse)");
}

void check_ir_version(const onnx::ModelProto& model, const std::string& name) {
  const std::int64_t version = model.ir_version();
  if (version < kOldestIr || version > kNewestIr)
    throw InputError(name + ": IR version " + std::to_string(version) + " is not read (" +
                     std::to_string(kOldestIr) + " to " + std::to_string(kNewestIr) +
                     " are): save it again with an onnx package that writes one of these");
}

// Version of ONNX's own operators.
int opset_of(const onnx::ModelProto& model, const std::string& name, int oldest) {
  std::set<std::int64_t> versions;
  for (const auto& import : model.opset_import())
    if (import.domain().empty() || import.domain() == "ai.onnx") versions.insert(import.version());
  if (versions.empty())
    throw InputError(name + ": no opset_import for ONNX's own operators: their meaning is not known");
  if (versions.size() > 1)
    throw InputError(name + ": opset_import names " + std::to_string(*versions.begin()) + " and " +
                     std::to_string(*versions.rbegin()) + " for ONNX's own operators: it must name one");
  const std::int64_t version = *versions.begin();
  if (version < oldest || version > kNewestOpset)
    throw InputError(name + ": opset " + std::to_string(version) + " is not read (" + std::to_string(oldest) +
                     " to " + std::to_string(kNewestOpset) +
                     " are): convert it with onnx.version_converter.convert_version(model, " +
                     std::to_string(version < oldest ? 13 : kNewestOpset) + ")");
  return static_cast<int>(version);
}

Network network_of(onnx::ModelProto& model, const OnnxOrigin& origin, const Dimensions& dims,
                   int oldest_opset, const GivenInputs& given) {
  if (!model.has_graph() || model.graph().node_size() == 0)
    throw InputError(origin.file + ": the model has no nodes");
  check_ir_version(model, origin.file);
  const int opset = opset_of(model, origin.file, oldest_opset);
  Network network;
  network.name = model.graph().name();
  network.file = origin.file;
  OnnxGraphReader(origin, dims, given, model, network).read(*model.mutable_graph(), opset);
  return network;
}

std::string folder_of(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

// The folder of the file that a link leads to.
std::string real_folder_of(const std::string& path) {
  std::error_code error;
  return std::filesystem::canonical(path, error).parent_path().string();
}

}  // namespace

Network parse_onnx(const std::string& bytes, const std::string& name, const std::string& folder,
                   const Dimensions& dims, int oldest_opset, const GivenInputs& given) {
  onnx::ModelProto model;
  parse_bytes(bytes, name, "an ONNX model", model);
  MemoryBudget budget;
  return network_of(model, {name, folder, "", false, &budget}, dims, oldest_opset, given);
}

Network read_onnx(const std::string& path, const ImportOptions& options) {
  onnx::ModelProto model;
  parse_file(path, "an ONNX model", model);
  MemoryBudget budget(options.memory_limit);
  const OnnxOrigin origin{path, folder_of(path), real_folder_of(path), options.outside_data, &budget};
  Network network = network_of(model, origin, options.dims, options.oldest_opset, options.given);
  network.memory_limit = options.memory_limit;
  return network;
}

Network read_onnx(const std::string& path, const Dimensions& dims, int oldest_opset) {
  ImportOptions options;
  options.dims = dims;
  options.oldest_opset = oldest_opset;
  return read_onnx(path, options);
}

AnyTensor parse_pb(const std::string& bytes, const std::string& name, const std::string& folder,
                   MemoryBudget* budget) {
  onnx::TensorProto proto;
  parse_bytes(bytes, name, "a TensorProto", proto);
  MemoryBudget own;
  return in_memory(
      read_onnx_tensor(proto, {name, folder, "", false, budget != nullptr ? budget : &own}, "the tensor"));
}

AnyTensor read_pb(const std::string& path, MemoryBudget* budget) {
  onnx::TensorProto proto;
  parse_file(path, "a TensorProto", proto);
  MemoryBudget own;
  MemoryBudget& room = budget != nullptr ? *budget : own;
  const OnnxOrigin origin{path, folder_of(path), real_folder_of(path), false, &room};
  ModelTensor tensor = read_onnx_tensor(proto, origin, "the tensor");
  if (const auto* stored = std::get_if<StoredTensor>(&tensor))
    room.charge(sizeof(double) * static_cast<double>(element_count(stored->shape)), path + ": reading it");
  return in_memory(std::move(tensor));
}

}  // namespace bpusim
