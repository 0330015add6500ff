#include "sim/cli/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <set>

#include "sim/config/input_file.h"
#include "sim/config/paths.h"
#include "sim/input_error.h"

namespace bpusim {

namespace {

namespace fs = std::filesystem;

// Names that a signal's handler removes; it may allocate nothing and take no lock.
std::array<std::atomic<const char*>, 64> half_written;

int note_half_written(const char* name) {
  for (std::size_t i = 0; i < half_written.size(); ++i) {
    const char* free = nullptr;
    if (half_written[i].compare_exchange_strong(free, name)) return static_cast<int>(i);
  }
  return -1;
}

void say(const char* text) {
  if (::write(STDERR_FILENO, text, std::strlen(text)) < 0) return;  // nobody is left to tell
}

void end_by_signal(int signal) {
  for (const auto& name : half_written)
    if (const char* path = name.load()) ::unlink(path);
  say(signal == SIGINT ? "\nerror: stopped by SIGINT" : "\nerror: stopped by SIGTERM");
  say("; no file was left half written\n");
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

std::string reason() {
  return std::strerror(errno);
}

// Where files that are not committed yet are to go.
std::set<std::string>& targets() {
  static std::set<std::string> paths;
  return paths;
}

}  // namespace

OutputFile::Place::Place(const std::string& path) : resolved_(resolved(path).string()) {
  if (!targets().insert(resolved_).second)
    throw InputError(path + ": can't be written: another result goes there");
}

OutputFile::Place::~Place() {
  targets().erase(resolved_);
}

OutputFile::OutputFile(const std::string& path) : path_(path), target_(path) {
  const auto refuse = [&] { throw InputError(path_ + ": can't be written: " + reason()); };
  std::error_code error;
  for (int links = 0; links < 40 && fs::is_symlink(target_, error);
       ++links)  // the target need not be there yet
    target_ = (fs::path(target_).parent_path() / fs::read_symlink(target_, error)).string();
  struct ::stat old = {};
  const bool there = ::stat(target_.c_str(), &old) == 0;
  if (there && !S_ISREG(old.st_mode)) {
    descriptor_ = ::open(target_.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ < 0) refuse();
    return;
  }
  if (there && ::access(target_.c_str(), W_OK) != 0) refuse();
  if (was_read(target_))
    throw InputError(path_ + ": can't be written: it is a file that the result is made from");
  place_.emplace(target_);
  const std::string stem =
      (fs::path(target_).parent_path() / (".bpusim-" + std::to_string(::getpid()) + "-")).string();
  for (int i = 0; descriptor_ < 0 && i < 1000; ++i) {
    temporary_ = stem + std::to_string(i);
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0 && errno != EEXIST) break;
  }
  if (descriptor_ < 0) refuse();
  slot_ = note_half_written(temporary_.c_str());
  // The new file is for those who could read the old one.
  if (there && ::fchmod(descriptor_, old.st_mode & 07777) != 0) refuse();
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  if (slot_ >= 0) half_written[static_cast<std::size_t>(slot_)] = nullptr;
}

void OutputFile::fail() const {
  throw OutputError(path_ + ": can't be written: " + reason() +
                    (temporary_.empty() ? "" : "; what was there before is as it was"));
}

void OutputFile::write(const void* bytes, std::size_t count) {
  const char* from = static_cast<const char*>(bytes);
  while (count > 0) {
    const ::ssize_t done = ::write(descriptor_, from, count);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) fail();
    from += done;
    count -= static_cast<std::size_t>(done);
  }
}

void OutputFile::commit() {
  // Devices and pipes have nothing to bring to a disk.
  if (!temporary_.empty() && ::fsync(descriptor_) != 0 && errno != EINVAL && errno != ENOSYS) fail();
  const int closed = ::close(descriptor_);
  descriptor_ = -1;
  if (closed != 0) fail();
  if (temporary_.empty()) return;
  if (std::rename(temporary_.c_str(), target_.c_str()) != 0) fail();
  if (slot_ >= 0) half_written[static_cast<std::size_t>(slot_)] = nullptr;
  slot_ = -1;
  temporary_.clear();
}

void make_folder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error || !fs::is_directory(path, error))
    throw InputError(path + ": no folder can be made there" + (error ? ": " + error.message() : ""));
}

void prepare_signals() {
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
  struct ::sigaction action = {};
  action.sa_handler = end_by_signal;
  for (const int signal : {SIGINT, SIGTERM}) {
    struct ::sigaction before = {};
    // What a shell has a program ignore stays ignored.
    if (::sigaction(signal, nullptr, &before) == 0 && before.sa_handler != SIG_IGN)
      ::sigaction(signal, &action, nullptr);
  }
}

}  // namespace bpusim
