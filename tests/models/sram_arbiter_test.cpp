#include "models/engines/sram_arbiter.h"

#include <gtest/gtest.h>

#include <random>

namespace bpusim {
namespace {

SramParams small() {
  SramParams p;
  p.bytes = 1024;
  p.banks = 4;
  p.bank_bytes_per_cycle = 64;
  return p;
}

TEST(BankDemand, BlocksAndInterleaving) {
  SramParams p = small();  // banks of 256 bytes
  std::vector<BankDemand> demand;
  add_bank_demand(p, 200, 400, demand);  // 56 in bank 0, 256 in bank 1, 88 in bank 2
  ASSERT_EQ(demand.size(), 3u);
  EXPECT_EQ(demand[0].bytes, 56);
  EXPECT_EQ(demand[1].bytes, 256);
  EXPECT_EQ(demand[2].bytes, 88);

  p.interleave_bytes = 32;
  demand.clear();
  add_bank_demand(p, 0, 160, demand);  // a round of 4 x 32, then 32 more in bank 0
  std::int64_t per_bank[4] = {};
  for (const auto& d : demand) per_bank[d.bank] += d.bytes;
  EXPECT_EQ(per_bank[0], 64);
  EXPECT_EQ(per_bank[1], 32);
  EXPECT_EQ(per_bank[3], 32);
}

TEST(SramArbiter, AStreamAloneTakesItsOwnTime) {
  SramArbiter arbiter(small());
  const int s = arbiter.start(5, 100, {{0, 4800}});  // 48 bytes a cycle of 64
  EXPECT_EQ(arbiter.completion(s), 105);
}

TEST(SramArbiter, AStreamWiderThanItsBankIsSlowed) {
  SramArbiter arbiter(small());
  const int s = arbiter.start(0, 100, {{0, 12800}});  // 128 bytes a cycle on 64: twice as long
  EXPECT_EQ(arbiter.completion(s), 200);
}

TEST(SramArbiter, TwoStreamsShareABankAndSpeedUpWhenOneEnds) {
  SramArbiter arbiter(small());
  const int a = arbiter.start(0, 100, {{0, 4800}});
  const int b = arbiter.start(0, 200, {{0, 9600}});
  // 48 + 48 on 64: both run at 2/3. a ends after 150 cycles; b has done 100 of its 200 by then.
  EXPECT_NEAR(static_cast<double>(arbiter.completion(a)), 150, 1);  // rounded up to a whole cycle
  arbiter.finish(150, a);
  EXPECT_NEAR(static_cast<double>(arbiter.completion(b)), 250, 1);
}

TEST(SramArbiter, BackgroundHasPriority) {
  SramArbiter arbiter(small());
  const int dma = arbiter.start_background(0, 100, {{0, 3200}});  // takes 32 of 64
  const int s = arbiter.start(0, 100, {{0, 6400}});               // wants 64, gets 32
  EXPECT_EQ(arbiter.completion(s), 200);
  arbiter.finish(100, dma);  // half done after 100 cycles, the other half at full pace
  EXPECT_EQ(arbiter.completion(s), 150);
}

TEST(SramArbiter, OtherBanksDoNotMatter) {
  SramArbiter arbiter(small());
  arbiter.start(0, 100, {{1, 6400}});
  EXPECT_EQ(arbiter.completion(arbiter.start(0, 100, {{0, 6400}})), 100);
}

// Whatever starts and ends when: nothing beats its own time, and no bank serves more than its width.
TEST(SramArbiter, NeverFasterThanAloneNorThanTheBank) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    SramArbiter arbiter(small());
    struct Running {
      int id;
      std::int64_t start, base, bytes;
    };
    std::vector<Running> running;
    std::int64_t now = 0, served = 0;
    for (int i = 0; i < 20; ++i) {
      const std::int64_t base = 1 + static_cast<std::int64_t>(random() % 300);
      const std::int64_t bytes = static_cast<std::int64_t>(random() % 30000);
      running.push_back({arbiter.start(now, base, {{0, bytes}}), now, base, bytes});
      if (random() % 2 == 0) continue;
      auto next = std::min_element(running.begin(), running.end(), [&](const auto& x, const auto& y) {
        return arbiter.completion(x.id) < arbiter.completion(y.id);
      });
      now = std::max(now, arbiter.completion(next->id));
      EXPECT_GE(now - next->start, next->base);
      served += next->bytes;
      arbiter.finish(now, next->id);
      running.erase(next);
      EXPECT_LE(static_cast<double>(served), 64.0 * static_cast<double>(now) * 1.0001 + 64);
    }
  }
}

}  // namespace
}  // namespace bpusim
