#include "sim/report/reason_table.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "sim/report/text_table.h"
#include "sim/report/words.h"

namespace bpusim {

namespace {

constexpr std::size_t kNamed = 3;  // nodes of an operator

struct OfOperator {
  std::string op;
  std::vector<std::string> names;
};

struct Row {
  const PlacedReason* first;
  std::size_t count = 0;
  std::vector<OfOperator> operators;
};

std::vector<Row> rows_of(const std::vector<PlacedReason>& nodes) {
  std::vector<Row> rows;
  const auto key = [](const PlacedReason& n) { return std::tie(n.on, n.reason, n.source); };
  for (const PlacedReason& node : nodes) {
    auto row =
        std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return key(*r.first) == key(node); });
    if (row == rows.end()) row = rows.insert(rows.end(), Row{&node, 0, {}});
    ++row->count;
    auto& operators = row->operators;
    auto of = std::find_if(operators.begin(), operators.end(),
                           [&](const OfOperator& o) { return o.op == node.op; });
    if (of == operators.end()) of = operators.insert(operators.end(), OfOperator{node.op, {}});
    of->names.push_back(node.name);
  }
  // What needs a reader's eye comes first: what has no place, then the CPU.
  const auto order = [](const Row& r) {
    return r.first->on == Side::Nowhere ? 0 : r.first->on == Side::Cpu ? 1 : 2;
  };
  std::stable_sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) {
    return std::pair(order(a), b.count) < std::pair(order(b), a.count);
  });
  return rows;
}

std::string operators_of(const Row& row, const TextStyle& style) {
  std::string text;
  for (const OfOperator& of : row.operators) {
    text += (text.empty() ? "" : ", ") + type_in_table(of.op, style);
    if (of.names.size() > 1) text += " x" + std::to_string(of.names.size());
    if (row.first->on == Side::Bpu) continue;
    std::string names;
    for (std::size_t n = 0; n < std::min(of.names.size(), kNamed); ++n)
      names += (n > 0 ? ", " : "") + elided(of.names[n]);
    text += " (" + names + (of.names.size() > kNamed ? ", …)" : ")");
  }
  return text;
}

// That of most nodes: the others' stand with their reasons.
std::string usual_source(const std::vector<PlacedReason>& nodes) {
  std::map<std::string, std::size_t> count;
  for (const PlacedReason& node : nodes) ++count[node.source];
  const auto most = std::max_element(count.begin(), count.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == count.end() ? "" : most->first;
}

}  // namespace

std::string reason_table(const std::vector<PlacedReason>& nodes, const TextStyle& style) {
  const std::string usual = usual_source(nodes);
  TextTable table({"Nodes>", "ON", TextColumn("Operators").wrapped(20), TextColumn("Why").wrapped(20)});
  for (const Row& row : rows_of(nodes)) {
    const PlacedReason& one = *row.first;
    table.add({std::to_string(row.count), to_string(one.on), operators_of(row, style),
               one.reason + (one.source == usual ? "" : " [" + one.source + "]")},
              !style.colour || one.on == Side::Bpu ? ""
              : one.on == Side::Cpu                ? kYellow
                                                   : kRed);
  }
  return table.str(style.table_width()) +
         (usual.empty() ? "" : wrapped("Source where none is given: " + usual, style.width, "  "));
}

}  // namespace bpusim
