// The advisors that look at a network before anything is timed: one row of a table each.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/advise/advice.h"

namespace bpusim {

/// A placed network, with who makes and who reads each value.
class AdviceView {
 public:
  static constexpr std::size_t kNone = SIZE_MAX;

  explicit AdviceView(const AdviceInput& input);

  const AdviceInput& input;

  const Node& node(std::size_t n) const { return input.network.nodes[n]; }
  /// The first node of a step.
  const Node& first(const Step& step) const { return node(step.nodes.front()); }
  std::size_t maker(const std::string& value) const;  ///< kNone for inputs and constants
  const std::vector<std::size_t>& readers(const std::string& value) const;
  bool leaves(const std::string& value) const;  ///< an output of the network
  /// The node that alone reads the value, kNone where there are more or where the value leaves the network.
  std::size_t sole_reader(const std::string& value) const;
  const Step& step_of(std::size_t node) const { return input.steps[steps_.at(node)]; }

 private:
  std::map<std::string, std::size_t> makers_;
  std::map<std::string, std::vector<std::size_t>> readers_;
  std::vector<std::size_t> steps_;  // by node
};

/// An advisor's lines by what they say, with the steps that they say it of.
class AdviceLines {
 public:
  explicit AdviceLines(std::string id) : id_(std::move(id)) {}

  /// `frees`: followed, the advice takes the step out of the run.
  void add(const std::string& text, const std::string& step, bool frees = false);
  std::vector<Advice> take() const;

 private:
  std::string id_;
  std::vector<Advice> lines_;
};

struct Advisor {
  const char* id;
  const char* looks_for;
  void (*look)(const AdviceView& view, AdviceLines& lines);
};
const std::vector<Advisor>& advisors();

/// "a, b, c, …": the first three names.
std::string some_of(const std::vector<std::string>& names);

namespace advisors_of {
void batch_norm_training(const AdviceView& view, AdviceLines& lines);
void batch_norm_unfolded(const AdviceView& view, AdviceLines& lines);
void written_out(const AdviceView& view, AdviceLines& lines);
void norm_in_parts(const AdviceView& view, AdviceLines& lines);
void cpu_beside_norm(const AdviceView& view, AdviceLines& lines);
void one_element(const AdviceView& view, AdviceLines& lines);
void epsilon_lost(const AdviceView& view, AdviceLines& lines);
void gamma_outliers(const AdviceView& view, AdviceLines& lines);
}  // namespace advisors_of

}  // namespace bpusim
