// What the commands that read a network have in common: which network, machine and policy.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "sim/scenario/scenario.h"

namespace bpusim {

struct RunChoices {
  std::string config, out, json, dump;
  Overrides overrides;
  bool no_function = false, all_nodes = false, no_what_if = false;
};

/// Adds the options that all of these commands have.
void add_choices(CLI::App& command, RunChoices& choices);

}  // namespace bpusim
