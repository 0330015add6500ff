// "Did you mean …": the nearest of the names that would have been right.
#pragma once

#include <string>
#include <vector>

namespace bpusim {

/// ", did you mean 'rows'?" where a candidate is within a third of the word's length in edits, else
/// " (there are: a, b, c)" where there are few candidates, else empty.
std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace bpusim
