#include "sim/network/files/tensor_files.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <sstream>
#include <type_traits>
#include <utility>

#include "sim/config/input_file.h"
#include "sim/config/suggest.h"
#include "sim/input_error.h"

namespace bpusim {

double half_to_double(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  double magnitude = 0;
  if (exponent == 31) {
    magnitude = fraction == 0 ? INFINITY : NAN;
  } else {
    magnitude = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  }
  return bits >> 15 ? -magnitude : magnitude;
}

namespace {

template <class T>
double load(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  if constexpr (std::is_integral_v<T> && sizeof value == 8)
    return std::min(static_cast<double>(value),
                    9223372036854774784.0);  // stays within 64 bits, as kernels expect
  return static_cast<double>(value);
}

struct Element {
  std::size_t bytes;
  double (*load)(const char*);
};

const std::map<std::string, Element>& npy_elements() {
  static const std::map<std::string, Element> table = {{"f4", {4, load<float>}},
                                                       {"f8", {8, load<double>}},
                                                       {"i1", {1, load<std::int8_t>}},
                                                       {"i2", {2, load<std::int16_t>}},
                                                       {"i4", {4, load<std::int32_t>}},
                                                       {"i8", {8, load<std::int64_t>}},
                                                       {"u1", {1, load<std::uint8_t>}},
                                                       {"u2", {2, load<std::uint16_t>}},
                                                       {"u4", {4, load<std::uint32_t>}},
                                                       {"u8", {8, load<std::uint64_t>}},
                                                       {"b1", {1, load<std::uint8_t>}},
                                                       {"f2", {2, [](const char* b) {
                                                                 std::uint16_t bits;
                                                                 std::memcpy(&bits, b, sizeof bits);
                                                                 return half_to_double(bits);
                                                               }}}};
  return table;
}

// The text between the quotes, or brackets, after 'key':.
std::string header_value(const std::string& header, const std::string& key, const std::string& name) {
  const auto at = header.find("'" + key + "'");
  const auto colon = at == std::string::npos ? at : header.find(':', at);
  if (colon == std::string::npos) throw InputError(name + ": the .npy header lacks '" + key + "'");
  if (header.find("'" + key + "'", colon) != std::string::npos)
    throw InputError(name + ": the .npy header has '" + key + "' twice");
  const auto begin = header.find_first_not_of(' ', colon + 1);
  if (begin == std::string::npos) throw InputError(name + ": the .npy header ends after '" + key + "'");
  const char open = header[begin];
  const char close = open == '\'' ? '\'' : open == '(' ? ')' : ',';
  const auto start = open == '\'' || open == '(' ? begin + 1 : begin;
  const auto end = header.find(close, start);
  if (end == std::string::npos) throw InputError(name + ": the .npy header's '" + key + "' does not end");
  return header.substr(start, end - start);
}

Shape parse_shape(const std::string& text, const std::string& name) {
  Shape shape;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) {
    if (part.find_first_not_of(' ') == std::string::npos) continue;
    const std::string digits = part.substr(part.find_first_not_of(' '));
    const bool number = digits.size() <= 10 && digits.find_first_not_of("0123456789") == std::string::npos;
    const std::int64_t extent = number ? std::stoll(digits) : -1;
    if (extent < 0 || extent > kMaxElements) throw InputError(name + ": the .npy shape holds '" + part + "'");
    shape.push_back(extent);
  }
  return shape;
}

// Values of a Fortran-ordered tensor, row-major.
Tensor from_fortran(const Tensor& column_major) {
  Tensor out = column_major;
  const auto rank = out.shape.size();
  std::vector<std::int64_t> index(rank, 0);
  for (double& value : out.values) {
    std::int64_t offset = 0, stride = 1;
    for (std::size_t d = 0; d < rank; ++d) {
      offset += index[d] * stride;
      stride *= out.shape[d];
    }
    value = column_major.values[static_cast<std::size_t>(offset)];
    for (std::size_t d = rank; d-- > 0 && ++index[d] == out.shape[d];) index[d] = 0;
  }
  return out;
}

}  // namespace

Tensor read_npy(const std::string& path, MemoryBudget* budget) {
  MemoryBudget own;
  MemoryBudget& room = budget != nullptr ? *budget : own;
  return parse_npy(InputFile(path).content(room), path, &room);
}

Tensor parse_npy(const std::string& bytes, const std::string& path, MemoryBudget* budget) {
  MemoryBudget own;
  if (bytes.size() < 12 || bytes.compare(0, 6, "\x93NUMPY") != 0)
    throw InputError(path + ": not a .npy file (its first bytes are not \\x93NUMPY)");
  const auto at = [&](std::size_t i) {
    return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i]));
  };
  const bool wide = at(6) >= 2;
  const std::size_t start = wide ? 12 : 10;
  const std::size_t length = wide ? at(8) | at(9) << 8 | at(10) << 16 | at(11) << 24 : at(8) | at(9) << 8;
  if (bytes.size() < start + length)
    throw InputError(path + ": truncated: the header ends at byte " + std::to_string(start + length) +
                     ", the file at " + std::to_string(bytes.size()));
  const std::string header = bytes.substr(start, length);
  const std::string descr = header_value(header, "descr", path);
  const auto element = npy_elements().find(descr.empty() ? descr : descr.substr(1));
  if (descr.empty() || descr[0] == '>' || element == npy_elements().end())
    throw InputError(path + ": element type '" + descr + "' is not read (little-endian numbers are)");
  Tensor tensor;
  tensor.shape = parse_shape(header_value(header, "shape", path), path);
  const std::size_t have = (bytes.size() - start - length) / element->second.bytes;
  std::size_t count = 1;
  const auto refuse_truncated = [&] {
    throw InputError(path + ": truncated: shape " + to_string(tensor.shape) + " needs more than the " +
                     std::to_string(have) + " elements that are there");
  };
  if (have < 1 && tensor.shape.empty()) refuse_truncated();  // a scalar has one
  for (const std::int64_t extent : tensor.shape) {
    count *= static_cast<std::size_t>(extent);
    if (count > have) refuse_truncated();
  }
  (budget != nullptr ? *budget : own)
      .charge(sizeof(double) * static_cast<double>(count), path + ": reading it");
  const char* data = bytes.data() + start + length;
  tensor.values.resize(count);
  for (std::size_t i = 0; i < count; ++i)
    tensor.values[i] = element->second.load(data + i * element->second.bytes);
  return header_value(header, "fortran_order", path) == "True" ? from_fortran(tensor) : tensor;
}

void write_npy(const Tensor& tensor, const std::function<void(const void*, std::size_t)>& write) {
  std::string shape;
  for (const std::int64_t extent : tensor.shape) shape += std::to_string(extent) + ", ";
  std::string header = "{'descr': '<f8', 'fortran_order': False, 'shape': (" + shape + "), }";
  while ((10 + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  std::string lead("\x93NUMPY\1\0", 8);
  lead += static_cast<char>(header.size() & 255);
  lead += static_cast<char>(header.size() >> 8);
  header.insert(0, lead);
  write(header.data(), header.size());
  write(tensor.values.data(), tensor.values.size() * sizeof(double));
}

std::map<std::string, Tensor> read_npz(const std::string& path, MemoryBudget* budget) {
  MemoryBudget own;
  MemoryBudget& room = budget != nullptr ? *budget : own;
  return parse_npz(InputFile(path).content(room), path, &room);
}

namespace {

// "file.npz:name" to its two halves; the name is empty where there is none.
std::pair<std::string, std::string> split_npz(const std::string& path) {
  const auto at = path.rfind(".npz:");
  if (at == std::string::npos) return {path, ""};
  return {path.substr(0, at + 4), path.substr(at + 5)};
}

Tensor array_of(const std::string& file, const std::string& name, MemoryBudget* budget) {
  std::map<std::string, Tensor> arrays = read_npz(file, budget);
  std::vector<std::string> names;
  names.reserve(arrays.size());
  for (const auto& [key, unused] : arrays) names.push_back(key);
  if (name.empty() && arrays.size() == 1) return std::move(arrays.begin()->second);
  const auto found = arrays.find(name);
  if (found != arrays.end()) return std::move(found->second);
  if (name.empty())
    throw InputError(file + ": holds " + std::to_string(arrays.size()) + " arrays, name one as " + file +
                     ":NAME" + did_you_mean("", names));
  throw InputError(file + ": has no array '" + name + "'" + did_you_mean(name, names));
}

}  // namespace

AnyTensor read_tensor_file(const std::string& path, MemoryBudget* budget) {
  const auto [file, array] = split_npz(path);
  const auto extension = std::filesystem::path(file).extension();
  if (extension == ".npz") return array_of(file, array, budget);
  if (extension == ".npy") return read_npy(path, budget);
  if (extension == ".pb") return read_pb(path, budget);
  throw InputError(path + ": tensors are read from .npy, .npz and .pb files");
}

}  // namespace bpusim
