// A look at a protobuf's skeleton before it is parsed: where a damaged file stops making sense.
#pragma once

#include <cstdint>
#include <string>

namespace google::protobuf {
class Descriptor;
namespace io {
class ZeroCopyInputStream;
}
}  // namespace google::protobuf

namespace bpusim {

/// What find_damage() finds, and the message without its large tensors.
struct Skeleton {
  std::string damage;
  std::string message;  ///< where there is no damage
};

/// Follows a model's (or a tensor's) lengths, and keeps all of it but raw_data of at least kLeastLifted
/// bytes: in their place stands where they lie, as ONNX writes it for data outside of the model, in a file
/// called `file`.
constexpr int kLeastLifted = 1 << 16;
Skeleton read_skeleton(google::protobuf::io::ZeroCopyInputStream& stream, std::int64_t size,
                       const google::protobuf::Descriptor& message, const std::string& file);

/// Follows the lengths of a message of `size` bytes, without reading what they enclose (a file's stream seeks
/// over it). Empty where they fit, else the place and what is wrong: "graph.node[3].input at byte 120: says
/// that it has 900 bytes, 12 are left". Allocates nothing that depends on the bytes.
std::string find_damage(google::protobuf::io::ZeroCopyInputStream& stream, std::int64_t size,
                        const google::protobuf::Descriptor& message);

}  // namespace bpusim
