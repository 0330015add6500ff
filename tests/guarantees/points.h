// How many points a guarantee is tried at, which ones, and what tells a point that never ends.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace bpusim::guarantees {

/// $BPUSIM_POINTS, or `few` where it is not set.
int points(int few);

/// $BPUSIM_SEED, or 1: another seed has other points.
unsigned seed();

/// Ends the program with the point's name where it takes longer than it may, or dies of a signal: a test that
/// hangs says on what.
class Watched {
 public:
  explicit Watched(const std::string& point, unsigned seconds = 60);
  ~Watched();
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;
};

/// What became of the points, printed at the end of a test.
class Counts {
 public:
  explicit Counts(std::string what) : what_(std::move(what)) {}
  ~Counts();
  Counts(const Counts&) = delete;
  Counts& operator=(const Counts&) = delete;
  int& operator[](const std::string& outcome) { return counts_[outcome]; }

 private:
  std::string what_;
  std::map<std::string, int> counts_;
};

}  // namespace bpusim::guarantees
