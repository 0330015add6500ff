#include "models/dram.h"

#include <gtest/gtest.h>

#include <cstring>

#include "models/memory_port.h"

namespace bpusim {
namespace {

constexpr std::int64_t kWindow = 1'000'000'000;

struct Bench {
  explicit Bench(bool storage) : dram("dram", DramParams{}, storage, kWindow), port("port") {
    port.socket.bind(dram.socket);
  }
  Dram dram;
  MemoryPort port;
};

TEST(Dram, MovesBytesAndTellsWhenTheyArrive) {
  Bench bench(true);
  const std::string sent = "sixty-five thousand pages";
  std::string got(sent.size(), ' ');
  const auto written =
      bench.port.access(true, 65530, const_cast<char*>(sent.data()), 25);  // over a page's edge
  const auto read = bench.port.access(false, 65530, got.data(), 25);
  EXPECT_EQ(got, sent);
  EXPECT_GT(written, sc_core::SC_ZERO_TIME);
  EXPECT_GT(read, written);  // it was served after the write
  EXPECT_EQ(bench.port.read_bytes(), 25);
}

TEST(Dram, UnwrittenBytesAreZero) {
  Bench bench(true);
  char got[4] = {1, 2, 3, 4};
  bench.port.access(false, 12345, got, 4);
  EXPECT_EQ(got[0] | got[1] | got[2] | got[3], 0);
}

TEST(Dram, WithoutStorageTimesAreTheSame) {
  Bench with(true);
  char data[256] = {};
  std::vector<sc_core::sc_time> times;
  for (int i = 0; i < 20; ++i) times.push_back(with.port.access(i % 3 == 0, i * 777, data, 256));
  sc_core::sc_curr_simcontext = new sc_core::sc_simcontext();
  Bench without(false);
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(without.port.access(i % 3 == 0, i * 777, data, 256), times[static_cast<std::size_t>(i)]);
}

TEST(Dram, RefusesAddressesBeyondItsCapacity) {
  Bench bench(true);
  char data[64] = {};
  EXPECT_THROW(bench.port.access(false, bench.dram.timing().capacity_bytes() - 63, data, 64),
               std::out_of_range);
  EXPECT_THROW(bench.dram.write_bytes(-1, data, 1), std::out_of_range);
}

}  // namespace
}  // namespace bpusim
