#include "sim/config/suggest.h"

#include <algorithm>
#include <numeric>

namespace bpusim {

namespace {

constexpr std::size_t kFew = 24;  // names that still make a readable line

// Levenshtein distance.
std::size_t edits(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, changed});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates) {
  const std::string* best = nullptr;
  // A third of the word, but always room for two swapped letters, which are two edits.
  std::size_t least = std::max<std::size_t>(word.size() / 3, word.size() >= 3 ? 2 : 1) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edits(word, candidate);
    if (distance < least) {
      least = distance;
      best = &candidate;
    }
  }
  if (best != nullptr) return ", did you mean '" + *best + "'?";
  if (candidates.empty() || candidates.size() > kFew) return "";
  std::string list;
  for (const std::string& candidate : candidates) list += (list.empty() ? "" : ", ") + candidate;
  return " (there are: " + list + ")";
}

}  // namespace bpusim
