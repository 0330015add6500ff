// Golden values that are needed again after the machine has run: in memory while they are few, then in a
// temporary file, so that a network's activations never have to fit in memory all at once.
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include "kernels/tensor/tensor.h"

namespace bpusim {

class GoldenStore {
 public:
  static constexpr std::int64_t kMemoryBytes = 64 << 20;
  explicit GoldenStore(std::int64_t memory_bytes = kMemoryBytes) : room_(memory_bytes) {}

  /// Throws OutputError where the temporary file can't be written.
  void put(const std::string& name, const std::shared_ptr<const Tensor>& tensor);

  bool holds(const std::string& name) const { return entries_.count(name) != 0; }

  /// Throws std::out_of_range for a name that nobody has put.
  std::shared_ptr<const Tensor> get(const std::string& name) const;

  void drop(const std::string& name);  ///< frees its memory; a place in the file stays taken

 private:
  struct Entry {
    std::shared_ptr<const Tensor> tensor;  // null where it is in the file
    std::int64_t offset = 0;               // there
    Shape shape;
  };
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  std::int64_t room_;
  std::int64_t file_bytes_ = 0;
  std::map<std::string, Entry> entries_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace bpusim
