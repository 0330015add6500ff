#include "sim/config/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <mutex>
#include <set>
#include <tuple>
#include <utility>

#include "sim/config/sha256.h"
#include "sim/input_error.h"

namespace bpusim {

namespace {

// What tells whether a file is another one, or another content.
struct Stamp {
  ::dev_t device = 0;
  ::ino_t number = 0;
  ::off_t size = 0;
  std::int64_t written_s = 0, written_ns = 0;

  explicit Stamp(const struct ::stat& file)
      : device(file.st_dev),
        number(file.st_ino),
        size(file.st_size),
        written_s(file.st_mtim.tv_sec),
        written_ns(file.st_mtim.tv_nsec) {}
  bool operator<(const Stamp& other) const { return all() < other.all(); }
  bool operator==(const Stamp& other) const { return all() == other.all(); }
  std::pair<::dev_t, ::ino_t> file() const { return {device, number}; }

 private:
  std::tuple<::dev_t, ::ino_t, ::off_t, std::int64_t, std::int64_t> all() const {
    return {device, number, size, written_s, written_ns};
  }
};

struct Opened {
  std::string path, named;
  Stamp stamp;
};

// Files that were opened, whatever they are called, and hashes of those that somebody asked for.
class FilesRead {
 public:
  void add(const std::string& path, const std::string& named, const Stamp& stamp) {
    const std::lock_guard<std::mutex> lock(mutex_);
    files_.insert(stamp.file());
    opened_.push_back({path, named, stamp});
  }
  bool has(const Stamp& stamp) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return files_.count(stamp.file()) != 0;
  }
  std::size_t count() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return opened_.size();
  }
  std::vector<Opened> since(std::size_t mark) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return {opened_.begin() + static_cast<std::ptrdiff_t>(mark), opened_.end()};
  }
  std::string hash(const Opened& file) {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::string& known = hashes_[file.stamp];
    if (known.empty()) known = hash_of(file);
    return known;
  }

 private:
  static std::string hash_of(const Opened& file);

  std::mutex mutex_;
  std::set<std::pair<::dev_t, ::ino_t>> files_;
  std::vector<Opened> opened_;
  std::map<Stamp, std::string> hashes_;
};

// Not through an InputFile: it was opened already.
std::string FilesRead::hash_of(const Opened& file) {
  const int descriptor = ::open(file.path.c_str(), O_RDONLY | O_CLOEXEC);
  struct ::stat now = {};
  Sha256 hash;
  std::vector<char> piece(std::size_t{1} << 20);
  ::ssize_t got = -1;
  const bool same = descriptor >= 0 && ::fstat(descriptor, &now) == 0 && Stamp(now) == file.stamp;
  while (same && (got = ::read(descriptor, piece.data(), piece.size())) > 0)
    hash.add(piece.data(), static_cast<std::size_t>(got));
  if (descriptor >= 0) ::close(descriptor);
  if (!same || got < 0) throw InputError(file.named + ": has changed while it was in use");
  return hash.digits();
}

FilesRead& all_files_read() {
  static FilesRead files;
  return files;
}

}  // namespace

bool was_read(const std::string& path) {
  struct ::stat file = {};
  return ::stat(path.c_str(), &file) == 0 && all_files_read().has(Stamp(file));
}

std::size_t files_read() {
  return all_files_read().count();
}

std::vector<FileRead> files_read_since(std::size_t mark) {
  std::vector<FileRead> files;
  std::set<std::pair<::dev_t, ::ino_t>> seen;
  for (const Opened& file : all_files_read().since(mark))
    if (seen.insert(file.stamp.file()).second) files.push_back({file.named, all_files_read().hash(file)});
  return files;
}

InputFile::InputFile(const std::string& path, const std::string& named)
    : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  struct ::stat status = {};
  if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    const bool there = descriptor_ >= 0;
    if (there) ::close(descriptor_);
    throw InputError(path + (there ? ": no regular file (a folder, a device or a pipe)"
                                   : ": no such file, or not readable"));
  }
  size_ = status.st_size;
  all_files_read().add(path, named.empty() ? path : named, Stamp(status));
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
