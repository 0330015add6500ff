#include "sim/report/node_table.h"

#include <functional>

#include "sim/config/suggest.h"
#include "sim/input_error.h"
#include "sim/report/metric_text.h"
#include "sim/report/words.h"

namespace bpusim {

namespace {

using NodeColumn = Column<NodeResult>;
using Nodes = std::vector<std::reference_wrapper<const NodeResult>>;

constexpr std::size_t kSlowest = 20;

// How a column gives way: see TextColumn.
struct Form {
  const char* name;
  int rank;
  std::size_t least = 0, enough = 0;  // of one that is cut; 0 of others
  const char* dull = "";              // what says nothing where all cells have it
};

// In their order from left to right. Those of rank 1 fit in 80 columns.
constexpr Form kForms[] = {
    {"name", 0, 20, 32},
    {"on", 1},
    {"segment", 9, 0, 0, "1"},
    {"op", 1, 14, 22},
    {"shape", 2, 11, 24},
    {"mapping", 6},
    {"time_ms", 1},
    {"share", 1},
    {"cycles", 4},
    {"dram_read_bytes", 7},
    {"dram_write_bytes", 7},
    {"bandwidth_gbps", 13},
    {"macs", 10},
    {"mac_utilisation", 8},
    {"bound", 1},
    {"roofline_fraction", 5},
    {"busy", 11},
    {"waits_for", 12},
    {"accuracy.cosine", 1},
    {"accuracy.sqnr_db", 3},
    {"accuracy.ideal_sqnr_db", 9},
    {"in_type", 14, 0, 0, "int8"},
    {"out_type", 14, 0, 0, "int8"},
    {"origin", 16, 16, 50},
    {"fused", 15, 16, 50},
};

// As people are told it, where the metric's value is a word for scripts.
std::function<std::string(const NodeResult&)> cell_of(const std::string& name, const TextStyle& style) {
  if (name == "op") return [&style](const NodeResult& n) { return type_in_table(n.op, style); };
  if (name == "bound") return [](const NodeResult& n) { return std::string(in_words(n.bound)); };
  if (name == "mapping") return [](const NodeResult& n) { return n.on_cpu() ? "-" : n.mapping; };
  if (name != "waits_for") return {};
  return [](const NodeResult& n) {
    const Value value = metric_of(node_metrics(), "waits_for").read(n);
    for (int c = 0; c < kCauses; ++c)
      if (std::get<std::string>(value) == to_string(static_cast<Cause>(c)))
        return std::string(in_words(static_cast<Cause>(c)));
    return std::string("-");
  };
}

const Form* form_of(const std::string& name) {
  for (const Form& form : kForms)
    if (name == form.name) return &form;
  return nullptr;
}

NodeColumn node_column(const std::string& name, const TextStyle& style) {
  NodeColumn column = column_of<NodeResult>(node_metrics(), name, cell_of(name, style));
  if (name == "macs" || name == "mac_utilisation") column = but_0(std::move(column));
  if (const Form* form = form_of(name); form != nullptr && form->least > 0)
    column.form = column.form.elided(form->least, form->enough);
  return column;
}

std::vector<NodeColumn> columns_for(const TextStyle& style) {
  std::vector<NodeColumn> columns;
  for (const std::string& name : style.columns) columns.push_back(node_column(name, style));
  if (!columns.empty()) return columns;
  for (const Form& form : kForms) {
    columns.push_back(node_column(form.name, style));
    TextColumn& text = columns.back().form;
    text = text.ranked(form.rank);
    if (form.rank > 0) text = text.unless_all(form.dull);
  }
  return columns;
}

}  // namespace

void check_node_columns(const std::vector<std::string>& names) {
  std::vector<std::string> known;
  std::string list;
  for (const NodeMetric& metric : node_metrics()) {
    known.push_back(metric.name);
    list += (list.empty() ? "" : ", ") + metric.name;
  }
  std::vector<std::string> wrong;
  for (const std::string& name : names)
    if (find_metric(node_metrics(), name) == nullptr)
      wrong.push_back("--columns: there is no column '" + name + "'" + did_you_mean(name, known));
  if (wrong.empty()) return;
  wrong.push_back("--columns: there are " + list);
  throw InputError(wrong);
}

std::string node_table(const RunResult& result, const TextStyle& style) {
  const std::size_t all = result.nodes.size();
  auto rows = rows_of_interest(result.nodes, style.all_nodes ? all : kSlowest);
  if (rows.size() + kSlowest / 2 > all)
    rows = rows_of_interest(result.nodes, all);  // no use in leaving few out
  Nodes nodes;
  for (const std::size_t row : rows) nodes.emplace_back(result.nodes[row]);
  std::string text = heading(
      "Nodes" + (rows.size() == all ? ""
                                    : ": the " + std::to_string(kSlowest) + " slowest and all on the CPU, " +
                                          std::to_string(rows.size()) + " of " + std::to_string(all)),
      style);
  text += table_with<NodeResult>(columns_for(style), nodes, [&](const NodeResult& n) {
            return style.colour && n.on_cpu() ? kYellow : "";
          }).str(style.table_width());
  if (rows.size() < all)
    text +=
        wrapped("--nodes prints all, --wide and --columns other columns; --out, --json and --csv write all.",
                style.width, "  ");
  return text;
}

}  // namespace bpusim
