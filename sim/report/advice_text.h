// Advice in words: the one place that makes sentences of its facts.
#pragma once

#include <string>
#include <vector>

#include "sim/result/result.h"

namespace bpusim {

/// What to change, why, and what it would win, in one line. `now_ms`: what the whole run takes as it is, for
/// advice that was tried.
std::string text_of(const Advice& advice, double now_ms = 0);

/// What would help a node; empty where nothing needs to be done.
std::string text_of(const std::vector<Int8Remedy>& remedies);
std::string text_of(Int8Remedy remedy);

/// The same in a word or two, for a cell of a table: "int16", "asymmetric".
const char* short_text_of(Int8Remedy remedy);

}  // namespace bpusim
