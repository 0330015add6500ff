// What the commands that read a network have in common: which network, machine and policy.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "models/machine_params.h"
#include "sim/config/policy.h"
#include "sim/scenario/run_file.h"

namespace bpusim {

struct RunChoices {
  std::string config, machine, policy, out, json, csv, dump, calibration;
  std::vector<std::string> settings, dims, samples, int16;
  double int16_below = -1, int16_until = -1;
  bool no_function = false, sensitivity = false, all_nodes = false, no_what_if = false;
};

/// Adds the options that all of these commands have.
void add_choices(CLI::App& command, RunChoices& choices);

/// Adds --csv, for commands whose result has a row a node.
void add_csv_choice(CLI::App& command, RunChoices& choices);

/// Throws InputError where two results are to go to stdout.
void check_stdout(const RunChoices& choices);

struct Prepared {
  RunSpec run;
  MachineParams machine;
  Policy policy;
};

/// Reads the files that were chosen. Throws InputError.
Prepared prepare(const RunChoices& choices);

}  // namespace bpusim
