#include "sim/study/conformance.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "sim/config/paths.h"
#include "sim/input_error.h"
#include "sim/network/files/tensor_files.h"
#include "sim/network/onnx/import.h"
#include "sim/network/patterns.h"
#include "sim/operators/operator.h"
#include "sim/plan/simplify.h"
#include "sim/quantise/golden.h"
#include "sim/run/simulate.h"

namespace bpusim {

namespace {

namespace fs = std::filesystem;
using Status = ConformanceCase::Status;

constexpr double kRelative = 1e-5, kAbsolute = 2e-6;
// ONNX's own, for expansions of other operators, and for expected values that stand there with four digits:
// some hold constants of few digits, such as a pi of 3.1415.
constexpr double kRelativeExpanded = 1e-3;

bool has_few_digits(const std::string& op) {
  return op == "RoiAlign" || op == "GridSample";
}

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
  // Operators whose results have as many elements as their inputs' numbers say have nothing but parameters.
  const OperatorDefinition* row = find_operator(network.nodes.front().op);
  const bool from_values = row != nullptr && row->by_values;
  for (std::size_t i = 0; i < network.inputs.size(); ++i) {
    Value& value = network.values[network.inputs[i]];
    AnyTensor tensor = data_file(folder, "input", i);
    if (auto* text = std::get_if<StringTensor>(&tensor)) {
      value.shape = text->shape;
      value.text = std::move(*text);
    } else {
      value.hold(std::move(std::get<Tensor>(tensor)));
    }
    value.constant = i > 0 || from_values;
    if (!value.constant) data.push_back(network.inputs[i]);
  }
  network.inputs = data;
}

struct Tolerance {
  double relative = kRelative, absolute = kAbsolute;
};

// Compares one output; returns what is wrong, or nothing.
std::string compare_output(const AnyTensor& expected, const std::string& name, const GoldenValues& golden,
                           const Tolerance& tolerance, double& worst) {
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
    if (std::isnan(want[i])) continue;  // outside of a function's domain; no grid has such a code
    const double error = std::abs(got[i] - want[i]);
    worst = std::max(worst, error);
    if (!(error <= tolerance.absolute + tolerance.relative * std::abs(want[i])) && wrong.empty())
      wrong = "output " + name + "[" + std::to_string(i) + "] is " + std::to_string(got[i]) + ", not " +
              std::to_string(want[i]);
  }
  return wrong;
}

bool is_expanded(const std::string& name) {
  return ends_with(name, "_expanded") || name.find("_expanded_") != std::string::npos;
}

// The operator that an expanded case stands for: ONNX's generator names the inner values
// OP_CASE_expanded_function_X. Where there is no such value, the operator of the case beside it that it
// expands.
std::string expanded_operator(const fs::path& folder, const Network& network) {
  const std::string name = folder.filename().string();
  const std::string base = name.substr(0, name.find("_expanded")), mark = "_" + base + "_expanded";
  for (const Node& node : network.nodes)
    for (const auto* values : {&node.outputs, &node.inputs})
      for (const std::string& value : *values)
        if (value.find(mark) != std::string::npos) return value.substr(0, value.find(mark));
  const fs::path beside = folder.parent_path() / base / "model.onnx";
  if (!is_file(beside)) return "";
  const Network whole = read_onnx(beside.string(), {}, 1);
  return whole.nodes.size() == 1 ? whole.nodes[0].op : "";
}

std::string operators_of(const Network& network) {
  std::string ops;
  for (const Node& node : network.nodes) ops += (ops.empty() ? "" : ", ") + node.op;
  return ops;
}

// What a norm's primitives were recognised as; what is wrong, or nothing.
std::string check_recognition(const std::string& op, const Network& network) {
  if (network.nodes.size() == 1 && network.nodes[0].op == op) return "";
  return "recognised as " + operators_of(network) + ", not as one " + op;
}

std::string without_definition(const Network& network) {
  for (const Node& node : network.nodes) {
    const OperatorDefinition* row = find_operator(node.op);
    if (row == nullptr) return "operator " + node.op + " has no definition";
    if (row->draws) return "operator " + node.op + " draws numbers of its own";
  }
  return "";
}

void compare_outputs(const fs::path& folder, const std::vector<std::string>& outputs,
                     const GoldenValues& golden, const Tolerance& tolerance, ConformanceCase& c) {
  for (std::size_t i = 0; i < outputs.size() && c.reason.empty(); ++i)
    if (!outputs[i].empty())
      c.reason =
          compare_output(data_file(folder, "output", i), outputs[i], golden, tolerance, c.golden_max_error);
}

// A code of an expansion is a quotient of scales that float32 rounded on the way: at a tie it is one aside.
Tolerance tolerance_of(const std::string& op, bool expanded) {
  Tolerance tolerance;
  if (expanded || has_few_digits(op)) tolerance.relative = kRelativeExpanded;
  if (expanded && op == "DynamicQuantizeLinear") tolerance.absolute = 1;
  return tolerance;
}

ConformanceCase run_case(const fs::path& folder, const MachineParams& machine, const Policy& policy) {
  ConformanceCase c;
  c.name = folder.filename().string();
  RunSpec run;
  run.network = read_onnx((folder / "model.onnx").string(), {}, 1);  // a case has the opset that it tests
  if (run.network.nodes.empty()) {
    c.reason = "constants only";
    return c;
  }
  const bool expanded = is_expanded(c.name);
  c.op = expanded ? expanded_operator(folder, run.network) : run.network.nodes.front().op;
  if (c.op.empty()) {
    c.reason = "neither its values nor a case beside it say which operator it expands";
    return c;
  }
  c.reason =
      run.network.nodes.size() != 1 && !expanded ? "more than one node" : without_definition(run.network);
  const bool norm = find_norm(c.op) != nullptr;
  if (!c.reason.empty()) {
    if (norm) c.status = Status::Failed;
    return c;
  }
  run.name = c.name;
  const std::vector<std::string> outputs = run.network.outputs;
  fill_inputs(folder, run.network);
  const Network whole = expanded ? recognise(folded(run.network)) : run.network;
  compare_outputs(folder, outputs, evaluate(whole), tolerance_of(c.op, expanded && !norm), c);
  if (expanded && norm && c.reason.empty()) c.reason = check_recognition(c.op, whole);
  c.status = c.reason.empty() ? Status::Passed : Status::Failed;
  if (norm && whole.nodes.size() == 1) c.int8 = simulate({run, machine, policy}).nodes.front().accuracy;
  return c;
}

}  // namespace

std::vector<ConformanceCase> run_conformance(const std::string& folder, const MachineParams& machine) {
  if (!is_folder(folder)) throw InputError(folder + ": no such folder");
  std::vector<fs::path> folders;
  for (const auto& entry : entries_of(folder))
    if (is_file(entry / "model.onnx")) folders.push_back(entry);
  if (folders.empty()) throw InputError(folder + ": holds no case (folders with a model.onnx)");
  const Policy policy = Policy::read("full");
  std::vector<ConformanceCase> cases;
  for (const fs::path& path : folders) {
    try {
      cases.push_back(run_case(path, machine, policy));
    } catch (const ErrorLines& error) {
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
