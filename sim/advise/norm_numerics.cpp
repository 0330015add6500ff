// Advice about what a norm's numbers mean in integers: sets of one element, epsilons that vanish, gammas that
// take the codes away from each other.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <stdexcept>

#include "sim/advise/advisors.h"
#include "sim/operators/norm_problem.h"

namespace bpusim {

namespace {

constexpr double kOutlier = 8;         // largest over median magnitude: three bits
constexpr double kDead = 1e-6;         // of results that are of size 1: pruned, or never trained
constexpr std::size_t kFewGammas = 8;  // of fewer no median says much

// Facts are as exact as they are meant, so that nodes which differ by less share a line.
double rounded(const char* format, double value) {
  char text[400];  // as many digits as "%f" may need
  std::snprintf(text, sizeof text, format, value);
  return std::strtod(text, nullptr);
}

// The parts of a norm; none where it is no norm, or where the run itself will say what is wrong.
std::vector<NormPart> parts_of(const AdviceView& view, const Node& node) {
  if (find_norm(node.op) == nullptr) return {};
  try {
    return norm_problem(operation_of(node, view.input.network)).parts;
  } catch (const std::invalid_argument&) {
    return {};
  }
}

// Epsilon's share of W at one unit of W; 0 where it has no place in the variance.
double epsilon_of_one_unit(const NormPart& part, const Quantisation& in, const NumericWidths& widths) {
  const bool enters = part.epsilon > 0 && part.epsilon_place == EpsilonPlace::InVariance &&
                      part.statistic != Statistic::Given;
  const double n = static_cast<double>(part.set_size());
  return enters ? in.scale * in.scale / (n * n) / std::ldexp(1, widths.epsilon_bits) : 0;
}

// How far a channel's results reach: gamma, but for what given statistics say of a channel that hardly moves.
std::vector<double> reaches(const NormPart& part) {
  std::vector<double> reach;
  for (std::size_t c = 0; c < part.gamma.size(); ++c) {
    const bool given = part.statistic == Statistic::Given && c < part.variance.size();
    const double moves = given ? std::sqrt(part.variance[c] / (part.variance[c] + part.epsilon)) : 1;
    reach.push_back(std::abs(part.gamma[c]) * moves);
  }
  return reach;
}

// Largest over the median, of those that are not dead.
double spread(const NormPart& part) {
  std::vector<double> alive;
  for (const double reach : reaches(part))
    if (reach > kDead) alive.push_back(reach);  // not of NaN, of 0 / 0
  if (alive.size() < kFewGammas) return 1;
  const auto middle = alive.begin() + static_cast<std::ptrdiff_t>(alive.size() / 2);
  std::nth_element(alive.begin(), middle, alive.end());
  const double median = *middle;
  return *std::max_element(alive.begin(), alive.end()) / median;
}

}  // namespace

void advisors_of::one_element(const AdviceView& view, AdviceLines& lines) {
  for (const Step& step : view.input.steps)
    for (const NormPart& part : parts_of(view, view.first(step)))
      if (subtracts_mean(part.statistic) && part.set_size() == 1) {
        lines.add(OneElementAdvice{view.first(step).op}, step.name);
        break;
      }
}

// Where one unit of W is more than twice epsilon, epsilon rounds to no unit at all.
void advisors_of::epsilon_lost(const AdviceView& view, AdviceLines& lines) {
  if (view.input.grids == nullptr) return;
  for (const Step& step : view.input.steps) {
    const Node& node = view.first(step);
    if (!step.on_bpu() || node.inputs.empty()) continue;
    const auto grid = view.input.grids->find(node.inputs[0]);
    if (grid == view.input.grids->end()) continue;
    for (const NormPart& part : parts_of(view, node)) {
      const double unit = epsilon_of_one_unit(part, grid->second, view.input.widths);
      if (unit == 0 || part.epsilon > unit / 2) continue;
      lines.add(EpsilonLostAdvice{node.op, rounded("%.2g", part.epsilon), rounded("%.2g", unit / 2),
                                  part.set_size()},
                step.name);
      break;
    }
  }
}

// A line an operator: the same is to be done about all of them, and the worst says what there is to win.
void advisors_of::gamma_outliers(const AdviceView& view, AdviceLines& lines) {
  struct Found {
    double worst = 1;
    std::vector<std::string> steps;
  };
  std::map<std::string, Found> by_op;
  for (const Step& step : view.input.steps)
    for (const std::size_t n : step.nodes) {
      double worst = 1;
      for (const NormPart& part : parts_of(view, view.node(n))) worst = std::max(worst, spread(part));
      if (worst <= kOutlier) continue;
      Found& found = by_op[view.node(n).op];
      found.worst = std::max(found.worst, worst);
      found.steps.push_back(step.name);
    }
  for (const auto& [op, found] : by_op)
    for (const std::string& step : found.steps)
      lines.add(
          GammaOutliersAdvice{op, rounded("%.0f", found.worst), rounded("%.1f", std::log2(found.worst))},
          step);
}

}  // namespace bpusim
