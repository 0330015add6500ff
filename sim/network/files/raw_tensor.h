// Tensors in files that hold nothing but their numbers, as toolchains write calibration data and images.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/config/memory_budget.h"

namespace bpusim {

/// Element types of files without a header, little-endian.
enum class RawType { UInt8, Float32, Int8, Int16, Int32 };
const char* to_string(RawType type);  ///< "uint8", "float32", …

/// Whether the file's name ends as those do that say what they hold: .npy, .npz, .pb.
bool describes_itself(const std::string& path);

/// All numbers of the file, which has to hold `count` of them. Throws InputError with both sizes.
std::vector<double> read_raw(const std::string& path, RawType type, std::int64_t count,
                             MemoryBudget* budget = nullptr);

}  // namespace bpusim
