#include <iostream>
#include <memory>
#include <optional>

#include "sim/cli/commands.h"
#include "sim/cli/making.h"
#include "sim/cli/output_file.h"
#include "sim/cli/result_files.h"
#include "sim/cli/run_choices.h"
#include "sim/cli/terminal.h"
#include "sim/config/input_file.h"
#include "sim/config/machine_file.h"
#include "sim/config/paths.h"
#include "sim/input_error.h"
#include "sim/network/files/tensor_files.h"
#include "sim/report/conformance_report.h"
#include "sim/report/mapper_log.h"
#include "sim/report/mapper_table.h"
#include "sim/report/report.h"
#include "sim/result/printable.h"
#include "sim/run/simulate.h"
#include "sim/study/conformance.h"

namespace bpusim {

namespace {

// A name that came out empty, of a variable of a script, say, is no wish for no file.
void add_result_file(CLI::App& command, const char* option, std::string& name, const char* what) {
  command.add_option(option, name, what)->check([](const std::string& given) -> std::string {
    return given.empty() ? "needs a name" : "";
  });
}

}  // namespace

void add_choices(CLI::App& command, RunChoices& c) {
  command
      .add_option("config", c.config,
                  "Run file (.yaml), the vendor's YAML, model (.onnx), or a name of bpusim list runs")
      ->required();
  add_setting_choices(command, c);
  add_json_choice(command, c);
}

void add_setting_choices(CLI::App& command, RunChoices& c) {
  command.add_option("--machine", c.overrides.machine, "Machine preset or file; overrides the run file's");
  command.add_option("--policy", c.overrides.policy, "Support policy or file; overrides the run file's");
  command.add_option("--set", c.overrides.settings, "section.key=value of the machine; may be repeated")
      ->take_all();
  command
      .add_option("--on", c.overrides.on,
                  "NODE=bpu or NODE=cpu: where a node, or all of an operator, is to run; may be repeated")
      ->take_all();
  command.add_option("--dim", c.overrides.dims, "NAME=VALUE of a model's dynamic dimension; may be repeated")
      ->take_all();
  command
      .add_option("--input", c.overrides.inputs,
                  "NAME=FILE (.npy, .npz, .pb) that an input of the model holds; may be repeated")
      ->take_all();
  command.add_option("--memory-limit", c.overrides.memory_limit,
                     "What the run may take, as 4GiB: larger ones are refused before they start");
  command.add_flag("--outside-data", c.overrides.outside_data,
                   "Read external data that lie outside of the model's folder, too");
  command
      .add_option(
          "--assume", c.overrides.assume,
          "NAME=true or NAME=false: the branch of a model's If that its inputs decide; may be repeated")
      ->take_all();
  command.add_flag("--inputs-as-weights", c.overrides.inputs_as_weights,
                   "Take inputs that operators read as weights for weights without data: timing only");
}

void add_json_choice(CLI::App& command, RunChoices& c) {
  add_result_file(command, "--json", c.json, "Write the result as JSON to this file; - for stdout");
}

void add_csv_choice(CLI::App& command, RunChoices& c) {
  add_result_file(command, "--csv", c.csv, "Write a row a node as CSV to this file; - for stdout");
}

void take_one_value_each(CLI::App& command) {
  for (CLI::Option* option : command.get_options())
    if (!option->get_positional() && option->get_expected_max() > 1) option->allow_extra_args(false);
}

void check_stdout(const RunChoices& c) {
  if (c.json == "-" && c.csv == "-")
    throw InputError("--json - and --csv - both write to stdout; give one of them a file");
}

namespace {

// A folder of tensors as .npy, by position, with a list of their names.
class TensorFolder {
 public:
  explicit TensorFolder(const std::string& folder) : folder_(folder), list_(made(folder) + "/names.txt") {
    for (std::size_t i = 0; is_there(file_of(i)); ++i)
      if (was_read(file_of(i)))
        throw InputError(file_of(i) + ": can't be written: it is a file that the result is made from");
  }

  void add(const std::string& name, const Tensor& tensor) {
    OutputFile file(file_of(index_++));
    write_npy(tensor, [&](const void* bytes, std::size_t count) { file.write(bytes, count); });
    file.commit();
    list_.write(printable(name) + "\n");
  }
  void finish() { list_.commit(); }

 private:
  std::string file_of(std::size_t index) const { return folder_ + "/" + std::to_string(index) + ".npy"; }
  static const std::string& made(const std::string& folder) {
    make_folder(folder);
    return folder;
  }

  const std::string folder_;
  OutputFile list_;
  std::size_t index_ = 0;
};

// Every value of the float64 model.
void dump_golden(const Scenario& scenario, const std::string& folder, const Listener& listener) {
  const GoldenValues golden = golden_values(scenario, listener);
  TensorFolder files(folder);
  for (const auto& [name, tensor] : golden.numbers) files.add(name, tensor);
  files.finish();
}

// Where it was asked for, and the report has not got it already.
std::string table_of(const RunChoices& c, const RunResult& result) {
  return c.mapper_table && !result.of_toolchain ? "\n" + mapper_table(result) : "";
}

int run(const RunChoices& c) {
  check_stdout(c);
  if (!c.dump.empty() && !c.outputs.empty() && resolved(c.dump) == resolved(c.outputs))
    throw InputError("--dump-golden and --dump-outputs go to the same folder; give each its own");
  std::optional<MapperLog> log;
  if (!c.against.empty()) log = read_mapper_log(c.against);
  check_node_columns(c.columns);
  RunResult result;
  std::optional<ResultFiles> files;
  {
    const ProgressDisplay display;
    const Scenario scenario = resolve(c.config, c.overrides, display.listener());
    files.emplace(c.json, c.csv, c.out);
    const double dumped = c.dump.empty() ? 0 : 0.2;
    if (!c.dump.empty()) dump_golden(scenario, c.dump, display.listener().part(0, dumped));
    RunOptions options;
    options.function = !c.no_function;
    options.what_if = !c.no_what_if;
    options.listener = display.listener().part(dumped, 1);
    std::optional<TensorFolder> outputs;
    if (!c.outputs.empty()) {
      if (c.no_function)
        throw InputError("--dump-outputs: a run without function (--no-function) has no values");
      outputs.emplace(c.outputs);
      options.output = [&outputs](const std::string& name, const Tensor& values) {
        outputs->add(name, values);
      };
    }
    result = simulate(scenario, options);
    if (outputs) outputs->finish();
  }
  result.making = making();
  const auto text = [&](const TextStyle& style) {
    return text_report(result, style) + table_of(c, result) +
           (log ? "\n" + text_against(result, *log, style) : "");
  };
  const std::string json = json_report(result), csv = csv_report(result);
  files->write({json, csv, text(style_of_files(c))});
  std::cout << (c.json == "-" ? json : c.csv == "-" ? csv : text(style_of_stdout(c)));
  for (const NodeResult& node : result.nodes)
    if (node.overflows > 0) return kCheckFailed;
  return kFine;
}

int check(const RunChoices& c) {
  CheckResult result;
  std::optional<ResultFiles> files;
  {
    const ProgressDisplay display;  // whose line is gone before the result comes
    const Scenario scenario = resolve(c.config, c.overrides, display.listener());
    files.emplace(c.json, "", "");
    result = bpusim::check(scenario);
  }
  result.making = making();
  files->write({json_placement(result), "", ""});
  std::cout << (c.json == "-" ? json_placement(result)
                              : text_placement(result, style_of_stdout(c), next_commands(c, result)));
  for (const PlacedNode& node : result.nodes)
    if (node.on == Side::Nowhere) return kUnplaced;
  return kFine;
}

int conformance(const std::vector<std::string>& folders, const std::string& json) {
  ResultFiles files(json, "", "");
  const MachineParams machine = read_machine("generic");
  std::vector<ConformanceCase> cases;
  for (const std::string& folder : folders) {
    const auto found = run_conformance(folder, machine);
    cases.insert(cases.end(), found.begin(), found.end());
  }
  const std::string text = json_conformance(cases, making());
  files.write({text, "", ""});
  std::cout << (json == "-" ? text : text_conformance(cases, {true, colours_wanted(), text_width()}));
  for (const ConformanceCase& c : cases)
    if (c.status == ConformanceCase::Status::Failed) return kCheckFailed;
  return kFine;
}

}  // namespace

void add_quantisation_choices(CLI::App& command, Overrides& overrides) {
  command.add_option(
      "--calibration", overrides.calibration,
      "max, percentile[:FRACTION], kl, mse, readers, or auto, which tries them all: how grids are found");
  command
      .add_option("--calibrate", overrides.samples,
                  "Sample to calibrate on (.npy, .npz, .pb), or a folder of them; may be repeated")
      ->take_all();
  command
      .add_option("--int16", overrides.int16,
                  "Node whose output, or input of the network that, is int16, or all; may be repeated")
      ->take_all();
  command
      .add_option(
          "--int32", overrides.int32,
          "Output of the network that leaves as the sums of its convolution or product, or all that can; "
          "may be repeated")
      ->take_all();
  command
      .add_option(
          "--float32", overrides.float32,
          "Output of the network that leaves as float32, which a step of its own makes of its codes, or all; "
          "may be repeated")
      ->take_all();
  command
      .add_option("--int16-below", overrides.int16_below,
                  "Make int16 of nodes whose int8 output has a lower cosine, and of what they read")
      ->check(CLI::Range(-1.0, 1.0));
  command
      .add_option("--int16-until", overrides.int16_until,
                  "Make int16 of the few nodes that the output's cosine needs to reach this one")
      ->check(CLI::Range(-1.0, 1.0));
  command.add_flag("--sensitivity", overrides.sensitivity, "Measure also what each node loses by itself");
}

void add_run_command(CLI::App& app, Action& action) {
  auto c = std::make_shared<RunChoices>();
  CLI::App* command =
      app.add_subcommand("run", "Simulate a network and report cycles, bandwidth and int8 accuracy");
  add_choices(*command, *c);
  add_csv_choice(*command, *c);
  add_result_file(*command, "--out", c->out, "Folder for report.txt and report.json");
  add_quantisation_choices(*command, c->overrides);
  add_result_file(*command, "--dump-golden", c->dump, "Folder for every value of the float64 model as .npy");
  add_result_file(*command, "--dump-outputs", c->outputs,
                  "Folder for the network's outputs as the machine makes them, as .npy; text is left out");
  command->add_flag("--nodes", c->all_nodes, "All nodes of a large network in the printed table");
  add_text_choices(*command, *c, true);
  command->add_flag(
      "--mapper-table", c->mapper_table,
      "Print the nodes also as the vendor's tools do; runs of the vendor's YAML have it anyway");
  command->add_option(
      "--against", c->against,
      "Log of hb_mapper or hb_compile: compare placement, thresholds, cosines, latency and DDR bytes");
  command->add_flag("--no-what-if", c->no_what_if,
                    "Do not time the network again with what the advice would change");
  command->add_flag("--no-function", c->no_function,
                    "Timing only: the same cycles, no bytes and no accuracy");
  command->footer(
      "Examples:\n"
      "  bpusim run norms\n"
      "  bpusim run norms --machine rdk-x5 --policy full --json out.json\n"
      "  bpusim run yolo_config.yaml --against hb_mapper_makertbin.log\n"
      "  bpusim run model.onnx --set reduction.lanes=128 --set sram.bytes=4MiB");
  command->callback([c, &action] { action = [c] { return run(*c); }; });
}

void add_check_command(CLI::App& app, Action& action) {
  auto c = std::make_shared<RunChoices>();
  CLI::App* command =
      app.add_subcommand("check", "Say where each operator would run, and why, without simulating");
  add_choices(*command, *c);
  command->add_flag("--nodes", c->all_nodes, "A row a node, in place of one a reason");
  add_text_choices(*command, *c, false);
  command->footer(
      "Examples:\n  bpusim check model.onnx --machine rdk-x3\n  bpusim check configs/runs/norms.yaml "
      "--policy full --json -");
  command->callback([c, &action] { action = [c] { return check(*c); }; });
}

void add_conformance_command(CLI::App& app, Action& action) {
  auto folders = std::make_shared<std::vector<std::string>>();
  auto json = std::make_shared<std::string>();
  CLI::App* command =
      app.add_subcommand("conformance", "Run ONNX operator test cases: golden, and int8 on the machine");
  command->add_option("folders", *folders, "Folders of cases")->required();
  add_result_file(*command, "--json", *json, "Write the result as JSON to this file; - for stdout");
  command->footer("Example:\n  bpusim conformance /usr/share/libonnx-testdata/data/node");
  command->callback(
      [folders, json, &action] { action = [folders, json] { return conformance(*folders, *json); }; });
}

}  // namespace bpusim
