// From a placed step to programs, with the constants that it needs in DRAM and the ideal result to hold it
// against. StepLowering is the bench that every family of operators works on.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kernels/vector/unary.h"
#include "models/commands/command.h"
#include "models/machine_params.h"
#include "sim/lowering/choice.h"
#include "sim/operators/operation.h"
#include "sim/operators/step.h"
#include "sim/operators/work.h"
#include "sim/scenario/run_file.h"

namespace bpusim {

/// Of sums that leave as int32: what a step is worth in each channel, and how many elements of a channel lie
/// side by side. Without scales a step is the grid's.
struct ChannelScales {
  std::vector<double> scales;
  std::int64_t inner = 1;

  double of(std::int64_t element) const {
    const auto channels = static_cast<std::int64_t>(scales.size());
    return channels == 0 ? 1 : scales[static_cast<std::size_t>(element / inner % channels)];
  }
};

/// A tensor in the simulated memory.
struct TensorPlace {
  Quantisation grid;
  std::int64_t address = 0;
  std::int64_t elements = 0;
  ChannelScales channels;
  int grid_class = 0;  ///< tensors of one class are on one grid, whatever the data

  std::int64_t bytes() const { return elements * byte_size(grid.dtype); }
};

/// Everything that lowering needs to know, and the DRAM that it fills.
struct LoweringContext {
  const RunSpec& run;
  const Network& network;
  const MachineParams& machine;  ///< as the operators see it: without the SRAM that tensors are kept in
  const std::map<std::string, TensorPlace>& places;
  const std::map<std::string, Quantisation>& grids;        ///< of all values, also those inside a step
  const std::map<std::string, Placement::Where>& made_on;  ///< by value: where its producer ran
  DramPort& dram;
  bool function = true;  ///< without it plans hold no weights and nobody asks for values
  std::function<std::vector<double>(const std::string&)> golden;  ///< float64 of a value; with function only
  std::function<std::int64_t(std::int64_t)> allocate;             ///< bytes to an address
  std::function<std::int64_t(const Program&)> rehearse;           ///< cycles that a program takes alone
  const std::map<std::string, StringTensor>& text;                ///< of text values
  LoweringChoices& choices;                                       ///< choices made already
};

using Codes = std::vector<std::int64_t>;

struct LoweredStep {
  std::vector<Program> programs;  ///< run one after another
  std::string mapping;
  Work work;
  std::vector<std::string> inputs, outputs;           ///< values that are tensors on the machine
  ChannelScales channels;                             ///< of an output that leaves as int32
  std::map<std::string, std::int64_t> float_outputs;  ///< float32 results of the host, with their addresses
  /// Ideal codes of all outputs, one after the other, from the codes of all inputs.
  std::function<Codes(const std::vector<Codes>&)> ideal;
};

class StepLowering {
 public:
  StepLowering(const Step& step, const LoweringContext& context);

  const Step& step;
  const LoweringContext& context;
  const MachineParams& machine;
  const Node& node;  ///< the step's first
  const NodeOptions& options;

  const Node& last_node() const { return context.network.nodes[step.nodes.back()]; }
  const Node& follower(std::size_t n) const { return context.network.nodes[step.nodes.at(n)]; }
  Operation operation() const { return operation_of(node, context.network); }
  const TensorPlace& place(const std::string& value) const { return context.places.at(value); }
  const Shape& shape(const std::string& value) const { return context.network.shape_of(value); }
  const TensorPlace& in(std::size_t input = 0) const { return place(node.inputs.at(input)); }
  const TensorPlace& out() const { return place(last_node().outputs.at(0)); }
  bool same_grid(const TensorPlace& a, const TensorPlace& b) const { return a.grid_class == b.grid_class; }

  /// Bytes of the widest element that the step reads or writes: lanes that an element takes.
  int widest() const;

  /// One bit less than the parameter: two products are added.
  int sum_multiplier_bits() const { return static_cast<int>(machine.numerics.multiplier_bits) - 1; }
  int multiplier_bits() const { return static_cast<int>(machine.numerics.multiplier_bits); }
  Rounding rounding() const { return numeric_widths(machine.numerics).rounding; }

  /// The lowered step with its tensors, and the DRAM traffic that it can't do without.
  LoweredStep begin(const std::string& mapping) const;

  /// Puts `values` into DRAM and returns where.
  template <class T>
  std::int64_t constants(const std::vector<T>& values) const {
    return constants(values.data(), static_cast<std::int64_t>(values.size() * sizeof(T)));
  }
  std::int64_t constants(const void* data, std::int64_t bytes) const;
  /// The plan of a function by table. That of an int16 input is put into DRAM, and every program of the step
  /// loads it (sim/lowering/int16_tables.h).
  LookupPlan table(const RealFunction& function, const Quantisation& in, const Quantisation& out);
  /// What such tables take of the SRAM.
  std::int64_t table_room() const { return table_room_; }

  /// As many bytes, with nothing in them yet.
  std::int64_t reserve(std::int64_t bytes) const { return context.allocate(bytes); }

  using Lower = std::function<Program(const LoweringChoice&, const MachineParams&)>;
  /// The fastest of the ways that the mappings and tile sizes make, by estimate and then on the machine
  /// itself; the same for steps that look the same. `lower` throws std::invalid_argument where the SRAM that
  /// it is shown is too small. Throws the last such error where none fits. `mapping` gets the winner's.
  Program fastest(const std::vector<std::string>& mappings, const Work& work, const Lower& lower,
                  std::string* mapping = nullptr) const;

  [[noreturn]] void refuse(const std::string& what) const;

 private:
  std::string signature() const;

  std::int64_t table_room_ = 0;
};

/// Throws InputError where the run asks for what cannot be done.
LoweredStep lower_step(const Step& step, const LoweringContext& context);

/// Ideal codes of a float operator: dequantised inputs, float64 arithmetic, one rounding.
std::function<Codes(const std::vector<Codes>&)> ideal_of_float(const Node& node,
                                                               const LoweringContext& context,
                                                               const std::vector<Quantisation>& in,
                                                               const std::vector<Quantisation>& out);

}  // namespace bpusim
