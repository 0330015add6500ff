// What could stand where a command line ends, read off the command line's own description.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace bpusim {

/// A word that could stand there; "key=" and "section." go on. The description is one line, or empty.
struct Candidate {
  std::string word, description;
};

/// Files that could stand there, beside the candidates.
enum class Files {
  None,
  Any,
  Folders,
  Yaml,     ///< machine files and policies
  Works,    ///< what is run: run files and models
  Results,  ///< the same, and stored results
};

struct Completion {
  std::vector<Candidate> candidates;
  Files files = Files::None;
};

/// Completes the last word of `words`, the line behind the program's name; it may be empty. Options, commands
/// and closed sets of values are those of `app`.
Completion complete(const CLI::App& app, const std::vector<std::string>& words);

/// As the shells' scripts read it: a line each, "word<tab>description", then ":files", ":folders",
/// ":files EXTENSION…" or ":none".
std::string to_lines(const Completion& completion);

}  // namespace bpusim
