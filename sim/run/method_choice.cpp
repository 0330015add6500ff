#include "sim/run/method_choice.h"

#include <algorithm>
#include <cmath>

#include "models/functional.h"

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
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(place.elements));
  const auto take = [&](auto codes) {
    codes.resize(static_cast<std::size_t>(place.elements));
    dram.read(place.address, codes.data(), place.bytes());
    for (const auto code : codes) values.push_back(dequantise(code, place.grid));
  };
  if (place.grid.dtype == DType::Int16) {
    take(std::vector<std::int16_t>());
  } else {
    take(std::vector<std::int8_t>());
  }
  return values;
}

// Runs all programs in their own order; tensors that stay on chip stay between them.
void run_untimed(const CompiledNetwork& compiled, const MachineParams& machine, DramPort& dram) {
  std::vector<SramBytes> srams(static_cast<std::size_t>(machine.bpu.cores),
                               SramBytes(static_cast<std::size_t>(machine.sram.bytes)));
  FunctionalUnit unit(srams, dram);
  for (const Program& program : compiled.programs)
    for (const Command& command : program.commands) unit.execute(program, command);
}

// Outputs that are tensors on the machine, without those of one number where there are others.
std::vector<std::string> judged_outputs(const Network& network, const CompiledNetwork& compiled,
                                        const GoldenStore& golden) {
  std::vector<std::string> all, several;
  for (const std::string& output : network.outputs) {
    const auto place = compiled.places.find(output);
    if (place == compiled.places.end() || place->second.address >= kSramWindow || !golden.holds(output))
      continue;
    all.push_back(output);
    if (place->second.elements > 1) several.push_back(output);
  }
  return several.empty() ? all : several;
}

// The least among the outputs on one sample.
double least_cosine(const Network& network, const CompiledNetwork& compiled, const GoldenStore& golden,
                    DramPort& dram) {
  double least = 1;
  for (const std::string& output : judged_outputs(network, compiled, golden))
    least = std::min(least, cosine(golden.get(output), read_back(compiled.places.at(output), dram)));
  return least;
}

}  // namespace

double judged_cosine(const CompilerInput& input, const std::vector<const GoldenStore*>& goldens) {
  FlatDram dram;
  NetworkCompiler compiler(input, dram);
  const CompiledNetwork compiled = compiler.compile();
  double sum = 0;
  for (const GoldenStore* golden : goldens) {
    for (const std::string& name : input.network.inputs)
      if (const auto place = compiled.places.find(name); place != compiled.places.end())
        write_tensor(place->second, golden->get(name), dram);
    run_untimed(compiled, input.machine, dram);
    sum += least_cosine(input.network, compiled, *golden, dram);
  }
  return sum / static_cast<double>(goldens.size());
}

MethodChoice choose_method(const RunSpec& run, const Network& network, const std::vector<Step>& steps,
                           const Sharing& sharing, const Observation& observation,
                           const std::vector<const GoldenStore*>& goldens, const MachineParams& machine,
                           std::map<std::string, Way>& ways) {
  constexpr double kTie = 1e-6;
  MethodChoice choice;
  double best = -2;
  for (const CalibrationMethod& method : calibration_methods()) {
    const Calibration calibration = choose_grids(run, network, sharing, observation, method);
    const double here =
        judged_cosine({run, network, steps, sharing, calibration, goldens.front(), machine, &ways}, goldens);
    choice.tried.push_back({method, here});
    if (here <= best + kTie) continue;
    best = here;
    choice.best = method;
  }
  return choice;
}

}  // namespace bpusim
