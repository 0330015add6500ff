#include "sim/config/suggest.h"

#include <algorithm>
#include <cctype>
#include <numeric>

namespace bpusim {

namespace {

constexpr std::size_t kFew = 24;          // names that still make a readable line
constexpr std::size_t kLeastPart = 2;     // letters that tell a name of which they are a part
constexpr std::size_t kFarthestPart = 4;  // times longer that the name may be

// Letters, in lower case, and digits.
std::string folded(const std::string& word) {
  std::string text;
  for (const char c : word) {
    const auto letter = static_cast<unsigned char>(c);
    if (letter > 127 || std::isalnum(letter) != 0) text += static_cast<char>(std::tolower(letter));
  }
  return text;
}

std::string lower(std::string word) {
  for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return word;
}

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

// The shortest candidate that begins or ends with the word, or else has it within. Null where there is none.
const std::string* whole_of(const std::string& word, const std::vector<std::string>& candidates) {
  const std::string part = folded(word);
  const std::string* best = nullptr;
  std::size_t least = 0;
  if (part.size() < kLeastPart) return nullptr;
  for (const std::string& candidate : candidates) {
    const std::string whole = folded(candidate);
    const std::size_t at = whole.find(part);
    if (at == std::string::npos || whole.size() > kFarthestPart * part.size()) continue;
    const bool inside = at != 0 && whole.compare(whole.size() - part.size(), part.size(), part) != 0;
    const std::size_t distance = whole.size() + (inside ? kFarthestPart * part.size() : 0);
    if (best == nullptr || distance < least) {
      best = &candidate;
      least = distance;
    }
  }
  return best;
}

const std::string* nearest_of(const std::string& word, const std::vector<std::string>& candidates) {
  const std::string* best = nullptr;
  // A third of the word, but always room for two swapped letters, which are two edits.
  std::size_t least = std::max<std::size_t>(word.size() / 3, word.size() >= 3 ? 2 : 1) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = std::min(edits(word, candidate), edits(lower(word), lower(candidate)));
    if (distance < least) {
      least = distance;
      best = &candidate;
    }
  }
  return best;
}

}  // namespace

std::string name_meant(const std::string& word, const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), word) != known.end()) return word;
  const std::string wanted = folded(word);
  std::string meant;
  for (const std::string& name : known) {
    if (wanted.empty() || folded(name) != wanted) continue;
    if (!meant.empty()) return "";
    meant = name;
  }
  return meant;
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates) {
  const std::string* best = whole_of(word, candidates);
  if (best == nullptr) best = nearest_of(word, candidates);
  if (best != nullptr) return ", did you mean '" + *best + "'?";
  if (candidates.empty() || candidates.size() > kFew) return "";
  std::string list;
  for (const std::string& candidate : candidates) list += (list.empty() ? "" : ", ") + candidate;
  return " (there are: " + list + ")";
}

}  // namespace bpusim
