// How far long work has got: of the whole run, whatever passes it takes.
#include <gtest/gtest.h>

#include "sim/config/machine_file.h"
#include "sim/run/simulate.h"

namespace bpusim {
namespace {

struct Told {
  std::vector<double> shares;
  std::vector<std::string> stages;

  Listener listener() {
    Listener listener;
    listener.progress = [this](const char* stage, std::size_t done, std::size_t all) {
      shares.push_back(all > 0 ? static_cast<double>(done) / static_cast<double>(all) : 0);
      if (stages.empty() || stages.back() != stage) stages.emplace_back(stage);
    };
    return listener;
  }

  void expect_forward() const {
    for (std::size_t i = 1; i < shares.size(); ++i) EXPECT_GE(shares[i], shares[i - 1]) << i;
    for (const double share : shares) EXPECT_LE(share, 1);
  }
};

TEST(Progress, APartIsAWayFromOneShareToAnother) {
  Told told;
  const Listener part = told.listener().part(0.5, 1).part(0, 0.5);
  part.report("a", 0, 4);
  part.report("a", 1, 4);
  part.report("b", 8, 4);  // no part goes beyond its end
  part.report("c", 0, 0);
  ASSERT_EQ(told.shares.size(), 4U);
  EXPECT_NEAR(told.shares[0], 0.5, 1e-5);
  EXPECT_NEAR(told.shares[1], 0.5625, 1e-5);
  EXPECT_NEAR(told.shares[2], 0.75, 1e-5);
  EXPECT_NEAR(told.shares[3], 0.5, 1e-5);
  Listener().part(0, 1).report("a", 0, 1);  // nobody listens
}

TEST(Progress, PartsOfUnknownNumberNeverReachTheEnd) {
  Told told;
  Parts parts(told.listener());
  for (int i = 0; i < 100; ++i) {
    const Listener part = parts.next();
    part.report("a", 0, 2);
    part.report("a", 1, 2);
  }
  told.expect_forward();
  EXPECT_NEAR(told.shares[1], 0.05, 1e-5);
  EXPECT_LE(told.shares.back(), 1);
}

RunSpec several() {
  return parse_run(
      "operators:\n"
      "  - {name: net, op: Conv, shape: [1, 8, 12, 12], out_channels: 16, then: [BatchNormalization, Relu, "
      "InstanceNormalization, Relu]}\n",
      "test.yaml", "");
}

TEST(Progress, OfARunWithChangesThatAreTriedNeverGoesBack) {
  Told told;
  RunOptions options;
  options.what_if = true;
  options.listener = told.listener();
  simulate({several(), read_machine("rdk-x5"), Policy::read("bayes-e")}, options);
  told.expect_forward();
  EXPECT_EQ((std::vector<std::string>{told.stages.begin(), told.stages.begin() + 3}),
            (std::vector<std::string>{"golden", "compile", "run"}));
  EXPECT_GT(told.stages.size(), 3U);  // the change that was tried
  EXPECT_GT(told.shares.back(), 0.7);
}

TEST(Progress, OfSearchesNeverGoesBack) {
  Told told;
  RunSpec spec = several();
  spec.defaults.calibration = "auto";
  spec.int16_until = 0.9999999;
  RunOptions options;
  options.listener = told.listener();
  simulate({spec, read_machine("rdk-x5"), Policy::read("full")}, options);
  told.expect_forward();
  EXPECT_GT(told.shares.size(), 20U);
}

}  // namespace
}  // namespace bpusim
