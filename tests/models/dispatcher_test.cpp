#include "models/engines/dispatcher.h"

#include <gtest/gtest.h>

namespace bpusim {
namespace {

Command load(std::int64_t dram, std::int64_t bytes, std::int64_t sram, std::vector<int> dependencies = {}) {
  Command c;
  c.unit = Unit::Load;
  c.body = Transfer{DramBox::contiguous(dram, bytes), sram};
  c.dependencies = std::move(dependencies);
  return c;
}

// Two planes of three rows of two pieces each: [2][3][2][5] of strides 1000, 100, 10, 1.
TEST(BoxRuns, PiecesCanBePassedManyAtATime) {
  const DramBox box{7, {{0, 2, 1000}, {1, 3, 100}, {0, 2, 10}, {0, 5, 1}}};
  std::vector<std::int64_t> expected, got;
  for (const std::int64_t plane : {0, 1000})
    for (const std::int64_t row : {100, 200, 300})
      for (const std::int64_t piece : {0, 10}) expected.push_back(7 + plane + row + piece);
  box.for_each_run([&](std::int64_t address, std::int64_t bytes) {
    EXPECT_EQ(bytes, 5);
    got.push_back(address);
  });
  EXPECT_EQ(got, expected);
  for (std::size_t from = 0; from < expected.size(); ++from)
    for (std::size_t n = 1; from + n <= expected.size(); ++n) {
      BoxRuns runs(box);
      runs.skip(static_cast<std::int64_t>(from));
      EXPECT_EQ(runs.in_row(), from % 2 == 0 ? 2 : 1);
      EXPECT_EQ(runs.even_rows(), from % 2 == 0 ? 3 - static_cast<std::int64_t>(from / 2 % 3) : 0);
      runs.skip(static_cast<std::int64_t>(n));
      EXPECT_EQ(runs.left(), static_cast<std::int64_t>(expected.size() - from - n));
      if (!runs.done()) {
        EXPECT_EQ(runs.address(), expected[from + n]);
      }
    }
}

TEST(BoxRuns, RowsThatGoOnEvenlyAreOne) {
  const BoxRuns runs(DramBox{0, {{0, 4, 300}, {0, 3, 100}, {0, 1, 50}, {0, 8, 1}}});
  EXPECT_EQ(runs.in_row(), 12);
  EXPECT_EQ(runs.stride(), 100);
  EXPECT_EQ(runs.bytes(), 8);
}

TEST(Dispatcher, ReleasesACommandWhenItsLastDependencyRetires) {
  Program p;
  p.commands = {load(0, 64, 0), load(64, 64, 64), load(128, 64, 128, {0, 1})};
  Dispatcher d;
  d.load(p, 10);
  EXPECT_TRUE(d.ready(0));
  EXPECT_FALSE(d.ready(2));
  d.start(0);
  d.start(1);
  EXPECT_TRUE(d.retire(0, 20).empty());
  EXPECT_EQ(d.missing(2), std::vector<int>{1});
  EXPECT_EQ(d.retire(1, 30), std::vector<int>{2});
  EXPECT_EQ(d.ready_at(2), 30);
  EXPECT_EQ(d.last_dependency(2), 1);
  EXPECT_EQ(d.outstanding(), 1);
}

TEST(Dispatcher, TwoCommandsOnTheSameBytesAreNamed) {
  Program p;
  p.name = "norm";
  p.commands = {load(0, 64, 0), load(64, 64, 32)};
  Dispatcher d;
  d.load(p, 0);
  d.start(0);
  try {
    d.start(1);
    FAIL() << "the second load overwrites bytes 32 to 63 of the first";
  } catch (const HazardError& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("Load #1"), std::string::npos) << message;
    EXPECT_NE(message.find("Load #0"), std::string::npos) << message;
  }
}

TEST(Dispatcher, ReadersShareAndNeighboursDoNotMeet) {
  Program p;
  p.commands = {load(0, 64, 0), load(0, 64, 64)};  // the same source, neighbouring targets
  Dispatcher d;
  d.load(p, 0);
  d.start(0);
  EXPECT_NO_THROW(d.start(1));
}

TEST(Dispatcher, RefusesADependencyOnALaterCommand) {
  Program p;
  p.commands = {load(0, 64, 0, {1}), load(64, 64, 64)};
  Dispatcher d;
  EXPECT_THROW(d.load(p, 0), std::invalid_argument);
}

}  // namespace
}  // namespace bpusim
