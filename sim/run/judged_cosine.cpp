#include "sim/run/judged_cosine.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "models/commands/interpreter.h"
#include "sim/operators/tensor_codes.h"

namespace bpusim {

namespace {

double cosine(const std::vector<double>& golden, const std::vector<double>& result) {
  double dot = 0, a = 0, b = 0;
  for (std::size_t i = 0; i < golden.size(); ++i) {
    dot += golden[i] * result[i];
    a += golden[i] * golden[i];
    b += result[i] * result[i];
  }
  return a == 0 && b == 0 ? 1 : a == 0 || b == 0 ? 0 : dot / std::sqrt(a * b);
}

// What the programs left of a tensor that lies in DRAM.
std::vector<double> read_back(const TensorPlace& place, DramPort& dram) {
  return reals_of(read_codes(dram, place), place);
}

// Runs all programs in their own order; tensors that stay on chip stay between them.
void run_untimed(const CompiledNetwork& compiled, const MachineParams& machine, DramPort& dram) {
  Interpreter interpreter(static_cast<int>(machine.bpu.cores), machine.sram.bytes, dram);
  for (const Program& program : compiled.programs) interpreter.run(program);
}

// Outputs that are tensors on the machine.
std::vector<std::string> judged_outputs(const Network& network, const CompiledNetwork& compiled,
                                        const GoldenStore& golden) {
  std::vector<std::string> outputs;
  for (const std::string& output : network.outputs) {
    const auto place = compiled.places.find(output);
    if (place != compiled.places.end() && place->second.address < kSramWindow && golden.holds(output))
      outputs.push_back(output);
  }
  return outputs;
}

// An output that has no cosine, since it is infinite, is as bad as can be.
double judged(const std::vector<double>& golden, const std::vector<double>& values) {
  const double found = cosine(golden, values);
  return std::isnan(found) ? -1 : found;
}

// Of an output of one number, or of equal ones, the cosine is no more than a sign: its error counts, over all
// samples, so that a sample whose number is near zero does not outweigh the others.
struct Errors {
  double signal = 0, noise = 0;

  void add(const std::vector<double>& golden, const std::vector<double>& values) {
    for (std::size_t i = 0; i < golden.size(); ++i) {
      signal += golden[i] * golden[i];
      noise += (values[i] - golden[i]) * (values[i] - golden[i]);
    }
  }
  // What a tensor of many elements with such an error has for a cosine: 1 - r^2 / 2 for a small one.
  double as_cosine() const {
    if (noise == 0) return 1;
    const double ratio = noise / signal;
    return std::isfinite(ratio) ? std::max(-1.0, 1 - ratio / 2) : -1;
  }
};

bool is_flat(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [&](double v) { return v == values.front(); });
}

// The least among the outputs that have a cosine on one sample; the errors of the others go to `errors`.
double least_cosine(const Network& network, const CompiledNetwork& compiled, const GoldenStore& golden,
                    DramPort& dram, std::map<std::string, Errors>& errors) {
  double least = 1;
  for (const std::string& output : judged_outputs(network, compiled, golden)) {
    const auto tensor = golden.get(output);
    const std::vector<double> values = read_back(compiled.places.at(output), dram);
    if (is_flat(tensor->values)) {
      errors[output].add(tensor->values, values);
    } else {
      least = std::min(least, judged(tensor->values, values));
    }
  }
  return least;
}

}  // namespace

double judged_cosine(const CompilerInput& input, const std::vector<const GoldenStore*>& goldens) {
  FlatDram dram;
  NetworkCompiler compiler(input, dram);
  const CompiledNetwork compiled = compiler.compile();
  double sum = 0;
  std::map<std::string, Errors> errors;
  for (const GoldenStore* golden : goldens) {
    for (const std::string& name : input.placed.network.inputs)
      if (const auto place = compiled.places.find(name); place != compiled.places.end())
        write_tensor(place->second, golden->get(name)->values, dram);
    run_untimed(compiled, input.machine, dram);
    sum += least_cosine(input.placed.network, compiled, *golden, dram, errors);
  }
  double least = sum / static_cast<double>(goldens.size());
  for (const auto& [output, found] : errors) least = std::min(least, found.as_cosine());
  return least;
}

}  // namespace bpusim
