// When DRAM bursts are done: channels, ranks, bank groups, banks, rows, refresh, bus turnarounds. Plain C++
// and plain integers, burst by burst in a loop, without a simulation kernel.
//
// Requests are served in the order in which they come. What a controller's queue of 32 would hide, this hides
// too: a row is opened as soon as its burst is among the next 32, not when its turn has come.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "models/machine_params.h"

namespace bpusim {

/// Stretches of `bytes` in rows of `count`, their begins `stride` apart, and those of rows `row_stride`.
struct DramRuns {
  std::int64_t address = 0, bytes = 0;
  std::int64_t stride = 0, count = 1;
  std::int64_t row_stride = 0, rows = 1;

  std::int64_t total_bytes() const { return bytes * count * rows; }
  /// Calls visit(address) for each, in order.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (std::int64_t row = 0; row < rows; ++row)
      for (std::int64_t run = 0; run < count; ++run) visit(address + row * row_stride + run * stride);
  }
};

class DramTiming {
 public:
  /// Throws std::invalid_argument where the organisation is not in powers of two or the address map does not
  /// name each field once (see inconsistencies()).
  explicit DramTiming(const DramParams& params, std::int64_t window_fs = 4'096'000'000);

  /// Serves every burst that [address, address + bytes) touches, none before `earliest_fs`, and returns when
  /// the last data has passed the controller. Time in femtoseconds; may lie before that of an earlier call,
  /// but is served after it.
  std::int64_t access(std::int64_t earliest_fs, std::int64_t address, std::int64_t bytes, bool write) {
    return access(earliest_fs, DramRuns{address, bytes}, write);
  }
  /// The same for each of the runs, one after the other; returns when the last data of them all has passed.
  std::int64_t access(std::int64_t earliest_fs, const DramRuns& runs, bool write);

  /// As if switched on at that time: banks closed, the next refreshes a whole interval away. Counters stay.
  void restart(std::int64_t now_fs);

  std::int64_t capacity_bytes() const { return capacity_; }
  std::int64_t burst_bytes() const { return burst_bytes_; }

  struct Counters {
    std::int64_t read_bursts = 0, write_bursts = 0;
    std::int64_t row_hits = 0, row_misses = 0, row_conflicts = 0;  ///< open row, closed row, another row
    std::int64_t refreshes = 0;
    std::int64_t turnarounds = 0;  ///< between reads and writes
  };
  const Counters& counters() const { return counters_; }

  /// Most burst bytes whose data ended within one window, all channels.
  std::int64_t peak_window_bytes() const;

 private:
  struct Field {
    int shift = 0;
    std::int64_t mask = 0;
    std::int64_t of(std::int64_t burst) const { return (burst >> shift) & mask; }
  };
  struct Bank {
    std::int64_t row = -1;
    std::int64_t act_ready = 0, pre_ready = 0, column_ready = 0;  // clocks
  };
  struct Rank {
    std::vector<Bank> banks;
    std::vector<std::int64_t> group_act;  // last activate of each bank group
    std::int64_t last_act = 0;
    std::int64_t acts[4] = {};  // ring of the last four activates
    int oldest_act = 0;
    std::int64_t next_refresh = 0;
    std::int64_t write_data_end = 0;  // last data of a write
    std::vector<std::int64_t> group_write_data_end;
  };
  struct Channel {
    std::vector<Rank> ranks;
    std::int64_t last_column = 0;
    std::int64_t last_rank = -1, last_group = -1;
    bool last_write = false;
    std::vector<std::int64_t> columns;  // ring of the last column commands: what the queue saw
    std::size_t oldest_column = 0;
  };
  struct Place {
    std::int64_t rank, group, bank, row;
  };

  /// The bursts that one channel has of some runs, in order, as numbers within the channel. Where channels
  /// are not in the lowest bits, those of all channels.
  class LaneBursts {
   public:
    LaneBursts(const DramTiming& dram, const DramRuns& runs, std::int64_t lane);
    bool done() const { return row_ == runs_.rows; }
    std::int64_t burst() const { return burst_; }
    void next() {
      if (++burst_ > last_) next_run();
    }
    /// Goes on while bursts have the same number above the lowest `bits`; returns how many, at most `most`.
    std::int64_t skip_same(std::int64_t number, int bits, std::int64_t most);

   private:
    void next_run();
    void read_run();
    std::int64_t skip_repeated(std::int64_t end, std::int64_t most);

    const DramTiming& dram_;
    const DramRuns runs_;
    const std::int64_t lane_, lanes_;
    std::int64_t row_ = 0, run_ = 0, address_, burst_ = 0, last_ = -1;
  };

  std::int64_t burst_of(std::int64_t address) const {
    return burst_shift_ >= 0 ? address >> burst_shift_ : address / burst_bytes_;
  }
  std::int64_t serve_lane(std::int64_t earliest, const DramRuns& runs, bool write, std::int64_t lane);
  void read_address_map(const DramParams& params);
  std::int64_t serve(Channel& channel, const Place& place, std::int64_t earliest, bool write);
  std::int64_t open_row(Channel& channel, const Place& place, std::int64_t earliest);
  std::int64_t column_time(const Channel& channel, const Place& place, std::int64_t earliest,
                           bool write) const;
  void refresh_until(Rank& rank, std::int64_t clock);
  void issue_column(Channel& channel, const Place& place, std::int64_t clock, bool write);
  std::int64_t hits_before_refresh(const Channel& channel, const Place& place, std::int64_t clock) const;
  void hit_run(Channel& channel, const Place& place, std::int64_t clock, std::int64_t run, bool write);
  void count_window(std::int64_t first_end, std::int64_t bursts, std::int64_t spacing);

  DramParams p_;
  std::int64_t clock_fs_, controller_fs_, window_fs_;
  std::int64_t burst_bytes_, burst_clocks_, capacity_;
  int burst_shift_ = -1;  // of burst_bytes_, where it is a power of two
  int column_bits_ = 0;   // lowest bits of a burst that stay within its row
  bool channel_lowest_ = false;
  Field channel_, rank_, group_, bank_, row_, column_;
  std::int64_t origin_fs_ = 0;  // where clocks count from
  Channel idle_;                // as switched on
  std::vector<Channel> channels_;
  std::unordered_map<std::size_t, std::int64_t> window_bytes_;  // of windows in which a burst ended
  std::int64_t* in_window_ = nullptr;                           // those of the one below
  std::size_t window_ = 0;                                      // that the last burst ended in
  std::int64_t window_begin_ = 0, window_end_ = 0;
  Counters counters_;
};

}  // namespace bpusim
