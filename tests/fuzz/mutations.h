// Seeded damage to files: the same seed gives the same bytes on every machine.
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace bpusim::fuzz {

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  /// One to four of: a bit flipped, bytes overwritten, cut out, doubled, a truncation, a piece of `other`.
  std::string bytes(std::string data, const std::string& other);

  /// One to three fields of the message, or of those within it: numbers become extreme ones, texts those of
  /// other fields or nothing, lists lose, double or swap entries, fields vanish. The result is still a
  /// well-formed protobuf.
  std::string message(const std::string& data, google::protobuf::Message& parsed);

  /// Uniform in [0, count).
  std::size_t below(std::size_t count) {
    return count == 0 ? 0 : static_cast<std::size_t>(random_() % count);
  }

 private:
  void damage(std::string& data, const std::string& other);
  void edit(google::protobuf::Message& message);
  void edit_field(google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field);
  void edit_repeated(google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field);
  std::int64_t number(std::int64_t near);

  std::mt19937_64 random_;
  std::vector<std::string> texts_;  ///< of the message at hand
};

}  // namespace bpusim::fuzz
