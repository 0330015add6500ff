// ONNX files to Networks. The protobuf stays behind this header.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "sim/network/network.h"

namespace bpusim {

/// Reads a model: nodes, attributes, initializers (also external ones), Constant nodes as values. Shapes come
/// from the model's own declarations where it has them. Throws InputError that names the place.
/// Dynamic dimensions take their extent from `dims`, by name; those that are not there become 0.
using Dimensions = std::map<std::string, std::int64_t>;
Network read_onnx(const std::string& path, const Dimensions& dims = {});

/// The same from a file's bytes; external data are looked for in `folder`.
Network parse_onnx(const std::string& bytes, const std::string& name, const std::string& folder,
                   const Dimensions& dims = {});

}  // namespace bpusim
