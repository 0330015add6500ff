// From placed steps to programs: tensors get their places, constants go to DRAM, each step is lowered, and
// neighbours on the BPU become one program, so that one loads while the other computes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "models/machine.h"
#include "sim/compile/residency.h"
#include "sim/listener.h"
#include "sim/operators/step_lowering.h"
#include "sim/plan/placed_network.h"
#include "sim/quantise/calibration.h"

namespace bpusim {

struct CompiledNetwork {
  std::vector<LoweredStep> steps;  ///< by step; their programs have moved to `programs`
  std::vector<Program> programs;   ///< run one after another; a command's node is its step
  std::map<std::string, TensorPlace> places;
  std::int64_t tensor_bytes = 0;  ///< most of one core's SRAM that tensors take between steps
};

/// What a network is compiled from. Everything must outlive the compiler.
struct CompilerInput {
  const RunSpec& run;
  const PlacedNetwork& placed;
  const Calibration& calibration;
  const GoldenStore* golden;  ///< null where the run has no function
  const MachineParams& machine;
  LoweringChoices* choices = nullptr;  ///< choices of a compiler before this one, and of this one
  const Listener* listener = nullptr;
};

/// Writes values to where a tensor lies, on its grid or as float32.
void write_tensor(const TensorPlace& place, const std::vector<double>& values, DramPort& memory);

class NetworkCompiler {
 public:
  /// `memory` takes the images of constants and inputs.
  NetworkCompiler(const CompilerInput& input, DramPort& memory);

  /// Throws InputError where a step cannot be lowered.
  CompiledNetwork compile();

  /// Cycles that a step which runs on the CPU would take on the BPU, alone; -1 where no BPU runs it. After
  /// compile().
  std::int64_t cycles_on_bpu(Step step);

  /// Cycles that a step on the CPU would take if the BPU made the values in `from_bpu`. After compile().
  std::int64_t cycles_on_cpu(const Step& step, const std::set<std::string>& from_bpu);

 private:
  LoweringContext context();
  std::int64_t allocate(std::int64_t bytes);
  std::int64_t rehearse(const Program& program);
  void place_tensors();
  std::vector<double> golden(const std::string& value) const;
  Quantisation grid_of(const std::string& value) const;
  void write_image(const std::string& value);
  LoweredStep lower(const Step& step);

  const CompilerInput input_;
  DramPort& memory_;
  const MachineParams operators_;     // as the operators see it: without the SRAM that tensors are kept in
  std::optional<Machine> rehearsal_;  // without function, for the compiler to try programs on
  Residency residency_;
  std::map<std::string, TensorPlace> places_;
  std::map<std::string, Placement::Where> made_on_;
  LoweringChoices choices_;
  std::int64_t next_address_ = 0;
};

}  // namespace bpusim
