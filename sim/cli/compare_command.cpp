// `bpusim compare`: runs side by side, simulated or read from what earlier ones wrote.
#include <algorithm>
#include <iostream>
#include <memory>

#include "sim/cli/commands.h"
#include "sim/cli/making.h"
#include "sim/cli/result_files.h"
#include "sim/cli/run_choices.h"
#include "sim/cli/terminal.h"
#include "sim/config/input_file.h"
#include "sim/input_error.h"
#include "sim/report/compare.h"
#include "sim/run/simulate.h"

namespace bpusim {

namespace {

struct CompareChoices {
  RunChoices all;                       // of every run that is simulated
  std::vector<std::string> files;       // run files, models, stored results
  std::string machine, policy;          // of the second run, where they differ
  std::vector<std::string> settings;    // the same
  std::vector<std::string> beside;      // options of further runs
  std::vector<std::string> simulating;  // options that were given and are about simulated runs

  bool of_second() const { return !machine.empty() || !policy.empty() || !settings.empty(); }
};

bool is_stored(const RunChoices& run) {
  constexpr const char* kEnd = ".json";
  const std::string& path = run.config;
  return path.size() > 5 && path.compare(path.size() - 5, 5, kEnd) == 0;
}

template <class T>
void append(std::vector<T>& list, const std::vector<T>& more) {
  list.insert(list.end(), more.begin(), more.end());
}

void override_with(const std::string& given, std::string& held) {
  if (!given.empty()) held = given;
}

// What is given once counts alone, what may be repeated comes behind what is there.
void merge(const Overrides& given, Overrides& held) {
  override_with(given.machine, held.machine);
  override_with(given.policy, held.policy);
  override_with(given.calibration, held.calibration);
  override_with(given.memory_limit, held.memory_limit);
  for (const auto list :
       {&Overrides::settings, &Overrides::dims, &Overrides::inputs, &Overrides::on, &Overrides::assume,
        &Overrides::samples, &Overrides::int16, &Overrides::int32, &Overrides::float32})
    append(held.*list, given.*list);
  if (given.int16_below > -1) held.int16_below = given.int16_below;
  if (given.int16_until > -1) held.int16_until = given.int16_until;
  held.inputs_as_weights = held.inputs_as_weights || given.inputs_as_weights;
  held.sensitivity = held.sensitivity || given.sensitivity;
  held.outside_data = held.outside_data || given.outside_data;
}

// The first run with the options in the text, which reads as a command line does.
RunChoices beside(const RunChoices& first, const std::string& text) {
  if (text.find_first_not_of(' ') == std::string::npos) throw InputError("--beside '': names no option");
  RunChoices given, run = first;
  CLI::App app;
  app.set_help_flag();
  app.add_option("config", given.config);
  add_setting_choices(app, given);
  add_quantisation_choices(app, given.overrides);
  take_one_value_each(app);
  try {
    app.parse(text);
  } catch (const CLI::ParseError& error) {
    throw InputError("--beside '" + text + "': " + error.what() +
                     "; it takes options of `bpusim run` and perhaps a file, as '--machine s100 --set "
                     "mac.rows=64'");
  }
  override_with(given.config, run.config);
  merge(given.overrides, run.overrides);
  return run;
}

void check_stored(const CompareChoices& c, const std::vector<RunChoices>& runs) {
  const auto stored = static_cast<std::size_t>(std::count_if(runs.begin(), runs.end(), is_stored));
  if (stored == 0) return;
  if (c.of_second() && is_stored(runs[1]))
    throw InputError(runs[1].config +
                     ": --beside-machine, --beside-policy and --beside-set change nothing of a "
                     "result that is stored");
  if (!c.beside.empty() && is_stored(runs[0]))
    throw InputError(runs[0].config +
                     ": --beside runs the first file again with other options, and this is a "
                     "result that is stored");
  if (stored == runs.size() && !c.simulating.empty())
    throw InputError(c.simulating.front() + " changes nothing: all that is compared here is stored results");
}

std::vector<RunChoices> runs_of(const CompareChoices& c) {
  std::vector<RunChoices> runs;
  for (const std::string& file : c.files) {
    runs.push_back(c.all);
    runs.back().config = file;
  }
  if (c.of_second()) {
    if (runs.size() > 2)
      throw InputError(
          "--beside-machine, --beside-policy and --beside-set are of the second of two runs; of more runs "
          "give "
          "each its options with --beside");
    if (runs.size() == 1) runs.push_back(runs[0]);
    override_with(c.machine, runs[1].overrides.machine);
    override_with(c.policy, runs[1].overrides.policy);
    append(runs[1].overrides.settings, c.settings);
  }
  const RunChoices first = runs[0];
  for (const std::string& text : c.beside) runs.push_back(beside(first, text));
  if (runs.size() < 2)
    throw InputError(
        "compare: nothing tells two runs apart; name a second run file, model or result (.json), or give "
        "--beside-policy, --beside-machine, --beside-set or --beside");
  check_stored(c, runs);
  return runs;
}

ComparedRun read_stored(const RunChoices& run) {
  constexpr double kParsed = 64;  // bytes a byte of JSON, at most
  MemoryBudget budget(parse_memory_limit(run.overrides.memory_limit));
  return stored_run(InputFile(run.config).content(budget, kParsed), run.config);
}

ComparedRun run_of(const RunChoices& run) {
  if (is_stored(run)) return read_stored(run);
  const ProgressDisplay display;
  RunOptions options;
  options.function = !run.no_function;
  options.listener = display.listener();
  return compared_run(simulate(resolve(run.config, run.overrides, display.listener()), options));
}

int compare(const CompareChoices& c) {
  check_stdout(c.all);
  const std::vector<RunChoices> planned = runs_of(c);
  ResultFiles files(c.all.json, c.all.csv, "");
  std::vector<ComparedRun> runs(planned.size());
  // What is stored is read first: what is wrong with it is said before the work.
  for (const bool stored : {true, false})
    for (std::size_t r = 0; r < runs.size(); ++r)
      if (is_stored(planned[r]) == stored) runs[r] = run_of(planned[r]);
  const std::string json = json_comparison(runs, making()), csv = csv_comparison(runs);
  files.write({json, csv, ""});
  std::cout << (c.all.json == "-"  ? json
                : c.all.csv == "-" ? csv
                                   : text_comparison(runs, {c.all.all_nodes, colours_wanted()}));
  return kFine;
}

// Options on the command line that are about runs that are simulated.
std::vector<std::string> simulating(const CLI::App& command) {
  const std::vector<std::string> others = {"json", "csv", "nodes", "memory-limit"};
  std::vector<std::string> given;
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames())
      if (option->count() > 0 && std::find(others.begin(), others.end(), name) == others.end())
        given.push_back("--" + name);
  return given;
}

}  // namespace

void add_compare_command(CLI::App& app, Action& action) {
  auto c = std::make_shared<CompareChoices>();
  CLI::App* command = app.add_subcommand(
      "compare",
      "Show runs side by side: other files, machines, policies, settings or options, or stored results");
  command
      ->add_option(
          "runs", c->files,
          "Run files, the vendor's YAML, models, or results of `bpusim run --json` (.json), which are "
          "read and not simulated; differences are from the first")
      ->required();
  add_setting_choices(*command, c->all);
  add_quantisation_choices(*command, c->all.overrides);
  add_json_choice(*command, c->all);
  add_csv_choice(*command, c->all);
  command->add_option("--beside-policy", c->policy, "Support policy of the second run");
  command->add_option("--beside-machine", c->machine, "Machine of the second run");
  command
      ->add_option("--beside-set", c->settings,
                   "section.key=value of the second run's machine; may be repeated")
      ->take_all();
  command
      ->add_option("--beside", c->beside,
                   "OPTIONS of `bpusim run`, in quotes: the first run once more with these; may be repeated")
      ->take_all();
  command->add_flag("--nodes", c->all.all_nodes, "All nodes, not only those that differ most");
  command->add_flag("--no-function", c->all.no_function,
                    "Timing only: the same cycles, no bytes and no accuracy");
  command->footer(
      "Examples:\n"
      "  bpusim compare configs/runs/ibn_resnet50.yaml --beside-policy full\n"
      "  bpusim compare model.onnx --machine rdk-x3 --beside-machine rdk-x5 --no-function\n"
      "  bpusim compare configs/runs/norms.yaml --beside-set reduction.lanes=128 --json -\n"
      "  bpusim compare model.onnx --beside '--int16 all' --beside '--machine s100 --set mac.rows=64'\n"
      "  bpusim compare monday.json tuesday.json model.onnx");
  command->callback([c, command, &action] {
    c->simulating = simulating(*command);
    action = [c] { return compare(*c); };
  });
}

}  // namespace bpusim
