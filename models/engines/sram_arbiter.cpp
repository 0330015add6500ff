#include "models/engines/sram_arbiter.h"

#include <algorithm>

#include "kernels/quantise/fixed_point.h"
#include "kernels/units.h"

namespace bpusim {

namespace {

constexpr std::int64_t kOne = 1 << 20;

}  // namespace

void add_bank_demand(const SramParams& sram, std::int64_t address, std::int64_t bytes,
                     std::vector<BankDemand>& demand) {
  const auto add = [&](std::int64_t bank, std::int64_t count) {
    if (count > 0) demand.push_back({static_cast<int>(bank), count});
  };
  if (sram.interleave_bytes == 0) {
    const std::int64_t bank_bytes = sram.bytes / sram.banks;
    for (std::int64_t bank = address / bank_bytes; bank * bank_bytes < address + bytes; ++bank)
      add(bank, std::min(address + bytes, (bank + 1) * bank_bytes) - std::max(address, bank * bank_bytes));
    return;
  }
  // Interleaved: whole rounds over the banks, then the banks of what is left at the start.
  const std::int64_t round = sram.banks * sram.interleave_bytes;
  const std::int64_t whole = bytes / round;
  if (whole > 0)
    for (std::int64_t bank = 0; bank < sram.banks; ++bank) add(bank, whole * sram.interleave_bytes);
  for (std::int64_t at = address + whole * round; at < address + bytes;) {
    const std::int64_t next =
        std::min((at / sram.interleave_bytes + 1) * sram.interleave_bytes, address + bytes);
    add(at / sram.interleave_bytes % sram.banks, next - at);
    at = next;
  }
}

SramArbiter::SramArbiter(const SramParams& params)
    : width_(params.bank_bytes_per_cycle * kOne),
      demanded_(static_cast<std::size_t>(params.banks)),
      background_(static_cast<std::size_t>(params.banks)) {}

int SramArbiter::insert(std::int64_t now, std::int64_t cycles, const std::vector<BankDemand>& demand,
                        bool background) {
  Stream stream;
  stream.remaining = std::max<std::int64_t>(cycles, 1) * kOne;
  stream.since = now;
  stream.background = background;
  std::map<int, std::int64_t> bytes;
  for (const BankDemand& d : demand) bytes[d.bank] += d.bytes;
  auto& totals = background ? background_ : demanded_;
  for (const auto& [bank, count] : bytes) {
    const std::int64_t rate = count * kOne / std::max<std::int64_t>(cycles, 1);
    stream.rates.push_back({bank, rate});
    totals[static_cast<std::size_t>(bank)] += rate;
  }
  streams_.emplace(next_, std::move(stream));
  rebalance(now);
  return next_++;
}

int SramArbiter::start(std::int64_t now, std::int64_t base_cycles, const std::vector<BankDemand>& demand) {
  return insert(now, base_cycles, demand, false);
}

int SramArbiter::start_background(std::int64_t now, std::int64_t cycles,
                                  const std::vector<BankDemand>& demand) {
  return insert(now, cycles, demand, true);
}

void SramArbiter::rebalance(std::int64_t now) {
  for (auto& [id, stream] : streams_) {
    if (stream.background) continue;
    stream.remaining = std::max<std::int64_t>(0, stream.remaining - stream.speed * (now - stream.since));
    stream.since = now;
    std::int64_t speed = kOne;
    for (const auto& [bank, rate] : stream.rates) {
      const auto b = static_cast<std::size_t>(bank);
      // However much the DMA moves, an eighth of the port stays for the engines: arbitration is not
      // starvation.
      const std::int64_t left = std::max(width_ - background_[b], width_ / 8);
      if (demanded_[b] > left)
        speed = std::min(speed,
                         std::max<std::int64_t>(
                             1, static_cast<std::int64_t>(static_cast<Int128>(kOne) * left / demanded_[b])));
    }
    if (speed != stream.speed) {
      stream.speed = speed;
      changed_.push_back(id);
    }
  }
}

std::int64_t SramArbiter::completion(int id) const {
  const Stream& stream = streams_.at(id);
  return stream.since + ceil_div(stream.remaining, stream.speed);
}

void SramArbiter::finish(std::int64_t now, int id) {
  const auto found = streams_.find(id);
  auto& totals = found->second.background ? background_ : demanded_;
  for (const auto& [bank, rate] : found->second.rates) totals[static_cast<std::size_t>(bank)] -= rate;
  streams_.erase(found);
  rebalance(now);
}

std::vector<int> SramArbiter::take_changed() {
  std::vector<int> changed;
  for (const int id : changed_)
    if (streams_.count(id) != 0) changed.push_back(id);
  changed_.clear();
  return changed;
}

}  // namespace bpusim
