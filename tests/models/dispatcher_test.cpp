#include "models/dispatcher.h"

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
