#include "sim/config/policy.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <stdexcept>

#include "sim/config/config_paths.h"
#include "sim/config/file_kind.h"
#include "sim/config/yaml_reader.h"

namespace bpusim {

namespace {

using Where = Placement::Where;
using On = PolicyRow::On;

constexpr On kRows[] = {On::Bpu, On::Decomposed, On::Cpu, On::Unsupported, On::Folded, On::OnRequest};

Where parse_where(const YamlNode& node, Where fallback) {
  const std::string word = node.choice(to_string(fallback), {"bpu", "decomposed", "cpu", "unsupported"});
  for (const Where where : {Where::Bpu, Where::Decomposed, Where::Cpu, Where::Unsupported})
    if (word == to_string(where)) return where;
  return fallback;
}

On parse_on(const YamlNode& node) {
  std::vector<std::string> words;
  for (const On on : kRows) words.emplace_back(to_string(on));
  const std::string word = node.choice(to_string(On::Unsupported), words);
  for (const On on : kRows)
    if (word == to_string(on)) return on;
  return On::Unsupported;
}

// A row of each operator that the entry names.
std::vector<PolicyRow> read_rows(const YamlNode& node, const std::string& source) {
  PolicyRow row;
  row.on = parse_on(node["on"]);
  row.reason = node["reason"].word();
  row.source = node["source"].word(source);
  row.otherwise = parse_where(node["otherwise"], row.otherwise);
  row.limits = read_limits(node["limits"]);
  const YamlNode op = node["op"];
  std::vector<std::string> ops = op.is_list() ? op.words() : std::vector<std::string>{op.word()};
  node.close();
  if (ops.empty() || std::count(ops.begin(), ops.end(), "") != 0) node.fail("needs an op");
  if (row.reason.empty()) node.fail("needs a reason");
  if (row.source.empty()) node.fail("needs a source");
  std::vector<PolicyRow> rows;
  for (std::string& each : ops) {
    row.op = std::move(each);
    rows.push_back(row);
  }
  return rows;
}

// Where operators go that have no row. Absent: no file says so.
std::optional<Placement> read_otherwise(const YamlNode& node) {
  if (!node.exists()) return std::nullopt;
  Placement placement;
  placement.where = parse_where(node["on"], placement.where);
  placement.reason = node["reason"].word();
  placement.source = node["source"].word();
  node.close();
  if (placement.reason.empty()) node.fail("needs a reason");
  if (placement.source.empty()) node.fail("needs a source");
  return placement;
}

Where where_of(On on) {
  switch (on) {
    case On::Bpu:
      return Where::Bpu;
    case On::Decomposed:
      return Where::Decomposed;
    case On::Cpu:
      return Where::Cpu;
    case On::Unsupported:
      return Where::Unsupported;
    case On::Folded:
    case On::OnRequest:
      break;
  }
  throw std::logic_error("PolicyRow: no place of its own");
}

}  // namespace

const char* to_string(Where where) {
  switch (where) {
    case Where::Bpu:
      return "bpu";
    case Where::Decomposed:
      return "decomposed";
    case Where::Cpu:
      return "cpu";
    case Where::Unsupported:
      return "unsupported";
  }
  throw std::logic_error("to_string: unknown Placement::Where");
}

const char* to_string(On on) {
  if (on == On::Folded) return "folded";
  return on == On::OnRequest ? "on_request" : to_string(where_of(on));
}

Policy Policy::parse(const std::string& text, const std::string& file) {
  Problems problems;
  const YamlNode root = YamlNode::read_text(text, file, problems);
  require_kind(FileKind::Policy, root);
  Policy policy;
  policy.name_ = root["name"].word(file);
  policy.file_ = std::filesystem::path(file).filename().string();
  policy.description_ = root["description"].word();
  policy.opsets_ = root["opsets"].integers();
  policy.limits_ = read_limits(root["limits"]);
  policy.otherwise_ = read_otherwise(root["otherwise"]);
  const std::string source = root["source"].word();
  std::map<std::string, int> seen;
  for (const YamlNode& node : root["operators"].items()) {
    for (PolicyRow& row : read_rows(node, source)) {
      if (++seen[row.op] == 2) node.fail("'" + row.op + "' has a row already");
      policy.rows_.push_back(std::move(row));
    }
  }
  root.close();
  problems.raise();
  return policy;
}

Policy Policy::read(const std::string& name_or_path) {
  const std::string path = resolve_config("support", name_or_path);
  return parse(read_yaml(path), path);
}

const PolicyRow* Policy::row_of(const std::string& op) const {
  for (const PolicyRow& row : rows_)
    if (row.op == op) return &row;
  return nullptr;
}

Policy Policy::with_rows(const std::vector<std::string>& ops, On on, const char* reason) const {
  Policy other = *this;
  for (const std::string& op : ops) {
    PolicyRow row;
    row.op = op;
    row.on = on;
    row.reason = reason;
    const auto same = [&](const PolicyRow& each) { return each.op == op; };
    const auto at = std::find_if(other.rows_.begin(), other.rows_.end(), same);
    if (at == other.rows_.end()) {
      other.rows_.push_back(row);
    } else {
      *at = row;
    }
  }
  return other;
}

Policy Policy::with_on_bpu(const std::vector<std::string>& ops) const {
  return with_rows(ops, On::Bpu, "tried on the BPU");
}

Policy Policy::with_in_primitives(const std::vector<std::string>& ops) const {
  return with_rows(ops, On::Decomposed, "tried in primitives");
}

// The first limit that the operator breaks, of the row and, where that is about the BPU, of the policy.
std::string Policy::broken_by(const PolicyRow& row, const OperatorFacts& facts) const {
  if (!facts.shapes_known) return "";
  for (const Limit& limit : row.limits)
    if (std::string why = broken(limit, facts); !why.empty()) return why;
  if (row.on == On::Cpu || row.on == On::Unsupported) return "";
  for (const Limit& limit : limits_)
    if (std::string why = broken(limit, facts); !why.empty()) return why;
  return "";
}

Placement Policy::place(const OperatorFacts& facts, Request request) const {
  const PolicyRow* row = row_of(facts.op);
  if (row == nullptr && otherwise_)
    return {otherwise_->where,
            facts.op + " has no row in policy " + name_ + " (" + file_ + "): " + otherwise_->reason,
            otherwise_->source};
  if (row == nullptr)
    return {Where::Unsupported,
            "policy " + name_ + " (" + file_ + ") has no row for " + facts.op + ", and no otherwise", ""};
  if (row->on == On::Unsupported) return {Where::Unsupported, row->reason, row->source};
  if (request == Request::Cpu && row->on != On::Cpu)
    return {Where::Cpu, "the run puts it on the CPU", "run file"};
  if (const std::string why = broken_by(*row, facts); !why.empty())
    return {row->otherwise, why + " (" + row->reason + ")", row->source};
  if (row->on == On::Folded) return {row->otherwise, "is left after folding: " + row->reason, row->source};
  if (row->on == On::OnRequest)
    return request == Request::Bpu
               ? Placement{Where::Bpu, row->reason + "; the run asks for the BPU", row->source}
               : Placement{Where::Cpu, row->reason, row->source};
  if (request == Request::Bpu && row->on == On::Cpu)
    return {Where::Cpu, "the run asks for the BPU, which does not run it: " + row->reason, row->source};
  return {where_of(row->on), row->reason, row->source};
}

}  // namespace bpusim
