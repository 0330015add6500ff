// bpusim list: what there is to choose from.
#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "kernels/norms/norm.h"
#include "sim/cli/commands.h"
#include "sim/cli/terminal.h"
#include "sim/config/config_paths.h"
#include "sim/config/machine_file.h"
#include "sim/config/policy.h"
#include "sim/config/suggest.h"
#include "sim/network/patterns.h"
#include "sim/operators/operator.h"
#include "sim/report/json_text.h"
#include "sim/report/text_table.h"
#include "sim/scenario/run_sources.h"

namespace bpusim {

namespace {

struct ListChoices {
  std::string what, op, policy;
  bool json = false;
};

std::vector<Policy> policies_of(const std::string& name) {
  std::vector<Policy> policies;
  if (!name.empty()) {
    const std::string meant = config_name("support", name);
    if (meant != name) say_note("policy '" + name + "' is taken as " + meant);
    policies.push_back(Policy::read(meant));
  } else {
    for (const std::string& each : list_configs("support")) policies.push_back(Policy::read(each));
  }
  return policies;
}

// Operators of all policies, by name.
std::set<std::string> operators_of(const std::vector<Policy>& policies) {
  std::set<std::string> ops;
  for (const Policy& policy : policies)
    for (const PolicyRow& row : policy.rows()) ops.insert(row.op);
  return ops;
}

void list_machines() {
  TextTable table({"Machine", "Policy", "Description"});
  for (const std::string& name : list_configs("machines")) {
    const MachineParams machine = read_machine(name);
    table.add({name, machine.policy, machine.description});
  }
  std::cout << table.str();
}

void list_runs() {
  TextTable table({"Run", "Machine", "Description"});
  std::string missing;
  for (const ShippedRun& run : shipped_runs()) {
    table.add({run.name, run.machine, run.description});
    if (!run.model_made_by.empty())
      missing +=
          run.name + ": its model is not there; `" + run.model_made_by + "`, in bpusim's folder, makes it\n";
  }
  std::cout << table.str() << (missing.empty() ? "" : "\n") << missing;
}

void list_policies() {
  const std::vector<Policy> policies = policies_of("");
  std::vector<TextColumn> columns = {"Operator"};
  for (const Policy& policy : policies) columns.emplace_back(policy.name());
  TextTable table(columns);
  for (const std::string& op : operators_of(policies)) {
    std::vector<std::string> cells = {op};
    for (const Policy& policy : policies) {
      const PolicyRow* row = policy.row_of(op);
      cells.emplace_back(row != nullptr ? to_string(row->on) : "-");
    }
    table.add(cells);
  }
  std::cout << table.str();
}

nlohmann::ordered_json json_of(const std::vector<Limit>& limits) {
  nlohmann::ordered_json texts = nlohmann::ordered_json::array();
  for (const Limit& limit : limits) texts.push_back(to_string(limit));
  return texts;
}

void support_json(const std::vector<Policy>& policies, const std::set<std::string>& ops) {
  nlohmann::ordered_json out = {{"schema", "bpusim-support-1"}};
  for (const Policy& policy : policies) {
    nlohmann::ordered_json one = {
        {"name", policy.name()}, {"opsets", policy.opsets()}, {"limits", json_of(policy.limits())}};
    if (policy.otherwise()) one["otherwise"] = to_string(policy.otherwise()->where);
    one["operators"] = nlohmann::ordered_json::array();
    for (const std::string& op : ops)
      if (const PolicyRow* row = policy.row_of(op))
        one["operators"].push_back({{"op", op},
                                    {"on", to_string(row->on)},
                                    {"reason", row->reason},
                                    {"source", row->source},
                                    {"limits", json_of(row->limits)},
                                    {"otherwise", to_string(row->otherwise)}});
    out["policies"].push_back(std::move(one));
  }
  std::cout << json_text(std::move(out));
}

void print_limits(const std::vector<Limit>& limits, const char* indent) {
  for (const Limit& limit : limits)
    std::cout << indent << to_string(limit) << (limit.says.empty() ? "" : " (" + limit.says + ")") << "\n";
}

void support_text(const std::vector<Policy>& policies, const std::set<std::string>& ops) {
  for (const std::string& op : ops) {
    std::cout << op << "\n";
    for (const Policy& policy : policies) {
      const PolicyRow* row = policy.row_of(op);
      if (row == nullptr) {
        const auto& other = policy.otherwise();
        std::cout << "  " << policy.name() << ": "
                  << (other ? std::string(to_string(other->where)) + ", has no row: " + other->reason
                            : "unsupported, has no row")
                  << "\n";
        continue;
      }
      std::cout << "  " << policy.name() << ": " << to_string(row->on) << ", " << row->reason << "\n";
      print_limits(row->limits, "      ");
      if (!row->limits.empty()) std::cout << "      else " << to_string(row->otherwise) << "\n";
      std::cout << "      source: " << row->source << "\n";
    }
  }
  for (const Policy& policy : policies) {
    if (policy.limits().empty()) continue;
    std::cout << "All that " << policy.name() << " has on the BPU\n";
    print_limits(policy.limits(), "      ");
  }
  std::cout
      << "An operator that is quantised only where a neighbour is may stay on the CPU beside CPU operators: "
         "not modelled.\n";
}

void list_support(const ListChoices& c) {
  const std::vector<Policy> policies = policies_of(c.policy);
  std::set<std::string> ops = operators_of(policies);
  if (!c.op.empty()) {
    const std::string op = name_meant(c.op, {ops.begin(), ops.end()});
    if (op.empty())
      throw InputError("no policy has a row for '" + c.op + "'" +
                       did_you_mean(c.op, {ops.begin(), ops.end()}));
    if (op != c.op) say_note("'" + c.op + "' is taken as " + op);
    ops = {op};
  }
  if (c.json) {
    support_json(policies, ops);
  } else {
    support_text(policies, ops);
  }
}

void list_operators() {
  TextTable table({"Operator", "Engine", "Arithmetic"});
  for (const OperatorDefinition& row : operator_registry()) table.add({row.op, row.engine, row.arithmetic});
  std::cout << table.str();
}

void list_rules() {
  TextTable table({"Recognised", "As", "Pattern"});
  for (const Rule& rule : recognition_rules()) table.add({rule.name, rule.op, rule.pattern});
  std::cout << table.str();
}

void list_kernels() {
  TextTable table({"Norm", "Inputs after X", "Statistics over", "Affine per", "Rank"});
  for (const NormDefinition& norm : norm_registry())
    table.add(
        {norm.op, constant_names(norm), norm.over, norm.affine, "from " + std::to_string(norm.min_rank)});
  std::cout << table.str();
}

int list(const ListChoices& c) {
  if (c.what != "support" && (!c.op.empty() || !c.policy.empty() || c.json))
    throw InputError("list " + c.what +
                     " takes nothing more: an operator, --policy and --json are of list support");
  if (c.what == "machines") list_machines();
  if (c.what == "runs") list_runs();
  if (c.what == "policies") list_policies();
  if (c.what == "support") list_support(c);
  if (c.what == "operators") list_operators();
  if (c.what == "rules") list_rules();
  if (c.what == "kernels") list_kernels();
  return kFine;
}

}  // namespace

void add_list_command(CLI::App& app, Action& action) {
  auto c = std::make_shared<ListChoices>();
  CLI::App* command = app.add_subcommand(
      "list",
      "List machines, run files, policies, what they support, kernels, operators or recognition rules");
  command->add_option("what", c->what, "machines, runs, policies, support, kernels, operators or rules")
      ->required()
      ->check(CLI::IsMember({"machines", "runs", "policies", "support", "kernels", "operators", "rules"}));
  command->add_option("operator", c->op, "Of support: this operator alone");
  command->add_option("--policy", c->policy, "Of support: this policy alone, by name or file");
  command->add_flag("--json", c->json, "Of support: JSON on stdout");
  command->footer(
      "Examples:\n"
      "  bpusim list runs\n"
      "  bpusim list kernels\n"
      "  bpusim list support Softmax\n"
      "  bpusim list support --policy bayes-e --json");
  command->callback([c, &action] { action = [c] { return list(*c); }; });
}

}  // namespace bpusim
