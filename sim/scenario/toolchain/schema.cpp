#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "sim/scenario/toolchain/keys.h"

namespace bpusim::toolchain {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kCalibration = "calibration_parameters";  // hb_compile hands further keys of it on
constexpr const char* kNothing = "#/$defs/nothing";

// The ways in which those files say nothing.
Json nothing() {
  return {{"anyOf",
           Json::array({{{"type", "null"}},
                        {{"type", "string"}, {"pattern", "^\\s*([Nn][Oo][Nn][Ee]|[Nn][Uu][Ll][Ll]|~)?\\s*$"}},
                        {{"type", "array"}, {"maxItems", 0}},
                        {{"type", "object"}, {"maxProperties", 0}}})}};
}

Json truth() {
  return {
      {"anyOf", Json::array({{{"type", "boolean"}},
                             {{"enum", {0, 1}}},
                             {{"type", "string"},
                              {"pattern",
                               "^\\s*([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[Yy][Ee][Ss]|[Nn][Oo]|[Oo][Nn]|"
                               "[Oo][Ff][Ff]|0|1)\\s*$"}},
                             {{"$ref", kNothing}}})}};
}

// From what the table says of its values: truth, a map, or words and numbers, one or several.
Json values_of(const Key& key) {
  if (std::strcmp(key.name, "caffe_model") == 0 || std::strcmp(key.name, "prototxt") == 0)
    return {{"$ref", kNothing}};
  if (std::strcmp(key.values, "bool") == 0) return {{"$ref", "#/$defs/bool"}};
  Json types = {"string", "number", "boolean", "array", "null"};
  if (std::strstr(key.values, "map") != nullptr) types.push_back("object");
  return {{"type", types}};
}

Json march_schema() {
  Json names = Json::array();
  for (const March& march : marches()) names.push_back(march.name);
  return {{"enum", names}};
}

Json schema_of(const Key& key) {
  Json schema = std::strcmp(key.name, "march") == 0 ? march_schema() : values_of(key);
  const char* tool = key.mapper && key.compile ? "" : key.mapper ? "hb_mapper alone. " : "hb_compile alone. ";
  schema["description"] = std::string(tool) + "Values: " + key.values + ". Here: " + key.how + ".";
  return schema;
}

Json group_schema(const std::string& group) {
  Json schema = {{"type", {"object", "null"}}};
  for (const Key& key : keys())
    if (key.group == group) schema["properties"][key.name] = schema_of(key);
  if (group != kCalibration) schema["additionalProperties"] = false;
  if (group == "model_parameters") schema["required"] = {"onnx_model", "march"};
  return schema;
}

// Keys of the other tool say nothing.
Json of_tool(Tool tool) {
  Json properties = Json::object();
  Json known = Json::array();
  for (const Key& key : keys()) {
    if (std::strcmp(key.group, kCalibration) == 0) known.push_back(key.name);
    if (!(tool == Tool::Mapper ? key.mapper : key.compile))
      properties[key.group]["properties"][key.name] = {{"$ref", kNothing}};
  }
  if (tool == Tool::Mapper) properties[kCalibration]["propertyNames"] = {{"enum", known}};
  return {{"properties", properties}};
}

}  // namespace

std::string schema() {
  Json schema;
  schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  schema["title"] = "YAML of hb_mapper makertbin and hb_compile, as bpusim reads it";
  schema["type"] = "object";
  schema["required"] = Json::array({"model_parameters"});
  schema["additionalProperties"] = false;
  for (const std::string& group : groups()) schema["properties"][group] = group_schema(group);
  Json of_compile = Json::array();
  for (const March& march : marches())
    if (march.tool == Tool::Compile) of_compile.push_back(march.name);
  schema["if"]["properties"]["model_parameters"]["properties"]["march"]["enum"] = of_compile;
  schema["then"] = of_tool(Tool::Compile);
  schema["else"] = of_tool(Tool::Mapper);
  schema["$defs"]["nothing"] = nothing();
  schema["$defs"]["bool"] = truth();
  return schema.dump(2) + "\n";
}

}  // namespace bpusim::toolchain
