// Networks that are drawn, and figures that hold of any network on any machine.
#pragma once

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/run/simulate.h"
#include "tests/network/draft.h"

namespace bpusim {

/// A network of a few operators, the same for the same seed.
class Drawn {
 public:
  explicit Drawn(unsigned seed, std::int64_t least_nodes = 4)
      : random_(seed), draft_({1, 4 * draw(3), 4 * draw(4), 4 * draw(4)}) {
    values_ = {"x"};
    for (std::int64_t n = least_nodes + draw(6); n > 0; --n) values_.push_back(next());
  }

  Network network() {
    // Everything that nobody reads leaves the network.
    std::set<std::string> read;
    for (const Node& node : draft_.network.nodes) read.insert(node.inputs.begin(), node.inputs.end());
    for (const std::string& value : values_)
      if (read.count(value) == 0) draft_.network.outputs.push_back(value);
    return draft_.network;
  }

 private:
  std::int64_t draw(std::int64_t most) { return 1 + static_cast<std::int64_t>(random_() % most); }
  std::string any() {
    return values_[static_cast<std::size_t>(draw(static_cast<std::int64_t>(values_.size())) - 1)];
  }

  static Attributes with(const char* name, std::vector<std::int64_t> list) {
    Attributes a;
    a.int_lists[name] = std::move(list);
    return a;
  }
  static Attributes axis(std::int64_t at) {
    Attributes a;
    a.ints["axis"] = at;
    return a;
  }

  std::string next() {
    const std::string x = any();
    const Shape s = draft_.shape(x);
    const std::int64_t c = s[1];
    switch (draw(12)) {
      case 1:
        return draft_.add("Conv", {x, draft_.constant(random_normal({4 * draw(4), c, 3, 3}, 0, 1, 3))},
                          with("pads", {1, 1, 1, 1}));
      case 2:
        return draft_.add("Relu", {x});
      case 3:
        return draft_.add("Concat", {x, x}, axis(draw(3)));
      case 4:
        return draft_.add("Transpose", {x}, with("perm", {0, 1, 3, 2}));
      case 5:
        return draft_.add("InstanceNormalization", {x, draft_.numbers({c}), draft_.numbers({c})});
      case 6:
        return draft_.add("LayerNormalization", {x, draft_.numbers({s[3]})}, axis(-1));
      case 7:
        return draft_.add("Softmax", {x}, axis(-1));
      case 8:
        return draft_.add("Slice", {x, draft_.list({0}),
                                    draft_.list({static_cast<double>(std::max<std::int64_t>(s[2] / 2, 1))}),
                                    draft_.list({2})});
      case 9:
        return draft_.add("Add", {x, x});
      case 10:
        return draft_.add("Resize", {x, "", draft_.list({1, 1, 2, 2})});
      case 11: {
        if (c < 2) return draft_.add("Sigmoid", {x});
        const auto halves = draft_.add_many(
            "Split", {x, draft_.list({static_cast<double>(c / 2), static_cast<double>(c - c / 2)})}, axis(1),
            2);
        return draft_.add("Concat", {halves[1], draft_.add("Sigmoid", {halves[0]}), x}, axis(1));
      }
      default:
        return draft_.add("ReduceMean", {x}, with("axes", {draw(3)}));
    }
  }

  std::mt19937 random_;
  Draft draft_;
  std::vector<std::string> values_;
};

/// No node beats its roofline, no average the busiest stretch, nothing the pins, no engine works longer than
/// the run takes, and no advice wins less than nothing.
inline void expect_figures(const RunResult& r, const std::string& what) {
  constexpr double kRounding = 1 + 1e-9;
  for (const NodeResult& node : r.nodes) {
    EXPECT_LE(node.roofline_fraction, kRounding)
        << what << " " << node.name << " " << node.op << " " << node.mapping;
    EXPECT_LE(node.bandwidth_gbps, r.pin_bandwidth_gbps * kRounding) << what << " " << node.name;
    EXPECT_LE(node.mac_utilisation, kRounding) << what << " " << node.name;
    const bool dram = node.dram_read_bytes + node.dram_write_bytes > 0;
    if (node.bound == Bound::Dram || node.bound == Bound::DmaLoad || node.bound == Bound::DmaStore) {
      EXPECT_TRUE(dram) << what << " " << node.name << " moves nothing, and is bound by "
                        << to_string(node.bound);
    }
    EXPECT_EQ(node.on == Side::Cpu, node.bound == Bound::Host) << what << " " << node.name;
  }
  // Bytes, not bytes a second: what is nothing but another shape takes no time.
  EXPECT_LE(static_cast<double>(r.dram_read_bytes + r.dram_write_bytes),
            r.peak_bandwidth_gbps * r.time_ms(r.cycles) * 1e6 * kRounding)
      << what;
  EXPECT_LE(r.peak_bandwidth_gbps, r.pin_bandwidth_gbps * kRounding) << what;
  for (const EngineUse& engine : r.engines)
    EXPECT_LE(engine.cycles[static_cast<std::size_t>(Cause::Work)], r.cycles) << what << " " << engine.name;
  for (const Advice& advice : r.advice) EXPECT_GE(advice.won_ms, 0) << what << " " << advice.id();
}

}  // namespace bpusim
