#include "sim/report/quantisation_report.h"

#include <algorithm>
#include <optional>
#include <set>

#include "sim/report/advice_text.h"
#include "sim/report/metric_text.h"
#include "sim/report/text_table.h"
#include "sim/report/words.h"

namespace bpusim {

namespace {

constexpr std::size_t kListed = 10;

// What accuracy does not tell; nothing where it is of data.
std::optional<std::string> doubt(const Quantised& q) {
  if (!q.drawn_inputs) return std::nullopt;
  const std::string random =
      "random inputs: accuracy shows what the arithmetic does, not what your model does on its data; ";
  return random +
         (q.source == DataSource::Samples
              ? "grids are those of the samples, and `inputs` of the run file gives what to measure on"
              : "--calibrate gives samples for the grids, `inputs` of the run file what to measure on");
}

std::string sources(const Quantised& q) {
  if (q.source == DataSource::Samples)
    return std::to_string(q.samples) + (q.samples == 1 ? " sample" : " samples");
  return q.source == DataSource::OwnInput ? "the run's own input" : "random inputs";
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

// Of a model that was quantised elsewhere most grids are given: their number tells more than their names.
std::vector<std::string> single_grids(const std::vector<NodeMethod>& nodes) {
  std::vector<NodeMethod> chosen;
  for (const NodeMethod& one : nodes)
    if (one.method != kGivenMethod) chosen.push_back(one);
  const std::size_t given = nodes.size() - chosen.size();
  std::vector<std::string> lines;
  if (given > 0)
    lines.push_back("on grids that the model gives, whatever the method: " + std::to_string(given) +
                    " nodes and inputs");
  if (!chosen.empty()) lines.push_back("other methods for single grids: " + join(chosen));
  return lines;
}

std::string tried_table(const Quantised& q, const TextStyle& style) {
  TextTable table({"Method", "Output cosine>", ""});
  for (const TriedMethod& t : q.tried)
    table.add({t.method, fixed(t.cosine, 6), t.method == q.chosen ? "taken" : ""});
  return table.str(style.table_width());
}

std::string search_text(const RunResult& result, const Int16Search& s) {
  if (!s.met() && s.names.empty())
    return "int16 until an output cosine of " + fixed(s.goal, 6) + ": NOT REACHED; int8 has " +
           fixed(s.in_int8, 6) + " on what was calibrated on, and nothing in int16 that was tried (" +
           std::to_string(s.runs) + " runs) does better";
  const double now = result.time_ms(result.cycles), before = result.time_ms(s.int8_cycles);
  return "int16 until an output cosine of " + fixed(s.goal, 6) + ": " +
         (s.met() ? "reached " : "NOT REACHED, but ") + fixed(s.reached, 6) +
         " on what was calibrated on, from " + fixed(s.in_int8, 6) + " in int8, with " +
         std::to_string(s.names.size()) + " names, in " + std::to_string(s.runs) +
         " runs; the network takes " + fixed(now, 3) + " ms instead of " + fixed(before, 3) + " ms";
}

std::string short_texts(const std::vector<Int8Remedy>& remedies) {
  std::string text;
  for (const Int8Remedy remedy : remedies)
    text += (text.empty() ? "" : ", ") + std::string(short_text_of(remedy));
  return text.empty() ? "-" : text;
}

std::string sensitivity_table(const std::vector<Sensitivity>& nodes, const TextStyle& style) {
  const bool alone = !nodes.empty() && nodes.front().alone_sqnr_db.has_value();
  TextTable table({TextColumn("Node").elided(16, 50), TextColumn("Type").elided(12, 30).ranked(2),
                   TextColumn("Out").ranked(1), "Cosine>", TextColumn("SQNR dB>").ranked(1),
                   TextColumn("alone dB>").ranked(1).unless_all(""),
                   TextColumn("What would help").wrapped(15)});
  std::set<Int8Remedy> explained;
  for (std::size_t i = 0; i < std::min(nodes.size(), kListed); ++i) {
    const Sensitivity& n = nodes[i];
    table.add({n.name, type_in_table(n.op, style), n.type, fixed(n.cosine, 6), decibels(n.sqnr_db),
               n.alone_sqnr_db ? decibels(*n.alone_sqnr_db) : "-", short_texts(n.advice)});
    for (const Int8Remedy remedy : n.advice)
      if (text_of(remedy) != short_text_of(remedy)) explained.insert(remedy);
  }
  std::string text = heading(std::string("Most sensitive to int8, by ") +
                                 (alone ? "what the node loses alone" : "the cosine of its output"),
                             style) +
                     table.str(style.table_width());
  for (const Int8Remedy remedy : explained)
    text += wrapped(std::string(short_text_of(remedy)) + ": " + text_of(remedy), style.width, "  ", 4);
  return text;
}

using QuantisedRun = PartOf<Quantised>;
using QuantisedMetric = Metric<QuantisedRun>;

// A figure of the search for int16 nodes, where the run asked for one.
template <class Figure>
auto of_search(Figure figure) {
  using Result = std::decay_t<std::invoke_result_t<Figure, const Int16Search&>>;
  return [figure](const QuantisedRun& q) {
    return q.part.search ? std::optional<Result>(std::invoke(figure, *q.part.search)) : std::nullopt;
  };
}

const std::vector<QuantisedMetric>& method_metrics() {
  static const std::vector<QuantisedMetric> table = {
      QuantisedMetric("source", "",
                      "what the run was calibrated on: samples, its own inputs or drawn numbers",
                      [](const QuantisedRun& q) { return to_string(q.part.source); })
          .one_of({"samples", "inputs", "drawn"}),
      QuantisedMetric("samples", "", "samples that it was calibrated on",
                      [](const QuantisedRun& q) { return q.part.samples; }),
      QuantisedMetric("method", "", "calibration that the run asks for",
                      [](const QuantisedRun& q) { return q.part.method; }),
      QuantisedMetric("warning", "", "that inputs are random, and accuracy is not the model's; else null",
                      [](const QuantisedRun& q) { return doubt(q.part); }),
      QuantisedMetric("chosen", "", "method that `auto` took; null where the run names one",
                      [](const QuantisedRun& q) {
                        return q.part.chosen.empty() ? std::nullopt
                                                     : std::optional<std::string>(q.part.chosen);
                      }),
  };
  return table;
}

const std::vector<QuantisedMetric>& int16_metrics() {
  static const std::vector<QuantisedMetric> table = {
      QuantisedMetric("int16", "", "nodes whose outputs, and inputs of the network that, are int16",
                      [](const QuantisedRun& q) { return q.part.int16; }),
      QuantisedMetric("kept_int8", "", "nodes below `int16_below` without an int16 form where they lie",
                      [](const QuantisedRun& q) { return q.part.kept_int8; }),
      QuantisedMetric("search.goal", "",
                      "output cosine that `int16_until` asks for; `search` is null without",
                      of_search(&Int16Search::goal)),
      QuantisedMetric("search.reached", "", "output cosine with the names, on what was calibrated on",
                      of_search(&Int16Search::reached))
          .not_always_finite(),
      QuantisedMetric("search.met", "", "`reached` is no less than `goal`", of_search(&Int16Search::met)),
      QuantisedMetric("search.int8_cosine", "", "output cosine without the names",
                      of_search(&Int16Search::in_int8))
          .not_always_finite(),
      QuantisedMetric("search.int8_time_ms", "ms", "of the run without the names",
                      [](const QuantisedRun& q) {
                        return q.part.search
                                   ? std::optional<double>(q.run.time_ms(q.part.search->int8_cycles))
                                   : std::nullopt;
                      }),
      QuantisedMetric("search.runs", "", "sets that were run", of_search(&Int16Search::runs)),
      QuantisedMetric("search.names", "", "nodes, and inputs of the network, that are to be int16",
                      of_search(&Int16Search::names)),
  };
  return table;
}

const std::vector<Metric<TriedMethod>>& tried_metrics() {
  static const std::vector<Metric<TriedMethod>> table = {
      {"method", "", "its name", &TriedMethod::method},
      Metric<TriedMethod>("output_cosine", "",
                          "of the outputs against golden: the least among them, its mean over the samples",
                          &TriedMethod::cosine)
          .not_always_finite(),
  };
  return table;
}

const std::vector<Metric<NodeMethod>>& node_method_metrics() {
  static const std::vector<Metric<NodeMethod>> table = {
      {"node", "", "its name", &NodeMethod::node},
      {"method", "", "calibration of its values", &NodeMethod::method},
  };
  return table;
}

const std::vector<Metric<Sensitivity>>& sensitivity_metrics() {
  using Row = Metric<Sensitivity>;
  static const std::vector<Row> table = {
      Row("name", "", "node", &Sensitivity::name),
      Row("op", "", "operator", &Sensitivity::op),
      Row("type", "", "element type of its output", &Sensitivity::type),
      Row("cosine", "", "of its output against golden", &Sensitivity::cosine).not_always_finite(),
      Row("sqnr_db", "dB", "of its output against golden", &Sensitivity::sqnr_db).not_always_finite(),
      Row("alone_cosine", "", "of its ideal integer result for golden inputs; null without `--sensitivity`",
          &Sensitivity::alone_cosine)
          .not_always_finite(),
      Row("alone_sqnr_db", "dB",
          "of its ideal integer result for golden inputs; null without `--sensitivity`",
          &Sensitivity::alone_sqnr_db)
          .not_always_finite(),
      Row("advice", "", "what would help; empty where nothing needs to be done",
          [](const Sensitivity& s) { return text_of(s.advice); }),
  };
  return table;
}

}  // namespace

std::string text_quantisation(const RunResult& result, const TextStyle& style) {
  if (!result.quantised) return "";
  const Quantised& q = *result.quantised;
  const auto line = [&](const std::string& text) { return wrapped(text, style.width, "  ", 4); };
  std::string text = heading("Quantisation", style);
  if (const auto warning = doubt(q)) text += line("WARNING: " + *warning);
  text += line("calibrated on " + sources(q) + ", method " + q.method +
               (q.chosen.empty() ? "" : ", which took " + q.chosen));
  if (!q.tried.empty()) text += tried_table(q, style);
  for (const std::string& grids : single_grids(q.by_node)) text += line(grids);
  if (q.search) text += line(search_text(result, *q.search));
  if (!q.int16.empty()) text += line("int16: " + join(q.int16));
  if (!q.kept_int8.empty())
    text += line("below the wanted cosine, but without an int16 form where they lie: " + join(q.kept_int8));
  if (!q.sensitivity.empty()) text += "\n" + sensitivity_table(q.sensitivity, style);
  return text;
}

Part quantisation_part(const RunResult& result) {
  const Quantised none, &q = result.quantised ? *result.quantised : none;
  const std::vector<QuantisedRun> one = {{result, q}};
  Part part{"quantisation", Part::Form::Object, "how the values came to their grids; null without function"};
  part.optional = true;
  part.absent = !result.quantised;
  part.parts = {{"", Part::Form::Inline, "", table_of(method_metrics(), one)},
                {"tried", Part::Form::List, "methods that `auto` tried for all nodes",
                 table_of(tried_metrics(), q.tried)},
                {"by_node", Part::Form::List,
                 "nodes for which `auto` took another method, and nodes and inputs on grids that the model "
                 "gives: `given`",
                 table_of(node_method_metrics(), q.by_node)},
                {"", Part::Form::Inline, "Behind them in `quantisation`", table_of(int16_metrics(), one)},
                {"sensitivity", Part::Form::List, "what each node loses by its integers, worst first",
                 table_of(sensitivity_metrics(), q.sensitivity)}};
  return part;
}

}  // namespace bpusim
