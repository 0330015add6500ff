#include "sim/plan/common_grids.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/operators/operator.h"
#include "sim/plan/clip_to_grid.h"
#include "sim/plan/network_edit.h"

namespace bpusim {

namespace {

using Grid = std::optional<Quantisation>;

std::string shown(const Quantisation& grid) {
  char text[64];
  std::snprintf(text, sizeof text, "scale %.6g, zero point %lld", grid.scale,
                static_cast<long long>(grid.zero_point));
  return text;
}

bool agree(const Grid& a, const Grid& b) {
  return a.has_value() == b.has_value() && (!a || same_grid(*a, *b));
}

class Common {
 public:
  explicit Common(Network network) : edit_(std::move(network)) {}

  Network run() {
    const std::size_t nodes = edit_.size();
    for (std::size_t n = nodes; n-- > 0;)
      if (keeps_grid(n)) hand_back(n);
    for (std::size_t n = 0; n < nodes; ++n) {
      if (!keeps_grid(n)) continue;
      if (edit_.node(n).op == "Split") {
        settle_pieces(n);
      } else if (grid(edit_.node(n).outputs[0])) {
        settle_inputs(n);
      } else {
        hand_on(n);
      }
    }
    return edit_.take();
  }

 private:
  const Grid& grid(const std::string& value) const { return edit_.value(value).grid; }

  bool keeps_grid(std::size_t n) const {
    const Node& node = edit_.node(n);
    const OperatorDefinition* row = find_operator(node.op);
    if (row == nullptr || (!row->keeps_grid && node.op != "Concat") || node.inputs.empty()) return false;
    const auto is_real = [&](const std::string& value) {
      return value.empty() || edit_.value(value).dtype == DType::Float32;
    };
    return is_real(node.inputs[0]) && std::all_of(node.outputs.begin(), node.outputs.end(), is_real);
  }

  std::size_t inputs_of(const Node& node) const { return node.op == "Concat" ? node.inputs.size() : 1; }

  // The one grid of all results; nothing where they differ.
  Grid grid_of_results(const Node& node) const {
    const Grid& first = grid(node.outputs[0]);
    const bool all = std::all_of(node.outputs.begin(), node.outputs.end(), [&](const std::string& output) {
      return output.empty() || agree(grid(output), first);
    });
    return all ? first : std::nullopt;
  }

  void hand_back(std::size_t n) {
    const Grid common = grid_of_results(edit_.node(n));
    for (std::size_t i = 0; common && i < inputs_of(edit_.node(n)); ++i) {
      const std::string& input = edit_.node(n).inputs[i];
      if (grid(input) || edit_.readers(input).size() != 1 || edit_.leaves(input)) continue;
      edit_.value(input).grid = common;
    }
  }

  void hand_on(std::size_t n) {
    const Node& node = edit_.node(n);
    const Grid first = grid(node.inputs[0]);
    bool any = false, all = first.has_value();
    for (std::size_t i = 0; i < inputs_of(node); ++i) {
      any = any || grid(node.inputs[i]);
      all = all && agree(grid(node.inputs[i]), first);
    }
    if (all) edit_.value(node.outputs[0]).grid = first;
    if (all || !any) return;
    for (std::size_t i = 0; i < inputs_of(edit_.node(n)); ++i) {
      const Grid given = grid(edit_.node(n).inputs[i]);
      if (!given || edit_.value(edit_.node(n).inputs[i]).constant) continue;
      note(edit_.node(n).name + ": '" + edit_.node(n).inputs[i] + "' is on a given grid (" + shown(*given) +
           "), its neighbours are not on it, and the result has none: calibration chooses one for all");
      const std::string real = requantised(n, edit_.node(n).inputs[i], *given);
      edit_.value(real).grid.reset();
      edit_.read(n, i, real);
    }
  }

  std::string requantised(std::size_t n, const std::string& from, const Quantisation& onto) {
    const std::string name = edit_.take_name(edit_.node(n).name + "/requantise");
    std::string to = edit_.take_name(name + ".y");
    add_clip_to_grid(edit_, from, to, onto, name);
    return to;
  }

  void settle_inputs(std::size_t n) {
    const Quantisation wanted = *grid(edit_.node(n).outputs[0]);
    for (std::size_t i = 0; i < inputs_of(edit_.node(n)); ++i) {
      const std::string input = edit_.node(n).inputs[i];
      const Grid there = grid(input);
      if (there && same_grid(*there, wanted)) continue;
      if (edit_.value(input).constant) {
        edit_.read(n, i, constant_on(input, wanted));
        continue;
      }
      if (edit_.node(n).op == "Resize" || edit_.node(n).op == "Upsample")
        note_resize(edit_.node(n), there, wanted);
      edit_.read(n, i, requantised(n, input, wanted));
    }
  }

  void note_resize(const Node& node, const Grid& there, const Quantisation& wanted) {
    if (node.attributes.get("mode", std::string("nearest")) == "nearest") return;
    note(node.name + ": it reads " +
         (there ? "a grid of " + shown(*there) : "a tensor without a given grid") + " and makes one of " +
         shown(wanted) +
         ": what it reads is requantised before it interpolates, so that its result is rounded twice");
  }

  // The constant once more, on this grid: others may read it on another.
  std::string constant_on(const std::string& constant, const Quantisation& wanted) {
    std::string copy = edit_.take_name(constant + ".on_grid");
    edit_.network().values[copy] = edit_.value(constant);
    edit_.value(copy).grid = wanted;
    return copy;
  }

  void settle_pieces(std::size_t n) {
    const Grid whole = grid(edit_.node(n).inputs[0]);
    for (std::size_t i = 0; i < edit_.node(n).outputs.size(); ++i) {
      const std::string piece = edit_.node(n).outputs[i];
      if (piece.empty() || agree(grid(piece), whole)) continue;
      if (!grid(piece)) {
        edit_.value(piece).grid = whole;
        continue;
      }
      const Quantisation wanted = *grid(piece);
      const std::string name = edit_.take_name(edit_.node(n).name + "/requantise");
      const std::string as_cut = edit_.take_name(name + ".x");
      edit_.network().values[as_cut] = edit_.value(piece);
      edit_.value(as_cut).grid = whole;
      edit_.make_as(n, i, as_cut);
      add_clip_to_grid(edit_, as_cut, piece, wanted, name);
    }
  }

  void note(std::string text) { edit_.network().notes.push_back(std::move(text)); }

  NetworkEdit edit_;
};

}  // namespace

Network with_common_grids(Network network) {
  const bool any = std::any_of(network.values.begin(), network.values.end(),
                               [](const auto& value) { return value.second.grid.has_value(); });
  return any ? Common(std::move(network)).run() : network;
}

}  // namespace bpusim
