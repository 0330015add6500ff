// A file to read from, wherever in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/config/memory_budget.h"

namespace bpusim {

class InputFile {
 public:
  /// Throws InputError where it is no regular file, or not readable. `named` is the path as somebody gave it,
  /// where `path` was made of it.
  explicit InputFile(const std::string& path, const std::string& named = "");
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile();

  /// All of it, with room in `budget` for `each` bytes a byte of it. Throws InputError.
  std::string content(MemoryBudget& budget, double each = 1) const;

  std::int64_t size() const { return size_; }
  /// The descriptor, at the file's start.
  int rewound() const;
  /// False where the bytes are not there. Several threads may read at a time.
  bool read(std::size_t offset, std::size_t bytes, char* to) const;

 private:
  const std::string path_;
  int descriptor_;
  std::int64_t size_ = 0;
};

/// Whether the program has opened the file that is there, under whatever name: no result may go there.
bool was_read(const std::string& path);

/// A file that the program has opened, as it was named, and the SHA-256 of its bytes.
struct FileRead {
  std::string path, sha256;
};

/// How often the program has opened a file so far: a mark for files_read_since.
std::size_t files_read();

/// Files that were opened since then, each once, in the order in which they were. Throws InputError for one
/// that has changed since it was opened: nobody could tell what was made from which bytes.
std::vector<FileRead> files_read_since(std::size_t mark);

}  // namespace bpusim
