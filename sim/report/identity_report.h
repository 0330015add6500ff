// How a result was made, as its JSON tells it.
#pragma once

#include "sim/report/document.h"

namespace bpusim {

/// What is said of the key `host`.
constexpr const char* kHostMeaning =
    "At the end, who made the result: with another `host` all else is the same bytes";

/// The key `identity`.
Part identity_part(const Identity& identity);

/// The key `host` of a result without a run of its own.
Part host_part(const Making& making);

/// The key `version` of a result that depends on bpusim alone.
Part version_part();

}  // namespace bpusim
