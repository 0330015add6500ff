#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "models/commands/cost.h"
#include "sim/cli/commands.h"
#include "sim/cli/listing_schemas.h"
#include "sim/cli/terminal.h"
#include "sim/config/config_paths.h"
#include "sim/config/machine_file.h"
#include "sim/config/policy.h"
#include "sim/config/schema.h"
#include "sim/config/suggest.h"
#include "sim/input_error.h"
#include "sim/operators/operator_reference.h"
#include "sim/report/json_text.h"
#include "sim/report/reference.h"
#include "sim/report/text_table.h"
#include "sim/scenario/run_schema.h"
#include "sim/scenario/toolchain/keys.h"

namespace bpusim {

namespace {

/// A command that `bpusim cost` prices, with the names of the numbers in --shape.
struct Priced {
  const char* name;
  std::vector<const char*> numbers;
  const char* doc;
  Cost (*price)(const MachineParams&, const std::vector<std::int64_t>&);
};

const std::vector<Priced>& priced_commands() {
  static const std::vector<Priced> table = {
      {"MatMul",
       {"M", "N", "K"},
       "M x K by K x N on the MAC array",
       [](const MachineParams& m, const std::vector<std::int64_t>& s) {
         return matmul_cost(m.mac, s[0], s[1], s[2]);
       }},
      {"Reduce",
       {"sets", "elements"},
       "sum and sum of squares of so many sets of so many elements, each set contiguous",
       [](const MachineParams& m, const std::vector<std::int64_t>& s) {
         return reduction_cost(m.reduction, {s[0], s[1], true, 2});
       }},
      {"ReduceLanes",
       {"sets", "elements"},
       "the same where neighbouring elements belong to different sets",
       [](const MachineParams& m, const std::vector<std::int64_t>& s) {
         return reduction_cost(m.reduction, {s[1], s[0], false, 2});
       }},
      {"MacReduce",
       {"sets", "elements"},
       "the same sums on the MAC array",
       [](const MachineParams& m, const std::vector<std::int64_t>& s) {
         return mac_reduction_cost(m.mac, s[0], s[1], 2);
       }},
      {"Finalise",
       {"sets"},
       "reciprocal square roots",
       [](const MachineParams& m, const std::vector<std::int64_t>& s) {
         return special_function_cost(m.sfu, s[0], 1);
       }},
      {"Apply",
       {"elements"},
       "normalise, scale and shift",
       [](const MachineParams& m, const std::vector<std::int64_t>& s) {
         return vector_cost(m.vector, s[0]);
       }},
  };
  return table;
}

struct CostChoices {
  std::string command, machine = "generic", shape;
  std::vector<std::string> settings;
  bool json = false;
};

constexpr double kMostWork = 281474976710656;  // 2^48

std::vector<std::int64_t> parse_shape(const std::string& text, const Priced& priced) {
  std::string names;
  for (const char* number : priced.numbers) names += (names.empty() ? "" : ",") + std::string(number);
  std::vector<std::int64_t> shape;
  double product = 1;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) {
    const bool digits =
        !part.empty() && part.size() <= 15 && part.find_first_not_of("0123456789") == std::string::npos;
    shape.push_back(digits ? std::stoll(part) : 0);
    if (shape.back() < 1)
      throw InputError("--shape " + text + ": expected " + names + ", each from 1 to 2^48 in digits; got '" +
                       part + "'");
    product *= static_cast<double>(shape.back());
  }
  // An array of one row and one column takes a cycle for each product, and fills and drains for each.
  if (product > kMostWork)
    throw InputError("--shape " + text + ": " + names + " multiply to more than 2^48, which is not priced");
  if (shape.size() != priced.numbers.size())
    throw InputError("--shape " + text + ": " + priced.name + " takes " + names);
  return shape;
}

std::string priced_name(const std::string& word) {
  const std::vector<std::string> names = priced_command_names();
  std::string name = name_meant(word, names);
  if (name.empty())
    throw InputError("'" + word + "' is no command that is priced" + did_you_mean(word, names));
  if (name != word) say_note("'" + word + "' is taken as " + name);
  return name;
}

int cost(const CostChoices& c) {
  const Priced* priced = nullptr;
  const std::string command = priced_name(c.command);
  for (const Priced& row : priced_commands())
    if (command == row.name) priced = &row;
  std::vector<std::string> notes;
  const std::string name = config_name("machines", c.machine);
  if (name != c.machine) notes.push_back("machine '" + c.machine + "' is taken as " + name);
  const MachineParams machine = read_machine(name, c.settings, {}, &notes);
  for (const std::string& note : notes) say_note(note);
  const Cost price = priced->price(machine, parse_shape(c.shape, *priced));
  if (c.json) {
    nlohmann::ordered_json out = {{"schema", "bpusim-cost-1"},
                                  {"command", command},
                                  {"machine", machine.name},
                                  {"cycles", price.cycles}};
    for (const Cost::Part& part : price.parts) out["parts"][part.name] = part.cycles;
    std::cout << json_text(std::move(out));
    return kFine;
  }
  TextTable table({"Part", "Cycles>"});
  for (const Cost::Part& part : price.parts) table.add({part.name, grouped(part.cycles)});
  table.add({"total", grouped(price.cycles)});
  std::cout << command << " " << c.shape << " on " << machine.name << ": " << priced->doc << "\n"
            << table.str();
  return kFine;
}

// Everything that has a JSON Schema: files that are read, then what commands write.
std::vector<std::pair<std::string, std::string (*)()>> other_schemas() {
  return {{"machine", machine_schema},        {"policy", policy_schema},   {"run_file", run_file_schema},
          {"vendor_yaml", toolchain::schema}, {"support", support_schema}, {"cost", cost_schema}};
}

std::string schema_of(const std::string& what) {
  for (const auto& [name, schema] : other_schemas())
    if (name == what) return schema();
  return result_schema(what);
}

}  // namespace

std::vector<std::string> priced_command_names() {
  std::vector<std::string> names;
  for (const Priced& row : priced_commands()) names.emplace_back(row.name);
  return names;
}

void add_cost_command(CLI::App& app, Action& action) {
  auto c = std::make_shared<CostChoices>();
  CLI::App* command =
      app.add_subcommand("cost", "Say what an engine charges for one command, and for which parts of it");
  std::string doc = "One of";
  for (const Priced& row : priced_commands())
    doc += std::string(&row == &priced_commands().front() ? " " : ", ") + row.name;
  command->add_option("command", c->command, doc)->required();
  command->add_option("--machine", c->machine, "Machine preset or file")->capture_default_str();
  command->add_option("--set", c->settings, "section.key=value of the machine; may be repeated")->take_all();
  command->add_option("--shape", c->shape, "The command's numbers, as M,N,K for MatMul")->required();
  command->add_flag("--json", c->json, "JSON on stdout");
  command->footer(
      "Examples:\n"
      "  bpusim cost MatMul --machine generic --set mac.rows=16 --shape 128,64,256\n"
      "  bpusim cost Reduce --machine rdk-x5 --shape 64,3136 --json");
  command->callback([c, &action] { action = [c] { return cost(*c); }; });
}

void add_docs_command(CLI::App& app, Action& action) {
  auto what = std::make_shared<std::string>();
  auto of = std::make_shared<std::string>("machine");
  std::vector<std::string> with_schema;
  for (const auto& row : other_schemas()) with_schema.push_back(row.first);
  for (const std::string& result : documented_results()) with_schema.push_back(result);
  CLI::App* command = app.add_subcommand(
      "docs",
      "Print a part of the documentation that is made from the code: the configuration reference (machines), "
      "how policies are written (policies), a JSON Schema (schema), the operators, the keys of results "
      "(report), or those of the vendor's YAML (vendor_yaml)");
  command->add_option("what", *what, "machines, policies, schema, operators, report or vendor_yaml")
      ->required()
      ->check(CLI::IsMember({"machines", "policies", "schema", "operators", "report", "vendor_yaml"}));
  command
      ->add_option(
          "--of", *of,
          "Of a schema: of a kind of file (machine, policy, run_file, vendor_yaml), or of what a command "
          "writes with --json (support: of list)")
      ->check(CLI::IsMember(with_schema))
      ->capture_default_str();
  command->footer(
      "Examples:\n"
      "  bpusim docs schema > machine.schema.json\n"
      "  bpusim docs schema --of run_file > run-file.schema.json\n"
      "  bpusim docs schema --of run > run-result.schema.json");
  command->callback([what, of, &action] {
    action = [what, of] {
      std::cout << (*what == "schema"        ? schema_of(*of)
                    : *what == "operators"   ? operator_reference()
                    : *what == "policies"    ? policy_reference()
                    : *what == "report"      ? result_reference()
                    : *what == "vendor_yaml" ? toolchain::reference()
                                             : machine_reference());
      return kFine;
    };
  });
}

}  // namespace bpusim
