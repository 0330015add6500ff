// The page of all operators, made from their rows.
#pragma once

#include <string>

namespace bpusim {

/// Markdown: a row for operators that run the same way.
std::string operator_reference();

}  // namespace bpusim
