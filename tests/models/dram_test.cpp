#include "models/memory/dram.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "models/memory/memory_port.h"

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
      bench.port.access(true, const_cast<char*>(sent.data()), {65530, 25});  // over a page's edge
  const auto read = bench.port.access(false, got.data(), {65530, 25});
  EXPECT_EQ(got, sent);
  EXPECT_GT(written, sc_core::SC_ZERO_TIME);
  EXPECT_GT(read, written);  // it was served after the write
  EXPECT_EQ(bench.port.read_bytes(), 25);
}

TEST(Dram, UnwrittenBytesAreZero) {
  Bench bench(true);
  char got[4] = {1, 2, 3, 4};
  bench.port.access(false, got, {12345, 4});
  EXPECT_EQ(got[0] | got[1] | got[2] | got[3], 0);
}

TEST(Dram, WithoutStorageTimesAreTheSame) {
  Bench with(true);
  char data[256] = {};
  std::vector<sc_core::sc_time> times;
  for (int i = 0; i < 20; ++i) times.push_back(with.port.access(i % 3 == 0, data, {i * 777, 256}));
  sc_core::sc_curr_simcontext = new sc_core::sc_simcontext();
  Bench without(false);
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(without.port.access(i % 3 == 0, data, {i * 777, 256}), times[static_cast<std::size_t>(i)]);
}

// Rows of runs are their bytes one behind the other, and what a target does that knows no runs.
struct PlainTarget : sc_core::sc_module {
  explicit PlainTarget(const sc_core::sc_module_name& name) : sc_module(name), socket("socket") {
    socket.register_b_transport(this, &PlainTarget::b_transport);
  }
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    tlm::tlm_generic_payload inner;
    inner.set_command(payload.get_command());
    inner.set_address(payload.get_address());
    inner.set_data_ptr(payload.get_data_ptr());
    inner.set_data_length(payload.get_data_length());
    behind.socket->b_transport(inner, delay);
    payload.set_response_status(inner.get_response_status());
  }
  tlm_utils::simple_target_socket<PlainTarget> socket;
  struct Behind : sc_core::sc_module {
    explicit Behind(const sc_core::sc_module_name& name) : sc_module(name), socket("socket") {}
    tlm_utils::simple_initiator_socket<Behind> socket;
  } behind{"behind"};
};

TEST(Dram, RunsAreTheSameForATargetThatKnowsThemNot) {
  constexpr DramRuns kRuns{1000, 3, 100, 4, 5000, 2};
  const std::string sent = "abcdefghijklmnopqrstuvwx";
  std::string got(sent.size(), ' '), third(3, ' ');
  Bench bench(true);
  const auto written = bench.port.access(true, const_cast<char*>(sent.data()), kRuns);
  const auto read = bench.port.access(false, got.data(), kRuns);
  bench.dram.read_bytes(6200, third.data(), 3);  // second row, third run: bytes 18 to 20
  EXPECT_EQ(got, sent);
  EXPECT_EQ(third, "stu");
  EXPECT_EQ(bench.port.written_bytes(), 24);

  sc_core::sc_curr_simcontext = new sc_core::sc_simcontext();
  Dram dram("dram", DramParams{}, true, kWindow);
  PlainTarget plain("plain");
  MemoryPort port("port");
  port.socket.bind(plain.socket);
  plain.behind.socket.bind(dram.socket);
  got.assign(sent.size(), ' ');
  EXPECT_EQ(port.access(true, const_cast<char*>(sent.data()), kRuns), written);
  EXPECT_EQ(port.access(false, got.data(), kRuns), read);
  EXPECT_EQ(got, sent);
}

TEST(Dram, RefusesAddressesBeyondItsCapacity) {
  Bench bench(true);
  char data[64] = {};
  EXPECT_THROW(bench.port.access(false, data, {bench.dram.timing().capacity_bytes() - 63, 64}),
               std::out_of_range);
  EXPECT_THROW(bench.dram.write_bytes(-1, data, 1), std::out_of_range);
}

}  // namespace
}  // namespace bpusim
