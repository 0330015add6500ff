// What a command writes as data: objects and lists whose keys are metrics. JSON, its schema and its page in
// the documentation are three views of one document.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/result/metrics.h"

namespace bpusim {

/// A piece of a document.
struct Part {
  enum class Form {
    Inline,  ///< keys of the object around it, from the one row of `table` and from `parts`
    Object,  ///< an object of its own with such keys
    List,    ///< a list of objects, one a row of `table`
  };
  std::string key;  ///< empty where it is inline
  Form form = Form::Inline;
  std::string meaning;
  MetricTable table = {};
  std::vector<Part> parts = {};  ///< further keys, behind those of the table; none in a list
  bool optional = false;         ///< may be null
  bool absent = false;           ///< is null
};

struct Document {
  std::string schema;  ///< value of the key "schema"
  std::string command;
  std::vector<Part> parts;
};

/// Neighbours among metrics whose keys are in one object ("a.b", "a.c"), or one key on its own.
struct KeyGroup {
  std::string object;  ///< "a"; empty where the key stands on its own
  std::size_t first = 0, count = 0;
  bool optional = false;  ///< all of its keys may be absent, and are so together: then the object is null
};
std::vector<KeyGroup> groups_of(const std::vector<MetricInfo>& metrics);

/// The key in its object: "b" of "a.b".
std::string key_of(const MetricInfo& metric);

nlohmann::ordered_json json_of(const Document& document);

/// JSON Schema (draft 2020-12): every key required, no others allowed.
nlohmann::ordered_json schema_of(const Document& document);

/// Markdown: a heading, and a table of keys for each part.
std::string reference_of(const Document& document);

}  // namespace bpusim
