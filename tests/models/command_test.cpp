// What must hold for every command, whatever it does: its footprint, its relocation and its price fit what it
// does to bytes. Samples of each are in command_samples.cpp.
#include "models/commands/command.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "models/commands/cost.h"
#include "models/commands/footprint.h"
#include "models/commands/memories.h"
#include "models/machine.h"
#include "tests/models/command_samples.h"

namespace bpusim {
namespace {

using Bytes = SramBytes;

// DRAM of a fixed size that takes down which bytes are asked for.
class WatchedDram : public DramPort {
 public:
  void read(std::int64_t address, void* data, std::int64_t count) override {
    std::copy_n(bytes.begin() + address, count, static_cast<std::uint8_t*>(data));
    std::fill_n(was_read.begin() + address, count, std::uint8_t{1});
  }
  void write(std::int64_t address, const void* data, std::int64_t count) override {
    std::copy_n(static_cast<const std::uint8_t*>(data), count, bytes.begin() + address);
    std::fill_n(was_written.begin() + address, count, std::uint8_t{1});
  }
  Bytes bytes = Bytes(kSampleDramBytes), was_read = Bytes(kSampleDramBytes),
        was_written = Bytes(kSampleDramBytes);
};

// Everything that a command can reach: space 0 is the DRAM, 1 + c the SRAM of core c.
struct Spaces {
  std::vector<Bytes> srams;
  WatchedDram dram;

  Bytes& operator[](int space) {
    return space == 0 ? dram.bytes : srams[static_cast<std::size_t>(space - 1)];
  }
  void run(const Program& program) {
    Memories memories{srams, dram};
    execute(program.commands[0], program, memories);
  }
};
constexpr int kSpaces = 1 + kSampleCores;

Spaces filled(const Sample& sample) {
  std::mt19937 random(7);
  Spaces spaces;
  spaces.srams.resize(kSampleCores, Bytes(kSampleSramBytes));
  for (int space = 0; space < kSpaces; ++space)
    for (std::uint8_t& byte : spaces[space]) byte = static_cast<std::uint8_t>(random());
  for (const Sample::Records& records : sample.records)
    std::copy(records.bytes.begin(), records.bytes.end(), spaces[1 + records.core].begin() + records.address);
  return spaces;
}

// Per space: 1 for each byte that the accesses name.
std::vector<Bytes> named(const std::vector<Access>& accesses) {
  std::vector<Bytes> mask(kSpaces, Bytes(std::max(kSampleSramBytes, kSampleDramBytes)));
  for (const Access& access : accesses) {
    Bytes& space = mask[static_cast<std::size_t>(access.space)];
    const auto set = [&](std::int64_t begin, std::int64_t bytes) {
      std::fill_n(space.begin() + begin, bytes, std::uint8_t{1});
    };
    if (access.box != nullptr) {
      access.box->for_each_run(set);
    } else {
      set(access.begin, access.end - access.begin);
    }
  }
  return mask;
}

template <class Body>
struct TypesOf;
template <class... Alternatives>
struct TypesOf<std::variant<Alternatives...>> {
  using type = testing::Types<Alternatives...>;
};

template <class Alternative>
class EveryCommand : public testing::Test {
 public:
  const std::vector<Sample> all = samples(SamplesOf<Alternative>{});
};

struct NameOfCommand {
  template <class Alternative>
  static std::string GetName(int) {
    const Command command = samples(SamplesOf<Alternative>{}).front().command;
    return std::visit([&](const auto& body) { return body.name(command.site()); }, command.body);
  }
};
TYPED_TEST_SUITE(EveryCommand, TypesOf<Body>::type, NameOfCommand);

TYPED_TEST(EveryCommand, TouchesWhatItsFootprintSaysAndNothingElse) {
  for (const Sample& sample : this->all) {
    SCOPED_TRACE(sample.what);
    const Program program = sample.program();
    const Footprint f = footprint(program.commands[0], program);
    const auto reads = named(f.reads), writes = named(f.writes);
    ASSERT_FALSE(f.writes.empty());
    Spaces before = filled(sample), after = before;
    after.run(program);
    // All that it does not read is other canaries; what it does not read but writes stays, since outputs may
    // lie apart. Then what it only writes is others too: each range is written from its first byte to its
    // last.
    Spaces elsewhere = before, overwritten = before;
    for (int space = 0; space < kSpaces; ++space) {
      const auto s = static_cast<std::size_t>(space);
      for (std::size_t i = 0; i < before[space].size(); ++i) {
        if (reads[s][i] == 0 && writes[s][i] == 0) elsewhere[space][i] ^= 0x55;
        if (reads[s][i] == 0 && writes[s][i] != 0) overwritten[space][i] ^= 0x55;
      }
    }
    Spaces canaries = elsewhere;
    elsewhere.run(program);
    overwritten.run(program);
    for (int space = 0; space < kSpaces; ++space) {
      const auto s = static_cast<std::size_t>(space);
      for (std::size_t i = 0; i < before[space].size(); ++i) {
        if (writes[s][i] != 0) {
          ASSERT_EQ(elsewhere[space][i], after[space][i])
              << "reads more than it says; space " << space << " " << i;
        } else {
          ASSERT_EQ(after[space][i], before[space][i])
              << "writes more than it says; space " << space << " " << i;
          ASSERT_EQ(elsewhere[space][i], canaries[space][i]) << "space " << space << " " << i;
        }
      }
    }
    for (const Access& access : f.writes)
      for (const std::int64_t end : {access.begin, access.end - 1}) {
        const auto i = static_cast<std::size_t>(end);
        EXPECT_EQ(overwritten[access.space][i], after[access.space][i])
            << "writes less than it says; " << end;
      }
    for (std::size_t i = 0; i < after.dram.bytes.size(); ++i) {
      ASSERT_LE(after.dram.was_read[i], reads[0][i]) << "reads more DRAM than it says, at " << i;
      ASSERT_LE(after.dram.was_written[i], writes[0][i]) << "writes more DRAM than it says, at " << i;
    }
  }
}

TYPED_TEST(EveryCommand, RelocationMovesItsSramAndNothingElse) {
  constexpr std::int64_t kOffset = 4096;
  for (const Sample& sample : this->all) {
    SCOPED_TRACE(sample.what);
    const Program program = sample.program();
    Program moved = program;
    relocate(moved.commands[0], kOffset);
    const Footprint here = footprint(program.commands[0], program),
                    there = footprint(moved.commands[0], moved);
    const auto stays = [](int space) { return space == 0 || space == 1 + kWindowCore; };
    const auto expect_moved = [&](const std::vector<Access>& from, const std::vector<Access>& to) {
      ASSERT_EQ(from.size(), to.size());
      for (std::size_t i = 0; i < from.size(); ++i) {
        const std::int64_t by = stays(from[i].space) ? 0 : kOffset;
        EXPECT_EQ(to[i].space, from[i].space);
        EXPECT_EQ(to[i].begin, from[i].begin + by);
        EXPECT_EQ(to[i].end, from[i].end + by);
      }
    };
    expect_moved(here.reads, there.reads);
    expect_moved(here.writes, there.writes);
    if (this->HasFailure()) return;  // such a command must not run
    // The same on bytes that were moved as well.
    Spaces a = filled(sample), b = a;
    const auto move = [&](Spaces& spaces) {
      for (int space = 0; space < kSpaces; ++space)
        if (!stays(space))
          std::rotate(spaces[space].begin(), spaces[space].end() - kOffset, spaces[space].end());
    };
    move(b);
    a.run(program);
    b.run(moved);
    move(a);
    for (int space = 0; space < kSpaces; ++space) EXPECT_EQ(a[space], b[space]) << "space " << space;
  }
}

TYPED_TEST(EveryCommand, HasAPriceThatIsTheSumOfItsParts) {
  const MachineParams machine;
  for (const Sample& sample : this->all) {
    const Program program = sample.program();
    const Cost cost = price(machine, program, program.commands[0]);
    EXPECT_GT(cost.cycles, 0) << sample.what;
    std::int64_t parts = 0;
    for (const Cost::Part& part : cost.parts) parts += part.cycles;
    EXPECT_EQ(parts, cost.cycles) << sample.what;
  }
}

TYPED_TEST(EveryCommand, IsDescribedByItsName) {
  for (const Sample& sample : this->all) {
    const std::string text = describe(sample.program(), 0);
    EXPECT_GT(text.find(" #0 (tile 0, core 1, "), 0u) << text;
    EXPECT_NE(text.find(to_string(sample.command.unit)), std::string::npos) << text;
  }
}

template <class Alternative>
auto plan_index(const Alternative& body, int) -> decltype(body.plan) {
  return body.plan;
}
template <class Alternative>
int plan_index(const Alternative&, std::int64_t) {
  return -1;
}

// A command of another program finds its plan behind those that were there.
TYPED_TEST(EveryCommand, TakesItsPlanAlong) {
  for (const Sample& sample : this->all) {
    SCOPED_TRACE(sample.what);
    Program program = sample.program();
    for (int times = 0; times < 3; ++times)
      for (const Sample& other : this->all) program.plans.append(other.plans);
    program.plans.append(sample.plans);
    use_appended_plans(program.commands[0], program.plans, sample.plans);
    Spaces alone = filled(sample), among = alone;
    alone.run(sample.program());
    among.run(program);
    for (int space = 0; space < kSpaces; ++space) EXPECT_EQ(among[space], alone[space]) << "space " << space;
    const auto own = std::visit([](const auto& body) { return plan_index(body, 0); }, sample.command.body);
    const auto taken =
        std::visit([](const auto& body) { return plan_index(body, 0); }, program.commands[0].body);
    EXPECT_EQ(taken, own < 0 ? own : 1 + 3 * static_cast<int>(this->all.size()));
  }
}

struct Times : Observer {
  void command_retired(const Program&, int, const CommandTimes& times) override { of = times; }
  CommandTimes of;
};

// Alone, on banks that are never in the way, each engine takes what the command says after it was dispatched;
// what a transfer waits for in the DRAM comes on top.
TYPED_TEST(EveryCommand, TakesItsPriceWhereNothingIsInTheWay) {
  MachineParams params;
  params.bpu.cores = kSampleCores;
  params.bpu.dispatch_cycles = 5;
  params.sram.bank_bytes_per_cycle = 1 << 20;
  for (const Sample& sample : this->all) {
    SCOPED_TRACE(sample.what);
    Machine machine(params, false);
    Times times;
    machine.add_observer(times);
    machine.run(sample.program());
    const std::int64_t cycles = price(params, sample.program(), sample.command).cycles;
    EXPECT_EQ(times.of.work, cycles);
    EXPECT_EQ(times.of.start, times.of.ready + 5);
    if (sample.command.unit == Unit::Load || sample.command.unit == Unit::Store) {
      EXPECT_GE(times.of.finish - times.of.start, cycles);
    } else {
      EXPECT_EQ(times.of.finish - times.of.start, cycles);
      EXPECT_EQ(times.of.freed, times.of.finish);
    }
  }
}

TEST(TransferPrice, IsSetupAndThePortThatIsInTheWay) {
  MachineParams params;
  params.dma.setup_cycles = 30;
  params.dma.bytes_per_cycle = 16;
  params.sram.bank_bytes_per_cycle = 64;
  const std::vector<Sample> all = samples(SamplesOf<Transfer>{});
  const std::int64_t cycles[] = {36, 36, 32, 32, 32, 32, 33};  // 30, and 84 bytes by 16, on chip by 64; 42
  for (std::size_t i = 0; i < all.size(); ++i)
    EXPECT_EQ(price(params, all[i].program(), all[i].command).cycles, cycles[i]) << all[i].what;
}

// Two planes of 2 x 2, of which rows 1 and 2 of four are wanted: one from each row of the source.
TEST(Doubling, RepeatsRowsAndColumns) {
  const Doubling doubling{2, 1, 2, 4};
  EXPECT_EQ(doubling.first_source_row(), 0);
  EXPECT_EQ(doubling.source_rows(), 2);
  const std::uint8_t from[] = {1, 2, 3, 4, 5, 6, 7, 8};
  std::vector<std::uint8_t> to(static_cast<std::size_t>(doubling.bytes()));
  doubling.spread(from, to.data());
  EXPECT_EQ(to, (std::vector<std::uint8_t>{1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8}));
}

// Whole requests on chip: no piece of one is left for another cycle.
TEST(TransferPrice, OfWholeRequestsOnChip) {
  MachineParams params;
  params.bpu.cores = kSampleCores;
  params.dma.request_bytes = 64;
  params.sram.bank_bytes_per_cycle = 64;
  Sample sample = samples(SamplesOf<Transfer>{}).at(2);
  std::get<Transfer>(sample.command.body).dram = DramBox::contiguous(sram_window(kWindowCore, 0), 256);
  Machine machine(params);
  Times times;
  machine.add_observer(times);
  machine.run(sample.program());
  EXPECT_EQ(times.of.finish - times.of.start, params.dma.setup_cycles + 4);
}

}  // namespace
}  // namespace bpusim
