// How a result was made, for the head of its text.
#pragma once

#include <cstddef>
#include <string>

#include "sim/result/identity.h"

namespace bpusim {

/// A few lines for the head of a text: version, machine with what was set, policy, model, seed, and the
/// command line; files with eight digits of their hashes. Wrapped to `width` columns.
std::string identity_text(const Identity& identity, const Making& making, std::size_t width);

}  // namespace bpusim
