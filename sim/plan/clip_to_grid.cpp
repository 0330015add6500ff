#include "sim/plan/clip_to_grid.h"

#include <utility>

namespace bpusim {

std::size_t add_clip_to_grid(NetworkEdit& edit, const std::string& from, const std::string& to,
                             const Quantisation& grid, const std::string& name) {
  const auto number = [&](const char* what, double value) {
    std::string constant = edit.take_name(name + "." + what);
    Value& holder = edit.network().values[constant];
    holder.constant = true;
    holder.hold(Tensor({}, {value}));
    return constant;
  };
  Node node;
  node.op = "Clip";
  node.name = name;
  node.inputs = {from, number("min", dequantise(grid.lowest(), grid)),
                 number("max", dequantise(grid.highest(), grid))};
  node.outputs = {to};
  Value& made = edit.network().values[to];
  made.shape = edit.value(from).shape;
  made.grid = grid;
  return edit.add(std::move(node));
}

}  // namespace bpusim
