// What lies at a path that somebody gave. What cannot be looked at, as by a name that is too long or in a
// folder that is closed to us, is not there: no error of the file system gets past these.
#pragma once

#include <filesystem>
#include <vector>

namespace bpusim {

bool is_file(const std::filesystem::path& path);
bool is_folder(const std::filesystem::path& path);
bool is_there(const std::filesystem::path& path);

/// Absolute, with links and dots resolved as far as something is there.
std::filesystem::path resolved(const std::filesystem::path& path);

/// What a folder holds, sorted. Throws InputError where it cannot be read.
std::vector<std::filesystem::path> entries_of(const std::filesystem::path& folder);

}  // namespace bpusim
