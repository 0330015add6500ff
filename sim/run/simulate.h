// The one function of the library: a question in, its answer out.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "models/observers/observer.h"
#include "sim/listener.h"
#include "sim/lowering/choice.h"
#include "sim/quantise/golden.h"
#include "sim/result/result.h"
#include "sim/scenario/scenario.h"

namespace bpusim {

struct RunOptions {
  bool function = true;  ///< real bytes and accuracy; without it timing alone, in the same cycles
  bool what_if = false;  ///< times the run again with each change that advice proposes and a run can try
  Listener listener;     ///< told how far the run has got
  const LoweringChoices* known = nullptr;  ///< steps that look like one of these are lowered in the same way
  /// Gets each output of the network as the machine leaves it, in real numbers; may be empty. Not asked
  /// without function.
  std::function<void(const std::string& name, const Tensor& values)> output;
  LoweringChoices* taken = nullptr;  ///< gets how this run's steps were lowered

  static RunOptions timing() {
    RunOptions options;
    options.function = false;
    return options;
  }
};

/// Runs the scenario on a simulated machine. Observers are told of every command of the run itself, not of
/// those that the compiler tries; they must outlive the call. Throws InputError, and PlacementError with
/// every operator that the policy cannot place. SystemC has one context a process: one call at a time.
RunResult simulate(const Scenario& scenario, const RunOptions& options = {},
                   const std::vector<Observer*>& observers = {});

/// Every value of the scenario's float64 model, for comparison with other programs. Throws as simulate()
/// does.
GoldenValues golden_values(const Scenario& scenario, const Listener& listener = {});

/// Where every operator would go, without a simulation, and what would be worth changing. Throws InputError.
CheckResult check(const Scenario& scenario);

}  // namespace bpusim
