#include "tests/fuzz/targets.h"

#include "sim/config/machine_file.h"
#include "sim/config/policy.h"
#include "sim/input_error.h"
#include "sim/network/files/tensor_files.h"
#include "sim/network/onnx/import.h"
#include "sim/plan/placement.h"
#include "sim/report/compare.h"
#include "sim/run/simulate.h"
#include "sim/scenario/run_file.h"
#include "sim/scenario/workload.h"
#include "tests/fuzz/seeds.h"

namespace bpusim::fuzz {

namespace {

constexpr std::int64_t kMostElements =
    100000;  // of all inputs and constants: evaluation is for small networks

// Inputs drawn; false where the network is too large, or needs text or files.
bool fill_inputs(Network& network) {
  std::int64_t total = 0;
  for (const auto& [name, value] : network.values)
    if (value.data) total += value.data->size();
  for (const std::string& name : network.inputs) {
    Value& value = network.values[name];
    const std::int64_t count = element_count(value.shape);
    total += count;
    if (value.dtype == DType::String || count < 1 || total > kMostElements) return false;
    value.hold(draw({}, value.shape, 1));
  }
  return total <= kMostElements;
}

}  // namespace

void onnx_target(const std::string& bytes, const Loaded& loaded) {
  RunSpec run;
  run.network = parse_onnx(bytes, "fuzz.onnx", "", {}, 1);
  loaded();
  if (!fill_inputs(run.network)) return;
  static const Policy policy = Policy::read("full");
  static const MachineParams machine = read_machine("generic");
  check({run, {}, policy});
  try {
    simulate({run, machine, policy});
  } catch (const PlacementError& error) {  // the other way to say that a file is not for this machine
    throw InputError(error.what());
  }
}

void pb_target(const std::string& bytes, const Loaded& loaded) {
  parse_pb(bytes, "fuzz.pb", "");
  loaded();
}

void npy_target(const std::string& bytes, const Loaded& loaded) {
  parse_npy(bytes, "fuzz.npy");
  loaded();
}

void npz_target(const std::string& bytes, const Loaded& loaded) {
  parse_npz(bytes, "fuzz.npz");
  loaded();
}

void run_target(const std::string& bytes, const Loaded& loaded) {
  loaded();  // shapes are drawn while the file is read, and may be as large as the user says
  parse_run(bytes, "fuzz.yaml", "");
}

void machine_target(const std::string& bytes, const Loaded& loaded) {
  parse_machine(bytes, "fuzz.yaml");
  loaded();
}

void policy_target(const std::string& bytes, const Loaded& loaded) {
  Policy::parse(bytes, "fuzz.yaml");
  loaded();
}

void result_target(const std::string& bytes, const Loaded& loaded) {
  const ComparedRun run = stored_run(bytes, "fuzz.json");
  loaded();
  text_comparison({run, run});
  json_comparison({run, run});
}

const std::vector<Target>& targets() {
  static const std::vector<Target> table = {
      {"onnx", onnx_target, onnx_seeds},       {"pb", pb_target, pb_seeds},
      {"npy", npy_target, npy_seeds},          {"npz", npz_target, npz_seeds},
      {"run", run_target, run_seeds},          {"machine", machine_target, machine_seeds},
      {"policy", policy_target, policy_seeds}, {"result", result_target, result_seeds}};
  return table;
}

}  // namespace bpusim::fuzz
