#include "sim/plan/given_grids.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/network/element_type.h"
#include "sim/operators/operator.h"
#include "sim/plan/clip_to_grid.h"
#include "sim/plan/network_edit.h"

namespace bpusim {

std::optional<Quantisation> grid_of_codes(double scale, double zero, DType codes) {
  const auto z = static_cast<std::int64_t>(zero);
  switch (codes) {
    case DType::Int8:
      return Quantisation{scale, z, DType::Int8, true};
    case DType::UInt8:
      return Quantisation{scale, z - 128, DType::Int8, true};
    case DType::Int16:
      return Quantisation{scale, z, DType::Int16, true};
    case DType::UInt16:
      return Quantisation{scale, z - 32768, DType::Int16, true};
    default:
      return std::nullopt;
  }
}

namespace {

// Scale and zero point of a tensor's codes: the names of constants, and the grid.
struct CodeGrid {
  std::string scale, zero;
  Quantisation grid;
};

// Those of QuantizeLinear or DequantizeLinear; nothing where there are several, or where they are computed.
std::optional<CodeGrid> grid_of(const Node& node, const Network& network) {
  const Operation operation = operation_of(node, network);
  const DType codes =
      node.op == "QuantizeLinear" ? network.values.at(node.outputs[0]).dtype : operation.dtype(0);
  if (!operation.known(1) || !operation.known(2) || element_count(operation.shape(1)) != 1 ||
      node.attributes.get("block_size", std::int64_t{0}) != 0)
    return std::nullopt;
  const auto& zero = operation.value(2).values;
  const auto grid = grid_of_codes(operation.value(1).values[0], zero.empty() ? 0 : zero[0], codes);
  if (!grid || !(grid->scale > 0) || std::isinf(grid->scale)) return std::nullopt;
  return CodeGrid{node.inputs[1], operation.given(2) ? node.inputs[2] : "", *grid};
}

// Whether a node's codes are all among those of its inputs, whatever they stand for.
bool moves_codes(const Node& node, const Network& network) {
  const OperatorDefinition* row = find_operator(node.op);
  if (row == nullptr || (!row->keeps_grid && node.op != "Concat") || node.op == "Cast") return false;
  const std::string nearest = node.attributes.get("mode", std::string("nearest"));
  if ((node.op == "Resize" || node.op == "Upsample") && nearest != "nearest") return false;
  if (node.op == "Pad" && node.attributes.get("mode", std::string("constant")) == "constant") return false;
  return std::all_of(node.outputs.begin(), node.outputs.end(), [&](const std::string& output) {
    return output.empty() || network.values.at(output).dtype == network.values.at(node.inputs.at(0)).dtype;
  });
}

class Reader {
 public:
  explicit Reader(Network network) : edit_(std::move(network)) {}

  Network run() {
    lift_moves();
    for (std::size_t n = 0; n < edit_.size(); ++n)
      if (edit_.alive(n) && edit_.node(n).op == "QuantizeLinear") read_quantise(n);
    for (std::size_t n = 0; n < edit_.size(); ++n)
      if (edit_.alive(n) && edit_.node(n).op == "DequantizeLinear") meet_codes(n);
    return edit_.take();
  }

 private:
  // Codes that are moved are numbers that are moved: DequantizeLinear before, QuantizeLinear behind.
  void lift_moves() {
    std::map<std::string, CodeGrid> known;
    const std::size_t nodes = edit_.size();
    for (std::size_t n = 0; n < nodes; ++n) {
      if (edit_.node(n).op == "QuantizeLinear") {
        if (const auto grid = grid_of(edit_.node(n), edit_.network()))
          known.emplace(edit_.node(n).outputs[0], *grid);
        continue;
      }
      const auto grid = grid_of_inputs(edit_.node(n), known);
      if (!grid || !moves_codes(edit_.node(n), edit_.network())) continue;
      for (const std::string& output : edit_.node(n).outputs)
        if (!output.empty()) known.emplace(output, *grid);
      lift(n, *grid);
    }
  }

  // The one grid that all codes have that a node would move.
  static std::optional<CodeGrid> grid_of_inputs(const Node& node,
                                                const std::map<std::string, CodeGrid>& known) {
    std::optional<CodeGrid> grid;
    const std::size_t count =
        node.op == "Concat" ? node.inputs.size() : std::min<std::size_t>(1, node.inputs.size());
    for (std::size_t i = 0; i < count; ++i) {
      const auto found = known.find(node.inputs[i]);
      if (found == known.end() || (grid && !same_grid(grid->grid, found->second.grid))) return std::nullopt;
      grid = found->second;
    }
    return grid;
  }

  std::string add_value(const std::string& wanted, const Shape& shape) {
    std::string name = edit_.take_name(wanted);
    Value& value = edit_.network().values[name];
    value.shape = shape;
    return name;
  }

  Node converter(const std::string& op, const std::string& of, const CodeGrid& grid) {
    Node node;
    node.op = op;
    node.name = edit_.take_name(of + "/" + op);
    if (grid.zero.empty())
      node.inputs = {"", grid.scale};
    else
      node.inputs = {"", grid.scale, grid.zero};
    return node;
  }

  void lift(std::size_t n, const CodeGrid& grid) {
    const std::string name = edit_.node(n).name;
    const std::size_t count = edit_.node(n).op == "Concat" ? edit_.node(n).inputs.size() : 1;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string codes = edit_.node(n).inputs[i];
      Node dequantise = converter("DequantizeLinear", name, grid);
      dequantise.inputs[0] = codes;
      dequantise.outputs = {add_value(codes + ".real", edit_.value(codes).shape)};
      edit_.read(n, i, dequantise.outputs[0]);
      edit_.add(std::move(dequantise));
    }
    for (std::size_t i = 0; i < edit_.node(n).outputs.size(); ++i) {
      const std::string codes = edit_.node(n).outputs[i];
      if (codes.empty()) continue;
      Node quantise = converter("QuantizeLinear", name, grid);
      quantise.attributes.ints["output_dtype"] = onnx_number_of(edit_.value(codes).dtype);
      quantise.inputs[0] = add_value(codes + ".real", edit_.value(codes).shape);
      quantise.outputs = {codes};
      edit_.make_as(n, i, quantise.inputs[0]);
      edit_.add(std::move(quantise));
    }
  }

  // Whether all that happens to the value is that it goes onto this grid.
  bool only_quantised(const std::string& value, const Quantisation& grid) const {
    const auto& readers = edit_.readers(value);
    return !edit_.leaves(value) && std::all_of(readers.begin(), readers.end(), [&](std::size_t n) {
      if (edit_.node(n).op != "QuantizeLinear" || edit_.node(n).inputs[0] != value) return false;
      const auto other = grid_of(edit_.node(n), edit_.network());
      return other && same_grid(other->grid, grid);
    });
  }

  void read_quantise(std::size_t n) {
    const std::string value = edit_.node(n).inputs[0], codes = edit_.node(n).outputs[0];
    const auto grid = grid_of(edit_.node(n), edit_.network());
    if (value.empty()) return;  // said where shapes are found
    if (edit_.value(value).constant || edit_.network().unknown.count(value) != 0) return;
    if (!grid) return note_unread(edit_.node(n));
    std::vector<std::size_t> backs;
    bool wanted = edit_.leaves(codes);
    for (const std::size_t reader : edit_.readers(codes)) {
      const bool back = edit_.node(reader).op == "DequantizeLinear";
      const auto other = back ? grid_of(edit_.node(reader), edit_.network()) : std::nullopt;
      if (other && same_grid(other->grid, grid->grid)) {
        backs.push_back(reader);
      } else {
        wanted = true;
      }
    }
    if (!edit_.value(value).grid && only_quantised(value, grid->grid)) edit_.value(value).grid = grid->grid;
    const auto there = edit_.value(value).grid;
    if (there && same_grid(*there, grid->grid)) {
      take_out(backs, value, grid->grid);
    } else if (!backs.empty()) {
      requantise_pair(n, backs, grid->grid, wanted);
      return;
    } else if (!there && wanted) {
      edit_.network().notes.push_back(
          edit_.node(n).name + ": '" + value +
          "' is read as floats too: on a BPU it has a grid of its own first, so that "
          "these codes are rounded twice");
    }
    if (!wanted) edit_.remove(n);
  }

  // A Clip to the grid's ends in the pair's place: its result has the grid. Where the codes are read too,
  // they are made of it.
  void requantise_pair(std::size_t n, const std::vector<std::size_t>& backs, const Quantisation& grid,
                       bool wanted) {
    const std::string value = edit_.node(n).inputs[0], name = edit_.node(n).name;
    if (!edit_.value(value).grid)
      edit_.network().notes.push_back(
          name + ": '" + value +
          "' is read as floats too, or on several grids: on a BPU it has a grid of its own first, so that "
          "codes behind it are rounded twice");
    const std::string real = edit_.node(backs[0]).outputs[0];
    if (!wanted) edit_.remove(n);
    edit_.remove(backs[0]);
    add_clip_to_grid(edit_, value, real, grid, wanted ? edit_.take_name(name + "/Clip") : name);
    take_out({backs.begin() + 1, backs.end()}, real, grid);
    if (wanted) edit_.read(n, 0, real);
  }

  // What reads the dequantised values reads the value itself, which may leave the network under their name.
  void take_out(const std::vector<std::size_t>& backs, std::string value, const Quantisation& grid) {
    for (const std::size_t back : backs) {
      const std::string real = edit_.node(back).outputs[0];
      if (!edit_.leaves(real)) {
        edit_.remove(back);
        edit_.redirect(real, value);
        edit_.network().values.erase(real);
        continue;
      }
      const auto maker = edit_.maker(value);
      if (maker && !edit_.leaves(value)) {
        edit_.remove(back);
        rename(*maker, value, real);
        value = real;
        continue;
      }
      Node copy = edit_.node(back);
      copy.op = "Identity";
      copy.attributes = {};
      copy.inputs = {value};
      edit_.remove(back);
      edit_.add(std::move(copy));
      edit_.value(real).grid = grid;
    }
  }

  void rename(std::size_t maker, const std::string& from, const std::string& to) {
    const auto& outputs = edit_.node(maker).outputs;
    const auto at =
        static_cast<std::size_t>(std::find(outputs.begin(), outputs.end(), from) - outputs.begin());
    edit_.network().values[to] = std::move(edit_.value(from));
    edit_.network().values.erase(from);
    edit_.make_as(maker, at, to);
    edit_.redirect(from, to);
  }

  void note_unread(const Node& node) {
    edit_.network().notes.push_back(
        node.name + ": " + node.op +
        " with several scales, or computed ones, is no grid of a tensor here: it runs as it is, on the CPU");
  }

  // Codes from elsewhere: what they stand for is on their grid, exactly.
  void meet_codes(std::size_t n) {
    const Node& node = edit_.node(n);
    if (edit_.value(node.inputs[0]).constant || edit_.network().unknown.count(node.inputs[0]) != 0) return;
    const auto grid = grid_of(node, edit_.network());
    if (grid) edit_.value(node.outputs[0]).grid = grid->grid;
  }

  NetworkEdit edit_;
};

}  // namespace

Network with_given_grids(Network network) {
  const bool any = std::any_of(network.nodes.begin(), network.nodes.end(), [](const Node& node) {
    return node.op == "QuantizeLinear" || node.op == "DequantizeLinear";
  });
  return any ? Reader(std::move(network)).run() : network;
}

}  // namespace bpusim
