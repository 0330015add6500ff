// What would be won by changing what a run spent its time on: prices of the run itself, beside prices of
// programs that the machine rehearses.
#pragma once

#include <vector>

#include "sim/compile/network_compiler.h"
#include "sim/result/result.h"

namespace bpusim {

struct TimedAdviceInput {
  const CompilerInput& network;  ///< what was compiled
  const CompiledNetwork& compiled;
  NetworkCompiler& compiler;  ///< after compile()
  const RunResult& result;    ///< with its rows
};

/// Operators on the CPU, norms that run decomposed, time that waits for memory, convolutions that leave most
/// of the MAC array idle; a line a kind of operator.
std::vector<Advice> timed_advice(const TimedAdviceInput& input);

/// Gives advice that frees steps the time that the run spent on them.
void add_times(const RunResult& result, std::vector<Advice>& advice);

}  // namespace bpusim
