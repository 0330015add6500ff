// What the inputs of a model hold: tensors that are given, or seeded numbers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "sim/network/files/tensor_files.h"
#include "sim/network/network.h"

namespace bpusim {

/// Where the inputs of a model come from, and who hears what is wrong with them.
struct InputSource {
  std::map<std::string, AnyTensor> given;  ///< by input; those that are not there are drawn
  std::uint64_t seed;
  std::optional<bool> inputs_as_weights;  ///< ReadOptions
  std::function<void(const std::string&)> complain;
};

/// Fills the network's inputs. Those that nobody gives hold normal numbers, or whole ones that are valid
/// where they are indices. Inputs that operators read as weights become constants, with data or without, and
/// leave the list of inputs. Throws InputError beyond the network's memory limit.
void fill_inputs(InputSource source, Network& network);

}  // namespace bpusim
