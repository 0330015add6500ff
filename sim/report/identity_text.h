// How a result was made, for the head of its text.
#pragma once

#include <string>

#include "sim/result/identity.h"

namespace bpusim {

/// A few lines for the head of a text: version, machine with what was set, policy, model, seed, and the
/// command line; files with eight digits of their hashes.
std::string identity_text(const Identity& identity, const Making& making);

}  // namespace bpusim
