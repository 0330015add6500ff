// The files that a command's results go to.
#pragma once

#include <optional>
#include <string>

#include "sim/cli/output_file.h"

namespace bpusim {

/// A result in the forms that files take.
struct ResultTexts {
  std::string json, csv, text;
};

/// Opened before the work, so that a path that can't be written is found then.
class ResultFiles {
 public:
  /// Paths of --json and --csv, "-" for none, and the folder of --out; empty where there is none. Throws
  /// InputError.
  ResultFiles(const std::string& json, const std::string& csv, const std::string& folder);

  /// Throws OutputError.
  void write(const ResultTexts& result);

 private:
  std::optional<OutputFile> json_, csv_, folder_text_, folder_json_;
};

}  // namespace bpusim
