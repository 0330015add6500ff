// How a policy is written, for readers and for editors: from the tables of facts and keys.
#include <nlohmann/json.hpp>
#include <sstream>

#include "sim/config/policy.h"

namespace bpusim {

namespace {

using Json = nlohmann::ordered_json;

struct PlaceWord {
  const char* word;
  const char* doc;
};

const std::vector<PlaceWord>& row_words() {
  static const std::vector<PlaceWord> words = {
      {"bpu", "on the BPU, within its limits"},
      {"decomposed", "on the BPU as the operators that exporters write in its place"},
      {"cpu", "on the CPU in float"},
      {"unsupported", "nobody runs it: a network with it is refused"},
      {"folded", "the toolchain computes or drops it; where it is left, it goes where `otherwise` says"},
      {"on_request",
       "on the CPU, and within its limits on the BPU where a run says so (`on:` of a run file)"},
  };
  return words;
}

Json enumerated(bool rows) {
  Json words = Json::array();
  for (const PlaceWord& word : row_words())
    if (rows || (word.word != std::string("folded") && word.word != std::string("on_request")))
      words.push_back(word.word);
  return words;
}

Json facts_enum() {
  Json names = Json::array();
  for (const FactDefinition& fact : fact_definitions()) names.push_back(fact.name);
  return names;
}

Json condition_properties() {
  Json properties;
  for (const LimitKey& key : condition_keys()) {
    Json& property = properties[key.key];
    property["description"] = key.doc;
    property["type"] = key.type == std::string("number") ? Json::array({"number", "string"}) : Json(key.type);
  }
  properties["fact"]["enum"] = facts_enum();
  return properties;
}

Json object_of(const Json& properties, const std::vector<std::string>& required) {
  Json object = {{"type", "object"}, {"additionalProperties", false}, {"properties", properties}};
  if (!required.empty()) object["required"] = required;
  return object;
}

Json limits_schema() {
  const Json condition = object_of(condition_properties(), {"fact"});
  Json limit = condition_properties();
  for (const LimitKey& key : limit_keys()) {
    if (key.type == std::string("string")) {
      limit[key.key] = {{"description", key.doc}, {"type", "string"}};
    } else {
      const Json several = {{"type", "array"}, {"items", condition}};
      limit[key.key] = {{"description", key.doc}, {"anyOf", Json::array({condition, several})}};
    }
  }
  return {{"type", "array"}, {"items", object_of(limit, {"fact"})}};
}

}  // namespace

std::string policy_schema() {
  const Json text = {{"type", "string"}};
  const Json words = {{"type", "array"}, {"items", text}};
  Json row;
  row["op"] = {{"anyOf", Json::array({text, words})}};
  row["on"] = {{"enum", enumerated(true)}};
  row["reason"] = row["source"] = text;
  row["otherwise"] = {{"enum", enumerated(false)}};
  row["limits"] = limits_schema();
  Json schema;
  schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  schema["title"] = "bpusim support policy";
  Json top;
  top["name"] = top["description"] = top["source"] = text;
  top["opsets"] = {{"type", "array"}, {"items", {{"type", "integer"}}}};
  top["limits"] = limits_schema();
  const Json otherwise = {{"on", {{"enum", enumerated(false)}}}, {"reason", text}, {"source", text}};
  top["otherwise"] = object_of(otherwise, {"on", "reason", "source"});
  top["operators"] = {{"type", "array"}, {"items", object_of(row, {"op", "on", "reason"})}};
  schema.update(object_of(top, {"operators"}));
  return schema.dump(2) + "\n";
}

std::string policy_reference() {
  std::ostringstream out;
  out << "# Support policies\n\n"
         "Made by `bpusim docs policies` from the tables of `sim/config`. A file of `configs/support` says "
         "where a chip's toolchain\n"
         "places each operator, and why. `bpusim list support [OP]` prints what they say.\n\n"
         "At the top of a file: `name`, `description`, `opsets` that the toolchain reads (all, where there "
         "is none), `source` of rows that\n"
         "name none of their own, `limits` of whatever runs on the BPU, `otherwise` (`on`, `reason`, "
         "`source`) for operators without a\n"
         "row, and `operators`, the rows:\n\n"
         "```yaml\n"
         "- op: [Conv]                    # one operator, or several\n"
         "  on: bpu\n"
         "  reason: MAC array\n"
         "  source: where it says so\n"
         "  limits:\n"
         "    - {fact: kernel_h, max: 31}\n"
         "    - {fact: stride_h, max: 1, when: {fact: dilation_h, min: 2}, says: only dense windows are "
         "dilated}\n"
         "  otherwise: cpu                # where a limit is broken; cpu where it says nothing\n"
         "```\n\n"
         "Facts and keys that do not exist are mistakes, with their line. A fact of several numbers "
         "(extents, pads) keeps a limit where each\n"
         "does; one that nobody knows, as the factor of a Resize that is computed, breaks it.\n\n"
         "A toolchain quantises some operators only where a neighbour is (passively): one that keeps its "
         "limits, between two of the CPU,\n"
         "may then stay there. Which ones do is not public, and bpusim does not model it: a row alone "
         "decides.\n\n"
         "| `on` | where |\n|---|---|\n";
  for (const PlaceWord& word : row_words()) out << "| `" << word.word << "` | " << word.doc << " |\n";
  out << "\n| key of a limit | meaning |\n|---|---|\n";
  for (const auto* keys : {&condition_keys(), &limit_keys()})
    for (const LimitKey& key : *keys) out << "| `" << key.key << "` | " << key.doc << " |\n";
  out << "\n| fact | of | meaning |\n|---|---|---|\n";
  for (const FactDefinition& fact : fact_definitions()) {
    std::string doc = fact.doc;
    if (doc.back() == ',') doc.pop_back();
    out << "| `" << fact.name << "` | " << fact.of << " | " << doc << (fact.is_word ? " (a word)" : "")
        << " |\n";
  }
  return out.str();
}

}  // namespace bpusim
