#include "sim/report/json_text.h"

#include <utility>

#include "sim/result/printable.h"

namespace bpusim {

namespace {

void make_valid(nlohmann::ordered_json& json) {
  if (json.is_string()) json = valid_utf8(json.get_ref<const std::string&>());
  if (json.is_structured())
    for (nlohmann::ordered_json& value : json) make_valid(value);
}

}  // namespace

std::string json_text(nlohmann::ordered_json json) {
  make_valid(json);
  return json.dump(2) + "\n";
}

}  // namespace bpusim
