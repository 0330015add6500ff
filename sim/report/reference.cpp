#include "sim/report/reference.h"

#include <stdexcept>

#include "sim/report/documents.h"

namespace bpusim {

namespace {

// Of results of nothing: a document without rows has all that its schema and its page say.
const std::vector<Document>& documents() {
  static const std::vector<Document> all = {run_document({}), comparison_document({}, {}), check_document({}),
                                            conformance_document({}, {})};
  return all;
}

}  // namespace

std::vector<std::string> documented_results() {
  std::vector<std::string> commands;
  for (const Document& document : documents()) commands.push_back(document.command);
  return commands;
}

std::string result_schema(const std::string& command) {
  for (const Document& document : documents())
    if (document.command == command) return schema_of(document).dump(2) + "\n";
  throw std::logic_error("result_schema: no such result: " + command);
}

std::string result_reference() {
  std::string text =
      "<!-- keys: made by `bpusim docs report`; scripts/update-docs writes them here -->\n\n## Keys\n\n"
      "All keys of the JSON, in their order; those of `nodes[]` are also the columns of `--csv`. `a.b` is "
      "key `b` "
      "of the\nobject `a`. The columns are those of the printed tables. JSON Schemas: "
      "[run](run-result.schema.json),\n[compare](compare-result.schema.json), "
      "[check](check-result.schema.json), [conformance](conformance-result.schema.json).\n\n";
  for (const Document& document : documents()) text += reference_of(document);
  return text + "<!-- end of keys -->\n";
}

}  // namespace bpusim
