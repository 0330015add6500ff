#include "models/memory/dram_timing.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace bpusim {
namespace {

// One channel of 32 bits at 1 ns: bursts of 16 take 8 clocks; numbers chosen to be told apart.
DramParams plain() {
  DramParams p;
  p.clock_ns = 1;
  p.ranks = 1;
  p.bank_groups = 2;
  p.banks_per_group = 4;
  p.rows = 1024;
  p.columns = 1024;
  p.cl = 20;
  p.cwl = 10;
  p.rcd = 15;
  p.rp = 13;
  p.ras = 40;
  p.rfc = 200;
  p.refi = 100000;
  p.controller_ns = 0;
  return p;
}

constexpr std::int64_t kNs = 1'000'000;  // femtoseconds

TEST(DramTiming, FirstReadOpensItsRow) {
  DramTiming dram(plain());
  // activate at 0, column at rcd 15, data from cl 20 later, 8 clocks of it: 43.
  EXPECT_EQ(dram.access(0, 0, 64, false), 43 * kNs);
  EXPECT_EQ(dram.counters().row_misses, 1);
}

TEST(DramTiming, RowHitsFollowEachOtherAtTheBurst) {
  DramTiming dram(plain());
  // 16 bursts: the first at 15, each 8 after it, then 20 + 8: 15 + 15*8 + 28 = 163.
  EXPECT_EQ(dram.access(0, 0, 1024, false), 163 * kNs);
  EXPECT_EQ(dram.counters().row_hits, 15);
}

TEST(DramTiming, AConflictPrechargesFirst) {
  DramParams p = plain();
  p.address_map = "row,rank,bank,bank_group,column,channel";
  DramTiming dram(p);
  const std::int64_t row_bytes = 4096, same_bank = row_bytes * 8;
  dram.access(0, 0, 64, false);
  // Offered at 100: precharge at 100 (ras 40 is over), activate 113, column 128, data until 128 + 28 = 156.
  EXPECT_EQ(dram.access(100 * kNs, same_bank, 64, false), 156 * kNs);
  EXPECT_EQ(dram.counters().row_conflicts, 1);
}

TEST(DramTiming, TurningTheBusCosts) {
  DramTiming dram(plain());
  dram.access(0, 0, 64, false);  // column at 15
  // Write to the open row: read data leaves at 15 + 20 + 8 = 43, + rtrs 2, minus cwl 10: column 35, data
  // until 35 + 10 + 8 = 53.
  EXPECT_EQ(dram.access(0, 64, 64, true), 53 * kNs);
  // Read again: write data ended at 53, + wtr_l 16 = 69, data until 97.
  EXPECT_EQ(dram.access(0, 128, 64, false), 97 * kNs);
  EXPECT_EQ(dram.counters().turnarounds, 2);
}

TEST(DramTiming, RefreshClosesRowsAndTakesItsTime) {
  DramTiming dram(plain());
  dram.access(0, 0, 64, false);
  // Due at 100000, row closed at 100000 + rp 13; busy until 100213; then activate, column 100228, data
  // 100256.
  EXPECT_EQ(dram.access(100001 * kNs, 0, 64, false), 100256 * kNs);
  EXPECT_EQ(dram.counters().refreshes, 1);
}

TEST(DramTiming, AStreamHidesActivates) {
  DramTiming dram(plain());
  const std::int64_t bytes = 64 * 4096;  // 64 rows over 8 banks
  const double clocks = static_cast<double>(dram.access(0, 0, bytes, false)) / kNs;
  // 4096 bursts of 8 clocks, latency 35 once, no refresh within 32768 clocks; every next row lies in another
  // bank and is opened ahead.
  EXPECT_NEAR(clocks, 4096 * 8 + 35, 1);
}

// The fast run of row hits must place every burst as the burst-by-burst way would.
TEST(DramTiming, RunsOfHitsEqualSingleBursts) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 50; ++round) {
    DramParams p = plain();
    p.channels = 1 + round % 3;
    p.ranks = round % 3 == 0 ? 2 : 1;
    p.refi = 700;
    p.rfc = 50;
    DramTiming whole(p), single(p);
    std::int64_t now = 0;
    for (int i = 0; i < 60; ++i) {
      const std::int64_t address = static_cast<std::int64_t>(random() % 100000) * 64;
      const std::int64_t bursts = 1 + static_cast<std::int64_t>(random() % 100);
      const bool write = random() % 3 == 0;
      const std::int64_t a = whole.access(now, address, bursts * 64, write);
      std::int64_t b = 0;
      for (std::int64_t k = 0; k < bursts; ++k)
        b = std::max(b, single.access(now, address + k * 64, 64, write));
      ASSERT_EQ(a, b) << "request " << i << " of round " << round;
      now += static_cast<std::int64_t>(random() % 2000) * kNs;
    }
    EXPECT_EQ(whole.counters().row_hits, single.counters().row_hits);
    EXPECT_EQ(whole.peak_window_bytes(), single.peak_window_bytes());
  }
}

// Rows of runs, also of single bytes, of bytes again and again, and over rows of the DRAM.
TEST(DramTiming, RunsEqualSingleAccesses) {
  std::mt19937_64 random(7);
  const auto draw = [&](std::int64_t below) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(below));
  };
  for (int round = 0; round < 60; ++round) {
    DramParams p = plain();
    p.channels = 1 + round % 4;
    if (round % 5 == 4) {
      p.channels = 2;
      p.address_map = round % 2 == 0 ? "channel,row,rank,bank,bank_group,column"
                                     : "row,column,rank,bank,bank_group,channel";
    }
    p.refi = 700;
    p.rfc = 50;
    DramTiming whole(p), single(p);
    std::int64_t now = 0;
    for (int i = 0; i < 60; ++i) {
      DramRuns runs{draw(1 << 20), 1 + draw(i % 2 == 0 ? 8 : 300), draw(3) * draw(900),
                    1 + draw(9),   draw(3) * draw(5000),           1 + draw(9)};
      if (i % 5 == 0) runs = {draw(1 << 20), 1 + draw(2), 0, 1 + draw(4), 1 + draw(3), 1 + draw(4000)};
      const bool write = random() % 3 == 0;
      std::int64_t b = 0;
      runs.for_each(
          [&](std::int64_t address) { b = std::max(b, single.access(now, address, runs.bytes, write)); });
      ASSERT_EQ(whole.access(now, runs, write), b) << "request " << i << " of round " << round;
      now += draw(2000) * kNs;
    }
    EXPECT_EQ(whole.counters().read_bursts, single.counters().read_bursts);
    EXPECT_EQ(whole.counters().write_bursts, single.counters().write_bursts);
    EXPECT_EQ(whole.counters().row_hits, single.counters().row_hits);
    EXPECT_EQ(whole.counters().row_conflicts, single.counters().row_conflicts);
    EXPECT_EQ(whole.counters().refreshes, single.counters().refreshes);
    EXPECT_EQ(whole.peak_window_bytes(), single.peak_window_bytes());
  }
}

TEST(DramTiming, NeverBeatsThePins) {
  std::mt19937_64 random(5);
  DramTiming dram(plain());
  std::int64_t bytes = 0;
  for (int i = 0; i < 3000; ++i) {
    const std::int64_t size = 64 * (1 + static_cast<std::int64_t>(random() % 64));
    bytes += size;
    const std::int64_t done =
        dram.access(0, static_cast<std::int64_t>(random() % 10000) * 4096, size, random() % 2 == 0);
    ASSERT_GE(done, bytes / 8 * kNs);  // 8 bytes a ns
  }
  // A window of 4096 ns holds 512 bursts, and one whose data began in the window before.
  EXPECT_LE(dram.peak_window_bytes(), 513 * 64);
}

// Parameters one by one: a few bursts whose last data comes later by just what one of them is longer.
struct Burst {
  std::int64_t ns = 0, group = 0, bank = 0, row = 0;
  bool write = false;
  std::int64_t rank = 0;
};

DramParams told_apart() {
  DramParams p = plain();
  p.burst_length = 4;  // 2 clocks, 16 bytes
  p.ranks = 2;
  p.address_map = "rank,row,bank,bank_group,column,channel";
  p.ccd_s = 4, p.ccd_l = 6, p.rrd_s = 5, p.rrd_l = 9, p.faw = 50;
  p.wtr_s = 7, p.wtr_l = 11, p.wr = 17, p.rtp = 8, p.rtrs = 3;
  return p;
}

std::int64_t last_data(const DramParams& p, const std::vector<Burst>& bursts) {
  DramTiming dram(p);
  std::int64_t end = 0;
  for (const Burst& b : bursts) {
    const std::int64_t row = (b.rank * p.rows + b.row) * p.banks_per_group + b.bank;
    end = dram.access(b.ns * kNs, (row * p.bank_groups + b.group) * 4096, 16, b.write);
  }
  return end / kNs;
}

TEST(DramTiming, EachParameterCostsWhatItSays) {
  struct Case {
    const char* name;
    std::int64_t DramParams::*parameter;
    std::int64_t expected;
    std::vector<Burst> bursts;
  };
  const Burst read, write{0, 0, 0, 0, true}, other_group{0, 1}, other_bank{0, 0, 1}, other_row{0, 0, 0, 1};
  const std::vector<Case> cases = {
      {"rcd", &DramParams::rcd, 15 + 20 + 2, {read}},
      {"cl", &DramParams::cl, 15 + 20 + 2, {read}},
      {"cwl", &DramParams::cwl, 15 + 10 + 2, {write}},
      {"ccd_l", &DramParams::ccd_l, 15 + 6 + 22, {read, read}},
      {"ccd_s", &DramParams::ccd_s, 504 + 22, {read, other_group, {500}, {500, 1}}},
      {"rrd_s", &DramParams::rrd_s, 5 + 15 + 22, {read, other_group}},
      {"rrd_l", &DramParams::rrd_l, 9 + 15 + 22, {read, other_bank}},
      // Activates at 0, 5, 10 and 15; the fifth waits for the first.
      {"faw", &DramParams::faw, 50 + 15 + 22, {read, other_group, other_bank, {0, 1, 1}, {0, 0, 2}}},
      {"ras", &DramParams::ras, 40 + 13 + 15 + 22, {read, other_row}},
      {"rp", &DramParams::rp, 40 + 13 + 15 + 22, {read, other_row}},
      {"rtp", &DramParams::rtp, 100 + 8 + 13 + 15 + 22, {read, {100}, {100, 0, 0, 1}}},
      {"wr", &DramParams::wr, 27 + 17 + 13 + 15 + 22, {write, other_row}},
      {"wtr_l", &DramParams::wtr_l, 512 + 11 + 22, {read, {500, 0, 0, 0, true}, {500}}},
      {"wtr_s", &DramParams::wtr_s, 512 + 7 + 22, {read, other_group, {500, 0, 0, 0, true}, {500, 1}}},
      {"rtrs, read to write", &DramParams::rtrs, 500 + 20 + 2 + 3 + 2, {read, {500}, {500, 0, 0, 0, true}}},
      {"rtrs, rank to rank",
       &DramParams::rtrs,
       500 + 2 + 3 + 22,
       {read, {0, 0, 0, 0, false, 1}, {500}, {500, 0, 0, 0, false, 1}}},
      // A row that was opened just before a refresh stays open for its time.
      {"ras, before a refresh", &DramParams::ras, 99980 + 40 + 13 + 200 + 15 + 22, {{99980}, {100001}}},
      {"rfc", &DramParams::rfc, 100000 + 13 + 200 + 15 + 22, {read, {100050}}},
      {"refi", &DramParams::refi, 100000 + 13 + 200 + 15 + 22, {read, {100050}}},
  };
  for (const Case& c : cases) {
    DramParams p = told_apart();
    EXPECT_EQ(last_data(p, c.bursts), c.expected) << c.name;
    p.*c.parameter += 1;
    EXPECT_EQ(last_data(p, c.bursts), c.expected + 1) << c.name << " one longer";
  }
}

// What the shorter of two waits would be hidden by: each pair, where only one of them binds.
TEST(DramTiming, WaitsThatDoNotBindCostNothing) {
  DramParams p = told_apart();
  const std::vector<Burst> four = {{}, {0, 1}, {0, 0, 1}, {0, 1, 1}};  // no fifth activate
  const std::int64_t end = last_data(p, four);
  p.faw = 500;
  EXPECT_EQ(last_data(p, four), end);
  p = told_apart();
  const std::vector<Burst> groups = {{}, {0, 1}};  // in two groups
  const std::int64_t two = last_data(p, groups);
  p.rrd_l = p.ccd_l = p.wtr_l = 300;
  EXPECT_EQ(last_data(p, groups), two);
}

// A row is opened when its burst is among the next 32. 64 bursts of a row have columns at 500 + 8 k; the
// burst behind them is seen when the 32nd before it, k = 32, goes: activate at 756, column 500 later.
TEST(DramTiming, TheQueueSees32Bursts) {
  DramParams p = plain();
  p.rcd = 500;
  DramTiming one_by_one(p), at_once(p);
  for (std::int64_t k = 0; k < 64; ++k) one_by_one.access(0, k * 64, 64, false);
  at_once.access(0, 0, 4096, false);
  const std::int64_t expected = (500 + 8 * 32 + 500 + 28) * kNs;
  EXPECT_EQ(one_by_one.access(0, 4096, 64, false), expected);
  EXPECT_EQ(at_once.access(0, 4096, 64, false), expected);
}

// Where written data comes later behind its column than read data does, the bus has to wait for it, in
// another rank too.
TEST(DramTiming, AReadWaitsForWhatAnotherRankWrites) {
  DramParams p = told_apart();
  p.cwl = 26;
  const Burst open{}, other_rank{0, 0, 0, 0, false, 1};
  // Column of the write 500, its data until 500 + 26 + 2, 3 for the ranks, and a read's comes 20 behind: 511.
  EXPECT_EQ(last_data(p, {open, other_rank, {500, 0, 0, 0, true}, {500, 0, 0, 0, false, 1}}), 511 + 20 + 2);
}

TEST(DramTiming, ControllerTimeComesOnTop) {
  DramParams p = told_apart();
  p.controller_ns = 20;
  EXPECT_EQ(last_data(p, {{}}), 15 + 20 + 2 + 20);
}

TEST(DramTiming, UnknownFieldInTheAddressMapIsNamed) {
  DramParams p = plain();
  p.address_map = "row,rank,bank,bankgroup,column,channel";
  try {
    DramTiming dram(p);
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("bankgroup"), std::string::npos);
  }
}

}  // namespace
}  // namespace bpusim
