#include "tests/fuzz/mutations.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>

namespace bpusim::fuzz {

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Every message within one, itself first, and every text.
void collect(Message& message, std::vector<Message*>& messages, std::vector<std::string>& texts) {
  messages.push_back(&message);
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE)
        collect(field->is_repeated() ? *reflection.MutableRepeatedMessage(&message, field, i)
                                     : *reflection.MutableMessage(&message, field),
                messages, texts);
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING)
        texts.push_back(field->is_repeated() ? reflection.GetRepeatedString(message, field, i)
                                             : reflection.GetString(message, field));
    }
  }
}

}  // namespace

std::string Mutator::bytes(std::string data, const std::string& other) {
  for (std::size_t left = 1 + below(4); left > 0 && !data.empty(); --left) damage(data, other);
  return data;
}

void Mutator::damage(std::string& data, const std::string& other) {
  const std::size_t at = below(data.size()), length = 1 + below(std::min<std::size_t>(16, data.size() - at));
  switch (below(8)) {
    case 0:
      data.resize(at);
      break;
    case 1:
      data.erase(at, length);
      break;
    case 2:
      data.insert(at, data.substr(at, length));
      break;
    case 3:
      data.replace(at, length, other.substr(below(other.size()), length));
      break;
    case 4:
      data.replace(at, length, std::string(length, below(2) == 0 ? '\xFF' : '\0'));
      break;
    default:
      data[at] = static_cast<char>(data[at] ^ (1 << below(8)));
  }
}

std::int64_t Mutator::number(std::int64_t near) {
  static const std::int64_t extremes[] = {
      0, 1, -1, 2, 127, 255, 65535, 1 << 20, 1 << 28, 1 << 30, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
  if (below(3) == 0) return near + static_cast<std::int64_t>(below(3)) - 1;
  if (below(3) == 0)
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(near) ^ std::uint64_t{1} << below(64));
  return extremes[below(std::size(extremes))];
}

std::string Mutator::message(const std::string& data, Message& parsed) {
  parsed.ParseFromString(data);
  for (std::size_t left = 1 + below(3); left > 0; --left) {
    std::vector<Message*> messages;
    texts_.clear();
    collect(parsed, messages, texts_);
    edit(*messages[below(messages.size())]);
  }
  return parsed.SerializeAsString();
}

void Mutator::edit(Message& message) {
  const auto& type = *message.GetDescriptor();
  if (type.field_count() == 0) return;
  // Mostly fields that are there; now and then one that is not.
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  const FieldDescriptor* field =
      !fields.empty() && below(4) != 0
          ? fields[below(fields.size())]
          : type.field(static_cast<int>(below(static_cast<std::size_t>(type.field_count()))));
  if (field->is_repeated()) {
    edit_repeated(message, *field);
  } else {
    edit_field(message, *field);
  }
}

void Mutator::edit_field(Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  if (below(4) == 0) return reflection.ClearField(&message, &field);
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection.SetInt64(&message, &field, number(reflection.GetInt64(message, &field)));
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection.SetInt32(&message, &field,
                                 static_cast<std::int32_t>(number(reflection.GetInt32(message, &field))));
    case FieldDescriptor::CPPTYPE_FLOAT: {
      const float values[] = {0, -1, 1e30f, 1e-30f, static_cast<float>(below(100))};
      return reflection.SetFloat(&message, &field, values[below(std::size(values))]);
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto& values = *field.enum_type();
      const auto count = static_cast<std::size_t>(values.value_count());
      return reflection.SetEnum(&message, &field, values.value(static_cast<int>(below(count))));
    }
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.SetString(&message, &field, below(4) == 0 ? "" : texts_[below(texts_.size())]);
    default:
      reflection.ClearField(&message, &field);
  }
}

void Mutator::edit_repeated(Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  const int count = reflection.FieldSize(message, &field);
  const int one = static_cast<int>(below(static_cast<std::size_t>(count)));
  const std::size_t what = below(4);
  if (count > 0 && what == 0) return reflection.RemoveLast(&message, &field);
  if (count > 1 && what == 1) return reflection.SwapElements(&message, &field, one, count - 1);
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT64:
      if (count == 0 || what == 2) return reflection.AddInt64(&message, &field, number(1));
      return reflection.SetRepeatedInt64(&message, &field, one,
                                         number(reflection.GetRepeatedInt64(message, &field, one)));
    case FieldDescriptor::CPPTYPE_STRING:
      if (texts_.empty()) return;
      if (count == 0 || what == 2)
        return reflection.AddString(&message, &field, texts_[below(texts_.size())]);
      return reflection.SetRepeatedString(&message, &field, one, texts_[below(texts_.size())]);
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      Message& added = *reflection.AddMessage(&message, &field);
      if (count > 0) added.CopyFrom(reflection.GetRepeatedMessage(message, &field, one));
      return;
    }
    default:
      reflection.ClearField(&message, &field);
  }
}

}  // namespace bpusim::fuzz
