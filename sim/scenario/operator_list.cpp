#include "sim/scenario/operator_list.h"

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <utility>

#include "kernels/norms/norm.h"
#include "sim/config/memory_budget.h"
#include "sim/config/suggest.h"
#include "sim/network/known_attributes.h"
#include "sim/scenario/workload.h"

namespace bpusim {

namespace {

template <class T>
using Words = std::vector<std::pair<const char*, T>>;

// What one of the words stands for; the value that holds already where there is none.
template <class T>
T one_of(const YamlNode& node, const T& held, const Words<T>& words) {
  std::vector<std::string> names;
  std::string word;
  for (const auto& [name, value] : words) {
    names.emplace_back(name);
    if (value == held) word = name;
  }
  word = node.choice(word, names);
  const auto found =
      std::find_if(words.begin(), words.end(), [&](const auto& row) { return row.first == word; });
  return found == words.end() ? held : found->second;
}

const Words<GridKind> kGridKinds = {{"symmetric", GridKind::Symmetric}, {"affine", GridKind::Affine}};

Words<std::optional<Mapping>> mapping_words() {
  Words<std::optional<Mapping>> words = {{"auto", std::nullopt}};
  for (const MappingName& row : kMappings) words.emplace_back(row.name, row.mapping);
  return words;
}

}  // namespace

NodeOptions read_options(const YamlNode& node, NodeOptions options) {
  options.mapping = one_of(node["mapping"], options.mapping, mapping_words());
  options.quantisation = one_of(node["quantisation"], options.quantisation, kGridKinds);
  options.calibration = node["calibration"].word(options.calibration);
  if (!is_calibration(options.calibration))
    node["calibration"].fail("'" + options.calibration + "' is no method (there are: max, percentile, " +
                             "percentile:FRACTION, kl, mse, readers, auto)");
  options.percentile = node["percentile"].number(options.percentile, 0.5, 1);
  options.fuse = node["fuse"].flag(options.fuse);
  return options;
}

namespace {

bool is_integer(const YamlNode& node) {
  const std::string word = node.is_scalar() ? node.word() : "";
  return !word.empty() && word.find_first_not_of("-0123456789") == std::string::npos;
}

bool is_number(const YamlNode& node) {
  const std::string word = node.is_scalar() ? node.word() : "";
  return !word.empty() && word.find_first_not_of("+-.0123456789eE") == std::string::npos;
}

bool fits(const YamlNode& value, AttributeKind kind) {
  const auto all = [&](bool (*fit)(const YamlNode&)) {
    if (!value.is_list()) return false;
    const auto items = value.items();
    return std::all_of(items.begin(), items.end(), fit);
  };
  switch (kind) {
    case AttributeKind::Int:
      return is_integer(value);
    case AttributeKind::Float:
      return is_number(value);
    case AttributeKind::String:
      return value.is_scalar();
    case AttributeKind::Ints:
      return all(is_integer);
    case AttributeKind::Floats:
      return all(is_number);
    case AttributeKind::Strings:
      return all([](const YamlNode& item) { return item.is_scalar(); });
    case AttributeKind::Other:
      break;
  }
  return true;
}

void read_attribute(const std::string& key, const YamlNode& value, Attributes& attributes) {
  if (value.is_list()) {
    const auto items = value.items();
    if (std::all_of(items.begin(), items.end(), is_integer)) {
      attributes.int_lists[key] = value.integers();
    } else if (std::all_of(items.begin(), items.end(), is_number)) {
      for (const YamlNode& item : items) attributes.float_lists[key].push_back(item.number(0, -1e30, 1e30));
    } else {
      attributes.string_lists[key] = value.words();
    }
  } else if (is_integer(value)) {
    attributes.ints[key] = value.integer(0, -1e15, 1e15);
  } else if (is_number(value)) {
    attributes.floats[key] = value.number(0, -1e30, 1e30);
  } else {
    attributes.strings[key] = value.word();
  }
}

// Attributes have the types that they are written with: 1 is an integer, 1e-5 a float.
void read_attributes(const YamlNode& node, const std::string& op, Attributes& attributes) {
  const auto known = known_attributes(op);
  for (const std::string& key : node.keys()) {
    const YamlNode value = node[key];
    if (known) {
      const KnownAttribute* attribute = find_attribute(*known, key);
      if (attribute == nullptr) {
        value.fail(known->empty() ? op + " has no attributes"
                                  : "no attribute of " + op + did_you_mean(key, names_of(*known)));
        continue;
      }
      if (!fits(value, attribute->kind)) {
        value.fail(std::string("expected ") + to_string(attribute->kind));
        continue;
      }
    }
    read_attribute(key, value, attributes);
  }
}

DataSpec read_data(const YamlNode& node) {
  DataSpec data;
  if (!node.exists()) return data;
  if (node.is_scalar()) {
    const std::string word = node.word();
    if (word.size() > 4 && word.compare(word.size() - 4, 4, ".npy") == 0) {
      data.kind = "file";
      data.file = node.path();
    } else {
      data.kind = node.choice(data.kind, data_kinds());
    }
    return data;
  }
  data.kind = node["kind"].choice(data.kind, data_kinds());
  data.mean = node["mean"].number(data.mean, -1e9, 1e9);
  data.deviation = node["deviation"].number(data.deviation, 0, 1e9);
  node.close();
  return data;
}

// The operator that a word stands for; says which where it is spelled in another way.
std::string read_op(const YamlNode& node, RunSpec& run) {
  const std::string word = node.is_scalar() ? node.word() : "";
  std::string meant = name_meant(word, workload_operators());
  if (meant.empty()) return node.choice("", workload_operators());
  if (meant != word) run.taken.push_back(node.where() + ": '" + word + "' is taken as " + meant);
  return meant;
}

// What follows in a chain: names, or maps where an operator needs attributes.
std::vector<FollowerSpec> read_followers(const YamlNode& node, RunSpec& run) {
  std::vector<FollowerSpec> followers;
  for (const YamlNode& item : node.items()) {
    FollowerSpec follower;
    if (item.is_map()) {
      follower.op = read_op(item["op"], run);
      read_attributes(item["attributes"], follower.op, follower.attributes);
      item.close();
      if (!item["op"].exists()) item.fail("needs an op");
    } else {
      follower.op = read_op(item, run);
    }
    followers.push_back(std::move(follower));
  }
  return followers;
}

// Names of operators; one that is there already gets a number.
class Names {
 public:
  std::string unique(const std::string& name) {
    if (taken_.insert(name).second) return name;
    for (std::size_t& number = next_.emplace(name, 2).first->second;; ++number) {
      std::string numbered = name + "_" + std::to_string(number);
      if (taken_.insert(numbered).second) return numbered;
    }
  }

 private:
  std::set<std::string> taken_;
  std::map<std::string, std::size_t> next_;
};

// One operator of a list, and what those before it took.
struct OperatorEntry {
  const YamlNode& node;
  Names& names;
  MemoryBudget& budget;
};

void read_operator(const OperatorEntry& entry, std::uint64_t seed, RunSpec& run) {
  const YamlNode& node = entry.node;
  OperatorSpec spec;
  spec.op = read_op(node["op"], run);
  spec.name = node["name"].word(spec.op);
  spec.shape = node["shape"].integers();
  read_attributes(node["attributes"], spec.op, spec.attributes);
  spec.then = read_followers(node["then"], run);
  spec.out_channels = node["out_channels"].integer(0, 1, 1e6);
  spec.kernel = node["kernel"].integer(3, 1, 255);
  spec.instance_channels = node["instance_channels"].integer(0, 1, 1e6);
  spec.data = read_data(node["data"]);
  spec.text.values = node["text"].words();
  spec.text.shape = {static_cast<std::int64_t>(spec.text.values.size())};
  spec.seed = static_cast<std::uint64_t>(node["seed"].integer(static_cast<std::int64_t>(seed), 0, 1e15));
  const NodeOptions options = read_options(node, run.defaults);
  node.close();
  for (const FollowerSpec& follower : spec.then)
    if (follower.op.empty()) return;  // reported already
  if (spec.op.empty()) {
    if (!node["op"].exists()) node.fail("needs an op" + did_you_mean("", workload_operators()));
    return;
  }
  const bool text = spec.op == "StringNormalizer";
  if (text && spec.text.values.empty()) return node.fail("StringNormalizer needs text, as [a, b]");
  if (!text && spec.shape.empty() && spec.data.kind != "file")
    return node.fail("needs a shape, as [1, 64, 56, 56], or data from an .npy file");
  for (const std::int64_t extent : spec.shape)
    if (extent < 1)
      return node["shape"].fail("holds " + std::to_string(extent) + "; every extent must be at least 1");
  spec.name = entry.names.unique(spec.name);
  const std::size_t first = run.network.nodes.size();
  try {
    add_operator(spec, entry.budget, run.network);
  } catch (const std::invalid_argument& error) {
    return node.fail(error.what());
  } catch (const InputError& error) {  // of its file, or of the memory limit
    return node.fail(error.what());
  }
  const auto is_norm = [](const Node& made) { return find_norm(made.op) != nullptr; };
  if (node["mapping"].exists() && options.mapping && *options.mapping != Mapping::Host &&
      std::none_of(run.network.nodes.begin() + static_cast<std::ptrdiff_t>(first), run.network.nodes.end(),
                   is_norm))
    return node["mapping"].fail(std::string("norms alone are laid out as ") + to_string(*options.mapping) +
                                "; " + spec.op + " takes auto and host");
  run.drawn_inputs = run.drawn_inputs && spec.data.kind != "file";
  for (std::size_t n = first; n < run.network.nodes.size(); ++n)
    run.options[run.network.nodes[n].name] = options;
}

}  // namespace

void read_operators(const YamlNode& operators, std::uint64_t seed, RunSpec& run) {
  if (operators.is_list() && operators.items().empty())
    operators.fail("expected a list of operators, as [{op: Relu, shape: [1, 64]}]");
  Names names;
  MemoryBudget budget(run.network.memory_limit);
  for (const YamlNode& node : operators.items()) read_operator({node, names, budget}, ++seed, run);
}

}  // namespace bpusim
