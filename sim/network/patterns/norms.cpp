// A norm that was found, as the operator that does the same.
#include <algorithm>
#include <cmath>

#include "sim/network/patterns/alignment.h"
#include "sim/network/patterns/rules.h"

namespace bpusim::rules {

namespace {

constexpr double kLargestDeviationEpsilon = 1e-8;  // MeanVarianceNormalization adds 1e-9

// How the sets lie in an axis of x.
enum class Cover { One, Kept, Reduced, Split };

// A norm, on the tensor that it reads and in that tensor's shape.
struct PlacedNorm {
  NormCore core;
  std::string x;
  Shape shape;
  std::vector<Cover> cover;   // an axis
  bool reshaped = false;      // the statistics are of another shape of x
  std::int64_t groups = 1;    // along a split axis: what is kept outside of what is reduced
  bool split_fits = true;     // a split axis is kept outside and reduced inside
  std::vector<bool> varying;  // axes at which a factor or summand has entries
};

bool all_of(const PlacedNorm& norm, std::size_t first, std::size_t last, Cover cover) {
  return std::all_of(norm.cover.begin() + static_cast<std::ptrdiff_t>(first),
                     norm.cover.begin() + static_cast<std::ptrdiff_t>(last),
                     [&](Cover c) { return c == cover || c == Cover::One; });
}

void cover_axes(PlacedNorm& norm, const std::vector<Piece>& pieces) {
  norm.cover.assign(norm.shape.size(), Cover::One);
  std::vector<bool> inner_reduced(norm.shape.size(), false);
  for (const Piece& piece : pieces) {
    const auto& axes = norm.core.axes;
    const bool reduced =
        std::find(axes.begin(), axes.end(), static_cast<std::int64_t>(piece.b)) != axes.end();
    Cover& cover = norm.cover[piece.a];
    if (!reduced && inner_reduced[piece.a]) norm.split_fits = false;
    if (reduced) inner_reduced[piece.a] = true;
    if (!reduced) norm.groups *= piece.a == 1 ? piece.extent : 1;
    const Cover here = reduced ? Cover::Reduced : Cover::Kept;
    cover = cover == Cover::One || cover == here ? here : Cover::Split;
  }
}

// The tensor furthest back that has the result's shape: Reshapes on the way there and back cancel out.
std::optional<PlacedNorm> placed(const NetworkGraph& g, NormCore core, const std::string& result) {
  const auto shape = g.shape(result), inner = g.shape(core.x);
  if (!shape || !inner) return std::nullopt;
  PlacedNorm norm;
  Trail walked, kept;
  bool found = false;
  for (std::string at = core.x;;) {
    if (g.shape(at) == shape) {
      norm.x = at;
      kept = walked;
      found = true;
    }
    const auto before = g.before_reshape(at, walked);
    if (!before) break;
    at = *before;
  }
  const auto pieces = found ? align(*shape, *inner) : std::nullopt;
  if (!pieces) return std::nullopt;
  core.trail.insert(core.trail.end(), kept.begin(), kept.end());
  norm.core = std::move(core);
  norm.shape = *shape;
  norm.reshaped = *shape != *inner;
  cover_axes(norm, *pieces);
  norm.varying.assign(norm.shape.size(), false);
  for (const AffineStep& step : norm.core.steps) {
    const auto varying = varying_axes(step, norm.shape);
    if (!varying) return std::nullopt;
    for (std::size_t d = 0; d < varying->size(); ++d) norm.varying[d] = norm.varying[d] || (*varying)[d];
  }
  return norm;
}

// Factor and summand of all steps together, over the axes asked for.
struct Affine {
  Tensor gamma, beta;
  bool shifts = false;
};

std::optional<Affine> affine_over(const PlacedNorm& norm, const std::vector<bool>& axes) {
  Shape shape;
  for (std::size_t d = 0; d < norm.shape.size(); ++d)
    if (axes[d]) shape.push_back(norm.shape[d]);
  Affine affine{Tensor::filled(shape, 1), Tensor::filled(shape, 0), false};
  for (const AffineStep& step : norm.core.steps) {
    const auto values = over_axes(step, norm.shape, axes);
    if (!values) return std::nullopt;
    for (std::size_t i = 0; i < values->values.size(); ++i) {
      const double v = values->values[i];
      if (step.scale) affine.gamma.values[i] *= v;
      affine.beta.values[i] = step.scale ? affine.beta.values[i] * v : affine.beta.values[i] + v;
    }
    const bool nothing =
        std::all_of(values->values.begin(), values->values.end(), [](double v) { return v == 0; });
    affine.shifts = affine.shifts || (!step.scale && !nothing);
  }
  return affine;
}

// The axes of the sets, as LayerNormalization's axis where they are the last ones, else as our own `axes`.
std::vector<bool> reduced_mask(const PlacedNorm& norm) {
  std::vector<bool> mask(norm.shape.size(), false);
  std::size_t first = norm.shape.size(), last = 0;
  for (std::size_t d = 0; d < norm.shape.size(); ++d)
    if (norm.cover[d] == Cover::Reduced) {
      first = std::min(first, d);
      last = d;
      mask[d] = true;
    }
  // Axes of one element may be counted in where that makes them the last ones.
  if (first < norm.shape.size() && all_of(norm, first, norm.shape.size(), Cover::Reduced))
    for (std::size_t d = first; d < norm.shape.size(); ++d) mask[d] = true;
  if (last > first && all_of(norm, first, last + 1, Cover::Reduced))
    for (std::size_t d = first; d <= last; ++d) mask[d] = true;
  return mask;
}

void set_axes(Match& match, const std::vector<bool>& mask) {
  const auto rank = static_cast<std::int64_t>(mask.size());
  std::vector<std::int64_t> axes;
  for (std::int64_t d = 0; d < rank; ++d)
    if (mask[static_cast<std::size_t>(d)]) axes.push_back(d);
  const bool last = axes.back() == rank - 1 && axes.front() == rank - static_cast<std::int64_t>(axes.size());
  if (last) {
    match.replacement.attributes.ints["axis"] = axes.front() - rank;
  } else {
    match.replacement.attributes.int_lists["axes"] = axes;
  }
}

// Channels kept, everything behind them reduced.
bool spatial(const PlacedNorm& norm) {
  const std::size_t rank = norm.shape.size();
  return rank >= 3 && all_of(norm, 0, 2, Cover::Kept) && all_of(norm, 2, rank, Cover::Reduced);
}

bool varies_behind_channels(const PlacedNorm& norm) {
  return std::find(norm.varying.begin() + 2, norm.varying.end(), true) != norm.varying.end();
}

bool by_channel(const PlacedNorm& norm) {
  return norm.varying[1] && !varies_behind_channels(norm);
}

bool standard(const PlacedNorm& norm) {
  return norm.core.centred && norm.core.epsilon_place == EpsilonPlace::InVariance;
}

// Statistics over H and W of a channel. Without an affine part it is a LayerNormalization as well; on images
// it is meant as this one.
bool is_instance(const PlacedNorm& norm) {
  if (!standard(norm) || !spatial(norm)) return false;
  const std::size_t rank = norm.shape.size();
  const bool plain = std::find(norm.varying.begin(), norm.varying.end(), true) == norm.varying.end();
  const bool image = rank >= 4 && (norm.reshaped || norm.core.axes.size() >= rank - 2);
  return by_channel(norm) || (plain && image);
}

// Statistics over a group's channels and what is behind them. One group over everything, with gamma by
// element, is a LayerNormalization.
bool is_group(const PlacedNorm& norm) {
  const std::size_t rank = norm.shape.size();
  if (!standard(norm) || rank < 3 || !norm.split_fits || !all_of(norm, 0, 1, Cover::Kept) ||
      !all_of(norm, 2, rank, Cover::Reduced))
    return false;
  if (norm.cover[1] == Cover::Split) return true;
  return norm.cover[1] == Cover::Reduced && by_channel(norm);
}

std::optional<Match> with_affine(const NetworkGraph& g, const PlacedNorm& norm, std::size_t last,
                                 const char* op, const std::vector<bool>& axes, bool shift) {
  const auto affine = affine_over(norm, axes);
  if (!affine || (affine->shifts && !shift)) return std::nullopt;
  Match match = match_of(g, norm.core.trail, last, op, {norm.x});
  match.replacement.attributes.floats["epsilon"] = norm.core.epsilon;
  add_constant(match, "scale", affine->gamma);
  if (shift) add_constant(match, "bias", affine->beta);
  return match;
}

std::optional<Match> channel_norm(const NetworkGraph& g, const PlacedNorm& norm, std::size_t last) {
  std::vector<bool> channel(norm.shape.size(), false);
  channel[1] = true;
  auto match = with_affine(g, norm, last, is_group(norm) ? "GroupNormalization" : "InstanceNormalization",
                           channel, true);
  if (match && is_group(norm)) match->replacement.attributes.ints["num_groups"] = norm.groups;
  return match;
}

// What only copies `value`, up to an output of the network; that output.
std::optional<std::string> copied_to_output(const NetworkGraph& g, const std::string& value, Trail& trail) {
  if (g.leaves(value)) return value;
  for (const std::size_t reader : g.readers(value)) {
    if (!g.copies(g.node(reader))) continue;
    Trail walked = trail;
    walked.push_back(reader);
    if (auto found = copied_to_output(g, g.node(reader).outputs[0], walked)) {
      trail = walked;
      return found;
    }
  }
  return std::nullopt;
}

// LayerNormalization's further results, Mean and InvStdDev, where the network puts them out.
void take_statistics(const NetworkGraph& g, const NormCore& core, Match& match) {
  const auto mean = core.mean.empty() ? std::nullopt : copied_to_output(g, core.mean, match.nodes);
  std::optional<std::string> inverse;
  for (const std::size_t reader : core.deviation.empty() ? Trail{} : g.readers(core.deviation)) {
    if (inverse || g.node(reader).op != "Reciprocal") continue;
    Trail walked = match.nodes;
    walked.push_back(reader);
    inverse = copied_to_output(g, g.node(reader).outputs[0], walked);
    if (inverse) match.nodes = walked;
  }
  if (mean || inverse) match.extra.push_back(mean.value_or(""));
  if (inverse) match.extra.push_back(*inverse);
}

std::optional<Match> layer_norm(const NetworkGraph& g, const PlacedNorm& norm, std::size_t last) {
  if (!standard(norm)) return std::nullopt;
  const std::vector<bool> mask = reduced_mask(norm);
  const bool any = std::find(mask.begin(), mask.end(), true) != mask.end();
  if (!any || (mask[0] && !all_of(norm, 0, norm.shape.size(), Cover::Reduced))) return std::nullopt;
  if (std::find(norm.cover.begin(), norm.cover.end(), Cover::Split) != norm.cover.end()) return std::nullopt;
  auto match = with_affine(g, norm, last, "LayerNormalization", mask, true);
  if (!match) return std::nullopt;
  set_axes(*match, mask);
  take_statistics(g, norm.core, *match);
  return match;
}

std::optional<Match> rms_norm(const NetworkGraph& g, const PlacedNorm& norm, std::size_t last) {
  const std::vector<bool> mask = reduced_mask(norm);
  if (norm.core.centred || norm.core.epsilon_place != EpsilonPlace::InVariance ||
      std::find(mask.begin(), mask.end(), true) == mask.end() ||
      std::find(norm.cover.begin(), norm.cover.end(), Cover::Split) != norm.cover.end())
    return std::nullopt;
  auto match = with_affine(g, norm, last, "RMSNormalization", mask, false);
  if (match) set_axes(*match, mask);
  return match;
}

std::optional<Match> mean_variance_norm(const NetworkGraph& g, const PlacedNorm& norm, std::size_t last) {
  const NormCore& core = norm.core;
  if (!core.centred || core.epsilon_place != EpsilonPlace::OnDeviation || !core.steps.empty() ||
      core.epsilon > kLargestDeviationEpsilon || norm.shape != g.shape(core.x))
    return std::nullopt;
  Match match = match_of(g, core.trail, last, "MeanVarianceNormalization", {norm.x});
  match.replacement.attributes.int_lists["axes"] = core.axes;
  return match;
}

// Shapes are not known: only what needs none, a norm over the last axes with gamma and beta of no more.
std::optional<Match> without_shapes(const NetworkGraph& g, const NormCore& core, std::size_t last,
                                    bool centred) {
  const auto count = static_cast<std::int64_t>(core.axes.size());
  for (std::int64_t i = 0; i < count; ++i)
    if (core.axes[static_cast<std::size_t>(i)] != i - count) return std::nullopt;
  const bool scales = !core.steps.empty() && core.steps[0].scale;
  if (count == 0 || core.centred != centred || core.epsilon_place != EpsilonPlace::InVariance || !scales ||
      core.steps.size() > (centred ? 2U : 1U))
    return std::nullopt;
  Match match = match_of(g, core.trail, last, centred ? "LayerNormalization" : "RMSNormalization", {core.x});
  match.replacement.attributes.floats["epsilon"] = core.epsilon;
  match.replacement.attributes.ints["axis"] = -count;
  for (const AffineStep& step : core.steps) {
    if (static_cast<std::int64_t>(step.values.shape.size()) > count) return std::nullopt;
    add_constant(match, step.scale ? "scale" : "bias", step.values);
  }
  return match;
}

using Kind = std::optional<Match> (*)(const NetworkGraph&, const PlacedNorm&, std::size_t);

std::optional<Match> norm_as(const NetworkGraph& g, std::size_t last, Kind kind) {
  auto core = norm_ending_at(g, g.node(last).outputs.at(0));
  const auto norm = core ? placed(g, std::move(*core), g.node(last).outputs[0]) : std::nullopt;
  return norm ? kind(g, *norm, last) : std::nullopt;
}

std::optional<Match> norm_without_shapes(const NetworkGraph& g, std::size_t last, bool centred) {
  const std::string& result = g.node(last).outputs.at(0);
  const auto core = norm_ending_at(g, result);
  if (!core || g.shape(core->x)) return std::nullopt;
  for (const std::size_t n : core->trail)
    if (g.copies(g.node(n)) && g.node(n).op != "Identity" && g.node(n).op != "Cast") return std::nullopt;
  return without_shapes(g, *core, last, centred);
}

}  // namespace

std::optional<Match> layer_normalization(const NetworkGraph& g, std::size_t last) {
  if (auto match = norm_as(g, last, layer_norm)) return match;
  return norm_without_shapes(g, last, true);
}

std::optional<Match> rms_normalization(const NetworkGraph& g, std::size_t last) {
  if (auto match = norm_as(g, last, rms_norm)) return match;
  return norm_without_shapes(g, last, false);
}

std::optional<Match> instance_normalization(const NetworkGraph& g, std::size_t last) {
  return norm_as(g, last, [](const NetworkGraph& graph, const PlacedNorm& norm, std::size_t n) {
    return is_instance(norm) ? channel_norm(graph, norm, n) : std::nullopt;
  });
}

std::optional<Match> group_normalization(const NetworkGraph& g, std::size_t last) {
  return norm_as(g, last, [](const NetworkGraph& graph, const PlacedNorm& norm, std::size_t n) {
    return is_group(norm) ? channel_norm(graph, norm, n) : std::nullopt;
  });
}

std::optional<Match> mean_variance_normalization(const NetworkGraph& g, std::size_t last) {
  return norm_as(g, last, mean_variance_norm);
}

}  // namespace bpusim::rules
