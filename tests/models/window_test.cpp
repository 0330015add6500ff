// Boxes in a core's window: the bytes of its SRAM that they take, to the byte.
#include <gtest/gtest.h>

#include "models/commands/dram_box.h"
#include "models/commands/footprint.h"

namespace bpusim {
namespace {

TEST(Window, ABoxTakesItsFirstToItsLastByte) {
  const DramBox box{sram_window(2, 500), {{1, 3, 100}, {2, 10, 1}}};
  const Access access = bus_access(box);
  EXPECT_EQ(access.space, 3);
  EXPECT_EQ(access.begin, 500 + 100 + 2);
  EXPECT_EQ(access.end, 500 + 300 + 12);
}

TEST(Window, NeighboursOfABoxDoNotMeetIt) {
  const DramBox box{sram_window(1, 64), {{0, 16, 1}}};
  const Access access = bus_access(box);
  EXPECT_FALSE(access.overlaps(sram_access(1, 80, 8)));
  EXPECT_TRUE(access.overlaps(sram_access(1, 79, 8)));
  EXPECT_FALSE(access.overlaps(sram_access(1, 56, 8)));
  EXPECT_TRUE(access.overlaps(sram_access(1, 57, 8)));
  EXPECT_FALSE(access.overlaps(sram_access(0, 64, 16)));
  const DramBox dram{64, {{0, 16, 1}}};  // the same numbers in another space
  EXPECT_FALSE(access.overlaps(bus_access(dram)));
}

// The last byte of a window belongs to its own core.
TEST(Window, ABoxAtTheEndOfAWindow) {
  const std::int64_t last = sram_window(1, 0) - sram_window(0, 0) - 1;
  const Access access = bus_access({sram_window(0, last), {{0, 1, 1}}});
  EXPECT_EQ(access.space, 1);
  EXPECT_EQ(access.begin, last);
  EXPECT_EQ(access.end, last + 1);
}

}  // namespace
}  // namespace bpusim
