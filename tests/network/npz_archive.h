// .npy and .npz files that tests build in memory.
#pragma once

#include <zlib.h>

#include <string>
#include <utility>
#include <vector>

namespace bpusim::testing {

inline std::string npy(const std::string& descr, const std::string& order, const std::string& shape,
                       const std::string& data) {
  const std::string header =
      "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': (" + shape + "), }\n";
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size()) + '\0' + header + data;
}

inline std::string little(std::size_t value, int width) {
  std::string bytes;
  for (int i = 0; i < width; ++i) bytes += static_cast<char>(value >> 8 * i & 255);
  return bytes;
}

inline std::string deflated(const std::string& content) {
  std::string out(content.size() + 64, '\0');
  z_stream stream = {};
  deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// A zip archive of files with their contents.
inline std::string zip(const std::vector<std::pair<std::string, std::string>>& files, bool deflate) {
  std::string archive, directory;
  for (const auto& [name, content] : files) {
    const std::string packed = deflate ? deflated(content) : content;
    const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size());
    // Flags, method, time, date, checksum, sizes, length of the name, length of the extra field.
    const std::string common = little(0, 2) + little(deflate ? 8 : 0, 2) + little(0, 4) + little(crc, 4) +
                               little(packed.size(), 4) + little(content.size(), 4) + little(name.size(), 2) +
                               little(0, 2);
    directory += little(0x02014b50, 4) + little(20, 2) + little(20, 2) + common + little(0, 2) +
                 little(0, 2) + little(0, 2) + little(0, 4) + little(archive.size(), 4) + name;
    archive += little(0x04034b50, 4) + little(20, 2) + common + name + packed;
  }
  const std::size_t start = archive.size();
  return archive + directory + little(0x06054b50, 4) + little(0, 4) + little(files.size(), 2) +
         little(files.size(), 2) + little(directory.size(), 4) + little(start, 4) + little(0, 2);
}

}  // namespace bpusim::testing
