#include "models/memory/dram_timing.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <stdexcept>

namespace bpusim {

namespace {

constexpr std::size_t kQueue =
    32;  // bursts that a controller looks ahead, as the simulators compared with do

int log2_exact(std::int64_t value, const char* what) {
  int bits = 0;
  while ((std::int64_t{1} << bits) < value) ++bits;
  if ((std::int64_t{1} << bits) != value)
    throw std::invalid_argument(std::string("dram: ") + what + " must be a power of two");
  return bits;
}

}  // namespace

DramTiming::DramTiming(const DramParams& params, std::int64_t window_fs)
    : p_(params),
      clock_fs_(std::llround(params.clock_ns * 1e6)),
      controller_fs_(std::llround(params.controller_ns * 1e6)),
      window_fs_(window_fs),
      burst_bytes_(params.bus_bits / 8 * params.burst_length),
      burst_clocks_(static_cast<std::int64_t>(
          std::ceil(static_cast<double>(params.burst_length) / params.transfers_per_clock))),
      capacity_(params.channels * params.ranks * params.bank_groups * params.banks_per_group * params.rows *
                params.columns * (params.bus_bits / 8)) {
  read_address_map(params);
  while ((std::int64_t{1} << column_bits_) <= column_.mask) ++column_bits_;
  for (int bits = 0; bits < 62; ++bits)
    if (std::int64_t{1} << bits == burst_bytes_) burst_shift_ = bits;
  // Columns of the same bank group keep ccd_l, others ccd_s; neither is shorter than the data on the bus.
  p_.ccd_s = std::max(p_.ccd_s, burst_clocks_);
  p_.ccd_l = std::max(p_.ccd_l, p_.ccd_s);
  Rank rank;
  rank.banks.resize(static_cast<std::size_t>(params.bank_groups * params.banks_per_group));
  rank.group_act.assign(static_cast<std::size_t>(params.bank_groups), -p_.rrd_l);
  rank.group_write_data_end.assign(static_cast<std::size_t>(params.bank_groups), -p_.wtr_l);
  rank.last_act = -p_.rrd_s;
  rank.write_data_end = -p_.wtr_s;
  for (auto& act : rank.acts) act = -p_.faw;
  Channel channel;
  channel.ranks.assign(static_cast<std::size_t>(params.ranks), rank);
  for (std::size_t r = 0; r < channel.ranks.size(); ++r)  // staggered, so that one rank can work
    channel.ranks[r].next_refresh = p_.refi + static_cast<std::int64_t>(r) * p_.refi / params.ranks;
  channel.last_column = -p_.ccd_l;
  channel.columns.assign(kQueue, INT64_MIN);
  idle_ = channel;
  channels_.assign(static_cast<std::size_t>(params.channels), idle_);
}

void DramTiming::restart(std::int64_t now_fs) {
  origin_fs_ = now_fs;
  std::fill(channels_.begin(), channels_.end(), idle_);
  window_bytes_.clear();
  window_begin_ = window_end_ = 0;
}

void DramTiming::read_address_map(const DramParams& params) {
  struct Named {
    const char* name;
    Field* field;
    std::int64_t extent;
  };
  const Named fields[] = {{"row", &row_, params.rows},
                          {"rank", &rank_, params.ranks},
                          {"bank", &bank_, params.banks_per_group},
                          {"bank_group", &group_, params.bank_groups},
                          {"column", &column_, params.columns / params.burst_length},
                          {"channel", &channel_, params.channels}};
  std::vector<std::string> names;
  std::istringstream map(params.address_map);
  for (std::string name; std::getline(map, name, ',');) names.push_back(name);
  int shift = 0;
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    const auto* found = std::find_if(std::begin(fields), std::end(fields),
                                     [&](const Named& named) { return *name == named.name; });
    if (found == std::end(fields) || std::count(names.begin(), names.end(), *name) > 1)
      throw std::invalid_argument("dram: address_map names '" + *name + "', which is unknown or there twice");
    // The channel in the lowest place takes turns over any number of channels, as three or six of a wide
    // package; everything else is a field of bits.
    channel_lowest_ = channel_lowest_ || (name == names.rbegin() && found->field == &channel_);
    found->field->shift = shift;
    found->field->mask = found->extent - 1;
    if (found->field != &channel_ || !channel_lowest_) shift += log2_exact(found->extent, found->name);
  }
  if (names.size() != std::size(fields))
    throw std::invalid_argument(
        "dram: address_map must name row, rank, bank, bank_group, column and channel");
}

void DramTiming::refresh_until(Rank& rank, std::int64_t clock) {
  if (clock < rank.next_refresh) return;
  // Of refreshes that lie whole in the past only the last can still hold anything up.
  const std::int64_t skipped = std::max<std::int64_t>(0, (clock - rank.next_refresh) / p_.refi - 1);
  rank.next_refresh += skipped * p_.refi;
  counters_.refreshes += skipped;
  while (clock >= rank.next_refresh) {
    std::int64_t start = rank.next_refresh;  // then open rows are closed, as soon as they may be
    for (const Bank& bank : rank.banks)
      if (bank.row >= 0) start = std::max(start, std::max(rank.next_refresh, bank.pre_ready) + p_.rp);
    for (Bank& bank : rank.banks) {
      bank.row = -1;
      bank.act_ready = std::max(bank.act_ready, start + p_.rfc);
    }
    rank.next_refresh += p_.refi;
    ++counters_.refreshes;
  }
}

// Opens the place's row and returns when its column may follow.
std::int64_t DramTiming::open_row(Channel& channel, const Place& place, std::int64_t earliest) {
  Rank& rank = channel.ranks[static_cast<std::size_t>(place.rank)];
  Bank& bank = rank.banks[static_cast<std::size_t>(place.group * p_.banks_per_group + place.bank)];
  if (bank.row == place.row) return bank.column_ready;
  // The queue has seen this burst since the burst 32 places before it left.
  const std::int64_t seen = std::max(earliest, channel.columns[channel.oldest_column]);
  std::int64_t act = std::max(seen, bank.act_ready);
  if (bank.row >= 0) act = std::max(act, std::max(seen, bank.pre_ready) + p_.rp);
  act = std::max({act, rank.last_act + p_.rrd_s,
                  rank.group_act[static_cast<std::size_t>(place.group)] + p_.rrd_l,
                  rank.acts[rank.oldest_act] + p_.faw});
  rank.last_act = std::max(rank.last_act, act);
  rank.group_act[static_cast<std::size_t>(place.group)] = act;
  rank.acts[rank.oldest_act] = act;
  rank.oldest_act = (rank.oldest_act + 1) % 4;
  bank.row = place.row;
  bank.column_ready = act + p_.rcd;
  bank.pre_ready = act + p_.ras;
  bank.act_ready = act + p_.ras + p_.rp;
  return bank.column_ready;
}

std::int64_t DramTiming::column_time(const Channel& channel, const Place& place, std::int64_t earliest,
                                     bool write) const {
  const Rank& rank = channel.ranks[static_cast<std::size_t>(place.rank)];
  const bool same_rank = place.rank == channel.last_rank;
  const bool same_group = same_rank && place.group == channel.last_group;
  std::int64_t clock = std::max(earliest, channel.last_column + (same_group ? p_.ccd_l : p_.ccd_s));
  if (!same_rank && channel.last_rank >= 0)
    clock = std::max(clock, channel.last_column + burst_clocks_ + p_.rtrs);
  if (write && !channel.last_write) {  // the bus turns: read data must have left it
    clock = std::max(clock, channel.last_column + p_.cl + burst_clocks_ + p_.rtrs - p_.cwl);
  }
  if (!write) {
    clock = std::max({clock, rank.write_data_end + p_.wtr_s,
                      rank.group_write_data_end[static_cast<std::size_t>(place.group)] + p_.wtr_l});
    if (channel.last_write)
      clock = std::max(clock, channel.last_column + p_.cwl + burst_clocks_ + p_.rtrs - p_.cl);
  }
  return clock;
}

void DramTiming::issue_column(Channel& channel, const Place& place, std::int64_t clock, bool write) {
  Rank& rank = channel.ranks[static_cast<std::size_t>(place.rank)];
  Bank& bank = rank.banks[static_cast<std::size_t>(place.group * p_.banks_per_group + place.bank)];
  if (write) {
    const std::int64_t end = clock + p_.cwl + burst_clocks_;
    rank.write_data_end = end;
    rank.group_write_data_end[static_cast<std::size_t>(place.group)] = end;
    bank.pre_ready = std::max(bank.pre_ready, end + p_.wr);
  } else {
    bank.pre_ready = std::max(bank.pre_ready, clock + p_.rtp);
  }
  bank.act_ready = std::max(bank.act_ready, bank.pre_ready + p_.rp);
  if (channel.last_rank >= 0) counters_.turnarounds += channel.last_write != write;
  channel.last_column = clock;
  channel.last_rank = place.rank;
  channel.last_group = place.group;
  channel.last_write = write;
  channel.columns[channel.oldest_column] = clock;
  channel.oldest_column = (channel.oldest_column + 1) % kQueue;
}

std::int64_t DramTiming::serve(Channel& channel, const Place& place, std::int64_t earliest, bool write) {
  Rank& rank = channel.ranks[static_cast<std::size_t>(place.rank)];
  const Bank& bank = rank.banks[static_cast<std::size_t>(place.group * p_.banks_per_group + place.bank)];
  refresh_until(rank, earliest);
  ++(bank.row == place.row ? counters_.row_hits
     : bank.row < 0        ? counters_.row_misses
                           : counters_.row_conflicts);
  std::int64_t clock =
      column_time(channel, place, std::max(earliest, open_row(channel, place, earliest)), write);
  while (clock >= rank.next_refresh) {  // a refresh falls due first, and closes the row again
    refresh_until(rank, clock);
    clock = column_time(channel, place, std::max(earliest, open_row(channel, place, earliest)), write);
  }
  issue_column(channel, place, clock, write);
  count_window(clock + (write ? p_.cwl : p_.cl) + burst_clocks_, 1, 0);
  return clock;
}

// How many more bursts of the row that was just used serve() would place one ccd_l after the other.
std::int64_t DramTiming::hits_before_refresh(const Channel& channel, const Place& place,
                                             std::int64_t clock) const {
  const Rank& rank = channel.ranks[static_cast<std::size_t>(place.rank)];
  return std::max<std::int64_t>(0, (rank.next_refresh - 1 - clock) / p_.ccd_l);
}

// Places `run` of them.
void DramTiming::hit_run(Channel& channel, const Place& place, std::int64_t clock, std::int64_t run,
                         bool write) {
  for (std::int64_t i = std::max<std::int64_t>(1, run - static_cast<std::int64_t>(kQueue)); i < run; ++i) {
    channel.columns[channel.oldest_column] = clock + i * p_.ccd_l;
    channel.oldest_column = (channel.oldest_column + 1) % kQueue;
  }
  issue_column(channel, place, clock + run * p_.ccd_l, write);
  counters_.row_hits += run;
  count_window(clock + p_.ccd_l + (write ? p_.cwl : p_.cl) + burst_clocks_, run, p_.ccd_l);
}

void DramTiming::count_window(std::int64_t first_end, std::int64_t bursts, std::int64_t spacing) {
  std::int64_t end = first_end * clock_fs_;
  const std::int64_t step = std::max<std::int64_t>(spacing * clock_fs_, 1);
  while (bursts > 0) {
    if (end < window_begin_ || end >= window_end_) {
      window_ = static_cast<std::size_t>(end / window_fs_);
      window_begin_ = static_cast<std::int64_t>(window_) * window_fs_;
      window_end_ = window_begin_ + window_fs_;
      in_window_ = &window_bytes_[window_];
    }
    std::int64_t inside = bursts;
    if (end + (bursts - 1) * step >= window_end_) inside = (window_end_ - 1 - end) / step + 1;
    *in_window_ += inside * burst_bytes_;
    bursts -= inside;
    end += inside * step;
  }
}

std::int64_t DramTiming::peak_window_bytes() const {
  std::int64_t most = 0;
  for (const auto& [window, bytes] : window_bytes_) most = std::max(most, bytes);
  return most;
}

DramTiming::LaneBursts::LaneBursts(const DramTiming& dram, const DramRuns& runs, std::int64_t lane)
    : dram_(dram),
      runs_(runs),
      lane_(lane),
      lanes_(dram.channel_lowest_ ? dram.p_.channels : 1),
      address_(runs.address) {
  read_run();
  if (burst_ > last_) next_run();
}

void DramTiming::LaneBursts::read_run() {
  burst_ = dram_.burst_of(address_);
  last_ = dram_.burst_of(address_ + runs_.bytes - 1);
  if (lanes_ == 1) return;
  burst_ = (burst_ - lane_ + lanes_ - 1) / lanes_;
  last_ = (last_ - lane_ + lanes_) / lanes_ - 1;
}

void DramTiming::LaneBursts::next_run() {
  do {
    address_ += runs_.stride;
    if (++run_ == runs_.count) {
      if (++row_ == runs_.rows) return;
      run_ = 0;
      address_ = runs_.address + row_ * runs_.row_stride;
    }
    read_run();
  } while (burst_ > last_);
}

// A Resize that repeats its elements asks for single bytes several times each. Such a row is as many bursts
// as it has bytes: those before address `end` are taken at once.
std::int64_t DramTiming::LaneBursts::skip_repeated(std::int64_t end, std::int64_t most) {
  if (runs_.bytes != 1 || runs_.stride != 0 || runs_.row_stride <= 0 || run_ != 0 || lanes_ != 1) return 0;
  const std::int64_t before_end = (end - address_ + runs_.row_stride - 1) / runs_.row_stride;
  const std::int64_t rows = std::min({runs_.rows - row_, before_end, most / runs_.count});
  if (rows == 0) return 0;
  row_ += rows;
  address_ += rows * runs_.row_stride;
  if (!done()) read_run();
  return rows * runs_.count;
}

std::int64_t DramTiming::LaneBursts::skip_same(std::int64_t number, int bits, std::int64_t most) {
  std::int64_t skipped = 0;
  while (!done() && skipped < most && burst_ >> bits == number) {
    const std::int64_t repeated = skip_repeated(((number + 1) << bits) * dram_.burst_bytes_, most - skipped);
    skipped += repeated;
    if (repeated > 0) continue;
    const std::int64_t end = std::min({last_ + 1, (number + 1) << bits, burst_ + most - skipped});
    skipped += end - burst_;
    burst_ = end;
    if (burst_ > last_) next_run();
  }
  return skipped;
}

// Returns the clock of the latest column.
std::int64_t DramTiming::serve_lane(std::int64_t earliest, const DramRuns& runs, bool write,
                                    std::int64_t lane) {
  const bool columns_follow = column_.shift == 0;
  std::int64_t latest = earliest, served = 0;
  for (LaneBursts bursts(*this, runs, lane); !bursts.done();) {
    const std::int64_t burst = bursts.burst();
    Channel& channel = channels_[static_cast<std::size_t>(channel_lowest_ ? lane : channel_.of(burst))];
    const Place place{rank_.of(burst), group_.of(burst), bank_.of(burst), row_.of(burst)};
    std::int64_t clock = serve(channel, place, earliest, write);
    bursts.next();
    ++served;
    if (columns_follow) {
      const std::int64_t run =
          bursts.skip_same(burst >> column_bits_, column_bits_, hits_before_refresh(channel, place, clock));
      if (run > 0) hit_run(channel, place, clock, run, write);
      clock += run * p_.ccd_l;
      served += run;
    }
    latest = std::max(latest, clock);
  }
  (write ? counters_.write_bursts : counters_.read_bursts) += served;
  return latest;
}

std::int64_t DramTiming::access(std::int64_t earliest_fs, const DramRuns& runs, bool write) {
  const std::int64_t earliest = (earliest_fs - origin_fs_ + clock_fs_ - 1) / clock_fs_;
  // With the channel in the lowest bits neighbouring bursts go to different channels, which don't meet: each
  // channel takes its own in turn.
  const std::int64_t lanes = channel_lowest_ ? p_.channels : 1;
  std::int64_t latest = earliest;
  for (std::int64_t lane = 0; lane < lanes; ++lane)
    latest = std::max(latest, serve_lane(earliest, runs, write, lane));
  return origin_fs_ + (latest + (write ? p_.cwl : p_.cl) + burst_clocks_) * clock_fs_ + controller_fs_;
}

}  // namespace bpusim
