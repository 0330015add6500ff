#include "sim/scenario/run_schema.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "sim/config/config_paths.h"
#include "sim/config/schema.h"
#include "sim/scenario/mapping.h"
#include "sim/scenario/workload.h"

namespace bpusim {

namespace {

using Json = nlohmann::ordered_json;

Json described(Json schema, const char* description) {
  schema["description"] = description;
  return schema;
}

// Names of nodes and tensors may look like numbers.
Json word() {
  return {{"type", Json::array({"string", "number"})}};
}

Json one_of(const std::vector<std::string>& words) {
  return {{"enum", words}};
}

Json list_of(Json items) {
  return {{"type", "array"}, {"items", std::move(items)}};
}

Json one_or_more(const Json& item) {
  return {{"anyOf", Json::array({item, list_of(item)})}};
}

Json map_of(Json values) {
  return {{"type", "object"}, {"additionalProperties", std::move(values)}};
}

Json integer(std::int64_t low, std::int64_t high) {
  return {{"type", "integer"}, {"minimum", low}, {"maximum", high}};
}

Json number(double low, double high) {
  return {{"type", "number"}, {"minimum", low}, {"maximum", high}};
}

// yes, no, on and off are words in YAML 1.2.
Json flag() {
  return {{"enum", Json::array({true, false, "yes", "no", "on", "off"})}};
}

Json object_of(Json properties, const std::vector<std::string>& required = {}) {
  Json object = {{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
  if (!required.empty()) object["required"] = required;
  return object;
}

// What a run has for all nodes, and an operator of its list for its own.
void add_node_options(Json& keys) {
  std::vector<std::string> mappings = {"auto"};
  for (const MappingName& row : kMappings) mappings.emplace_back(row.name);
  keys["mapping"] = described(one_of(mappings), "How norms are laid out; host is for all operators.");
  keys["quantisation"] = described(one_of({"symmetric", "affine"}), "Kind of the int8 grids.");
  keys["calibration"] = {
      {"description",
       "How grids are found; percentile may have its fraction behind it, as percentile:0.9995."},
      {"anyOf", Json::array({one_of({"max", "percentile", "kl", "mse", "readers", "auto"}),
                             {{"type", "string"}, {"pattern", "^percentile:"}}})}};
  keys["percentile"] =
      described(number(0.5, 1), "Fraction of the values that calibration: percentile keeps.");
  keys["fuse"] = described(flag(), "Whether operators of a chain run as one where they can.");
}

Json data_schema() {
  Json map;
  map["kind"] = one_of(data_kinds());
  map["mean"] = number(-1e9, 1e9);
  map["deviation"] = number(0, 1e9);
  const Json file = {{"type", "string"}, {"pattern", "\\.npy$"}};
  return described({{"anyOf", Json::array({one_of(data_kinds()), file, object_of(map)})}},
                   "Distribution that the input is drawn from, or a .npy file.");
}

Json operator_schema() {
  const Json attributes = described({{"type", "object"}}, "Attributes of the operator, as in ONNX.");
  const Json op = one_of(workload_operators());
  Json keys;
  keys["name"] = described(word(), "Name of the node; the operator's otherwise.");
  keys["op"] = described(op, "Operator.");
  keys["shape"] = described(list_of(integer(1, 1'000'000'000'000'000)), "Extents of its input.");
  keys["attributes"] = attributes;
  keys["then"] = described(
      list_of({{"anyOf", Json::array({op, object_of({{"op", op}, {"attributes", attributes}}, {"op"})})}}),
      "Operators behind it, each of which reads the one before.");
  keys["out_channels"] = described(integer(1, 1'000'000), "Of Conv: channels of its output.");
  keys["kernel"] = described(integer(1, 255), "Of Conv: height and width of its window.");
  keys["instance_channels"] = described(
      integer(1, 1'000'000), "Of InstanceBatchNormalization and IBNSplit: channels of the first half.");
  keys["data"] = data_schema();
  keys["text"] = described(list_of(word()), "Of StringNormalizer: its input.");
  keys["seed"] = described(integer(0, 1'000'000'000'000'000), "Of its drawn numbers.");
  add_node_options(keys);
  return object_of(std::move(keys), {"op"});
}

Json samples_schema() {
  Json of_input;
  of_input["folder"] = word();
  of_input["raw"] = described(one_of({"float32", "uint8"}), "Type of the numbers in raw files.");
  return described(
      {{"anyOf", Json::array({one_or_more(word()),
                              map_of({{"anyOf", Json::array({word(), object_of(of_input, {"folder"})})}})})}},
      "Samples to calibrate on: .npy, .npz, .pb and folders of them, for all inputs or by input.");
}

void add_quantisation(Json& keys) {
  const Json names = one_or_more(word());
  keys["calibration_samples"] = samples_schema();
  keys["int16"] = described(names, "Nodes whose outputs, and inputs of the network that, are int16; or all.");
  keys["int32"] = described(names, "Outputs of the network that leave as sums; or all that can.");
  keys["float32"] = described(names, "Outputs of the network that leave as float32; or all.");
  keys["int8"] = described(list_of(word()), "What int16: all, or int32: all, leaves in int8.");
  keys["int16_below"] =
      described(number(-1, 1), "Nodes of a lower cosine in int8, and what they read, become int16.");
  keys["int16_until"] = described(number(-1, 1), "Few nodes become int16, until the output has this cosine.");
  keys["sensitivity"] = described(flag(), "Measures also what each node loses by itself.");
}

Json pixels_schema() {
  const Json numbers = one_or_more({{"type", "number"}});
  Json keys;
  keys["type"] = described(one_of({"nv12", "yuv444", "rgb", "bgr", "gray"}), "What the board is given.");
  keys["layout"] =
      described(one_of({"NHWC", "NCHW"}), "Layout of what the board is given; nv12 has its own.");
  keys["train"] = described(one_of({"rgb", "bgr", "yuv444", "gray"}), "What the model takes.");
  keys["train_layout"] = described(one_of({"NCHW", "NHWC"}), "Layout of what the model takes.");
  keys["range"] = described(one_of({"regular", "bt601_video"}), "Of Y, U and V.");
  keys["mean"] = described(numbers, "Taken from the image: one number, or one a channel.");
  keys["scale"] = described(numbers, "Multiplied with what is left: one number, or one a channel.");
  keys["samples"] = described(one_of({"board", "train", "model"}), "What calibration samples are like.");
  return described(map_of(object_of(std::move(keys), {"type"})), "Inputs that are images, by name.");
}

void add_model(Json& keys) {
  Json removed;
  removed["operators"] = removed["nodes"] = one_or_more(word());
  keys["model"] = described({{"type", "string"}}, "ONNX model, in place of a list of operators.");
  keys["model_made_by"] = described(word(), "The command that makes the model, for those who lack it.");
  keys["dim"] =
      described(map_of(integer(1, 1'000'000'000)), "Extents of the model's open dimensions, by name.");
  keys["inputs"] = described(map_of(word()), "Files with the model's inputs; others are drawn.");
  keys["assume"] = described(map_of(flag()), "Branches of If nodes that inputs decide.");
  keys["inputs_as_weights"] =
      described(flag(), "Inputs that operators read as weights are some without data.");
  keys["pixels"] = pixels_schema();
  keys["batch"] = described(integer(1, 1'000'000), "First extent of all inputs, which have 1 there.");
  keys["input_shapes"] =
      described(map_of(list_of({{"type", "integer"}})), "Extents of inputs with open dimensions.");
  keys["outputs"] = described(one_or_more(word()), "Nodes at which the network ends.");
  keys["remove_at_edges"] =
      described(object_of(removed), "Nodes at the network's inputs and outputs that go.");
}

}  // namespace

std::string run_file_schema() {
  Json keys;
  keys["name"] = described(word(), "Name in reports; the file's otherwise.");
  keys["description"] = described(word(), "A line for `bpusim list runs`.");
  keys["base"] =
      described({{"type", "string"}}, "Run file whose keys this one has, but where it has its own.");
  keys["machine"] = {{"description", "Machine preset, or a file."},
                     {"type", "string"},
                     {"examples", list_configs("machines")}};
  keys["policy"] = {{"description", "Support policy, or a file; the machine's own otherwise."},
                    {"type", "string"},
                    {"examples", list_configs("support")}};
  keys["seed"] = described(integer(0, 1'000'000'000'000), "Of all drawn numbers.");
  add_node_options(keys);
  add_quantisation(keys);
  keys["set"] = described(Json::parse(settings_schema()), "Parameters of the machine.");
  keys["on"] = described(map_of(one_of({"bpu", "cpu"})), "Where a node, or all of an operator, is to run.");
  keys["overlap"] =
      described(flag(), "Whether operators of a list run as one program, as those of a model do.");
  keys["operators"] = described({{"type", "array"}, {"minItems", 1}, {"items", operator_schema()}},
                                "Operators, or chains of them, each with an input of its own.");
  Json of_model;
  add_model(of_model);
  Json needs_model;
  for (const auto& [key, schema] : of_model.items())
    if (key != "model") needs_model[key] = Json::array({"model"});
  keys.update(of_model);
  Json schema;
  schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  schema["title"] = "bpusim run file";
  schema.update(object_of(std::move(keys)));
  // What the file has not its base may have.
  schema["if"] = {{"not", {{"required", Json::array({"base"})}}}};
  schema["then"] = {{"oneOf", Json::array({{{"required", Json::array({"operators"})}},
                                           {{"required", Json::array({"model"})}}})},
                    {"dependentRequired", needs_model}};
  return schema.dump(2) + "\n";
}

}  // namespace bpusim
