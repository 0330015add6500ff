// JSON as it is written.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace bpusim {

/// Two spaces of indentation and a line's end. Bytes that are no UTF-8 stand as "\xFF", so that nothing is
/// lost: names come from files, which hold any bytes.
std::string json_text(nlohmann::ordered_json json);

}  // namespace bpusim
