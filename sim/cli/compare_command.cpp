// `bpusim compare`: two runs side by side.
#include <iostream>
#include <memory>

#include "sim/cli/commands.h"
#include "sim/cli/result_files.h"
#include "sim/cli/run_choices.h"
#include "sim/cli/terminal.h"
#include "sim/input_error.h"
#include "sim/report/compare.h"
#include "sim/run/simulate.h"

namespace bpusim {

namespace {

struct CompareChoices {
  RunChoices a;
  std::string config, machine, policy;  // of the second run, where they differ
  std::vector<std::string> settings;
};

RunChoices second_of(const CompareChoices& c) {
  if (c.config.empty() && c.machine.empty() && c.policy.empty() && c.settings.empty())
    throw InputError(
        "compare: nothing tells the two runs apart; name a second run file or model, or give "
        "--beside-policy, "
        "--beside-machine or --beside-set");
  RunChoices b = c.a;
  if (!c.config.empty()) b.config = c.config;
  if (!c.machine.empty()) b.overrides.machine = c.machine;
  if (!c.policy.empty()) b.overrides.policy = c.policy;
  b.overrides.settings.insert(b.overrides.settings.end(), c.settings.begin(), c.settings.end());
  return b;
}

RunResult result_of(const RunChoices& choices) {
  const ProgressDisplay display;
  RunOptions options;
  options.function = !choices.no_function;
  options.listener = display.listener();
  return simulate(resolve(choices.config, choices.overrides, display.listener()), options);
}

int compare(const CompareChoices& c) {
  check_stdout(c.a);
  const RunChoices second = second_of(c);
  ResultFiles files(c.a.json, c.a.csv, "");
  const RunResult a = result_of(c.a), b = result_of(second);
  const std::string json = json_comparison(a, b), csv = csv_comparison(a, b);
  files.write({json, csv, ""});
  std::cout << (c.a.json == "-"  ? json
                : c.a.csv == "-" ? csv
                                 : text_comparison(a, b, {c.a.all_nodes, colours_wanted()}));
  return kFine;
}

}  // namespace

void add_compare_command(CLI::App& app, Action& action) {
  auto c = std::make_shared<CompareChoices>();
  CLI::App* command = app.add_subcommand(
      "compare",
      "Run the same work twice, with another policy, machine or setting, and show both side by side");
  add_choices(*command, c->a);
  add_csv_choice(*command, c->a);
  command->add_option("second", c->config, "Second run file or model; the first one's otherwise");
  command->add_option("--beside-policy", c->policy, "Support policy of the second run");
  command->add_option("--beside-machine", c->machine, "Machine of the second run");
  command
      ->add_option("--beside-set", c->settings,
                   "section.key=value of the second run's machine; may be repeated")
      ->take_all();
  command->add_flag("--nodes", c->a.all_nodes, "All nodes, not only those that differ most");
  command->add_flag("--no-function", c->a.no_function,
                    "Timing only: the same cycles, no bytes and no accuracy");
  command->footer(
      "Examples:\n"
      "  bpusim compare configs/runs/ibn_resnet50.yaml --beside-policy full\n"
      "  bpusim compare model.onnx --machine rdk-x3 --beside-machine rdk-x5 --no-function\n"
      "  bpusim compare configs/runs/norms.yaml --beside-set reduction.lanes=128 --json -");
  command->callback([c, &action] { action = [c] { return compare(*c); }; });
}

}  // namespace bpusim
