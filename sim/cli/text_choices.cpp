#include "sim/cli/run_choices.h"
#include "sim/cli/terminal.h"

namespace bpusim {

namespace {

// As a shell takes it.
std::string quoted(const std::string& word) {
  const std::string plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=,:+@%";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

// What the command was given about the network, the machine and the placement.
std::string given(const RunChoices& c, bool with_policy) {
  const Overrides& o = c.overrides;
  std::string text = " " + quoted(c.config);
  const auto add = [&](const char* option, const std::string& value) {
    if (!value.empty()) text += std::string(" ") + option + " " + quoted(value);
  };
  add("--machine", o.machine);
  if (with_policy) add("--policy", o.policy);
  for (const std::string& setting : o.settings) add("--set", setting);
  for (const std::string& place : o.on) add("--on", place);
  for (const std::string& dim : o.dims) add("--dim", dim);
  for (const std::string& branch : o.assume) add("--assume", branch);
  if (o.inputs_as_weights) text += " --inputs-as-weights";
  if (o.outside_data) text += " --outside-data";
  add("--memory-limit", o.memory_limit);
  return text;
}

}  // namespace

void add_text_choices(CLI::App& command, RunChoices& c, bool columns) {
  command.add_flag("--wide", c.wide, "All columns of tables, and whole names, however wide that is");
  if (columns)
    command
        .add_option("--columns", c.columns,
                    "Columns of the table of nodes, as NAME,NAME: names as in --csv and nodes[] of --json")
        ->delimiter(',')
        ->take_all();
}

TextStyle style_of_stdout(const RunChoices& c) {
  return {c.all_nodes, colours_wanted(), text_width(), c.wide, c.columns};
}

TextStyle style_of_files(const RunChoices& c) {
  return {true, false, kReportWidth, c.wide, c.columns};
}

std::vector<NextCommand> next_commands(const RunChoices& c, const CheckResult& result) {
  std::size_t on_cpu = 0, unplaced = 0;
  for (const PlacedNode& node : result.nodes) {
    if (node.on == Side::Cpu) ++on_cpu;
    if (node.on == Side::Nowhere) ++unplaced;
  }
  if (unplaced > 0)
    return {{"bpusim check" + given(c, false) + " --policy full",
             "where a policy that has them puts what has no place"}};
  std::vector<NextCommand> next = {
      {"bpusim run" + given(c, true), "time, traffic and int8 accuracy, node by node"}};
  if (on_cpu > 0)
    next.push_back({"bpusim compare" + given(c, true) + " --beside-policy full",
                    "what it costs that nodes are on the CPU"});
  return next;
}

}  // namespace bpusim
