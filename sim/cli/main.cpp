// `bpusim`: reads the command line, runs one command, turns errors into exit codes. Results go to stdout,
// logs and errors to stderr.
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <new>
#include <sstream>

#include "sim/cli/commands.h"
#include "sim/cli/heap.h"
#include "sim/cli/making.h"
#include "sim/cli/output_file.h"
#include "sim/cli/run_choices.h"
#include "sim/config/suggest.h"
#include "sim/input_error.h"
#include "sim/result/printable.h"
#include "sim/result/version.h"

namespace {

using namespace bpusim;

constexpr std::size_t kMostLines = 100;  // of errors: more than anybody reads

void start_logging(const std::string& level) {
  auto logger = spdlog::stderr_color_mt("bpusim");
  logger->set_pattern("%^%l%$: %v");
  spdlog::set_default_logger(logger);
  spdlog::set_level(spdlog::level::from_str(level));
}

void say(const std::vector<std::string>& lines) {
  for (std::size_t i = 0; i < std::min(lines.size(), kMostLines); ++i)
    std::cerr << "error: " << printable(lines[i]) << "\n";
  if (lines.size() > kMostLines) std::cerr << "error: and " << lines.size() - kMostLines << " more\n";
}

int own_mistake(const std::exception& error) {
  std::cerr
      << "error: bpusim itself is wrong here, whatever it was given. Please report this: internal error: "
      << printable(error.what()) << "; bpusim " << version()
      << "; command line: " << printable(making().command) << "\n";
  return kOwnMistake;
}

int run_action(const Action& action) {
  try {
    return action();
  } catch (const PlacementError& error) {
    say(error.lines());
    return kUnplaced;
  } catch (const InputError& error) {
    say(error.lines());
    return kBadInput;
  } catch (const OutputError& error) {
    say({error.what()});
    return kNotWritten;
  } catch (const std::bad_alloc&) {
    say(
        {"no memory is left: the run takes more than this machine, or a limit of its shell, gives it; "
         "--memory-limit refuses such a run before it starts"});
    return kBadInput;
  } catch (const std::exception& error) {
    return own_mistake(error);
  }
}

// Results that nobody got are no success.
int after_stdout(int code) {
  errno = 0;
  std::cout.flush();
  const bool whole = std::cout.good() && std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  const int error = errno;
  if (whole && (::close(STDOUT_FILENO) == 0 || errno == EBADF)) return code;
  say({std::string("stdout: can't be written") +
       (error != 0 ? std::string(": ") + std::strerror(error) : "")});
  return kNotWritten;
}

// Options of all commands may come behind one.
void settle_options(CLI::App& app) {
  for (CLI::App* command : app.get_subcommands({})) {
    command->fallthrough();
    take_one_value_each(*command);
  }
}

std::vector<std::string> options_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

// One line, with the word that is meant where one is nearly another.
std::string failure_text(const CLI::App* app, const CLI::Error& error) {
  const std::vector<CLI::App*> given = app->get_subcommands();
  const CLI::App* command = given.empty() ? nullptr : given.back();
  const std::string help = std::string("; `bpusim ") + (command != nullptr ? command->get_name() + " " : "") +
                           "--help` lists what there is\n";
  std::vector<std::string> known = options_of(*app);
  if (command != nullptr)
    for (const std::string& option : options_of(*command)) known.push_back(option);
  for (const std::string& word : app->remaining(true)) {
    if (word.rfind('-', 0) == 0)
      return "error: there is no option '" + word + "'" + did_you_mean(word, known) + help;
    std::vector<std::string> commands;
    for (const CLI::App* each : app->get_subcommands({}))
      if (!each->get_group().empty()) commands.push_back(each->get_name());
    if (command == nullptr)
      return "error: there is no command '" + word + "'" + did_you_mean(word, commands) + help;
  }
  return std::string("error: ") + error.what() + help;
}

int run_program(int argc, char** argv) {
  CLI::App app("bpusim: a cycle-approximate simulator of a Horizon-style BPU", "bpusim");
  app.set_version_flag("--version", std::string("bpusim ") + version());
  app.require_subcommand(1);
  app.failure_message(failure_text);
  app.footer(
      "Exit codes: 0 fine, 1 ran but a check failed, 2 bad input, 3 an operator has no place or a tensor no\n"
      "elements, 70 a mistake of bpusim's own, 74 a result can't be written, 130 and 143 (as a shell shows "
      "it)\n"
      "stopped by SIGINT or SIGTERM.\n`bpusim COMMAND --help` shows examples.");
  std::string log = "warn";
  bool quiet = false;
  CLI::Option* level = app.add_option("--log", log, "Log level on stderr")
                           ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}))
                           ->capture_default_str();
  app.add_flag("--quiet", quiet, "The result alone: no progress, notes or warnings on stderr")
      ->excludes(level);
  Action action;
  add_run_command(app, action);
  add_compare_command(app, action);
  add_check_command(app, action);
  add_conformance_command(app, action);
  add_cost_command(app, action);
  add_list_command(app, action);
  add_docs_command(app, action);
  add_complete_command(app, action);
  settle_options(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream said;
    if (app.exit(error, std::cout, said) == 0) return kFine;
    std::istringstream lines(said.str());
    for (std::string line; std::getline(lines, line);) std::cerr << printable(line) << "\n";
    return kBadInput;
  }
  start_logging(quiet ? "error" : log);
  return run_action(action);
}

}  // namespace

int main(int argc, char** argv) {
  prepare_heap();
  prepare_signals();
  note_command_line(argc, argv);
  return after_stdout(run_program(argc, argv));
}
