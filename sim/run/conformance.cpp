#include "sim/run/conformance.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "sim/input_error.h"
#include "sim/network/onnx_import.h"
#include "sim/network/tensor_files.h"
#include "sim/operators/operator.h"
#include "sim/run/golden.h"
#include "sim/run/run.h"

namespace bpusim {

namespace {

namespace fs = std::filesystem;
using Status = ConformanceCase::Status;

constexpr double kRelative = 1e-5, kAbsolute = 2e-6;

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

AnyTensor data_file(const fs::path& folder, const char* kind, std::size_t index) {
  return read_pb(
      (folder / "test_data_set_0" / (std::string(kind) + "_" + std::to_string(index) + ".pb")).string());
}

// Inputs become values; those that a norm takes as parameters become constants.
void fill_inputs(const fs::path& folder, Network& network) {
  std::vector<std::string> data;
  for (std::size_t i = 0; i < network.inputs.size(); ++i) {
    Value& value = network.values[network.inputs[i]];
    AnyTensor tensor = data_file(folder, "input", i);
    if (auto* text = std::get_if<StringTensor>(&tensor)) {
      value.shape = text->shape;
      value.text = std::move(*text);
    } else {
      value.hold(std::move(std::get<Tensor>(tensor)));
    }
    value.constant = i > 0;
    if (i == 0) data.push_back(network.inputs[i]);
  }
  network.inputs = data;
}

// Compares one output; returns what is wrong, or nothing.
std::string compare_output(const AnyTensor& expected, const std::string& name, const GoldenValues& golden,
                           double& worst) {
  if (const auto* text = std::get_if<StringTensor>(&expected)) {
    const auto found = golden.text.find(name);
    if (found == golden.text.end()) return "output " + name + " is missing";
    return found->second.values == text->values && found->second.shape == text->shape ? "" : "text differs";
  }
  const auto& want = std::get<Tensor>(expected).values;
  const auto found = golden.numbers.find(name);
  if (found == golden.numbers.end()) return "output " + name + " is missing";
  const auto& got = found->second.values;
  if (got.size() != want.size())
    return "output " + name + " has " + std::to_string(got.size()) + " values, not " +
           std::to_string(want.size());
  std::string wrong;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double error = std::abs(got[i] - want[i]);
    worst = std::max(worst, error);
    if (!(error <= kAbsolute + kRelative * std::abs(want[i])) && wrong.empty())
      wrong = "output " + name + "[" + std::to_string(i) + "] is " + std::to_string(got[i]) + ", not " +
              std::to_string(want[i]);
  }
  return wrong;
}

ConformanceCase run_case(const fs::path& folder, const MachineParams& machine, const Policy& policy) {
  ConformanceCase c;
  c.name = folder.filename().string();
  if (ends_with(c.name, "_expanded") || c.name.find("_expanded_") != std::string::npos) {
    c.reason = "written out in primitives, which are not recognised as a norm yet";
    return c;
  }
  RunSpec run;
  run.network = read_onnx((folder / "model.onnx").string(), {}, 1);  // a case has the opset that it tests
  if (run.network.nodes.empty()) {
    c.reason = "constants only";
    return c;
  }
  const Node& node = run.network.nodes.front();
  c.op = node.op;
  if (run.network.nodes.size() != 1 || find_operator(node.op) == nullptr) {
    c.reason =
        run.network.nodes.size() != 1 ? "more than one node" : "operator " + node.op + " has no definition";
    return c;
  }
  run.name = c.name;
  fill_inputs(folder, run.network);
  const GoldenValues golden = evaluate(run.network);
  for (std::size_t i = 0; i < node.outputs.size() && c.reason.empty(); ++i)
    if (!node.outputs[i].empty())
      c.reason = compare_output(data_file(folder, "output", i), node.outputs[i], golden, c.golden_max_error);
  c.status = c.reason.empty() ? Status::Passed : Status::Failed;
  if (find_norm(c.op) != nullptr) c.int8 = execute_run(run, machine, policy, true).nodes.front().accuracy;
  return c;
}

}  // namespace

const char* to_string(Status status) {
  return status == Status::Passed ? "passed" : status == Status::Failed ? "failed" : "skipped";
}

std::vector<ConformanceCase> run_conformance(const std::string& folder, const MachineParams& machine) {
  if (!fs::is_directory(folder)) throw InputError(folder + ": no such folder");
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(folder))
    if (fs::is_regular_file(entry.path() / "model.onnx")) folders.push_back(entry.path());
  if (folders.empty()) throw InputError(folder + ": holds no case (folders with a model.onnx)");
  std::sort(folders.begin(), folders.end());
  const Policy policy = Policy::read("full");
  std::vector<ConformanceCase> cases;
  for (const fs::path& path : folders) {
    try {
      cases.push_back(run_case(path, machine, policy));
    } catch (const InputError& error) {
      ConformanceCase c;
      c.name = path.filename().string();
      // An operator may use types and forms that are not read; a norm must not.
      const bool norm = c.name.find("norm") != std::string::npos || c.name.find("mvn") != std::string::npos;
      c.status = norm ? Status::Failed : Status::Skipped;
      c.reason = std::string("refused: ") + error.what();
      cases.push_back(c);
    }
  }
  return cases;
}

}  // namespace bpusim
