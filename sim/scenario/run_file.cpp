#include "sim/scenario/run_file.h"

#include <algorithm>
#include <filesystem>

#include "kernels/quantise/calibration.h"
#include "sim/config/config_paths.h"
#include "sim/config/paths.h"
#include "sim/config/yaml_reader.h"
#include "sim/scenario/model_source.h"
#include "sim/scenario/operator_list.h"
#include "sim/scenario/pixel_inputs.h"
#include "sim/scenario/run_sources.h"
#include "sim/scenario/toolchain/toolchain_file.h"

namespace bpusim {

namespace {

std::vector<Placed<std::string>> placed_words(const YamlNode& node) {
  std::vector<Placed<std::string>> words;
  if (node.is_scalar()) return {{node.word(), node}};
  for (const YamlNode& item : node.items()) words.push_back({item.word(), item});
  return words;
}

// Files and folders, or such by input.
void read_samples_of(const YamlNode& samples, RunSpec& run) {
  if (samples.is_map()) {
    for (const std::string& input : samples.keys()) {
      const YamlNode node = samples[input];
      InputSamples of{input, node.is_map() ? node["folder"].path() : node.path(), RawType::Float32, 1,
                      node.where()};
      if (node.is_map()) {
        if (node["raw"].choice("float32", {"float32", "uint8"}) == "uint8") of.raw = RawType::UInt8;
        if (!node["folder"].exists()) node.fail("needs a folder");
        node.close();
      }
      run.input_samples.push_back(of);
    }
    return;
  }
  for (const Placed<std::string>& path : placed_words(samples)) run.samples.push_back(path.at.path());
}

// Samples, and which tensors are int16, int32 or float32.
void read_quantisation(const YamlNode& root, RunSpec& run) {
  read_samples_of(root["calibration_samples"], run);
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
  for (const std::string& key : set.keys()) {
    run.settings.push_back(key + "=" + set[key].word());
    run.setting_places[run.settings.back()] = set[key].where();
  }
}

void read_on(const YamlNode& on, RunSpec& run) {
  for (const std::string& key : on.keys()) {
    const auto request = parse_request(on[key].choice("cpu", {"bpu", "cpu"}));
    if (request) run.on[key] = *request;
  }
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

// A model that nobody has made yet, where the file says what makes it.
bool is_to_be_made(const YamlNode& root) {
  const YamlNode model = root["model"], maker = root["model_made_by"];
  if (!maker.exists() || maker.word().empty() || is_there(model.path())) return false;
  model.fail(model.path() + " is not there: `" + maker.word() + "`, in bpusim's folder, makes it");
  return true;
}

// What the file says of its model.
void read_model(const YamlNode& root, const ReadOptions& options, std::uint64_t seed, RunSpec& run) {
  const YamlNode model = root["model"], dim = root["dim"], files = root["inputs"], assume = root["assume"],
                 as_weights = root["inputs_as_weights"], pixels = root["pixels"];
  if (!model.is_scalar()) return model.fail("expected a file, as net.onnx");
  const bool to_be_made = is_to_be_made(root);
  ModelSource source;
  source.file = {model.path(), model};
  source.seed = seed;
  for (const std::string& key : dim.keys()) source.dims[key] = dim[key].integer(1, 1, 1e9);
  for (const std::string& key : assume.keys()) source.assume[key] = assume[key].flag(true);
  for (const std::string& key : files.keys()) {
    if (files[key].is_scalar()) {
      source.files[key] = {files[key].path(), files[key]};
    } else {
      files[key].fail("expected a file, as x.npy");
    }
  }
  for (const std::string& key : pixels.keys()) source.pixels[key] = {read_pixels(pixels[key]), pixels[key]};
  read_cut(root, source);
  if (as_weights.exists()) source.inputs_as_weights = as_weights.flag(false);
  if (!to_be_made) read_model(source, options, run);
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
  run.overlap = true;
  Problems problems;
  ModelSource source;
  source.file = {path, YamlNode::of_text(path, path, problems)};
  source.seed = kSeedsApart;
  read_model(source, options, run);
  problems.raise();
  return run;
}

// A preset's or policy's name, or a file beside the one that names it.
std::string config_of(const YamlNode& node, const std::string& sub_folder, RunSpec& run) {
  std::string word = node.word();
  if (!node.is_scalar() || word.empty()) return word;
  try {
    if (is_config_path(word)) return resolve_config(sub_folder, node.path());
    std::string name = config_name(sub_folder, word);
    if (name != word) run.taken.push_back(node.where() + ": '" + word + "' is taken as " + name);
    return name;
  } catch (const InputError& error) {
    node.fail(error.what());
  }
  return word;
}

// Options that are of a model's parts, where there is no model.
void refuse_without_model(const ReadOptions& options, Problems& problems) {
  const auto refuse = [&](const std::string& option) {
    problems.add(option + ": the run lists operators, and has no model that this could be of");
  };
  for (const auto& [name, extent] : options.dims) refuse("--dim " + name + "=" + std::to_string(extent));
  for (const auto& [name, file] : options.inputs) refuse("--input " + name + "=" + file);
  for (const auto& [name, holds] : options.assume) refuse("--assume " + name + (holds ? "=true" : "=false"));
  if (options.inputs_as_weights.value_or(false)) refuse("--inputs-as-weights");
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
  const YamlNode own = YamlNode::read_text(text, name, problems, folder);
  RunSpec run = plain_run(name, options);
  if (is_toolchain_file(own)) {
    of_toolchain(own, folder, options, problems, run);
    return run;
  }
  const YamlNode root = over_bases(own, options.memory_limit, problems);
  for (const char* key : {"name", "description"}) root[key].word();
  run.name = own["name"].word(run.name);
  run.machine = config_of(root["machine"], "machines", run);
  run.policy = config_of(root["policy"], "support", run);
  run.seed = root["seed"].integer(run.seed, 0, 1e12);
  const auto seed = static_cast<std::uint64_t>(run.seed) * kSeedsApart;
  run.defaults = read_options(root, run.defaults);
  read_quantisation(root, run);
  read_set(root["set"], run);
  read_on(root["on"], run);
  const YamlNode operators = root["operators"], model = root["model"];
  if (operators.exists() == model.exists()) root.fail("needs either operators or a model");
  if (!model.exists()) refuse_without_model(options, problems);
  // Operators of a list are questions of their own; those of a model are one after another's.
  run.overlap = root["overlap"].flag(model.exists());
  read_operators(operators, seed, run);
  try {
    if (model.exists()) read_model(root, options, seed + operators.items().size(), run);
  } catch (const InputError&
               error) {  // of the model, or of a file with its inputs: the run file's own stand beside it
    for (const std::string& line : error.lines()) problems.add(line);
  }
  root.close();
  problems.raise();
  return run;
}

RunSpec read_run(const std::string& path, const ReadOptions& options) {
  const RunPath found = run_path(path);
  const std::filesystem::path file(found.path);
  if (file.extension() == ".onnx") return read_bare_model(found.path, options);
  RunSpec run = parse_run(read_yaml(found.path, options.memory_limit), found.path,
                          file.parent_path().string(), options);
  if (!found.taken.empty()) run.taken.push_back(found.taken);
  return run;
}

}  // namespace bpusim
