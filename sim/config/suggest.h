// Names that are nearly right: "did you mean …", and those that are right but for their spelling.
#pragma once

#include <string>
#include <vector>

namespace bpusim {

/// The name of `known` that the word stands for: itself, or the only one that has the same letters and digits
/// whatever their case and whatever stands between them ("RDK_X5" is rdk-x5). Empty where there is none: then
/// did_you_mean() suggests, and nothing is taken.
std::string name_meant(const std::string& word, const std::vector<std::string>& known);

/// ", did you mean 'rows'?" where the word begins, ends or stands within a candidate ("x5" of rdk-x5), or a
/// candidate is within a third of the word's length in edits, whatever the case; else " (there are: a, b, c)"
/// where there are few candidates, else empty.
std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace bpusim
