// `bpusim`: reads the command line, runs one command, turns errors into exit codes. Results go to stdout,
// logs and errors to stderr.
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "sim/cli/commands.h"
#include "sim/cli/heap.h"
#include "sim/input_error.h"
#include "sim/plan/placement.h"

namespace {

void start_logging(const std::string& level) {
  auto logger = spdlog::stderr_color_mt("bpusim");
  logger->set_pattern("%^%l%$: %v");
  spdlog::set_default_logger(logger);
  spdlog::set_level(spdlog::level::from_str(level));
}

}  // namespace

int main(int argc, char** argv) {
  bpusim::prepare_heap();
  CLI::App app("bpusim: a cycle-approximate simulator of a Horizon-style BPU");
  app.set_version_flag("--version", "bpusim " BPUSIM_VERSION);
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::help);
  app.footer(
      "Exit codes: 0 fine, 1 ran but a check failed, 2 bad input, 3 an operator has no place.\n`bpusim "
      "COMMAND --help` shows examples.");
  std::string log = "warn";
  app.add_option("--log", log, "Log level on stderr")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}))
      ->capture_default_str();
  bpusim::Action action;
  bpusim::add_run_command(app, action);
  bpusim::add_compare_command(app, action);
  bpusim::add_check_command(app, action);
  bpusim::add_conformance_command(app, action);
  bpusim::add_cost_command(app, action);
  bpusim::add_list_command(app, action);
  bpusim::add_docs_command(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? bpusim::kFine : bpusim::kBadInput;
  }
  start_logging(log);
  try {
    return action();
  } catch (const bpusim::PlacementError& error) {
    std::cerr << "error: " << error.what() << "\n";
    return bpusim::kUnplaced;
  } catch (const bpusim::InputError& error) {
    for (const std::string& line : error.lines()) std::cerr << "error: " << line << "\n";
    return bpusim::kBadInput;
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << "\n";
    return bpusim::kBadInput;
  }
}
