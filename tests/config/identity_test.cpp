// Hashes, and the record of what files were read.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "sim/config/input_file.h"
#include "sim/config/sha256.h"
#include "sim/input_error.h"

namespace bpusim {
namespace {

// Examples of NIST for FIPS 180-4: one block, two blocks, none, and a million bytes.
TEST(Sha256, HasTheStandardsExamples) {
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Sha256 pieces;
  for (int i = 0; i < 1000; ++i) pieces.add(std::string(1000, 'a').data(), 1000);
  EXPECT_EQ(pieces.digits(), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

class FilesRead : public ::testing::Test {
 protected:
  FilesRead() {
    std::filesystem::create_directories(folder_);
    write("one", "abc");
    write("two", "");
  }
  ~FilesRead() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ + "/" + name) << text;
  }

  const std::string folder_ = ::testing::TempDir() + "/bpusim_files_read" + std::to_string(::getpid());
};

TEST_F(FilesRead, EachOnceInTheirOrderByTheNameThatWasGiven) {
  const InputFile before(folder_ + "/two");
  const std::size_t mark = files_read();
  const InputFile first(folder_ + "/one", "one"), second(folder_ + "/two"), again(folder_ + "/one");
  const auto files = files_read_since(mark);
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].path, "one");
  EXPECT_EQ(files[0].sha256, sha256("abc"));
  EXPECT_EQ(files[1].path, folder_ + "/two");
  EXPECT_EQ(files[1].sha256, sha256(""));
}

TEST_F(FilesRead, OneThatHasChangedMeanwhileIsAnError) {
  const std::size_t mark = files_read();
  const InputFile file(folder_ + "/one");
  write("one", "longer");
  try {
    files_read_since(mark);
    FAIL() << "took it";
  } catch (const InputError& error) {
    EXPECT_EQ(error.lines()[0], folder_ + "/one: has changed while it was in use");
  }
}

}  // namespace
}  // namespace bpusim
