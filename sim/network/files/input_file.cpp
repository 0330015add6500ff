#include "sim/network/files/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/input_error.h"

namespace bpusim {

InputFile::InputFile(const std::string& path)
    : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  struct ::stat status = {};
  if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    if (descriptor_ >= 0) ::close(descriptor_);
    throw InputError(path + ": no such file, or not readable");
  }
  size_ = status.st_size;
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

}  // namespace bpusim
