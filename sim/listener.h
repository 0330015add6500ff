// What long work tells whoever called it. Nothing is said to anybody else: no global state, no output.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>

namespace bpusim {

/// Empty functions are not called.
struct Listener {
  /// A stage ("import", "golden", "compile", "run"), and how far all of the work has got: `done` of `all` (0
  /// where nobody knows). It never goes back.
  std::function<void(const char* stage, std::size_t done, std::size_t all)> progress;
  std::function<void(const std::string& text)> info;  ///< what a curious reader may want to know
  std::function<void(const std::string& text)>
      note;  ///< what was taken where nothing, or a nearly right word, says it
  std::function<void(const std::string& text)> warning;  ///< what everybody should know

  void report(const char* stage, std::size_t done, std::size_t all) const {
    if (progress) progress(stage, done, all);
  }

  /// For a part of the work: what it reports of itself becomes the way from one share of the whole to
  /// another.
  Listener part(double from, double to) const {
    Listener listener = *this;
    if (!progress) return listener;
    listener.progress = [whole = progress, from, to](const char* stage, std::size_t done, std::size_t all) {
      constexpr double kWhole = 1e6;
      const double share = all > 0 ? std::min(1.0, static_cast<double>(done) / static_cast<double>(all)) : 0;
      whole(stage, static_cast<std::size_t>(kWhole * (from + (to - from) * share)),
            static_cast<std::size_t>(kWhole));
    };
    return listener;
  }
};

/// For parts of which nobody knows how many there will be: each takes a tenth of what is left of the whole.
class Parts {
 public:
  explicit Parts(Listener whole) : whole_(std::move(whole)) {}
  Listener next() {
    const double from = reached_;
    reached_ += (1 - reached_) / 10;
    return whole_.part(from, reached_);
  }

 private:
  const Listener whole_;
  double reached_ = 0;
};

}  // namespace bpusim
