#include "sim/config/policy.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <stdexcept>

#include "sim/config/config_paths.h"
#include "sim/config/yaml_reader.h"

namespace bpusim {

namespace {

using Where = Placement::Where;

constexpr double kLargest = 1e15;  // of a limit in a file

Where parse_where(const YamlNode& node, Where fallback) {
  const std::string word = node.choice(to_string(fallback), {"bpu", "decomposed", "cpu", "unsupported"});
  for (const Where where : {Where::Bpu, Where::Decomposed, Where::Cpu, Where::Unsupported})
    if (word == to_string(where)) return where;
  return fallback;
}

PolicyRow read_row(const YamlNode& node) {
  PolicyRow row;
  row.op = node["op"].word();
  row.on = parse_where(node["on"], row.on);
  row.reason = node["reason"].word();
  row.source = node["source"].word();
  row.otherwise = parse_where(node["otherwise"], row.otherwise);
  row.rank_min = node["rank_min"].integer(row.rank_min, 0, 8);
  row.rank_max = node["rank_max"].integer(row.rank_max, 0, 8);
  row.max_kernel = node["max_kernel"].integer(row.max_kernel, 1, kLargest);
  row.max_channels = node["max_channels"].integer(row.max_channels, 1, kLargest);
  row.max_channels_per_group =
      node["max_channels_per_group"].integer(row.max_channels_per_group, 1, kLargest);
  row.max_chw = node["max_chw"].integer(row.max_chw, 1, kLargest);
  row.max_kernel_volume = node["max_kernel_volume"].integer(row.max_kernel_volume, 1, kLargest);
  row.after_conv_only = node["after_conv_only"].flag(row.after_conv_only);
  node.close();
  if (row.op.empty()) node.fail("needs an op");
  if (row.reason.empty()) node.fail("needs a reason");
  if (row.source.empty()) node.fail("needs a source");
  return row;
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

// What of the row's limits the operator exceeds; empty where it keeps them all.
std::string exceeded(const PolicyRow& row, const OperatorFacts& facts) {
  const auto rank = static_cast<std::int64_t>(facts.shape.size());
  std::int64_t chw = 1;
  for (std::size_t d = 1; d < facts.shape.size(); ++d) chw *= facts.shape[d];
  const auto over = [](const char* what, std::int64_t value, std::int64_t limit) {
    return std::string(what) + " " + std::to_string(value) + " is over " + std::to_string(limit);
  };
  if (rank < row.rank_min || rank > row.rank_max)
    return "rank " + std::to_string(rank) + " is not within " + std::to_string(row.rank_min) + " to " +
           std::to_string(row.rank_max);
  if (facts.kernel > row.max_kernel) return over("kernel", facts.kernel, row.max_kernel);
  if (facts.channels > row.max_channels) return over("channel count", facts.channels, row.max_channels);
  if (facts.channels / facts.groups > row.max_channels_per_group)
    return over("channels a group", facts.channels / facts.groups, row.max_channels_per_group);
  if (facts.kernel_volume > row.max_kernel_volume)
    return over("C*H*W of the kernel", facts.kernel_volume, row.max_kernel_volume);
  if (chw > row.max_chw) return over("C*H*W", chw, row.max_chw);
  if (row.after_conv_only && !facts.after_conv) return "no convolution before it to fuse into";
  return "";
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

Policy Policy::parse(const std::string& text, const std::string& file) {
  Problems problems;
  const YamlNode root = YamlNode::read_text(text, file, problems);
  Policy policy;
  policy.name_ = root["name"].word(file);
  policy.file_ = std::filesystem::path(file).filename().string();
  policy.description_ = root["description"].word();
  policy.otherwise_ = read_otherwise(root["otherwise"]);
  std::map<std::string, int> seen;
  for (const YamlNode& node : root["operators"].items()) {
    policy.rows_.push_back(read_row(node));
    if (++seen[policy.rows_.back().op] == 2) node.fail("'" + policy.rows_.back().op + "' has a row already");
  }
  root.close();
  problems.raise();
  return policy;
}

Policy Policy::read(const std::string& name_or_path) {
  const std::string path = resolve_config("support", name_or_path);
  return parse(read_yaml(path), path);
}

Policy Policy::with_on_bpu(const std::vector<std::string>& ops) const {
  Policy other = *this;
  for (const std::string& op : ops) {
    PolicyRow row;
    row.op = op;
    row.on = Placement::Where::Bpu;
    row.reason = "tried on the BPU";
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

Placement Policy::place(const OperatorFacts& facts) const {
  for (const PolicyRow& row : rows_) {
    if (row.op != facts.op) continue;
    const std::string over = exceeded(row, facts);
    if (over.empty()) return {row.on, row.reason, row.source};
    return {row.otherwise, over + " (" + row.reason + ")", row.source};
  }
  if (otherwise_)
    return {otherwise_->where,
            facts.op + " has no row in policy " + name_ + " (" + file_ + "): " + otherwise_->reason,
            otherwise_->source};
  return {Where::Unsupported,
          "policy " + name_ + " (" + file_ + ") has no row for " + facts.op + ", and no otherwise", ""};
}

}  // namespace bpusim
