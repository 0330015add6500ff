#include "sim/cli/result_files.h"

#include <utility>

namespace bpusim {

ResultFiles::ResultFiles(const std::string& json, const std::string& csv, const std::string& folder) {
  if (!json.empty() && json != "-") json_.emplace(json);
  if (!csv.empty() && csv != "-") csv_.emplace(csv);
  if (folder.empty()) return;
  make_folder(folder);
  folder_text_.emplace(folder + "/report.txt");
  folder_json_.emplace(folder + "/report.json");
}

void ResultFiles::write(const ResultTexts& result) {
  const std::pair<std::optional<OutputFile>*, const std::string*> files[] = {{&json_, &result.json},
                                                                             {&csv_, &result.csv},
                                                                             {&folder_text_, &result.text},
                                                                             {&folder_json_, &result.json}};
  for (const auto& [file, content] : files)
    if (*file) (*file)->write(*content);
  for (const auto& [file, content] : files)
    if (*file) (*file)->commit();
}

}  // namespace bpusim
