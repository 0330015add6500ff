// What the commands that read a network have in common: which network, machine and policy.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "sim/scenario/scenario.h"

namespace bpusim {

struct RunChoices {
  std::string config, out, json, csv, dump, outputs, against;
  Overrides overrides;
  bool no_function = false, all_nodes = false, no_what_if = false, mapper_table = false;
};

/// Adds the options that all of these commands have.
void add_choices(CLI::App& command, RunChoices& choices);

/// Adds --csv, for commands whose result has a row a node.
void add_csv_choice(CLI::App& command, RunChoices& choices);

/// Throws InputError where two results are to go to stdout.
void check_stdout(const RunChoices& choices);

}  // namespace bpusim
