#include "sim/config/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mutex>
#include <set>
#include <utility>

#include "sim/input_error.h"

namespace bpusim {

namespace {

// Files that were opened, whatever they are called.
class FilesRead {
 public:
  void add(const struct ::stat& file) {
    const std::lock_guard<std::mutex> lock(mutex_);
    files_.emplace(file.st_dev, file.st_ino);
  }
  bool has(const struct ::stat& file) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return files_.count({file.st_dev, file.st_ino}) != 0;
  }

 private:
  std::mutex mutex_;
  std::set<std::pair<::dev_t, ::ino_t>> files_;
};

FilesRead& files_read() {
  static FilesRead files;
  return files;
}

}  // namespace

bool was_read(const std::string& path) {
  struct ::stat file = {};
  return ::stat(path.c_str(), &file) == 0 && files_read().has(file);
}

InputFile::InputFile(const std::string& path)
    : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  struct ::stat status = {};
  if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    const bool there = descriptor_ >= 0;
    if (there) ::close(descriptor_);
    throw InputError(path + (there ? ": no regular file (a folder, a device or a pipe)"
                                   : ": no such file, or not readable"));
  }
  size_ = status.st_size;
  files_read().add(status);
}

InputFile::~InputFile() {
  ::close(descriptor_);
}

int InputFile::rewound() const {
  ::lseek(descriptor_, 0, SEEK_SET);
  return descriptor_;
}

bool InputFile::read(std::size_t offset, std::size_t bytes, char* to) const {
  while (bytes > 0) {
    const ::ssize_t got = ::pread(descriptor_, to, bytes, static_cast<::off_t>(offset));
    if (got <= 0) return false;
    to += got;
    offset += static_cast<std::size_t>(got);
    bytes -= static_cast<std::size_t>(got);
  }
  return true;
}

std::string InputFile::content(MemoryBudget& budget, double each) const {
  budget.charge(each * static_cast<double>(size_),
                path_ + ": of " + std::to_string(size_) + " bytes: reading it");
  std::string bytes(static_cast<std::size_t>(size_), '\0');
  if (!read(0, bytes.size(), bytes.data())) throw InputError(path_ + ": can't be read to its end");
  return bytes;
}

}  // namespace bpusim
