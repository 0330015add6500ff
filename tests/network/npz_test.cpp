#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "sim/network/files/tensor_files.h"
#include "tests/network/error_of.h"
#include "tests/network/npz_archive.h"

namespace bpusim {
namespace {

namespace fs = std::filesystem;
using testing::little;
using testing::npy;
using testing::zip;

using testing::error_of;

std::string error_of(const std::string& bytes) {
  return error_of([&] { parse_npz(bytes, "a.npz"); });
}

const std::string kBytes = npy("|u1", "False", "4,", "abcd");

TEST(Npz, StoredAndDeflated) {
  for (const bool deflate : {false, true}) {
    const std::string bytes =
        zip({{"x.npy", kBytes}, {"layer/y.npy", npy("<i2", "False", "1,", "\x05\x01")}}, deflate);
    const auto arrays = parse_npz(bytes, "a.npz");
    ASSERT_EQ(arrays.size(), 2u);
    EXPECT_EQ(arrays.at("x").values, (std::vector<double>{'a', 'b', 'c', 'd'}));
    EXPECT_EQ(arrays.at("layer/y").values, std::vector<double>{261});  // 0x0105
  }
}

TEST(Npz, DamageIsFound) {
  const std::string good = zip({{"x.npy", kBytes}}, false);
  EXPECT_EQ(error_of(good), "no error");
  EXPECT_NE(error_of(kBytes).find("not an .npz file"), std::string::npos);
  EXPECT_NE(error_of(good.substr(0, good.size() - 30)).find("truncated: the archive's directory"),
            std::string::npos);
  std::string flipped = good;
  flipped[good.find("abcd")] = 'A';
  EXPECT_NE(error_of(flipped).find("'x.npy' is damaged: its checksum does not fit"), std::string::npos);
  std::string twice = zip({{"x.npy", kBytes}, {"x.npy", kBytes}}, false);
  EXPECT_NE(error_of(twice).find("the array 'x' is there twice"), std::string::npos);
  EXPECT_NE(error_of(zip({{"x.npy", "text"}}, false)).find("a.npz:x: not a .npy file"), std::string::npos);
}

// Offsets of the directory entry's fields, of which there is one: APPNOTE.TXT 4.3.12.
std::string with_field(std::string bytes, std::size_t offset, std::size_t value, int width) {
  const auto entry = bytes.find("PK\x01\x02");
  bytes.replace(entry + offset, static_cast<std::size_t>(width), little(value, width));
  return bytes;
}

TEST(Npz, HostileSizesAreRefused) {
  const std::string good = zip({{"x.npy", kBytes}}, true);
  EXPECT_NE(error_of(with_field(good, 24, 0xFFFFFFF0, 4)).find("unpacks to more than"), std::string::npos);
  EXPECT_NE(error_of(with_field(good, 24, 1 << 30, 4)).find("bytes unpack to 1073741824"), std::string::npos);
  EXPECT_NE(error_of(with_field(good, 24, 70000, 4)).find("it does not unpack to 70000 bytes"),
            std::string::npos);
  EXPECT_NE(error_of(with_field(good, 24, 0xFFFFFFFF, 4)).find("larger than 4 GiB"), std::string::npos);
  EXPECT_NE(error_of(with_field(good, 20, 1 << 20, 4)).find("the file ends at"), std::string::npos);
  EXPECT_NE(error_of(with_field(good, 42, 1 << 20, 4)).find("lies behind the end"), std::string::npos);
  EXPECT_NE(error_of(with_field(good, 28, 60000, 2)).find("lies behind the end"), std::string::npos);
  EXPECT_NE(error_of(with_field(good, 10, 12, 2)).find("packed by method 12"), std::string::npos);
  EXPECT_NE(error_of(with_field(good, 8, 1, 2)).find("is encrypted"), std::string::npos);
}

TEST(Npz, ByTheFilesName) {
  const std::string folder =
      (fs::temp_directory_path() / ("bpusim_npz_" + std::to_string(::getpid()))).string();
  fs::create_directories(folder);
  const std::string one = folder + "/one.npz", two = folder + "/two.npz";
  std::ofstream(one, std::ios::binary) << zip({{"x.npy", kBytes}}, true);
  std::ofstream(two, std::ios::binary) << zip({{"image.npy", kBytes}, {"mask.npy", kBytes}}, true);
  EXPECT_EQ(std::get<Tensor>(read_tensor_file(one)).shape, Shape{4});
  EXPECT_EQ(std::get<Tensor>(read_tensor_file(two + ":mask")).shape, Shape{4});
  EXPECT_EQ(error_of([&] { read_tensor_file(two); }),
            two + ": holds 2 arrays, name one as " + two + ":NAME (there are: image, mask)");
  EXPECT_EQ(error_of([&] { read_tensor_file(two + ":imgae"); }),
            two + ": has no array 'imgae', did you mean 'image'?");
  EXPECT_EQ(error_of([&] { read_tensor_file("x.bin"); }),
            "x.bin: tensors are read from .npy, .npz and .pb files");
  fs::remove_all(folder);
}

}  // namespace
}  // namespace bpusim
