// The sub-commands of `bpusim`: each registers itself with its options and hands back what to do.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

namespace bpusim {

/// What a command returns to the shell. The last two are those of sysexits.h.
enum ExitCode {
  kFine = 0,
  kCheckFailed = 1,
  kBadInput = 2,
  kUnplaced = 3,
  kOwnMistake = 70,
  kNotWritten = 74
};

/// Called once the command line is read.
using Action = std::function<int()>;

void add_run_command(CLI::App& app, Action& action);
void add_compare_command(CLI::App& app, Action& action);
void add_check_command(CLI::App& app, Action& action);
void add_conformance_command(CLI::App& app, Action& action);
void add_cost_command(CLI::App& app, Action& action);
void add_list_command(CLI::App& app, Action& action);
void add_docs_command(CLI::App& app, Action& action);
/// Hidden: the shells' completion asks it.
void add_complete_command(CLI::App& app, Action& action);

/// What `bpusim cost` prices.
std::vector<std::string> priced_command_names();

}  // namespace bpusim
