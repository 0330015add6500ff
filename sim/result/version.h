// Which bpusim this is. Its source is made by version.cmake at each build.
#pragma once

namespace bpusim {

/// The release, "0.1.0"; built from git also the commit, "0.1.0+g07d54ae3f1c2", with ".modified" where files
/// differ from it.
const char* version();

/// Compiler and type of build: "GNU 12.2.0, Release".
const char* build();

}  // namespace bpusim
