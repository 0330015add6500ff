#include <array>
#include <functional>

#include "sim/report/advice_text.h"
#include "sim/report/documents.h"
#include "sim/report/identity_report.h"
#include "sim/report/json_text.h"
#include "sim/report/quantisation_report.h"
#include "sim/report/report.h"

namespace bpusim {

namespace {

// Advice with what its words need to know: what the run takes as it is.
struct ToldAdvice {
  const Advice& advice;
  double now_ms;
};

Part advice_part(const std::vector<Advice>& advice, double now_ms) {
  using Row = Metric<ToldAdvice>;
  static const std::vector<Row> table = {
      Row("id", "", "the advisor's name", [](const ToldAdvice& a) { return a.advice.id(); }),
      Row("text", "", "what to change", [](const ToldAdvice& a) { return text_of(a.advice, a.now_ms); }),
      Row("won_ms", "ms", "what following it would win; 0 where that was not timed",
          [](const ToldAdvice& a) { return a.advice.won_ms; }),
      Row("run_ms", "ms", "what the whole run takes so changed; null where it was not tried",
          [](const ToldAdvice& a) { return a.advice.run_ms; }),
      Row("output_cosine", "",
          "similarity to golden of the worst output so changed; null where it was not tried with values",
          [](const ToldAdvice& a) {
            const auto& outputs = a.advice.outputs;
            return outputs ? std::optional<double>(outputs->cosine_then) : std::nullopt;
          }),
      Row("nodes", "", "names of the nodes that it is about",
          [](const ToldAdvice& a) { return a.advice.nodes; }),
  };
  std::vector<ToldAdvice> told;
  told.reserve(advice.size());
  for (const Advice& a : advice) told.push_back({a, now_ms});
  return {"advice", Part::Form::List, "what to change, by time won", table_of(table, told)};
}

}  // namespace

Document run_document(const RunResult& result) {
  const std::vector<SegmentSummary> segments = segments_of(result.nodes);
  const std::vector<KindSummary> kinds = kinds_of(result.nodes);
  const std::array<std::reference_wrapper<const RunResult>, 1> run = {result};
  return {
      "bpusim-run-2",
      "run",
      {{"", Part::Form::Inline, "", table_of(total_metrics(), run)},
       {"engines", Part::Form::List, "what each engine did over the whole run",
        table_of(engine_metrics(), parts_of(result, result.engines))},
       {"", Part::Form::Inline, "Behind `engines`, what all of them lost", table_of(stall_metrics(), run)},
       {"nodes", Part::Form::List, "nodes in the order in which they ran",
        table_of(node_metrics(), result.nodes)},
       {"segments", Part::Form::List, "neighbouring nodes on the same side",
        table_of(segment_metrics(), parts_of(result, segments))},
       {"kinds", Part::Form::List, "nodes of the same operator on the same side, the longest first",
        table_of(kind_metrics(), parts_of(result, kinds))},
       {"outputs", Part::Form::List, "outputs of the network, as the application finds them in memory",
        table_of(output_metrics(), result.outputs)},
       quantisation_part(result),
       advice_part(result.advice, result.time_ms(result.cycles)),
       identity_part(result.identity),
       {"", Part::Form::Inline, kHostMeaning, table_of(host_metrics(), run)}}};
}

Document check_document(const CheckResult& result) {
  using Row = Metric<CheckResult>;
  static const std::vector<Row> notes = {
      Row("notes", "", "what the run's file asks for that is not modelled, or is read as something else",
          &CheckResult::notes)};
  const std::array<std::reference_wrapper<const CheckResult>, 1> told = {result};
  return {"bpusim-check-2",
          "check",
          {{"nodes", Part::Form::List, "where each operator would run",
            table_of(placed_node_metrics(), result.nodes)},
           {"", Part::Form::Inline, "Behind `nodes`, what the file asks for", table_of(notes, told)},
           advice_part(result.advice, 0),
           identity_part(result.identity),
           host_part(result.making)}};
}

std::string json_report(const RunResult& result) {
  return json_text(json_of(run_document(result)));
}

std::string json_placement(const CheckResult& result) {
  return json_text(json_of(check_document(result)));
}

}  // namespace bpusim
