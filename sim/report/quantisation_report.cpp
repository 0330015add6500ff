#include "sim/report/quantisation_report.h"

#include <algorithm>

#include "sim/report/advice_text.h"
#include "sim/report/text_table.h"

namespace bpusim {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kListed = 10;
const char* const kDrawn =
    "calibrated on drawn numbers, not on data: accuracy figures show what the arithmetic does, not what the "
    "network does";

std::string sources(const Quantised& q) {
  if (q.source == DataSource::Samples)
    return std::to_string(q.samples) + (q.samples == 1 ? " sample" : " samples");
  return q.source == DataSource::OwnInput ? "the run's own input" : "drawn numbers";
}

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string join(const std::vector<NodeMethod>& nodes) {
  std::vector<std::string> words;
  words.reserve(nodes.size());
  for (const NodeMethod& one : nodes) words.push_back(one.node + " " + one.method);
  return join(words);
}

std::string tried_table(const Quantised& q) {
  TextTable table({"Method", "Output cosine>", ""});
  for (const TriedMethod& t : q.tried)
    table.add({t.method, fixed(t.cosine, 6), t.method == q.chosen ? "taken" : ""});
  return table.str();
}

std::string search_text(const RunResult& result, const Int16Search& s) {
  if (!s.met() && s.names.empty())
    return "int16 until an output cosine of " + fixed(s.goal, 6) + ": NOT REACHED; int8 has " +
           fixed(s.in_int8, 6) + " on what was calibrated on, and nothing in int16 that was tried (" +
           std::to_string(s.runs) + " runs) does better\n";
  const double now = result.time_ms(result.cycles), before = result.time_ms(s.int8_cycles);
  return "int16 until an output cosine of " + fixed(s.goal, 6) + ": " +
         (s.met() ? "reached " : "NOT REACHED, but ") + fixed(s.reached, 6) +
         " on what was calibrated on, from " + fixed(s.in_int8, 6) + " in int8, with " +
         std::to_string(s.names.size()) + " names, in " + std::to_string(s.runs) +
         " runs; the network takes " + fixed(now, 3) + " ms instead of " + fixed(before, 3) + " ms\n";
}

std::string decibels(double db) {
  return db >= kExactDb ? "exact" : fixed(db, 2);
}

std::string sensitivity_table(const std::vector<Sensitivity>& nodes) {
  const bool alone = !nodes.empty() && nodes.front().alone_sqnr_db.has_value();
  TextTable table({"Node", "Type", "Grid", "Cosine>", "SQNR dB>", "alone dB>", "What would help"});
  for (std::size_t i = 0; i < std::min(nodes.size(), kListed); ++i) {
    const Sensitivity& n = nodes[i];
    table.add({n.name, n.op, n.type, fixed(n.cosine, 6), decibels(n.sqnr_db),
               n.alone_sqnr_db ? decibels(*n.alone_sqnr_db) : "-",
               n.advice.empty() ? "-" : text_of(n.advice)});
  }
  return std::string("Most sensitive to int8, by ") +
         (alone ? "what the node loses alone" : "the cosine of its output") + "\n" + table.str();
}

}  // namespace

std::string text_quantisation(const RunResult& result) {
  if (!result.quantised) return "";
  const Quantised& q = *result.quantised;
  std::string text;
  if (q.source == DataSource::Drawn) text += std::string("WARNING: ") + kDrawn + "\n";
  text += "Quantisation: calibrated on " + sources(q) + ", method " + q.method +
          (q.chosen.empty() ? "" : ", which took " + q.chosen) + "\n";
  if (!q.tried.empty()) text += tried_table(q);
  if (!q.by_node.empty()) text += "other methods for single grids: " + join(q.by_node) + "\n";
  if (q.search) text += search_text(result, *q.search);
  if (!q.int16.empty()) text += "int16: " + join(q.int16) + "\n";
  if (!q.kept_int8.empty())
    text += "below the wanted cosine, but without an int16 form where they lie: " + join(q.kept_int8) + "\n";
  if (!q.sensitivity.empty()) text += "\n" + sensitivity_table(q.sensitivity);
  return text;
}

Json json_quantisation(const RunResult& result) {
  if (!result.quantised) return nullptr;
  const Quantised& q = *result.quantised;
  Json json = {{"source", to_string(q.source)}, {"samples", q.samples}, {"method", q.method}};
  json["warning"] = q.source == DataSource::Drawn ? Json(kDrawn) : Json(nullptr);
  json["chosen"] = q.chosen.empty() ? Json(nullptr) : Json(q.chosen);
  json["tried"] = Json::array();
  for (const TriedMethod& t : q.tried)
    json["tried"].push_back({{"method", t.method}, {"output_cosine", t.cosine}});
  json["by_node"] = Json::array();
  for (const NodeMethod& one : q.by_node)
    json["by_node"].push_back({{"node", one.node}, {"method", one.method}});
  json["int16"] = q.int16;
  json["kept_int8"] = q.kept_int8;
  json["search"] = nullptr;
  if (q.search)
    json["search"] = {{"goal", q.search->goal},
                      {"reached", q.search->reached},
                      {"met", q.search->met()},
                      {"int8_cosine", q.search->in_int8},
                      {"int8_time_ms", result.time_ms(q.search->int8_cycles)},
                      {"runs", q.search->runs},
                      {"names", q.search->names}};
  json["sensitivity"] = Json::array();
  for (const Sensitivity& n : q.sensitivity)
    json["sensitivity"].push_back(
        {{"name", n.name},
         {"op", n.op},
         {"type", n.type},
         {"cosine", n.cosine},
         {"sqnr_db", n.sqnr_db},
         {"alone_cosine", n.alone_cosine ? Json(*n.alone_cosine) : Json(nullptr)},
         {"alone_sqnr_db", n.alone_sqnr_db ? Json(*n.alone_sqnr_db) : Json(nullptr)},
         {"advice", text_of(n.advice)}});
  return json;
}

}  // namespace bpusim
