#include "sim/config/config_paths.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "sim/config/paths.h"
#include "sim/config/suggest.h"
#include "sim/input_error.h"

namespace bpusim {

namespace fs = std::filesystem;

namespace {

// Folders that may hold the shipped configurations: beside the program that runs and above it (build trees,
// and prefixes that were moved), where this library was to be installed, and where the system keeps shared
// data. A library's own come before the system's, which may be of another version.
std::vector<fs::path> candidates() {
  std::vector<fs::path> folders;
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  for (fs::path at = program.parent_path(); at.has_relative_path(); at = at.parent_path())
    folders.push_back(at / "share/bpusim/configs");
  folders.emplace_back(BPUSIM_INSTALLED_CONFIGS);
  const char* shared = std::getenv("XDG_DATA_DIRS");
  std::istringstream list(shared != nullptr && *shared != '\0' ? shared : "/usr/local/share:/usr/share");
  for (std::string folder; std::getline(list, folder, ':');)
    folders.push_back(fs::path(folder) / "bpusim/configs");
  return folders;
}

}  // namespace

std::string config_folder() {
  if (const char* chosen = std::getenv("BPUSIM_CONFIGS")) {
    if (!is_folder(chosen)) throw InputError("$BPUSIM_CONFIGS: '" + std::string(chosen) + "' is no folder");
    return chosen;
  }
  for (const fs::path& folder : candidates())
    if (is_folder(folder)) return folder.string();
  throw InputError(
      "the shipped configurations are in no share/bpusim/configs above the program, not "
      "in " BPUSIM_INSTALLED_CONFIGS " and not in $XDG_DATA_DIRS; set $BPUSIM_CONFIGS to their folder");
}

bool is_config_path(const std::string& word) {
  const fs::path extension = fs::path(word).extension();
  return word.find('/') != std::string::npos || extension == ".yaml" || extension == ".yml";
}

std::string config_name(const std::string& sub_folder, const std::string& word) {
  if (is_config_path(word)) return word;
  const std::vector<std::string> names = list_configs(sub_folder);
  std::string meant = name_meant(word, names);
  if (!meant.empty()) return meant;
  throw InputError("there is no '" + word + "' in " + sub_folder + did_you_mean(word, names));
}

std::string resolve_config(const std::string& sub_folder, const std::string& name_or_path) {
  std::string name = config_name(sub_folder, name_or_path);
  if (!is_config_path(name)) return (fs::path(config_folder()) / sub_folder / (name + ".yaml")).string();
  if (!is_file(name)) throw InputError(name + ": no such file");
  return name;
}

std::vector<std::string> list_configs(const std::string& sub_folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(fs::path(config_folder()) / sub_folder, ignored))
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace bpusim
