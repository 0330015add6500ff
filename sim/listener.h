// What long work tells whoever called it. Nothing is said to anybody else: no global state, no output.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace bpusim {

/// Empty functions are not called.
struct Listener {
  /// A stage ("import", "golden", "compile", "run"), how many of its nodes are done, and how many there are
  /// (0 where nobody knows).
  std::function<void(const char* stage, std::size_t done, std::size_t all)> progress;
  std::function<void(const std::string& text)> info;  ///< what a curious reader may want to know
  std::function<void(const std::string& text)>
      note;  ///< what was taken where nothing, or a nearly right word, says it
  std::function<void(const std::string& text)> warning;  ///< what everybody should know

  void report(const char* stage, std::size_t done, std::size_t all) const {
    if (progress) progress(stage, done, all);
  }
};

}  // namespace bpusim
