#include "sim/cli/listing_schemas.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "sim/config/policy.h"

namespace bpusim {

namespace {

using Json = nlohmann::ordered_json;

Json text(const char* description) {
  return {{"type", "string"}, {"description", description}};
}

Json count(const char* description) {
  return {{"type", "integer"}, {"minimum", 0}, {"description", description}};
}

Json list_of(Json items, const char* description) {
  return {{"type", "array"}, {"items", std::move(items)}, {"description", description}};
}

// Every key is there, but for those that may be absent.
Json closed(const Json& properties, const std::vector<std::string>& optional = {}) {
  Json required = Json::array();
  for (const auto& [key, schema] : properties.items())
    if (std::find(optional.begin(), optional.end(), key) == optional.end()) required.push_back(key);
  return {{"type", "object"},
          {"additionalProperties", false},
          {"required", required},
          {"properties", properties}};
}

std::string document(const char* name, const char* title, const Json& keys) {
  Json properties = {{"schema", {{"const", name}}}};
  properties.update(keys);
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", title}};
  schema.update(closed(properties));
  return schema.dump(2) + "\n";
}

Json places(bool rows) {
  Json words = Json::array();
  for (const auto where : {Placement::Where::Bpu, Placement::Where::Decomposed, Placement::Where::Cpu,
                           Placement::Where::Unsupported})
    words.push_back(to_string(where));
  if (rows)
    for (const auto on : {PolicyRow::On::Folded, PolicyRow::On::OnRequest}) words.push_back(to_string(on));
  return {{"enum", words}};
}

}  // namespace

std::string cost_schema() {
  const Json cycles = {{"type", "integer"}};  // a part may take some back
  Json keys;
  keys["command"] = text("command that is priced");
  keys["machine"] = text("machine");
  keys["cycles"] = count("all of it, in cycles of the BPU");
  keys["parts"] = {
      {"type", "object"}, {"additionalProperties", cycles}, {"description", "cycles by what takes them"}};
  return document("bpusim-cost-1", "bpusim cost", keys);
}

std::string support_schema() {
  const Json limits = list_of({{"type", "string"}}, "what keeps an operator on the BPU");
  Json row;
  row["op"] = text("operator");
  row["on"] = places(true);
  row["reason"] = text("why");
  row["source"] = text("from where that is known");
  row["limits"] = limits;
  row["otherwise"] = places(false);
  Json policy;
  policy["name"] = text("policy");
  policy["opsets"] =
      list_of({{"type", "integer"}}, "opsets that the toolchain reads; all where there is none");
  policy["limits"] = limits;
  policy["otherwise"] = places(false);
  policy["operators"] = list_of(closed(row), "rows by operator");
  return document("bpusim-support-1", "bpusim list support",
                  {{"policies", list_of(closed(policy, {"otherwise"}), "support policies")}});
}

}  // namespace bpusim
