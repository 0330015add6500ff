#include "sim/config/config_paths.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "sim/config/suggest.h"
#include "sim/input_error.h"

namespace bpusim {

namespace fs = std::filesystem;

std::string config_folder() {
  if (const char* chosen = std::getenv("BPUSIM_CONFIGS")) {
    if (!fs::is_directory(chosen))
      throw InputError("$BPUSIM_CONFIGS: '" + std::string(chosen) + "' is no folder");
    return chosen;
  }
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  const fs::path installed = program.parent_path().parent_path() / "share/bpusim/configs";
  if (fs::is_directory(installed)) return installed.string();
  if (fs::is_directory(BPUSIM_SOURCE_CONFIGS)) return BPUSIM_SOURCE_CONFIGS;
  throw InputError("the shipped configurations are neither at " + installed.string() + " nor at " +
                   BPUSIM_SOURCE_CONFIGS + "; set $BPUSIM_CONFIGS");
}

std::string resolve_config(const std::string& sub_folder, const std::string& name_or_path) {
  const bool path =
      name_or_path.find('/') != std::string::npos || fs::path(name_or_path).extension() == ".yaml";
  if (path) {
    if (!fs::is_regular_file(name_or_path)) throw InputError(name_or_path + ": no such file");
    return name_or_path;
  }
  const fs::path file = fs::path(config_folder()) / sub_folder / (name_or_path + ".yaml");
  if (fs::is_regular_file(file)) return file.string();
  throw InputError("there is no '" + name_or_path + "' in " + sub_folder +
                   did_you_mean(name_or_path, list_configs(sub_folder)));
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
