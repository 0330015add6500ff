// Where the shipped configurations lie: names such as "rdk-x5" become files.
#pragma once

#include <string>
#include <vector>

namespace bpusim {

/// The folder with machines/, support/ and runs/: $BPUSIM_CONFIGS, else share/bpusim/configs in a folder
/// above the program that runs, else where this library was configured to be installed, else bpusim/configs
/// in $XDG_DATA_DIRS. Throws InputError where none is there.
std::string config_folder();

/// Whether a word is a path, of a .yaml or with a folder, and no name.
bool is_config_path(const std::string& word);

/// The name in a sub-folder ("machines") that a word stands for (name_meant()); a path stays as it is. Throws
/// InputError with a suggestion.
std::string config_name(const std::string& sub_folder, const std::string& word);

/// The file of `name_or_path` in a sub-folder: a path as it is, a name as config_name() has it, with its
/// folder and .yaml. Throws InputError, as config_name() does.
std::string resolve_config(const std::string& sub_folder, const std::string& name_or_path);

/// Names that a sub-folder offers, sorted.
std::vector<std::string> list_configs(const std::string& sub_folder);

}  // namespace bpusim
