// Bank conflicts as a fluid: commands that stream at the same time share their banks' ports, and where the
// ports are too narrow for all of them each slows in proportion. Plain integers: the same order of calls
// gives the same cycles.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "models/machine_params.h"

namespace bpusim {

/// Bytes that a stream moves through one bank.
struct BankDemand {
  int bank = 0;
  std::int64_t bytes = 0;
};

/// The banks under [address, address + bytes), added to `demand`.
void add_bank_demand(const SramParams& sram, std::int64_t address, std::int64_t bytes,
                     std::vector<BankDemand>& demand);

class SramArbiter {
 public:
  explicit SramArbiter(const SramParams& params);

  /// A stream that takes `base_cycles` where nothing slows it. Returns its identity.
  int start(std::int64_t now, std::int64_t base_cycles, const std::vector<BankDemand>& demand);

  /// DMA traffic: has priority over streams and is never slowed. Returns its identity.
  int start_background(std::int64_t now, std::int64_t cycles, const std::vector<BankDemand>& demand);

  /// The cycle at which the stream ends if nothing else starts or ends before.
  std::int64_t completion(int stream) const;

  /// Ends a stream or a background.
  void finish(std::int64_t now, int stream);

  /// Streams whose completion may have moved since the last call.
  std::vector<int> take_changed();

 private:
  struct Stream {
    std::int64_t remaining = 0;  // base cycles left, kOne a cycle
    std::int64_t speed = 0;      // base cycles a cycle, kOne when nothing slows it
    std::int64_t since = 0;      // cycle at which `remaining` held
    bool background = false;
    std::vector<std::pair<int, std::int64_t>> rates;  // bank, bytes a cycle in units of 1/kOne
  };

  int insert(std::int64_t now, std::int64_t cycles, const std::vector<BankDemand>& demand, bool background);
  void rebalance(std::int64_t now);

  std::int64_t width_;
  std::vector<std::int64_t> demanded_;    // by streams, per bank
  std::vector<std::int64_t> background_;  // by DMA, per bank
  std::map<int, Stream> streams_;
  std::vector<int> changed_;
  int next_ = 0;
};

}  // namespace bpusim
