#include "sim/network/onnx/wire.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <onnx/onnx_pb.h>

#include <map>
#include <utility>
#include <vector>

namespace bpusim {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::io::CodedInputStream;

constexpr std::size_t kDeepest = 100;  // nested messages, as protobuf's own parser allows

// Wire types of the protobuf encoding.
enum WireType : std::uint32_t { kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5 };

using google::protobuf::io::CodedOutputStream;
using google::protobuf::io::StringOutputStream;

// Appends fields to a message.
class Writer {
 public:
  explicit Writer(std::string& message) : stream_(&message), out_(&stream_) {}

  void number(std::uint32_t tag, std::uint64_t value) {
    out_.WriteTag(tag);
    out_.WriteVarint64(value);
  }
  void raw(std::uint32_t tag, const std::string& bytes) {
    out_.WriteTag(tag);
    out_.WriteString(bytes);
  }
  void append(const std::string& fields) { out_.WriteString(fields); }
  void bytes(int field, const std::string& content) {
    out_.WriteTag(static_cast<std::uint32_t>(field) << 3 | kLengthDelimited);
    out_.WriteVarint64(content.size());
    out_.WriteString(content);
  }

 private:
  StringOutputStream stream_;
  CodedOutputStream out_;
};

// What stands in a tensor for bytes of the file that it lies in.
void write_location(const std::string& file, int offset, int length, Writer& tensor) {
  const std::pair<const char*, std::string> entries[] = {
      {"location", file}, {"offset", std::to_string(offset)}, {"length", std::to_string(length)}};
  for (const auto& [key, value] : entries) {
    std::string entry;
    {
      Writer writer(entry);
      writer.bytes(onnx::StringStringEntryProto::kKeyFieldNumber, key);
      writer.bytes(onnx::StringStringEntryProto::kValueFieldNumber, value);
    }
    tensor.bytes(onnx::TensorProto::kExternalDataFieldNumber, entry);
  }
  tensor.number(onnx::TensorProto::kDataLocationFieldNumber << 3 | kVarint, onnx::TensorProto::EXTERNAL);
}

// What is kept of one message.
struct Copied {
  explicit Copied(std::string& message) : out(message) {}
  Writer out;
  std::string places;           // a tensor's own data_location and external_data
  int offset = -1, length = 0;  // of raw_data that stays in the file, whatever those say
};

class Walker {
 public:
  // Copies what it passes where it has a `file`, in which large tensors stay.
  explicit Walker(google::protobuf::io::ZeroCopyInputStream& stream, std::string file = "")
      : in_(&stream), file_(std::move(file)) {}

  bool message(const Descriptor& type, int end, std::string& copy) {
    if (place_.size() > kDeepest) return fail("nests too deep");
    Copied copied(copy);
    std::map<int, int> seen;
    while (in_.CurrentPosition() < end) {
      at_ = in_.CurrentPosition();
      const std::uint32_t tag = in_.ReadTag();
      const auto number = static_cast<int>(tag >> 3);
      if (tag == 0 || in_.CurrentPosition() > end) return fail("no field starts here");
      const FieldDescriptor* known = type.FindFieldByNumber(number);
      place_.push_back({known, number, seen[number]++});
      if (!field(known, tag, end, copied)) return false;
      place_.pop_back();
    }
    if (copied.offset >= 0) {
      write_location(file_, copied.offset, copied.length, copied.out);
    } else {
      copied.out.append(copied.places);
    }
    return true;
  }

  std::string damage() const { return damage_; }

 private:
  struct Step {
    const FieldDescriptor* field;
    int number, index;
  };

  bool copies() const { return !file_.empty(); }

  bool field(const FieldDescriptor* known, std::uint32_t tag, int end, Copied& copied) {
    if (!is_place(known)) return content(known, tag, end, copied.out, copied);
    Writer places(copied.places);
    return content(known, tag, end, places, copied);
  }

  bool content(const FieldDescriptor* known, std::uint32_t tag, int end, Writer& out, Copied& copied) {
    switch (tag & 7) {
      case kVarint:
        return varint(tag, end, out);
      case kFixed64:
      case kFixed32:
        return fixed(tag, end, out);
      case kLengthDelimited:
        return delimited(known, tag, end, out, copied);
      default:
        return fail("no field of an ONNX file is encoded with type " + std::to_string(tag & 7));
    }
  }

  bool varint(std::uint32_t tag, int end, Writer& out) {
    std::uint64_t value = 0;
    if (!in_.ReadVarint64(&value) || in_.CurrentPosition() > end) return fail("a number that does not end");
    if (copies()) out.number(tag, value);
    return true;
  }

  bool fixed(std::uint32_t tag, int end, Writer& out) {
    const int width = (tag & 7) == kFixed64 ? 8 : 4;
    std::string bytes;
    if (end - in_.CurrentPosition() < width || !in_.ReadString(&bytes, width))
      return fail("a number that does not end");
    if (copies()) out.raw(tag, bytes);
    return true;
  }

  bool delimited(const FieldDescriptor* known, std::uint32_t tag, int end, Writer& out, Copied& copied) {
    std::uint64_t value = 0;
    if (!in_.ReadVarint64(&value)) return fail("a length that does not end");
    const int inside = end - in_.CurrentPosition();
    if (inside < 0 || value > static_cast<std::uint64_t>(inside))
      return fail("says that it has " + std::to_string(value) + " bytes, " +
                  std::to_string(std::max(inside, 0)) + " are left");
    const int length = static_cast<int>(value), start = in_.CurrentPosition();
    std::string content;
    if (is_raw_data(known)) copied.offset = -1;  // of several the last one counts
    if (known != nullptr && known->type() == FieldDescriptor::TYPE_MESSAGE) {
      if (!message(*known->message_type(), start + length, content)) return false;
    } else if (!copies()) {
      return in_.Skip(length);
    } else if (is_raw_data(known) && length >= kLeastLifted) {
      copied.offset = start;
      copied.length = length;
      return in_.Skip(length);
    } else if (!in_.ReadString(&content, length)) {
      return fail("bytes that can't be read");
    }
    if (copies()) out.bytes(static_cast<int>(tag >> 3), content);
    return true;
  }

  static bool is_of_tensor(const FieldDescriptor* field) {
    return field != nullptr && field->containing_type() == onnx::TensorProto::descriptor();
  }
  static bool is_raw_data(const FieldDescriptor* field) {
    return is_of_tensor(field) && field->number() == onnx::TensorProto::kRawDataFieldNumber;
  }
  static bool is_place(const FieldDescriptor* field) {
    return is_of_tensor(field) && (field->number() == onnx::TensorProto::kExternalDataFieldNumber ||
                                   field->number() == onnx::TensorProto::kDataLocationFieldNumber);
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
  const std::string file_;
  std::vector<Step> place_;
  int at_ = 0;
  std::string damage_;
};

}  // namespace

std::string find_damage(google::protobuf::io::ZeroCopyInputStream& stream, std::int64_t size,
                        const Descriptor& message) {
  Walker walker(stream);
  std::string nothing;
  walker.message(message, static_cast<int>(size), nothing);
  return walker.damage();
}

Skeleton read_skeleton(google::protobuf::io::ZeroCopyInputStream& stream, std::int64_t size,
                       const Descriptor& message, const std::string& file) {
  Walker walker(stream, file);
  Skeleton skeleton;
  walker.message(message, static_cast<int>(size), skeleton.message);
  skeleton.damage = walker.damage();
  return skeleton;
}

}  // namespace bpusim
