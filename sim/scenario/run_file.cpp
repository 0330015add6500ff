#include "sim/scenario/run_file.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "kernels/norms/norm.h"
#include "kernels/quantise/calibration.h"
#include "sim/config/memory_budget.h"
#include "sim/config/suggest.h"
#include "sim/config/yaml_reader.h"
#include "sim/network/files/tensor_files.h"
#include "sim/network/known_attributes.h"
#include "sim/network/onnx/import.h"
#include "sim/scenario/model_inputs.h"
#include "sim/scenario/model_source.h"
#include "sim/scenario/pixel_inputs.h"
#include "sim/scenario/toolchain/toolchain_file.h"
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

std::string beside(const std::string& folder, const std::string& path) {
  return std::filesystem::path(path).is_absolute() ? path : (std::filesystem::path(folder) / path).string();
}

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

DataSpec read_data(const YamlNode& node, const std::string& folder) {
  DataSpec data;
  if (!node.exists()) return data;
  if (node.is_scalar()) {
    const std::string word = node.word();
    if (word.size() > 4 && word.compare(word.size() - 4, 4, ".npy") == 0) {
      data.kind = "file";
      data.file = beside(folder, word);
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

// What follows in a chain: names, or maps where an operator needs attributes.
std::vector<FollowerSpec> read_followers(const YamlNode& node) {
  std::vector<FollowerSpec> followers;
  for (const YamlNode& item : node.items()) {
    FollowerSpec follower;
    if (item.is_map()) {
      follower.op = item["op"].choice("", workload_operators());
      read_attributes(item["attributes"], follower.op, follower.attributes);
      item.close();
      if (!item["op"].exists()) item.fail("needs an op");
    } else {
      follower.op = item.choice("", workload_operators());
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
  const std::string& folder;
  Names& names;
  MemoryBudget& budget;
};

void read_operator(const OperatorEntry& entry, std::uint64_t seed, RunSpec& run) {
  const YamlNode& node = entry.node;
  OperatorSpec spec;
  spec.op = node["op"].choice("", workload_operators());
  spec.name = node["name"].word(spec.op);
  spec.shape = node["shape"].integers();
  read_attributes(node["attributes"], spec.op, spec.attributes);
  spec.then = read_followers(node["then"]);
  spec.out_channels = node["out_channels"].integer(0, 1, 1e6);
  spec.kernel = node["kernel"].integer(3, 1, 255);
  spec.instance_channels = node["instance_channels"].integer(0, 1, 1e6);
  spec.data = read_data(node["data"], entry.folder);
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

// Files and folders, or such by input.
void read_samples_of(const YamlNode& samples, const std::string& folder, RunSpec& run) {
  if (samples.is_map()) {
    for (const std::string& input : samples.keys()) {
      const YamlNode node = samples[input];
      InputSamples of{input, beside(folder, node.is_map() ? node["folder"].word() : node.word()),
                      RawType::Float32, 1, node.where()};
      if (node.is_map()) {
        if (node["raw"].choice("float32", {"float32", "uint8"}) == "uint8") of.raw = RawType::UInt8;
        if (!node["folder"].exists()) node.fail("needs a folder");
        node.close();
      }
      run.input_samples.push_back(of);
    }
    return;
  }
  for (const std::string& path : samples.one_or_more()) run.samples.push_back(beside(folder, path));
}

// Samples, and which tensors are int16, int32 or float32.
void read_quantisation(const YamlNode& root, const std::string& folder, RunSpec& run) {
  read_samples_of(root["calibration_samples"], folder, run);
  run.int16 = root["int16"].one_or_more();
  run.int32 = root["int32"].one_or_more();
  run.float32 = root["float32"].one_or_more();
  run.int8 = root["int8"].words();
  const bool all = std::count(run.int16.begin(), run.int16.end(), kEverything) +
                       std::count(run.int32.begin(), run.int32.end(), kEverything) >
                   0;
  if (!run.int8.empty() && !all)
    root["int8"].fail("says what int16: all, or int32: all, leaves in int8: give that too");
  run.int16_below = root["int16_below"].number(run.int16_below, -1, 1);
  run.int16_until = root["int16_until"].number(run.int16_until, -1, 1);
  run.sensitivity = root["sensitivity"].flag(run.sensitivity);
}

}  // namespace

bool is_calibration(const std::string& word) {
  return word == "auto" || parse_calibration(word).has_value();
}

std::optional<Request> parse_request(const std::string& word) {
  if (word == "bpu") return Request::Bpu;
  if (word == "cpu") return Request::Cpu;
  return std::nullopt;
}

const NodeOptions& RunSpec::options_of(const std::string& node) const {
  const auto found = options.find(node);
  return found == options.end() ? defaults : found->second;
}

namespace {

void read_set(const YamlNode& set, RunSpec& run) {
  for (const std::string& key : set.keys()) run.settings.push_back(key + "=" + set[key].word());
}

void read_on(const YamlNode& on, RunSpec& run) {
  for (const std::string& key : on.keys()) {
    const auto request = parse_request(on[key].choice("cpu", {"bpu", "cpu"}));
    if (request) run.on[key] = *request;
  }
}

void read_operators(const YamlNode& operators, const std::string& folder, std::uint64_t seed, RunSpec& run) {
  if (operators.is_list() && operators.items().empty())
    operators.fail("expected a list of operators, as [{op: Relu, shape: [1, 64]}]");
  Names names;
  MemoryBudget budget(run.network.memory_limit);
  for (const YamlNode& node : operators.items()) read_operator({node, folder, names, budget}, ++seed, run);
}

std::vector<Placed<std::string>> placed_words(const YamlNode& node) {
  std::vector<Placed<std::string>> words;
  if (node.is_scalar()) return {{node.word(), node}};
  for (const YamlNode& item : node.items()) words.push_back({item.word(), item});
  return words;
}

// The part of the model that is to run, and how often at a time.
void read_cut(const YamlNode& root, ModelSource& source) {
  const YamlNode batch = root["batch"], shapes = root["input_shapes"], remove = root["remove_at_edges"];
  if (batch.exists()) source.batch = {batch.integer(1, 1, 1e6), batch};
  for (const std::string& key : shapes.keys()) source.shapes[key] = {shapes[key].integers(), shapes[key]};
  source.outputs = placed_words(root["outputs"]);
  source.removed_ops = placed_words(remove["operators"]);
  source.removed_nodes = placed_words(remove["nodes"]);
  remove.close();
}

// What the file says of its model.
void read_model(const YamlNode& root, const std::string& folder, const ReadOptions& options,
                std::uint64_t seed, RunSpec& run) {
  const YamlNode model = root["model"], dim = root["dim"], files = root["inputs"], assume = root["assume"],
                 as_weights = root["inputs_as_weights"], pixels = root["pixels"];
  if (!model.is_scalar()) return model.fail("expected a file, as net.onnx");
  ModelSource source;
  source.file = {beside(folder, model.word()), model};
  source.seed = seed;
  for (const std::string& key : dim.keys()) source.dims[key] = dim[key].integer(1, 1, 1e9);
  for (const std::string& key : assume.keys()) source.assume[key] = assume[key].flag(true);
  for (const std::string& key : files.keys()) {
    if (files[key].is_scalar()) {
      source.files[key] = {beside(folder, files[key].word()), files[key]};
    } else {
      files[key].fail("expected a file, as x.npy");
    }
  }
  for (const std::string& key : pixels.keys()) source.pixels[key] = {read_pixels(pixels[key]), pixels[key]};
  read_cut(root, source);
  if (as_weights.exists()) source.inputs_as_weights = as_weights.flag(false);
  read_model(source, options, run);
}

// What holds where a run says nothing.
RunSpec plain_run(const std::string& path, const ReadOptions& options) {
  RunSpec run;
  run.name = std::filesystem::path(path).stem().string();
  run.defaults.calibration = "max";
  run.drawn_inputs = true;
  run.network.file = path;
  run.network.memory_limit = options.memory_limit;
  return run;
}

constexpr std::uint64_t kSeedsApart = kRunSeed;  // of two runs' inputs

RunSpec read_bare_model(const std::string& path, const ReadOptions& options) {
  RunSpec run = plain_run(path, options);
  run.from_model = run.overlap = true;
  run.network = read_onnx(path, import_options(options));
  Problems problems;
  fill_inputs({{},
               kSeedsApart,
               options.inputs_as_weights,
               [&](const std::string& what) { problems.add(path + ": " + what); }},
              run.network);
  problems.raise();
  return run;
}

void of_toolchain(const YamlNode& root, const std::string& folder, const ReadOptions& options,
                  Problems& problems, RunSpec& run) {
  root.take_last_of_twice(run.notes);  // as the tools' own loader has it
  try {
    read_toolchain_file(root, folder, options, run);
  } catch (const InputError& error) {  // of the model or its data: the file's own mistakes stand beside it
    for (const std::string& line : error.lines()) problems.add(line);
  }
  problems.raise();
}

}  // namespace

RunSpec parse_run(const std::string& text, const std::string& name, const std::string& folder,
                  const ReadOptions& options) {
  Problems problems;
  const YamlNode root = YamlNode::read_text(text, name, problems);
  RunSpec run = plain_run(name, options);
  if (is_toolchain_file(root)) {
    of_toolchain(root, folder, options, problems, run);
    return run;
  }
  run.name = root["name"].word(run.name);
  run.machine = root["machine"].word(run.machine);
  run.policy = root["policy"].word();
  run.seed = root["seed"].integer(run.seed, 0, 1e12);
  const auto seed = static_cast<std::uint64_t>(run.seed) * kSeedsApart;
  run.defaults = read_options(root, run.defaults);
  read_quantisation(root, folder, run);
  read_set(root["set"], run);
  read_on(root["on"], run);
  const YamlNode operators = root["operators"], model = root["model"];
  if (operators.exists() == model.exists()) root.fail("needs either operators or a model");
  // Operators of a list are questions of their own; those of a model are one after another's.
  run.overlap = root["overlap"].flag(model.exists());
  read_operators(operators, folder, seed, run);
  try {
    if (model.exists()) read_model(root, folder, options, seed + operators.items().size(), run);
  } catch (const InputError&
               error) {  // of the model, or of a file with its inputs: the run file's own stand beside it
    for (const std::string& line : error.lines()) problems.add(line);
  }
  root.close();
  problems.raise();
  return run;
}

RunSpec read_run(const std::string& path, const ReadOptions& options) {
  const std::filesystem::path file(path);
  if (file.extension() == ".onnx") return read_bare_model(path, options);
  return parse_run(read_yaml(path, options.memory_limit), path, file.parent_path().string(), options);
}

}  // namespace bpusim
