#include "sim/scenario/toolchain/toolchain_file.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "sim/config/paths.h"
#include "sim/config/suggest.h"
#include "sim/scenario/toolchain/translation.h"

namespace bpusim {

namespace toolchain {

namespace {

namespace fs = std::filesystem;

constexpr const char* kModel = "model_parameters";
constexpr const char* kCompiler = "compiler_parameters";
constexpr double kMostPreemption = 4294967295;    // us, of hb_mapper
constexpr double kMostPreemptionNash = 10000000;  // us, of hb_compile
constexpr double kMostL2 = 25165824;              // bytes
constexpr std::int64_t kResizerPixels = 18432;    // an image for the resizer has fewer

// Further keys of calibration_parameters, which hb_compile hands on to its calibration.
void note_handed_on(const YamlNode& node, RunSpec& run) {
  std::vector<std::string> names;
  for (const Key& key : keys()) names.emplace_back(key.name);
  for (const std::string& name : node.keys()) {
    const bool known = std::find(names.begin(), names.end(), name) != names.end();
    if (!known)
      run.notes.push_back(node[name].where() + ": unknown key" + did_you_mean(name, names) +
                          "; hb_compile hands it on to its calibration, and it is not used here");
  }
}

// All keys are known, each in its group; those of the other tool are said.
void check_keys(const YamlNode& root, const March& march, RunSpec& run) {
  for (const std::string& group : groups()) {
    const YamlNode node = root[group];
    if (!Setting(node).given()) continue;
    for (const Key& key : keys()) {
      if (key.group != group) continue;
      const bool own = march.tool == Tool::Mapper ? key.mapper : key.compile;
      const YamlNode value = node[key.name];
      if (!own && Setting(value).given())
        value.fail(std::string("is a key of ") + (key.mapper ? "hb_mapper" : "hb_compile") + ", and march " +
                   march.name + " is of " + (key.mapper ? "hb_compile" : "hb_mapper"));
    }
    for (const std::string& name : node.keys())
      for (const Key& key : keys())
        if (key.name == name && key.group != group) node[name].fail(std::string("is a key of ") + key.group);
    if (march.tool == Tool::Compile && group == "calibration_parameters") note_handed_on(node, run);
    node.close();
  }
  root.close();
}

// One line of the keys that change nothing here.
void note_unmodelled(Translation& t) {
  std::string names;
  int count = 0;
  for (const Key& key : keys()) {
    if (key.treatment != Treatment::NotModelled || !t.setting(key.group, key.name).given()) continue;
    names += (names.empty() ? "" : ", ") + std::string(key.name) + " (" + key.how + ")";
    ++count;
  }
  if (count > 0)
    t.run.notes.push_back(t.root.file() + ": " + std::to_string(count) +
                          (count == 1 ? " key is not modelled: " : " keys are not modelled: ") + names);
}

const March* march_of(const YamlNode& root) {
  const Setting march(root[kModel]["march"]);
  std::vector<std::string> names;
  for (const March& row : marches()) {
    names.emplace_back(row.name);
    if (march.word() == row.name) return &row;
  }
  if (march.given()) {
    march.fail("'" + march.word() + "' is no march" + did_you_mean(march.word(), names));
  } else {
    root[kModel].fail("needs a march" + did_you_mean("", names));
  }
  return nullptr;
}

bool read_model_file(Translation& t) {
  for (const char* caffe : {"caffe_model", "prototxt"})
    if (const Setting key = t.setting(kModel, caffe); key.given()) {
      key.fail("Caffe models are not read: give an onnx_model");
      return false;
    }
  const Setting model = t.setting(kModel, "onnx_model");
  if (!model.given()) {
    t.group(kModel).fail("needs an onnx_model");
    return false;
  }
  const std::string path = t.path({model.word(), model.node()});
  if (path.empty()) return false;
  t.source.file = {path, model.node()};
  t.run.network.file = path;
  t.model = read_onnx(path, import_options(t.options));
  return true;
}

void read_machine_choice(Translation& t) {
  const Setting march = t.setting(kModel, "march");
  t.run.machine = t.march.machine;
  if (t.run.machine.empty())
    t.run.notes.insert(t.run.notes.begin(),
                       march.node().where() + ": no preset for march " + t.march.name +
                           ": give a machine, as --machine s600 (bpusim list machines), and its policy with "
                           "--policy nash");
  const Setting cores = t.setting(kCompiler, "core_num");
  const int most = t.march.cores > 0 ? t.march.cores : 4;
  const std::int64_t wanted = cores.integer(1, 1, 1e6);
  if (wanted > most)
    cores.fail("'" + cores.word() + "' cores: " + t.march.name + " has " + std::to_string(most) +
               (most > 1 ? ", 1 to " + std::to_string(most) + " can be asked for" : ""));
  if (t.march.cores > 1) t.run.settings.push_back("bpu.cores=" + std::to_string(wanted));
}

void read_model_parameters(Translation& t) {
  t.run.name = t.setting(kModel, "output_model_file_prefix").word(t.run.name);
  t.setting(kModel, "layer_out_dump").flag(false);
  t.setting(kModel, "debug_mode").choice("", {"dump_calibration_data", "dump_all_layers_output"});
  for (const char* unit : {"enable_vpu", "enable_spu"})
    if (const Setting on = t.setting(kModel, unit); !on.flag(true))
      t.note(on.node(), "what it runs on the BPU stays there here: on: {OPERATOR: cpu} moves it");
}

void read_input_source(Translation& t) {
  const YamlNode sources = t.group(kCompiler)["input_source"];
  if (!Setting(sources).given()) return;
  for (const std::string& input : sources.keys()) {
    const Setting source(sources[input]);
    if (input == "_default_value") continue;
    if (std::find(t.inputs.begin(), t.inputs.end(), input) == t.inputs.end()) {
      source.fail("the model has no such input" + did_you_mean(input, t.inputs));
      continue;
    }
    const auto pixels = t.source.pixels.find(input);
    const bool image = pixels != t.source.pixels.end();
    const bool from_camera = image && (pixels->second.value.type == PixelType::Nv12 ||
                                       pixels->second.value.type == PixelType::Gray);
    const std::string word = source.choice("ddr", {"ddr", "pyramid", "resizer"});
    if (word != "ddr" && !from_camera) source.fail(word + " is for nv12 and gray: use ddr");
    if (word == "ddr" && image && pixels->second.value.type == PixelType::Nv12)
      source.fail("nv12 comes from pyramid or resizer");
    const Shape& shape = t.model.shape_of(input);
    if (word == "resizer" && shape.size() == 4) {
      const bool last = image && pixels->second.value.train_channels_last;
      if (shape[last ? 1 : 2] * shape[last ? 2 : 3] >= kResizerPixels)
        source.fail("an image for the resizer has fewer than " + std::to_string(kResizerPixels) + " pixels");
    }
  }
}

void read_level(Translation& t) {
  const Setting level = t.setting(kCompiler, "optimize_level");
  std::vector<std::string> levels = {"O0", "O1", "O2"};
  if (!t.nash()) levels.emplace_back("O3");
  if (t.nash() && level.word() == "O3") return level.fail("hb_compile has O0, O1 and O2; O3 is of hb_mapper");
  if (!t.nash() && !level.given())
    t.run.notes.push_back(
        t.root.file() +
        ": no optimize_level: hb_mapper takes O0, which is not modelled: the run is compiled "
        "as with O3");
  if (const std::string asked = level.choice(levels.back(), levels); asked != levels.back())
    t.note(level.node(), asked + " is not modelled: the run is compiled as with " + levels.back());
}

void read_compiler_parameters(Translation& t) {
  const Setting mode = t.setting(kCompiler, "compile_mode");
  const std::string word = mode.choice("latency", {"latency", "bandwidth", "balance"});
  if (word != "latency") t.note(mode.node(), word + " is not modelled: the run is compiled for latency");
  const Setting factor = t.setting(kCompiler, "balance_factor");
  factor.number(0, 0, 100);
  if (word == "balance" && !factor.given()) mode.fail("balance needs a balance_factor, from 0 to 100");
  read_level(t);
  const Setting pause = t.setting(kCompiler, "max_time_per_fc");
  const std::int64_t us = pause.integer(0, 0, t.nash() ? kMostPreemptionNash : kMostPreemption);
  if (us > 0 && us < 1000) pause.fail("expected 0, or at least 1000 (us)");
  t.setting(kCompiler, "debug").flag(false);
  t.setting(kCompiler, "jobs").integer(0, 0, 1e6);
  t.setting(kCompiler, "cache_mode").choice("disable", {"disable", "enable", "force_overwrite"});
  t.setting(kCompiler, "max_l2m_size").integer(0, 0, kMostL2);
  t.setting(kCompiler, "hbdk3_compatible_mode").flag(false);
  read_input_source(t);
}

}  // namespace

std::string Translation::find(const std::string& word) const {
  const std::string beside = (fs::path(folder) / word).string();  // an absolute one stays as it is
  return is_there(beside) || !is_there(word) ? beside : word;
}

std::string Translation::path(const Placed<std::string>& given) const {
  std::string found = find(given.value);
  if (is_there(found)) return found;
  std::error_code gone;  // the folder may be, since
  given.at.fail("'" + given.value + "' is neither at " + found + " nor where the program was started (" +
                fs::current_path(gone).string() + ")");
  return "";
}

bool Translation::is_node(const std::string& name, const YamlNode& at) const {
  const std::string why = not_a_node(name);
  if (!why.empty()) at.fail(why);
  return why.empty();
}

std::string Translation::node_meant(const std::string& name, const YamlNode& at) {
  for (const Node& node : model.nodes)
    if (node.name == name ||
        (node.op == "Div" && (name == node.name + "_reciprocal" || name == node.name + "_mul")))
      return node.name;
  const bool known = std::any_of(strangers.begin(), strangers.end(),
                                 [&](const Placed<std::string>& stranger) { return stranger.value == name; });
  if (!known) strangers.push_back({name, at});
  return "";
}

void Translation::note_strangers() {
  constexpr std::size_t shown = 3;
  if (strangers.empty()) return;
  if (strangers.size() == 1)
    return note(strangers[0].at, not_a_node(strangers[0].value) + "; what is said of it is not used");
  std::string names;
  for (std::size_t i = 0; i < std::min(shown, strangers.size()); ++i)
    names += (i == 0 ? "" : ", ") + ("'" + strangers[i].value + "'");
  note(strangers[0].at,
       std::to_string(strangers.size()) + " names are no nodes of the model: " + names +
           (strangers.size() > shown ? ", …" : "") +
           "; what is said of them is not used (a tool's optimised model has nodes of its own)");
}

std::string Translation::not_a_node(const std::string& name) const {
  std::vector<std::string> names;
  for (const Node& node : model.nodes) {
    if (node.name == name) return "";
    names.push_back(node.name);
  }
  return "'" + name + "' is no node of the model" + did_you_mean(name, names);
}

}  // namespace toolchain

bool is_toolchain_file(const YamlNode& root) {
  if (!root.is_map()) return false;
  const auto keys = root.keys();  // asking for the key would make it one of a run file's own
  return std::find(keys.begin(), keys.end(), "model_parameters") != keys.end();
}

void read_toolchain_file(const YamlNode& root, const std::string& folder, const ReadOptions& options,
                         RunSpec& run) {
  using namespace toolchain;
  const March* march = march_of(root);
  if (march == nullptr) return;
  run.of_toolchain = run.overlap = true;
  ModelSource source;
  source.seed = kRunSeed;
  Translation t{root, folder, options, *march, run, source, {}, {}, {}, {}, {}};
  check_keys(root, *march, run);
  if (!read_model_file(t)) return;
  read_machine_choice(t);
  read_model_parameters(t);
  read_edges(t);
  read_input_parameters(t);
  read_calibration_parameters(t);
  read_node_types(t);
  read_types_that_leave(t);
  read_compiler_parameters(t);
  t.note_strangers();
  note_unmodelled(t);
  read_model(source, options, run);
}

}  // namespace bpusim
