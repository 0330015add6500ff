// Advice about norms that exporters wrote out, and about what lies around a norm: chains of operators that a
// policy places one by one, and operators that only move elements.
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "kernels/norms/norm.h"
#include "sim/advise/advisors.h"
#include "sim/network/patterns.h"
#include "sim/operators/operator.h"
#include "sim/plan/facts.h"
#include "sim/plan/sharing.h"
#include "sim/plan/simplify.h"
#include "sim/plan/written_out.h"

namespace bpusim {

namespace {

constexpr std::size_t kNone = AdviceView::kNone;

// Put together from statistics or from a detour by Reshapes; not only moved, nor two operators in one.
bool put_together(const Node& node) {
  return find_norm(node.op) != nullptr && (node.origin.find("Reduce") != std::string::npos ||
                                           node.origin.find("Reshape") != std::string::npos);
}

// A norm, but for one that has its statistics already.
bool is_statistical(const Node& node) {
  const NormDefinition* norm = find_norm(node.op);
  return norm != nullptr && takes_statistics(*norm, node.attributes);
}

// Nodes behind `result` that are not in `kept`, back to what feeds them.
std::vector<std::size_t> chain_of(const AdviceView& view, const std::string& result,
                                  const std::set<std::string>& kept) {
  std::vector<std::size_t> chain, open = {view.maker(result)};
  std::set<std::size_t> seen;
  while (!open.empty()) {
    const std::size_t n = open.back();
    open.pop_back();
    if (n == kNone || !seen.insert(n).second) continue;
    if (!chain.empty() && kept.count(view.node(n).name) != 0) continue;
    chain.push_back(n);
    for (const std::string& input : view.node(n).inputs) open.push_back(view.maker(input));
  }
  std::sort(chain.begin(), chain.end());
  return chain;
}

// Edges between BPU and CPU at or within the chain.
int crossings_of(const AdviceView& view, const std::vector<std::size_t>& chain) {
  std::set<std::pair<std::string, bool>> crossed;  // a value, and the side that reads it
  const auto cross = [&](const std::string& value, std::size_t from, std::size_t to) {
    if (view.step_of(from).on_cpu() != view.step_of(to).on_cpu())
      crossed.insert({value, view.step_of(to).on_cpu()});
  };
  for (const std::size_t n : chain) {
    for (const std::string& input : view.node(n).inputs)
      if (view.maker(input) != kNone) cross(input, view.maker(input), n);
    for (const std::string& output : view.node(n).outputs)
      for (const std::size_t reader : view.readers(output)) cross(output, n, reader);
  }
  return static_cast<int>(crossed.size());
}

// Bytes that Splits, Concats and Transposes of the chain copy: what does not share its bytes.
std::int64_t copied_by(const AdviceView& view, const std::vector<std::size_t>& chain,
                       const Sharing& sharing) {
  std::int64_t bytes = 0;
  for (const std::size_t n : chain) {
    const Node& node = view.node(n);
    const OperatorDefinition* row = find_operator(node.op);
    if (!only_moves_elements(node.op) || row->alias) continue;
    const auto add = [&](const std::string& part, const std::string& whole) {
      if (sharing.parts.count(part) != 0 && sharing.parts.count(whole) != 0 &&
          sharing.part(part).root != sharing.part(whole).root)
        bytes += element_count(view.input.network.shape_of(part));
    };
    if (node.op == "Concat") {
      for (const std::string& input : node.inputs) add(input, node.outputs.at(0));
    } else {
      for (const std::string& output : node.outputs) add(output, node.inputs.at(0));
    }
  }
  return bytes;
}

// "10 and 11"
std::string listed(const std::vector<std::int64_t>& opsets) {
  std::string text;
  for (std::size_t i = 0; i < opsets.size(); ++i)
    text += (i == 0 ? "" : i + 1 == opsets.size() ? " and " : ", ") + std::to_string(opsets[i]);
  return text;
}

// What to do about a norm in parts: `otherwise`, but nothing that the chip's toolchain does not read, and no
// operator that it would send to the CPU.
std::string remedy_on(const Policy* policy, const std::string& op, const std::string& otherwise) {
  if (policy == nullptr || policy->opsets().empty()) return otherwise;
  const PolicyRow* row = policy->row_of(op);
  if (row == nullptr || row->on == PolicyRow::On::Decomposed)
    return "leave it so: the chip's toolchain reads opset " + listed(policy->opsets()) +
           ", where it is no operator";
  if (row->on == PolicyRow::On::Bpu) return otherwise;
  return "leave it so: as one operator its row says " + std::string(to_string(row->on)) + " (" + row->reason +
         ")";
}

CpuBesideNormAdvice::Remedy remedy_beside_norm(const std::string& op) {
  if (op == "Split" || op == "Slice") return CpuBesideNormAdvice::Remedy::TwoConvolutions;
  if (op == "Concat") return CpuBesideNormAdvice::Remedy::BothBranches;
  return CpuBesideNormAdvice::Remedy::NormOverItsAxes;
}

}  // namespace

void advisors_of::norm_written_out(const AdviceView& view, AdviceLines& lines) {
  for (const Step& step : view.input.steps) {
    const Node& node = view.first(step);
    if (put_together(node))
      lines.add(NormWrittenOutAdvice{node.op, find_norm(node.op)->kept_whole}, step.name);
  }
}

// What the rules would put together if the policy had an operator for it; a line a norm.
void advisors_of::norm_in_parts(const AdviceView& view, AdviceLines& lines) {
  struct Chains {
    std::size_t operators = 0;
    int crossings = 0;
    std::int64_t copied = 0;
    std::vector<std::string> last;
  };
  const Network whole =
      recognise(view.input.network, [](const std::string& op) { return find_norm(op) != nullptr; });
  std::set<std::string> kept;
  for (const Node& node : whole.nodes) kept.insert(node.name);
  std::optional<Sharing> sharing;
  std::map<std::string, Chains> by_norm;
  for (const Node& node : whole.nodes) {
    const std::size_t last = node.origin.empty() ? kNone : view.maker(node.outputs.at(0));
    if (last == kNone || view.node(last).op == node.op) continue;
    if (!sharing) sharing = plan_sharing(view.input.network, view.input.steps);
    const auto chain = chain_of(view, node.outputs[0], kept);
    Chains& chains = by_norm[node.op];
    chains.operators += chain.size();
    chains.crossings += crossings_of(view, chain);
    chains.copied += copied_by(view, chain, *sharing);
    chains.last.push_back(view.step_of(last).name);
  }
  for (const auto& [op, chains] : by_norm) {
    const NormDefinition& norm = *find_norm(op);
    const std::string other = norm.in_parts.empty() ? norm.kept_whole : norm.in_parts;
    const NormInPartsAdvice facts{op, chains.operators, chains.crossings, chains.copied,
                                  norm.composite ? other : remedy_on(view.input.policy, op, other)};
    for (const std::string& last : chains.last) lines.add(facts, last);
  }
}

// Neighbours of norms on the CPU that compute nothing.
void advisors_of::cpu_beside_norm(const AdviceView& view, AdviceLines& lines) {
  const auto norm_at = [&](std::size_t n) { return n != kNone && is_statistical(view.node(n)); };
  for (const Step& step : view.input.steps) {
    const Node& node = view.first(step);
    if (!step.on_cpu() || !only_moves_elements(node.op)) continue;
    std::set<std::string> norms;
    for (const std::string& input : node.inputs)
      if (norm_at(view.maker(input))) norms.insert(view.node(view.maker(input)).op);
    for (const std::string& output : node.outputs)
      for (const std::size_t reader : view.readers(output))
        if (norm_at(reader)) norms.insert(view.node(reader).op);
    if (norms.empty()) continue;
    lines.add(
        CpuBesideNormAdvice{
            node.op, {norms.begin(), norms.end()}, step.placement.reason, remedy_beside_norm(node.op)},
        step.name, true);
  }
}

void advisors_of::unread_opset(const AdviceView& view, AdviceLines& lines) {
  const Policy* policy = view.input.policy;
  if (policy == nullptr || policy->opsets().empty() || view.input.opset == 0) return;
  const auto& read = policy->opsets();
  if (std::find(read.begin(), read.end(), view.input.opset) != read.end()) return;
  for (const Step& step : view.input.steps)
    lines.add(UnreadOpsetAdvice{view.input.opset, listed(read)}, step.name);
}

namespace {

// Whether the policy has each primitive of the norm on the BPU, as it would be written out.
bool primitives_on_bpu(const Node& norm, const Network& network, const Policy& policy) {
  Network alone = network;
  alone.nodes = {norm};
  alone.outputs = {norm.outputs.at(0)};
  const Network parted = folded(written_out(alone, [](const Node&) { return true; }));
  const auto on_bpu = [&](const Node& part) {
    const Placement placement = policy.place(facts_of(part, parted));
    return placement.where == Placement::Where::Bpu && obstacle_of(part, parted).empty();
  };
  return parted.nodes.size() > 1 && std::all_of(parted.nodes.begin(), parted.nodes.end(), on_bpu);
}

}  // namespace

// The reverse of a norm that is written out: one operator that goes to the CPU, of parts that do not.
void advisors_of::norm_whole_on_cpu(const AdviceView& view, AdviceLines& lines) {
  const Policy* policy = view.input.policy;
  if (policy == nullptr) return;
  for (const Step& step : view.input.steps) {
    const Node& node = view.first(step);
    const PolicyRow* row = policy->row_of(node.op);
    if (find_norm(node.op) == nullptr || !step.on_cpu() || row == nullptr || row->on != PolicyRow::On::Cpu)
      continue;
    if (primitives_on_bpu(node, view.input.network, *policy))
      lines.add(NormWholeOnCpuAdvice{node.op, row->reason}, step.name);
  }
}

}  // namespace bpusim
