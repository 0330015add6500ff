#include "sim/config/yaml_reader.h"

#include <yaml-cpp/yaml.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <sstream>
#include <utility>

#include "sim/config/input_file.h"
#include "sim/config/memory_budget.h"
#include "sim/config/suggest.h"

namespace bpusim {

struct YamlNode::Index {
  std::multimap<std::string, std::pair<YAML::Node, YAML::Node>> by_key;  // key and value, in the file's order
};

struct YamlNode::Source {
  std::string file;
  std::filesystem::path folder;  // where relative paths start
  Problems* problems = nullptr;
  std::map<std::string, std::set<std::string>> asked;  // by path
  std::vector<std::string>* twice = nullptr;           // lines of keys that are there twice; unset: mistakes
};

namespace {

struct UnitName {
  const char* name;
  double factor;
};

// Other spellings that a parameter's unit takes, with what they are worth in it.
std::vector<UnitName> spellings(const std::string& unit) {
  if (unit == "bytes")
    return {{"B", 1},     {"bytes", 1}, {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824},
            {"KB", 1000}, {"kB", 1000}, {"MB", 1e6},   {"GB", 1e9}};
  if (unit == "MHz") return {{"MHz", 1}, {"GHz", 1000}, {"kHz", 0.001}, {"Hz", 1e-6}};
  if (unit == "ns") return {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"ps", 1e-3}};
  if (unit == "us") return {{"us", 1}, {"ns", 1e-3}, {"ms", 1e3}, {"s", 1e6}};
  if (unit == "GB/s") return {{"GB/s", 1}, {"MB/s", 1e-3}, {"TB/s", 1e3}};
  if (unit.empty()) return {};
  return {{unit.c_str(), 1}};
}

std::string plain(double value) {
  std::ostringstream text;
  text.precision(12);
  text << value;
  return text.str();
}

}  // namespace

std::optional<double> parse_quantity(const std::string& text, const std::string& unit,
                                     std::string& expected) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || !std::isfinite(value)) {
    expected = "a number";
    return std::nullopt;
  }
  std::string suffix = end;
  while (!suffix.empty() && suffix.front() == ' ') suffix.erase(0, 1);
  if (suffix.empty()) return value;
  std::string names;
  for (const UnitName& name : spellings(unit)) {
    if (suffix == name.name) return value * name.factor;
    names += (names.empty() ? "" : ", ") + std::string(name.name);
  }
  expected = names.empty() ? "a number without a unit" : "a number in " + names;
  return std::nullopt;
}

std::string read_yaml(const std::string& path, std::int64_t memory_limit) {
  constexpr double parsed = 256;  // bytes that yaml-cpp takes for one of the text: "0," is a node of some 500
  MemoryBudget budget(memory_limit);
  return InputFile(path).content(budget, parsed);
}

YamlNode YamlNode::read_text(const std::string& text, const std::string& name, Problems& problems,
                             const std::string& folder) {
  YamlNode root;
  root.source_ = std::make_shared<Source>();
  root.source_->file = name;
  root.source_->folder = folder;
  root.source_->problems = &problems;
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(text);
    for (std::size_t i = 1; i < documents.size(); ++i)
      if (!documents[i].IsNull())
        throw InputError(name + ":" + std::to_string(documents[i].Mark().line + 1) +
                         ": a second YAML document, behind ---: a file holds one");
    root.node_ = std::make_shared<YAML::Node>(documents.empty() ? YAML::Node() : documents.front());
  } catch (const YAML::Exception& error) {
    throw InputError(name + ":" + std::to_string(error.mark.line + 1) + ": not valid YAML: " + error.msg);
  }
  if (root.node_->IsNull()) throw InputError(name + ":1: the file is empty");
  return root;
}

YamlNode YamlNode::of_text(const std::string& value, const std::string& place, Problems& problems) {
  YamlNode node;
  node.source_ = std::make_shared<Source>();
  node.source_->file = place;
  node.source_->problems = &problems;
  node.node_ = std::make_shared<YAML::Node>(value);
  return node;
}

bool YamlNode::has(const std::string& key) const {
  return is_map() && (index().by_key.count(key) != 0 || (base_ != nullptr && base_->has(key)));
}

YamlNode YamlNode::over(const YamlNode& base) const {
  YamlNode result = *this;
  result.base_ = std::make_shared<const YamlNode>(base);
  return result;
}

bool YamlNode::is_map() const {
  return node_ != nullptr && node_->IsMap();
}
bool YamlNode::is_list() const {
  return node_ != nullptr && node_->IsSequence();
}
bool YamlNode::is_scalar() const {
  return node_ != nullptr && node_->IsScalar();
}

YamlNode YamlNode::child(const YAML::Node& node, const std::string& path) const {
  YamlNode result;
  result.source_ = source_;
  result.node_ = std::make_shared<YAML::Node>(node);
  result.path_ = path;
  return result;
}

YamlNode YamlNode::operator[](const std::string& key) const {
  YamlNode mine = own(key);
  if (base_ == nullptr) return mine;
  YamlNode below = (*base_)[key];
  if (!mine.exists()) return below;
  return mine.is_map() && below.is_map() ? mine.over(below) : mine;
}

YamlNode YamlNode::own(const std::string& key) const {
  YamlNode absent;
  absent.source_ = source_;
  absent.path_ = path_.empty() ? key : path_ + "." + key;
  if (source_ != nullptr) source_->asked[path_].insert(key);
  if (!is_map()) return absent;
  const auto [first, last] = index().by_key.equal_range(key);
  if (first == last) return absent;
  std::vector<std::string>* const notes = source_->twice;
  for (auto again = std::next(first); again != last; ++again) {
    const YamlNode twice = child(again->second.first, absent.path_);
    if (notes == nullptr) {
      twice.fail("is there twice");
    } else if (const std::string note = twice.where() + ": is there twice: the last one counts";
               std::find(notes->begin(), notes->end(), note) == notes->end()) {
      notes->push_back(note);
    }
  }
  return child((notes == nullptr ? first : std::prev(last))->second.second, absent.path_);
}

void YamlNode::take_last_of_twice(std::vector<std::string>& notes) const {
  source_->twice = &notes;
}

const YamlNode::Index& YamlNode::index() const {
  if (index_ == nullptr) {
    auto made = std::make_shared<Index>();
    for (const auto& entry : *node_)
      if (entry.first.IsScalar())
        made->by_key.emplace(entry.first.Scalar(), std::pair(entry.first, entry.second));
    index_ = std::move(made);
  }
  return *index_;
}

std::vector<YamlNode> YamlNode::items() const {
  std::vector<YamlNode> found;
  if (exists() && !is_list() && !node_->IsNull()) fail("expected a list");
  if (!is_list()) return found;
  for (const auto& entry : *node_)
    found.push_back(child(entry, path_ + "[" + std::to_string(found.size()) + "]"));
  return found;
}

std::vector<std::string> YamlNode::keys() const {
  std::vector<std::string> found;
  if (exists() && !is_map() && !node_->IsNull()) fail("expected keys and values");
  if (!is_map()) return found;
  for (const auto& entry : *node_)
    if (entry.first.IsScalar() &&
        (source_->twice == nullptr ||
         std::find(found.begin(), found.end(), entry.first.Scalar()) == found.end()))
      found.push_back(entry.first.Scalar());
  for (const std::string& key : base_ != nullptr ? base_->keys() : std::vector<std::string>{})
    if (std::find(found.begin(), found.end(), key) == found.end()) found.push_back(key);
  return found;
}

void YamlNode::close() const {
  close_own();
  if (base_ != nullptr) base_->close();
}

void YamlNode::close_own() const {
  if (!exists()) return;
  if (!is_map()) return fail("expected keys and values");
  const auto& asked = source_->asked[path_];
  for (const auto& entry : *node_) {
    if (!entry.first.IsScalar()) {
      child(entry.first, path_).fail("a key must be a word");
      continue;
    }
    const std::string key = entry.first.Scalar();
    if (asked.count(key) == 0)
      child(entry.first, path_.empty() ? key : path_ + "." + key)
          .fail("unknown key" + did_you_mean(key, {asked.begin(), asked.end()}));
  }
}

const std::string& YamlNode::file() const {
  return source_->file;
}

std::string YamlNode::where() const {
  std::string text = source_->file;
  if (node_ != nullptr && node_->Mark().line >= 0) text += ":" + std::to_string(node_->Mark().line + 1);
  return path_.empty() ? text : text + ": " + path_;
}

void YamlNode::fail(const std::string& what) const {
  source_->problems->add(where() + ": " + what);
}

std::string YamlNode::word(const std::string& fallback) const {
  if (!exists()) return fallback;
  if (is_scalar()) return node_->Scalar();
  fail("expected a word");
  return fallback;
}

std::string YamlNode::path() const {
  const std::filesystem::path given = word();
  return given.is_absolute() ? given.string() : (source_->folder / given).string();
}

std::optional<double> YamlNode::quantity(double low, double high, const std::string& unit, bool whole) const {
  if (!exists()) return std::nullopt;
  const std::string bounds = std::string(whole ? "a whole number" : "a number") + " between " + plain(low) +
                             " and " + plain(high) + (unit.empty() ? "" : " " + unit);
  if (!is_scalar()) {
    fail("expected " + bounds);
    return std::nullopt;
  }
  std::string expected;
  const auto value = parse_quantity(node_->Scalar(), unit, expected);
  if (!value) {
    fail("expected " + expected + ", got '" + node_->Scalar() + "'");
    return std::nullopt;
  }
  if (*value < low || *value > high || (whole && *value != std::floor(*value))) {
    fail("expected " + bounds + ", got '" + node_->Scalar() + "'");
    return std::nullopt;
  }
  return value;
}

std::int64_t YamlNode::integer(std::int64_t fallback, double low, double high,
                               const std::string& unit) const {
  const auto value = quantity(low, high, unit, true);
  return value ? static_cast<std::int64_t>(*value) : fallback;
}

double YamlNode::number(double fallback, double low, double high, const std::string& unit) const {
  return quantity(low, high, unit, false).value_or(fallback);
}

bool YamlNode::flag(bool fallback) const {
  if (!exists()) return fallback;
  const std::string text = is_scalar() ? node_->Scalar() : "";
  if (text == "true" || text == "yes" || text == "on") return true;
  if (text == "false" || text == "no" || text == "off") return false;
  fail("expected true or false, got '" + text + "'");
  return fallback;
}

std::string YamlNode::choice(const std::string& fallback, const std::vector<std::string>& choices) const {
  if (!exists()) return fallback;
  std::string text = word();
  for (const std::string& legal : choices)
    if (text == legal) return text;
  if (is_scalar()) fail("'" + text + "' is none of the choices" + did_you_mean(text, choices));
  return fallback;
}

std::vector<std::int64_t> YamlNode::integers() const {
  std::vector<std::int64_t> found;
  if (!exists()) return found;
  if (!is_list()) {
    fail("expected a list of whole numbers, as [1, 64, 56, 56]");
    return found;
  }
  for (const YamlNode& item : items()) found.push_back(item.integer(0, -1e15, 1e15));
  return found;
}

std::vector<std::string> YamlNode::one_or_more() const {
  return is_scalar() ? std::vector<std::string>{word()} : words();
}

std::vector<std::string> YamlNode::words() const {
  std::vector<std::string> found;
  if (!exists()) return found;
  if (!is_list()) {
    fail("expected a list of words, as [a, b]");
    return found;
  }
  for (const YamlNode& item : items()) found.push_back(item.word());
  return found;
}

}  // namespace bpusim
