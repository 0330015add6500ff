// The advisors that look at a network before anything is timed, and what they share.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
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

/// Advice by its facts, with the steps that it is about.
class AdviceLines {
 public:
  /// `frees`: followed, the advice takes the step out of the run.
  template <class Facts>
  void add(const Facts& facts, const std::string& step, bool frees = false) {
    const auto same = [&](const Advice& line) {
      const auto* of = std::get_if<Facts>(&line.facts);
      return of != nullptr && *of == facts && line.frees_nodes == frees;
    };
    auto line = std::find_if(lines_.begin(), lines_.end(), same);
    if (line == lines_.end()) {
      line = lines_.insert(lines_.end(), Advice{});
      line->facts = facts;
      line->frees_nodes = frees;
    }
    line->nodes.push_back(step);
  }
  const std::vector<Advice>& all() const { return lines_; }

 private:
  std::vector<Advice> lines_;
};

/// Whether an operator hands elements on as they are, wherever to.
bool only_moves_elements(const std::string& op);

namespace advisors_of {
void batch_norm_training(const AdviceView& view, AdviceLines& lines);
void batch_norm_unfolded(const AdviceView& view, AdviceLines& lines);
void norm_written_out(const AdviceView& view, AdviceLines& lines);
void norm_in_parts(const AdviceView& view, AdviceLines& lines);
void unread_opset(const AdviceView& view, AdviceLines& lines);
void norm_whole_on_cpu(const AdviceView& view, AdviceLines& lines);
void cpu_beside_norm(const AdviceView& view, AdviceLines& lines);
void one_element(const AdviceView& view, AdviceLines& lines);
void epsilon_lost(const AdviceView& view, AdviceLines& lines);
void gamma_outliers(const AdviceView& view, AdviceLines& lines);
void masks(const AdviceView& view, AdviceLines& lines);
}  // namespace advisors_of

}  // namespace bpusim
