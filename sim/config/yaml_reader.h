// Reading YAML so that a user gets mistakes together, each with file, line, key, what was expected and a
// suggestion. Keys that nobody asked for are mistakes too.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/input_error.h"

namespace YAML {
class Node;
}

namespace bpusim {

/// Collects what is wrong with one or more files.
class Problems {
 public:
  /// Throws InputError with all of them where there are more than anybody reads.
  void add(const std::string& problem) {
    if (lines_.size() > kMost) raise();
    if (std::find(lines_.begin(), lines_.end(), problem) != lines_.end()) return;
    lines_.push_back(problem);
    if (lines_.size() < kMost) return;
    lines_.emplace_back("there may be more: reading stopped after " + std::to_string(kMost) + " mistakes");
    raise();
  }
  bool any() const { return !lines_.empty(); }
  const std::vector<std::string>& lines() const { return lines_; }
  /// Throws InputError with all of them, if there are any.
  void raise() const {
    if (any()) throw InputError(lines_);
  }

 private:
  static constexpr std::size_t kMost = 50;
  std::vector<std::string> lines_;
};

/// A YAML file's text. Throws InputError where it is no regular file, or larger than what is left of the
/// memory limit (bytes, MemoryBudget; 0 for its default) holds once it is parsed.
std::string read_yaml(const std::string& path, std::int64_t memory_limit = 0);

/// A number with a unit, as "2MiB" or "1.5 GHz", in the parameter's own unit (bytes, MHz, ns, us, GB/s;
/// others take their own name only). nullopt and `expected` filled where it is none.
std::optional<double> parse_quantity(const std::string& text, const std::string& unit, std::string& expected);

/// A node of a YAML file, or the absence of one.
class YamlNode {
 public:
  /// Relative paths within it start at `folder`. Throws InputError where the text is no YAML.
  static YamlNode read_text(const std::string& text, const std::string& name, Problems& problems,
                            const std::string& folder = "");

  /// The value of an option, or of a key whose place is known, as a file would hold it; `place` stands for
  /// file, line and key in messages.
  static YamlNode of_text(const std::string& value, const std::string& place, Problems& problems);

  /// This map on top of another: keys of both, where both are maps theirs on top of each other, and else this
  /// one's value. What each of them holds keeps its place and its folder.
  YamlNode over(const YamlNode& base) const;

  /// From here on a key that is there twice is no mistake: its last value counts, and `notes` gets a line
  /// that says so. For the whole file; `notes` has to outlive its reading.
  void take_last_of_twice(std::vector<std::string>& notes) const;

  bool exists() const { return node_ != nullptr; }
  bool is_map() const;
  bool is_list() const;
  bool is_scalar() const;

  /// The value of a key; absent where there is none, or where this is no map. Notes that the key is known.
  YamlNode operator[](const std::string& key) const;
  /// Whether a map has the key, which makes it no known one.
  bool has(const std::string& key) const;
  std::vector<YamlNode> items() const;    ///< of a list; anything else but nothing is a mistake
  std::vector<std::string> keys() const;  ///< of a map; anything else but nothing is a mistake
  /// A map's keys that were never asked for are mistakes; call when all were. Also says that a map was
  /// expected where this is none.
  void close() const;

  std::string word(const std::string& fallback = "") const;  ///< scalar text
  /// Scalar text as a path, which starts at the folder of the node's own file.
  std::string path() const;
  std::int64_t integer(std::int64_t fallback, double low, double high, const std::string& unit = "") const;
  double number(double fallback, double low, double high, const std::string& unit = "") const;
  bool flag(bool fallback) const;
  std::string choice(const std::string& fallback, const std::vector<std::string>& choices) const;
  std::vector<std::int64_t> integers() const;
  std::vector<std::string> words() const;
  std::vector<std::string> one_or_more() const;  ///< words, or one by itself

  /// Adds "file:line: key: what".
  void fail(const std::string& what) const;
  std::string where() const;  ///< "file:line: key"
  const std::string& file() const;

 private:
  struct Source;
  struct Index;
  const Index& index() const;
  YamlNode own(const std::string& key) const;
  void close_own() const;
  std::optional<double> quantity(double low, double high, const std::string& unit, bool whole) const;
  YamlNode child(const YAML::Node& node, const std::string& path) const;

  std::shared_ptr<Source> source_;
  std::shared_ptr<YAML::Node> node_;
  std::string path_;
  mutable std::shared_ptr<const Index> index_;  // of a map, once it has been asked
  std::shared_ptr<const YamlNode> base_;        // below this map
};

}  // namespace bpusim
