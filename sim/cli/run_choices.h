// What the commands that read a network have in common: which network, machine and policy.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "sim/report/report.h"
#include "sim/scenario/scenario.h"

namespace bpusim {

struct RunChoices {
  std::string config, out, json, csv, dump, outputs, against;
  Overrides overrides;
  bool no_function = false, all_nodes = false, no_what_if = false, mapper_table = false, wide = false;
  std::vector<std::string> columns;
};

/// Adds what `run` and `check` have: the file, its settings and --json.
void add_choices(CLI::App& command, RunChoices& choices);

/// Adds the options that all of these commands have: how the file is read, and on which machine.
void add_setting_choices(CLI::App& command, RunChoices& choices);

/// Adds calibration and widths, for commands that simulate.
void add_quantisation_choices(CLI::App& command, Overrides& overrides);

void add_json_choice(CLI::App& command, RunChoices& choices);

/// Adds --csv, for commands whose result has a row a node.
void add_csv_choice(CLI::App& command, RunChoices& choices);

/// An option that may be repeated takes one value each time, so that a file may come behind it.
void take_one_value_each(CLI::App& command);

/// Adds --wide, and for a table of nodes --columns.
void add_text_choices(CLI::App& command, RunChoices& choices, bool columns);

/// How the text on stdout looks, and that of files, which are the same whatever the terminal.
TextStyle style_of_stdout(const RunChoices& choices);
TextStyle style_of_files(const RunChoices& choices);

/// What goes on from a check.
std::vector<NextCommand> next_commands(const RunChoices& choices, const CheckResult& result);

/// Throws InputError where two results are to go to stdout.
void check_stdout(const RunChoices& choices);

}  // namespace bpusim
