#include "sim/network/onnx/tensor.h"

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "kernels/cpu/parallel.h"
#include "kernels/cpu/scratch.h"
#include "sim/config/input_file.h"
#include "sim/input_error.h"

namespace bpusim {

namespace {

using onnx::TensorProto;

template <class T>
double as(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return static_cast<double>(value);
}

// The largest integers have no double of their own; the next one up is no integer of 64 bits any more.
template <class T>
double as_wide(const char* bytes) {
  constexpr double largest = 9223372036854774784.0;  // 2^63 - 1024
  return std::min(as<T>(bytes), largest);
}

double as_half(const char* bytes) {
  std::uint16_t bits = 0;
  std::memcpy(&bits, bytes, sizeof bits);
  return half_to_double(bits);
}

double as_bfloat(const char* bytes) {
  char wide[4] = {0, 0, bytes[0], bytes[1]};
  return as<float>(wide);
}

// The field of a TensorProto that holds an element type's values where raw_data does not.
enum class TypedField { Float, Double, Int32, Int64, Uint64 };

struct ElementType {
  int type;
  const char* name;
  int bits;
  TypedField field;
  double (*load)(const char*);  ///< of whole bytes; nibbles have their own way
};

// ONNX's own numbers (onnx.proto, TensorProto.DataType): the installed header may be older than the file.
constexpr int kUint4 = 21, kInt4 = 22;

const ElementType* find_element_type(int type) {
  static const ElementType table[] = {
      {TensorProto::FLOAT, "FLOAT", 32, TypedField::Float, as<float>},
      {TensorProto::UINT8, "UINT8", 8, TypedField::Int32, as<std::uint8_t>},
      {TensorProto::INT8, "INT8", 8, TypedField::Int32, as<std::int8_t>},
      {TensorProto::UINT16, "UINT16", 16, TypedField::Int32, as<std::uint16_t>},
      {TensorProto::INT16, "INT16", 16, TypedField::Int32, as<std::int16_t>},
      {TensorProto::INT32, "INT32", 32, TypedField::Int32, as<std::int32_t>},
      {TensorProto::INT64, "INT64", 64, TypedField::Int64, as_wide<std::int64_t>},
      {TensorProto::BOOL, "BOOL", 8, TypedField::Int32, as<std::uint8_t>},
      {TensorProto::FLOAT16, "FLOAT16", 16, TypedField::Int32, as_half},
      {TensorProto::DOUBLE, "DOUBLE", 64, TypedField::Double, as<double>},
      {TensorProto::UINT32, "UINT32", 32, TypedField::Uint64, as<std::uint32_t>},
      {TensorProto::UINT64, "UINT64", 64, TypedField::Uint64, as_wide<std::uint64_t>},
      {TensorProto::BFLOAT16, "BFLOAT16", 16, TypedField::Int32, as_bfloat},
      {kUint4, "UINT4", 4, TypedField::Int32, nullptr},
      {kInt4, "INT4", 4, TypedField::Int32, nullptr},
  };
  for (const ElementType& row : table)
    if (row.type == type) return &row;
  return nullptr;
}

[[noreturn]] void refuse(const OnnxOrigin& origin, const std::string& what, const std::string& why) {
  throw InputError(origin.file + ": " + what + " " + why);
}

Shape shape_of(const google::protobuf::RepeatedField<std::int64_t>& dims, const OnnxOrigin& origin,
               const std::string& what) {
  Shape shape(dims.begin(), dims.end());
  std::int64_t count = 1;
  for (const std::int64_t dim : shape) {
    if (dim < 0 || dim > kMaxElements)
      refuse(origin, what, "has an impossible dimension " + std::to_string(dim));
    count *= dim;
    if (count > kMaxElements)
      refuse(origin, what,
             "has shape " + to_string(shape) + ": more than " + std::to_string(kMaxElements) + " elements");
  }
  return shape;
}

double nibble(int type, std::uint8_t byte, std::size_t index) {
  const int bits = index % 2 == 0 ? byte & 15 : byte >> 4;
  return type == kInt4 && bits > 7 ? bits - 16 : bits;
}

// Converts `bytes`, which start at the element `first`.
void convert(const ElementType& type, const char* bytes, std::size_t count, double* values) {
  if (type.bits == 4) {
    for (std::size_t i = 0; i < count; ++i)
      values[i] = nibble(type.type, static_cast<std::uint8_t>(bytes[i / 2]), i);
    return;
  }
  if (type.type == TensorProto::FLOAT) {  // nearly all there is: in a loop of its own
    for (std::size_t i = 0; i < count; ++i) values[i] = as<float>(bytes + i * sizeof(float));
    return;
  }
  const auto width = static_cast<std::size_t>(type.bits / 8);
  for (std::size_t i = 0; i < count; ++i) values[i] = type.load(bytes + i * width);
}

std::size_t bytes_of(const ElementType& type, std::size_t count) {
  return (count * static_cast<std::size_t>(type.bits) + 7) / 8;
}

// Takes room for the tensor's numbers.
void charge(const Shape& shape, const OnnxOrigin& origin, const std::string& what) {
  if (origin.budget != nullptr)
    origin.budget->charge(sizeof(double) * static_cast<double>(element_count(shape)),
                          origin.file + ": " + what + " of shape " + to_string(shape));
}

struct ExternalData {
  std::filesystem::path path;
  std::size_t offset = 0, length = std::string::npos;
};

bool is_below(const std::filesystem::path& path, const std::filesystem::path& folder) {
  const std::filesystem::path way = path.lexically_relative(folder);
  return !way.empty() && *way.begin() != ".." && !way.is_absolute();
}

// Below the model's folder: that of the path as it was given, or of the file that it leads to, since caches
// link whole files into place. A link out of both would let a model read any file of its user.
std::filesystem::path find_data(const std::string& location, const OnnxOrigin& origin,
                                const std::string& what) {
  namespace fs = std::filesystem;
  if (location.find('\0') != std::string::npos) refuse(origin, what, "has a location that holds a NUL");
  const fs::path relative = fs::path(location).lexically_normal();
  const auto refuse_outside = [&](const std::string& where) {
    refuse(origin, what,
           "has external data at '" + location + "'" + where +
               ", outside of the model's folder (--outside-data reads it nevertheless)");
  };
  if (!origin.outside_data && (relative.is_absolute() || *relative.begin() == "..")) refuse_outside("");
  std::error_code error;
  const fs::path folder = origin.folder.empty() ? "." : origin.folder;
  fs::path path = folder / relative;
  if (!fs::exists(path, error) && !origin.real_folder.empty()) path = fs::path(origin.real_folder) / relative;
  if (origin.outside_data) return path;
  const fs::path real = fs::weakly_canonical(path, error);
  const bool below = is_below(real, fs::weakly_canonical(folder, error)) ||
                     (!origin.real_folder.empty() && is_below(real, origin.real_folder));
  if (!below) refuse_outside(", which leads to '" + real.string() + "'");
  return path;
}

ExternalData locate(const TensorProto& proto, const OnnxOrigin& origin, const std::string& what) {
  ExternalData data;
  std::string location;
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() != "offset" && entry.key() != "length") continue;
    const bool digits = !entry.value().empty() && entry.value().size() <= 18 &&
                        entry.value().find_first_not_of("0123456789") == std::string::npos;
    if (!digits)
      refuse(origin, what,
             "has external data with " + entry.key() + " '" + entry.value() + "', no number of bytes");
    (entry.key() == "offset" ? data.offset : data.length) = std::stoull(entry.value());
  }
  if (location.empty()) refuse(origin, what, "has external data without a location");
  data.path = find_data(location, origin, what);
  return data;
}

// Where a tensor's bytes lie in a file.
struct StoredBytes {
  std::filesystem::path file;
  std::string named;  // the path as the model and its own path give it
  std::filesystem::file_time_type written;
  std::size_t offset;
  ElementType type;
  std::string gone;  // the message where they are not there any more
};

// In pieces, so that the bytes are not in memory beside the values.
Tensor read_stored(const StoredBytes& bytes, const Shape& shape) {
  constexpr std::int64_t kPiece = 1 << 15;  // elements, an even number
  const std::int64_t count = element_count(shape);
  Tensor tensor = Tensor::filled(shape, 0);
  std::error_code error;
  if (std::filesystem::last_write_time(bytes.file, error) != bytes.written || error)
    throw InputError(bytes.gone);
  const InputFile file(bytes.file.string(), bytes.named);
  parallel_for((count + kPiece - 1) / kPiece, count, [&](std::int64_t piece) {
    thread_local Scratch<char> memory;
    const std::int64_t at = piece * kPiece, now = std::min(kPiece, count - at);
    const std::size_t size = bytes_of(bytes.type, static_cast<std::size_t>(now));
    char* raw = memory.reserve(size);
    if (!file.read(bytes.offset + bytes_of(bytes.type, static_cast<std::size_t>(at)), size, raw))
      throw InputError(bytes.gone);
    convert(bytes.type, raw, static_cast<std::size_t>(now), tensor.values.data() + at);
  });
  return tensor;
}

ModelTensor external_tensor(const TensorProto& proto, const ElementType& type, const Shape& shape,
                            const OnnxOrigin& origin, const std::string& what) {
  const ExternalData data = locate(proto, origin, what);
  std::error_code missing;
  if (!std::filesystem::is_regular_file(data.path, missing))
    refuse(origin, what, "has external data in '" + data.path.string() + "', which is not there");
  const std::size_t size = std::filesystem::file_size(data.path),
                    need = bytes_of(type, static_cast<std::size_t>(element_count(shape)));
  if (data.length != std::string::npos && data.length != need)
    refuse(origin, what,
           "of shape " + to_string(shape) + " (" + type.name + ") takes " + std::to_string(need) +
               " bytes, it has " + std::to_string(data.length));
  if (data.offset > size || need > size - data.offset)
    refuse(origin, what,
           "takes " + std::to_string(need) + " bytes at " + std::to_string(data.offset) + " of '" +
               data.path.string() + "', which is too short (" + std::to_string(size) + " bytes)");
  const StoredBytes bytes{std::filesystem::absolute(data.path),
                          data.path.string(),
                          std::filesystem::last_write_time(data.path),
                          data.offset,
                          type,
                          origin.file + ": " + what + " has data in '" + data.path.string() +
                              "', which has changed since the model was read"};
  if (element_count(shape) < kLeastStored) {
    charge(shape, origin, what);
    return read_stored(bytes, shape);
  }
  return StoredTensor{shape, [bytes, shape] { return read_stored(bytes, shape); }};
}

template <class Field>
std::vector<double> copy(const Field& field) {
  return std::vector<double>(field.begin(), field.end());
}

// Each entry of int32_data holds an element in its low bits; two where they are nibbles.
std::vector<double> from_int32(const TensorProto& proto, const ElementType& type, std::size_t count) {
  std::vector<double> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t entry = proto.int32_data(static_cast<int>(type.bits == 4 ? i / 2 : i));
    char bytes[4];
    std::memcpy(bytes, &entry, sizeof bytes);
    values[i] = type.bits == 4 ? nibble(type.type, static_cast<std::uint8_t>(bytes[0]), i) : type.load(bytes);
  }
  return values;
}

std::vector<double> typed_values(const TensorProto& proto, const ElementType& type, const Shape& shape,
                                 const OnnxOrigin& origin, const std::string& what) {
  const auto count = static_cast<std::size_t>(element_count(shape));
  const auto expect = [&](const char* field, int have, std::size_t need) {
    if (static_cast<std::size_t>(have) != need)
      refuse(origin, what,
             "of shape " + to_string(shape) + " (" + type.name + ") takes " + std::to_string(need) +
                 " entries in " + field + ", it has " + std::to_string(have));
  };
  switch (type.field) {
    case TypedField::Float:
      expect("float_data", proto.float_data_size(), count);
      return copy(proto.float_data());
    case TypedField::Double:
      expect("double_data", proto.double_data_size(), count);
      return copy(proto.double_data());
    case TypedField::Uint64:
      expect("uint64_data", proto.uint64_data_size(), count);
      return copy(proto.uint64_data());
    case TypedField::Int32:
      expect("int32_data", proto.int32_data_size(), type.bits == 4 ? (count + 1) / 2 : count);
      return from_int32(proto, type, count);
    case TypedField::Int64:
      break;
  }
  expect("int64_data", proto.int64_data_size(), count);
  std::vector<double> values(count);
  convert(type, reinterpret_cast<const char*>(proto.int64_data().data()), count, values.data());
  return values;
}

StringTensor text_of(const TensorProto& proto, const Shape& shape, const OnnxOrigin& origin,
                     const std::string& what) {
  if (proto.string_data_size() != element_count(shape))
    refuse(origin, what,
           "of shape " + to_string(shape) + " (STRING) takes " + std::to_string(element_count(shape)) +
               " entries in string_data, it has " + std::to_string(proto.string_data_size()));
  return {shape, {proto.string_data().begin(), proto.string_data().end()}};
}

}  // namespace

ModelTensor read_onnx_tensor(const TensorProto& proto, const OnnxOrigin& origin, const std::string& what) {
  const Shape shape = shape_of(proto.dims(), origin, what);
  if (proto.has_segment()) refuse(origin, what, "is stored in segments, which are not read");
  if (proto.data_type() == TensorProto::STRING) return text_of(proto, shape, origin, what);
  const ElementType* type = find_element_type(proto.data_type());
  if (type == nullptr)
    refuse(origin, what, "has element type " + onnx_type_name(proto.data_type()) + ", which is not read");
  const auto count = static_cast<std::size_t>(element_count(shape));
  if (proto.data_location() == TensorProto::EXTERNAL)
    return external_tensor(proto, *type, shape, origin, what);
  charge(shape, origin, what);
  if (proto.raw_data().empty()) return Tensor(shape, typed_values(proto, *type, shape, origin, what));
  if (proto.raw_data().size() != bytes_of(*type, count))
    refuse(origin, what,
           "of shape " + to_string(shape) + " (" + type->name + ") takes " +
               std::to_string(bytes_of(*type, count)) + " bytes of raw_data, it has " +
               std::to_string(proto.raw_data().size()));
  std::vector<double> values(count);
  convert(*type, proto.raw_data().data(), count, values.data());
  return Tensor(shape, std::move(values));
}

AnyTensor in_memory(ModelTensor tensor) {
  if (const auto* stored = std::get_if<StoredTensor>(&tensor)) return stored->read();
  if (auto* text = std::get_if<StringTensor>(&tensor)) return std::move(*text);
  return std::move(std::get<Tensor>(tensor));
}

Tensor read_sparse_tensor(const onnx::SparseTensorProto& proto, const OnnxOrigin& origin,
                          const std::string& what) {
  const Shape shape = shape_of(proto.dims(), origin, what);
  const AnyTensor values_of = in_memory(read_onnx_tensor(proto.values(), origin, "values of " + what)),
                  indices_of = in_memory(read_onnx_tensor(proto.indices(), origin, "indices of " + what));
  const auto *values = std::get_if<Tensor>(&values_of), *indices = std::get_if<Tensor>(&indices_of);
  if (values == nullptr || indices == nullptr) refuse(origin, what, "holds text, which is not read");
  const std::size_t rank = shape.size(), each = indices->shape.size() == 2 ? rank : 1;
  if (indices->values.size() != values->values.size() * each)
    refuse(origin, what,
           "has " + std::to_string(values->size()) + " values and indices of shape " +
               to_string(indices->shape));
  charge(shape, origin, what);
  Tensor dense = Tensor::filled(shape, 0);
  double before = -1;
  for (std::size_t i = 0; i < values->values.size(); ++i) {
    double at = 0;
    for (std::size_t d = 0; d < each; ++d) {
      const double index = indices->values[i * each + d];
      const double extent = static_cast<double>(each == 1 ? dense.size() : shape[d]);
      if (!(index >= 0 && index < extent))
        refuse(origin, what, "has an index that lies outside of " + to_string(shape));
      at = each == 1 ? index : at * extent + index;
    }
    if (at <= before) refuse(origin, what, "has indices that do not ascend, as ONNX has them");
    before = at;
    dense.values[static_cast<std::size_t>(at)] = values->values[i];
  }
  return dense;
}

std::string onnx_type_name(int onnx_type) {
  // In the order of their numbers, TensorProto.DataType of onnx.proto at IR version 11.
  static const char* const names[] = {
      "UNDEFINED",      "FLOAT",      "UINT8",          "INT8",       "UINT16",   "INT16",
      "INT32",          "INT64",      "STRING",         "BOOL",       "FLOAT16",  "DOUBLE",
      "UINT32",         "UINT64",     "COMPLEX64",      "COMPLEX128", "BFLOAT16", "FLOAT8E4M3FN",
      "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ", "UINT4",      "INT4",     "FLOAT4E2M1"};
  if (onnx_type >= 0 && onnx_type < static_cast<int>(std::size(names))) return names[onnx_type];
  return std::to_string(onnx_type);
}

void set_constant(Value& value, ModelTensor tensor, DType dtype) {
  value.constant = true;
  value.dtype = dtype;
  if (auto* text = std::get_if<StringTensor>(&tensor)) {
    value.shape = text->shape;
    value.dtype = DType::String;
    value.text = std::move(*text);
  } else if (auto* stored = std::get_if<StoredTensor>(&tensor)) {
    value.shape = std::move(stored->shape);
    value.stored = std::move(stored->read);
  } else {
    value.hold(std::move(std::get<Tensor>(tensor)));
  }
}

}  // namespace bpusim
