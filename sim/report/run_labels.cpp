#include "sim/report/run_labels.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "sim/report/text_layout.h"
#include "sim/result/printable.h"

namespace bpusim {

namespace {

constexpr int kRanks = 4;
constexpr std::size_t kLine = 80;
constexpr const char* kOption = "options.";
constexpr const char* kFile = "files.";

bool starts_with(const std::string& text, const std::string& start) {
  return text.rfind(start, 0) == 0;
}

// What differs with another model, or another run file, names a run only where nothing else does.
int rank_of(const std::string& key) {
  if (key == "version") return 3;
  if (key == "run_file") return 2;
  if (key == "options.inputs" || starts_with(key, kFile)) return 1;
  return 0;
}

// Traits that are called by their value alone.
bool is_named(const std::string& key) {
  return key == "machine" || key == "policy" || key == "model" || key == "run_file" || key == "version";
}

// A scalar, or the texts of a list.
std::string plain(const Figure& value) {
  if (const auto* names = std::get_if<std::vector<std::string>>(&value)) {
    std::string text;
    for (const std::string& name : *names) text += (text.empty() ? "" : ",") + name;
    return text;
  }
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* truth = std::get_if<bool>(&value)) return to_text(*truth);
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return to_text(*whole);
  if (const auto* number = std::get_if<double>(&value)) return to_text(*number);
  return "";
}

std::string value_text(const Trait& trait) {
  std::string text = plain(trait.value);
  if (trait.key == "model" || trait.key == "run_file" || starts_with(trait.key, kFile))
    text = std::filesystem::path(text).filename().string();
  return printable(text);
}

// Somebody set it, or it changed with what somebody set.
bool is_set(const Trait& trait) {
  return trait.by == to_string(SetBy::RunFile) || trait.by == to_string(SetBy::Command) ||
         trait.by == to_string(SetBy::Follows);
}

// Files of one name that are not alike get their hashes.
std::string label_in(const Difference& difference, std::size_t run) {
  const Trait* trait = difference.by_run[run];
  std::string label = label_of(difference.key, trait);
  if (trait == nullptr || !trait->sha256) return label;
  for (const Trait* other : difference.by_run)
    if (other != nullptr && !other->same_as(*trait) && value_text(*other) == value_text(*trait))
      return label + " " + short_hash(*trait->sha256);
  return label;
}

std::string label_up_to(const std::vector<Difference>& all, int rank, std::size_t run) {
  std::string label;
  for (const Difference& difference : all)
    if (difference.rank <= rank) label += (label.empty() ? "" : ", ") + label_in(difference, run);
  return label;
}

std::string with_hash(const Trait& trait) {
  return value_text(trait) + (trait.sha256 ? " " + short_hash(*trait.sha256) : "");
}

// What all runs have, as far as it tells something: not the parameters that are as the machine has them.
std::string shared_text(const std::vector<ComparedRun>& runs) {
  std::string text;
  const auto add = [&](const std::string& what) { text += (text.empty() ? "" : ", ") + what; };
  for (const Trait& trait : runs[0].traits) {
    if (differs(traits_by_run(runs, trait.key))) continue;
    if (trait.key == "version")
      add("bpusim " + value_text(trait));
    else if (trait.key == "run_file")
      add("run file " + with_hash(trait));
    else if (is_named(trait.key))
      add(trait.key + " " + with_hash(trait));
    else if (trait.key == "seed")
      add("seed " + value_text(trait));
    else if (is_set(trait))
      add(label_of(trait.key, &trait));
  }
  return text;
}

}  // namespace

std::string run_letter(std::size_t run) {
  std::string letters(1, static_cast<char>('a' + run % 26));
  return run < 26 ? letters : run_letter(run / 26 - 1) + letters;
}

bool differs(const std::vector<const Trait*>& by_run) {
  return std::any_of(by_run.begin(), by_run.end(), [&](const Trait* trait) {
    if (trait == nullptr || by_run[0] == nullptr) return trait != by_run[0];
    return !trait->same_as(*by_run[0]);
  });
}

std::vector<const Trait*> traits_by_run(const std::vector<ComparedRun>& runs, const std::string& key) {
  std::vector<const Trait*> found;
  found.reserve(runs.size());
  for (const ComparedRun& run : runs) found.push_back(run.find(key));
  return found;
}

std::vector<std::string> trait_keys(const std::vector<ComparedRun>& runs) {
  std::vector<std::string> keys;
  std::set<std::string> seen;
  for (const ComparedRun& run : runs)
    for (const Trait& trait : run.traits)
      if (seen.insert(trait.key).second) keys.push_back(trait.key);
  return keys;
}

std::vector<Difference> differences(const std::vector<ComparedRun>& runs) {
  std::vector<Difference> found;
  if (runs.empty()) return found;
  const bool machines = differs(traits_by_run(runs, "machine"));
  for (const std::string& key : trait_keys(runs)) {
    if (key == "options.what_if") continue;  // of advice, which is not compared
    Difference difference = {key, traits_by_run(runs, key), rank_of(key)};
    if (!differs(difference.by_run)) continue;
    const auto set = [](const Trait* trait) { return trait != nullptr && is_set(*trait); };
    const bool parameter = std::any_of(difference.by_run.begin(), difference.by_run.end(),
                                       [](const Trait* trait) { return trait != nullptr && trait->by; });
    if (parameter && machines && std::none_of(difference.by_run.begin(), difference.by_run.end(), set))
      continue;
    found.push_back(std::move(difference));
  }
  return found;
}

std::string label_of(const std::string& key, const Trait* trait) {
  std::string value = trait == nullptr ? "-" : value_text(*trait);
  if (is_named(key)) return value;
  if (starts_with(key, kFile)) return trait == nullptr ? "-" : with_hash(*trait);
  return (starts_with(key, kOption) ? key.substr(std::string(kOption).size()) : key) + "=" +
         (value.empty() ? "-" : value);
}

std::vector<std::string> run_labels(const std::vector<ComparedRun>& runs) {
  const std::vector<Difference> all = differences(runs);
  std::vector<std::string> labels;
  for (int rank = 0; rank < kRanks; ++rank) {
    labels.clear();
    for (std::size_t r = 0; r < runs.size(); ++r) labels.push_back(label_up_to(all, rank, r));
    if (std::set<std::string>(labels.begin(), labels.end()).size() == runs.size()) return labels;
  }
  for (std::size_t r = 0; r < runs.size(); ++r)
    labels[r] = run_letter(r) + (labels[r].empty() ? "" : ": " + labels[r]);
  return labels;
}

std::string legend(const std::vector<ComparedRun>& runs) {
  if (runs.empty()) return "";
  constexpr std::size_t kMost = 12;  // of a run's differences: more than that are another machine
  const std::vector<Difference> all = differences(runs);
  std::string text = wrapped(shared_text(runs), kLine, "all: ");
  for (std::size_t r = 0; r < runs.size(); ++r) {
    std::string own;
    for (std::size_t d = 0; d < std::min(kMost, all.size()); ++d) {
      const std::string what = all[d].key == "run_file"  ? "run file"
                               : all[d].key == "version" ? "bpusim"
                                                         : all[d].key;
      const Trait* trait = all[d].by_run[r];
      own += (own.empty() ? "" : ", ") + (is_named(all[d].key)
                                              ? what + " " + (trait == nullptr ? "-" : with_hash(*trait))
                                              : label_of(all[d].key, trait));
    }
    if (all.size() > kMost) own += ", and " + std::to_string(all.size() - kMost) + " more";
    if (own.empty()) own = "nothing of its own";
    if (!runs[r].source.empty()) own += " (from " + printable(runs[r].source) + ")";
    text += wrapped(own, kLine, run_letter(r) + ": ");
  }
  return text;
}

}  // namespace bpusim
