// Files that commands write: a reader finds the old one or the new one, never a half.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace bpusim {

/// Written beside its place under another name, and put there by commit(). What is no regular file (a device,
/// a pipe) is written as it is.
class OutputFile {
 public:
  /// Throws InputError where nothing can be written at `path`, before the work whose result goes there; where
  /// it is a file that the program has read; and where another one that is not committed goes there.
  explicit OutputFile(const std::string& path);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  /// Without commit() nothing is left.
  ~OutputFile();

  /// Throws OutputError, as commit() does.
  void write(const void* bytes, std::size_t count);
  void write(const std::string& text) { write(text.data(), text.size()); }
  /// Brings what was written to the disk, then to its place.
  void commit();

 private:
  [[noreturn]] void fail() const;

  /// A place on the disk that no other result may take meanwhile.
  class Place {
   public:
    /// Throws InputError where another one has it.
    explicit Place(const std::string& path);
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place();

   private:
    const std::string resolved_;
  };

  const std::string path_;
  std::optional<Place> place_;
  std::string target_;     // the path, or what a link there leads to
  std::string temporary_;  // empty where the target itself is written
  int descriptor_ = -1;
  int slot_ = -1;  // in the list of files that a signal removes
};

/// Makes a folder, and those above it. Throws InputError.
void make_folder(const std::string& path);

/// SIGINT and SIGTERM remove what is half written, say so and end the program as they would have; writes to a
/// closed pipe or beyond a limit of size fail as others do.
void prepare_signals();

}  // namespace bpusim
