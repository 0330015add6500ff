#include "sim/network/files/raw_tensor.h"

#include <cstring>
#include <filesystem>

#include "sim/config/input_file.h"
#include "sim/input_error.h"

namespace bpusim {

const char* to_string(RawType type) {
  return type == RawType::UInt8 ? "uint8" : "float32";
}

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
  const std::int64_t size = type == RawType::UInt8 ? 1 : 4, wanted = size * count;
  if (static_cast<std::int64_t>(bytes.size()) != wanted)
    throw InputError(path + ": has " + std::to_string(bytes.size()) + " bytes, and " + std::to_string(count) +
                     " numbers of " + to_string(type) + " are " + std::to_string(wanted));
  room.charge(sizeof(double) * static_cast<double>(count), path + ": reading it");
  std::vector<double> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (type == RawType::UInt8) {
      values[i] = static_cast<unsigned char>(bytes[i]);
    } else {
      float number = 0;
      std::memcpy(&number, bytes.data() + 4 * i, sizeof number);
      values[i] = number;
    }
  }
  return values;
}

}  // namespace bpusim
