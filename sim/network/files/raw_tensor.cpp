#include "sim/network/files/raw_tensor.h"

#include <cstring>
#include <filesystem>

#include "sim/config/input_file.h"
#include "sim/input_error.h"

namespace bpusim {

const char* to_string(RawType type) {
  switch (type) {
    case RawType::UInt8:
      return "uint8";
    case RawType::Int8:
      return "int8";
    case RawType::Int16:
      return "int16";
    case RawType::Int32:
      return "int32";
    case RawType::Float32:
      break;
  }
  return "float32";
}

namespace {

std::int64_t bytes_of(RawType type) {
  return type == RawType::UInt8 || type == RawType::Int8 ? 1 : type == RawType::Int16 ? 2 : 4;
}

template <class T>
double number_at(const char* bytes) {
  T number{};
  std::memcpy(&number, bytes, sizeof number);
  return static_cast<double>(number);
}

double number_of(RawType type, const char* bytes) {
  switch (type) {
    case RawType::UInt8:
      return number_at<std::uint8_t>(bytes);
    case RawType::Int8:
      return number_at<std::int8_t>(bytes);
    case RawType::Int16:
      return number_at<std::int16_t>(bytes);
    case RawType::Int32:
      return number_at<std::int32_t>(bytes);
    case RawType::Float32:
      break;
  }
  return number_at<float>(bytes);
}

}  // namespace

bool describes_itself(const std::string& path) {
  const std::string extension = std::filesystem::path(path).extension().string();
  return extension == ".npy" || extension == ".npz" || extension == ".pb" ||
         path.find(".npz:") != std::string::npos;
}

std::vector<double> read_raw(const std::string& path, RawType type, std::int64_t count,
                             MemoryBudget* budget) {
  MemoryBudget own;
  MemoryBudget& room = budget != nullptr ? *budget : own;
  const std::string bytes = InputFile(path).content(room);
  const std::int64_t size = bytes_of(type), wanted = size * count;
  if (static_cast<std::int64_t>(bytes.size()) != wanted)
    throw InputError(path + ": has " + std::to_string(bytes.size()) + " bytes, and " + std::to_string(count) +
                     " numbers of " + to_string(type) + " are " + std::to_string(wanted));
  room.charge(sizeof(double) * static_cast<double>(count), path + ": reading it");
  std::vector<double> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = number_of(type, bytes.data() + static_cast<std::size_t>(size) * i);
  return values;
}

}  // namespace bpusim
