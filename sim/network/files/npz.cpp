// .npz: a zip archive with an .npy file for each array, stored or deflated. Layout: PKWARE's APPNOTE.TXT,
// sections 4.3 (local header, central directory, end record).
#include <zlib.h>

#include "sim/input_error.h"
#include "sim/network/files/tensor_files.h"

namespace bpusim {

namespace {

constexpr std::size_t kEndRecord = 22, kCentralHeader = 46, kLocalHeader = 30;
constexpr std::size_t kLongestComment = 65535;
constexpr std::uint64_t kIn64 = 0xFFFFFFFF;  // the number itself is in a zip64 record
constexpr std::uint64_t kBestRatio = 1032;   // of deflate: 258 bytes from 2 bits
constexpr std::uint64_t kSlack = 1024;
constexpr std::uint64_t kMostBytes = static_cast<std::uint64_t>(kMaxElements) * sizeof(double);

struct Entry {
  std::string name;
  std::uint64_t method = 0, crc = 0, packed = 0, unpacked = 0, local = 0;
};

class Archive {
 public:
  Archive(const std::string& bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  std::vector<Entry> entries() const;
  std::string content(const Entry& entry) const;

 private:
  [[noreturn]] void refuse(const std::string& what) const { throw InputError(name_ + ": " + what); }

  std::uint64_t number(std::uint64_t at, std::size_t width) const {
    if (at > bytes_.size() || width > bytes_.size() - at)
      refuse("truncated, or damaged: a record at byte " + std::to_string(at) + " lies behind the end at " +
             std::to_string(bytes_.size()));
    std::uint64_t value = 0;
    for (std::size_t i = width; i-- > 0;)
      value = value << 8 | static_cast<unsigned char>(bytes_[static_cast<std::size_t>(at) + i]);
    return value;
  }

  std::uint64_t end_record() const;
  std::string inflated(const Entry& entry, std::uint64_t start) const;

  const std::string& bytes_;
  const std::string& name_;
};

std::uint64_t Archive::end_record() const {
  if (bytes_.size() < kEndRecord || bytes_.compare(0, 2, "PK") != 0)
    refuse("not an .npz file (its first bytes are not those of a zip archive)");
  const std::size_t last = bytes_.size() - kEndRecord;
  const std::size_t first = last > kLongestComment ? last - kLongestComment : 0;
  const std::size_t at = bytes_.rfind("PK\x05\x06", last);
  if (at == std::string::npos || at < first) refuse("truncated: the archive's directory is not there");
  return at;
}

std::vector<Entry> Archive::entries() const {
  const std::uint64_t end = end_record();
  const std::uint64_t count = number(end + 10, 2);
  std::uint64_t at = number(end + 16, 4), total = 0;
  std::vector<Entry> entries;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (number(at, 4) != 0x02014b50)
      refuse("damaged: entry " + std::to_string(i) + " of the directory is not at byte " +
             std::to_string(at));
    const std::uint64_t length = number(at + 28, 2), extra = number(at + 30, 2), comment = number(at + 32, 2);
    Entry entry;
    entry.method = number(at + 10, 2);
    entry.crc = number(at + 16, 4);
    entry.packed = number(at + 20, 4);
    entry.unpacked = number(at + 24, 4);
    entry.local = number(at + 42, 4);
    number(at + kCentralHeader, static_cast<std::size_t>(length));  // the name lies within the file
    entry.name =
        bytes_.substr(static_cast<std::size_t>(at + kCentralHeader), static_cast<std::size_t>(length));
    if ((number(at + 8, 2) & 1) != 0) refuse("'" + entry.name + "' is encrypted");
    if (entry.packed == kIn64 || entry.unpacked == kIn64 || entry.local == kIn64)
      refuse("'" + entry.name + "' is larger than 4 GiB, which is not read");
    total += entry.unpacked;  // many entries may share the same bytes
    if (total > kMostBytes) refuse("unpacks to more than " + std::to_string(kMostBytes) + " bytes");
    entries.push_back(std::move(entry));
    at += kCentralHeader + length + extra + comment;
  }
  return entries;
}

std::string Archive::inflated(const Entry& entry, std::uint64_t start) const {
  if (entry.unpacked > entry.packed * kBestRatio + kSlack)
    refuse("'" + entry.name + "' says that " + std::to_string(entry.packed) + " bytes unpack to " +
           std::to_string(entry.unpacked));
  std::string out(static_cast<std::size_t>(entry.unpacked), '\0');
  z_stream stream = {};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) refuse("zlib does not start");
  // zlib's older interfaces take input by a pointer to non-const; it does not write there.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes_.data() + start));
  stream.avail_in = static_cast<uInt>(entry.packed);
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(entry.unpacked);
  const int state = inflate(&stream, Z_FINISH);
  const bool whole = state == Z_STREAM_END && stream.avail_out == 0;
  inflateEnd(&stream);
  if (!whole)
    refuse("'" + entry.name + "' is damaged: it does not unpack to " + std::to_string(entry.unpacked) +
           " bytes");
  return out;
}

std::string Archive::content(const Entry& entry) const {
  if (number(entry.local, 4) != 0x04034b50)
    refuse("damaged: '" + entry.name + "' is not at byte " + std::to_string(entry.local));
  const std::uint64_t start =
      entry.local + kLocalHeader + number(entry.local + 26, 2) + number(entry.local + 28, 2);
  if (start > bytes_.size() || entry.packed > bytes_.size() - start)
    refuse("truncated: '" + entry.name + "' takes " + std::to_string(entry.packed) + " bytes at " +
           std::to_string(start) + ", the file ends at " + std::to_string(bytes_.size()));
  std::string content;
  if (entry.method == 0) {
    if (entry.packed != entry.unpacked) refuse("'" + entry.name + "' is damaged: it is stored in two sizes");
    content = bytes_.substr(static_cast<std::size_t>(start), static_cast<std::size_t>(entry.packed));
  } else if (entry.method == 8) {
    content = inflated(entry, start);
  } else {
    refuse("'" + entry.name + "' is packed by method " + std::to_string(entry.method) +
           " (stored and deflated files are read)");
  }
  const auto* data = reinterpret_cast<const Bytef*>(content.data());
  if (crc32_z(crc32_z(0, nullptr, 0), data, content.size()) != entry.crc)
    refuse("'" + entry.name + "' is damaged: its checksum does not fit");
  return content;
}

}  // namespace

std::map<std::string, Tensor> parse_npz(const std::string& bytes, const std::string& name,
                                        MemoryBudget* budget) {
  MemoryBudget own;
  MemoryBudget& room = budget != nullptr ? *budget : own;
  const Archive archive(bytes, name);
  std::map<std::string, Tensor> arrays;
  for (const Entry& entry : archive.entries()) {
    std::string key = entry.name;
    if (key.size() > 4 && key.compare(key.size() - 4, 4, ".npy") == 0) key.resize(key.size() - 4);
    room.charge(static_cast<double>(entry.unpacked), name + ":" + key + ": unpacking it");
    Tensor tensor = parse_npy(archive.content(entry), name + ":" + key, &room);
    room.release(static_cast<double>(entry.unpacked));
    if (!arrays.emplace(key, std::move(tensor)).second)
      throw InputError(name + ": the array '" + key + "' is there twice");
  }
  return arrays;
}

}  // namespace bpusim
