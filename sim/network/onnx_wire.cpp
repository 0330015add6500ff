#include "sim/network/onnx_wire.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>

#include <map>
#include <vector>

namespace bpusim {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::io::CodedInputStream;

constexpr std::size_t kDeepest = 100;  // nested messages, as protobuf's own parser allows

// Wire types of the protobuf encoding.
enum WireType : std::uint32_t { kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5 };

class Walker {
 public:
  explicit Walker(google::protobuf::io::ZeroCopyInputStream& stream) : in_(&stream) {}

  bool message(const Descriptor& type, int end) {
    if (place_.size() > kDeepest) return fail("nests too deep");
    std::map<int, int> seen;
    while (in_.CurrentPosition() < end) {
      at_ = in_.CurrentPosition();
      const std::uint32_t tag = in_.ReadTag();
      const auto number = static_cast<int>(tag >> 3);
      if (tag == 0 || in_.CurrentPosition() > end) return fail("no field starts here");
      const FieldDescriptor* known = type.FindFieldByNumber(number);
      place_.push_back({known, number, seen[number]++});
      if (!field(known, tag & 7, end)) return false;
      place_.pop_back();
    }
    return true;
  }

  std::string damage() const { return damage_; }

 private:
  struct Step {
    const FieldDescriptor* field;
    int number, index;
  };

  bool field(const FieldDescriptor* known, std::uint32_t wire, int end) {
    const int left = end - in_.CurrentPosition();
    std::uint64_t value = 0;
    switch (wire) {
      case kVarint:
        return (in_.ReadVarint64(&value) && in_.CurrentPosition() <= end) ||
               fail("a number that does not end");
      case kFixed64:
      case kFixed32: {
        const int width = wire == kFixed64 ? 8 : 4;
        return (left >= width && in_.Skip(width)) || fail("a number that does not end");
      }
      case kLengthDelimited:
        break;
      default:
        return fail("no field of an ONNX file is encoded with type " + std::to_string(wire));
    }
    if (!in_.ReadVarint64(&value)) return fail("a length that does not end");
    const int inside = end - in_.CurrentPosition();
    if (inside < 0 || value > static_cast<std::uint64_t>(inside))
      return fail("says that it has " + std::to_string(value) + " bytes, " +
                  std::to_string(std::max(inside, 0)) + " are left");
    const int length = static_cast<int>(value);
    if (known == nullptr || known->type() != FieldDescriptor::TYPE_MESSAGE) return in_.Skip(length);
    return message(*known->message_type(), in_.CurrentPosition() + length);
  }

  bool fail(const std::string& what) {
    std::string path;
    for (const Step& step : place_) {
      path += (path.empty() ? "" : ".") +
              (step.field != nullptr ? step.field->name() : "field " + std::to_string(step.number));
      if (step.field != nullptr && step.field->is_repeated()) path += "[" + std::to_string(step.index) + "]";
    }
    damage_ = (path.empty() ? "" : path + " ") + "at byte " + std::to_string(at_) + ": " + what;
    return false;
  }

  CodedInputStream in_;
  std::vector<Step> place_;
  int at_ = 0;
  std::string damage_;
};

}  // namespace

std::string find_damage(google::protobuf::io::ZeroCopyInputStream& stream, std::int64_t size,
                        const Descriptor& message) {
  Walker walker(stream);
  walker.message(message, static_cast<int>(size));
  return walker.damage();
}

}  // namespace bpusim
