// What `bpusim compare` writes as data: rows of one run each, so that any number of runs has the same keys.
#include "sim/report/comparison.h"
#include "sim/report/documents.h"
#include "sim/report/identity_report.h"
#include "sim/report/run_labels.h"

namespace bpusim {

namespace {

using Runs = std::vector<ComparedRun>;

// A run with what the comparison calls it.
struct NamedRun {
  const ComparedRun& run;
  const ComparedRun& first;
  std::string letter, label;
};

// A trait of one run, or of all.
struct TraitRow {
  std::string key;
  std::optional<std::string> letter;
  const Trait* trait;
};

// A node or kind in one run.
struct RunRow {
  const AlignedRow& row;
  std::size_t run;

  const ComparedRow* there() const { return row.by_run[run]; }
};

std::optional<ParameterValue> scalar(const Value& value) {
  if (const auto* truth = std::get_if<bool>(&value)) return *truth;
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return *whole;
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return std::nullopt;
}

std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

const std::vector<Metric<NamedRun>>& named_run_metrics() {
  using Row = Metric<NamedRun>;
  static const auto of = [](auto figure) { return [figure](const NamedRun& r) { return r.run.*figure; }; };
  static const std::vector<Row> table = {
      Row("run", "", "letter that the rows below name it by", &NamedRun::letter),
      Row("label", "", "what tells it apart from the others", &NamedRun::label),
      Row("source", "", "JSON that it was read from; null where it was simulated for this",
          [](const NamedRun& r) { return unless_empty(r.run.source); }),
      Row("version", "", "bpusim that made it",
          [](const NamedRun& r) {
            const Trait* version = r.run.find("version");
            return version == nullptr ? std::string() : std::get<std::string>(version->value);
          }),
      Row("name", "", "name of the run file or model", of(&ComparedRun::name)),
      Row("machine", "", "machine", of(&ComparedRun::machine)),
      Row("policy", "", "support policy", of(&ComparedRun::policy)),
      Row("nodes", "", "nodes that ran", of(&ComparedRun::nodes)),
      Row("nodes_on_cpu", "", "nodes on the CPU", of(&ComparedRun::nodes_on_cpu)),
      Row("segments", "", "stretches of nodes on one side", of(&ComparedRun::segments)),
      Row("time_ms", "ms", "of the whole run", of(&ComparedRun::time_ms)),
      Row("difference_ms", "ms", "`time_ms` less that of the first run",
          [](const NamedRun& r) { return r.run.time_ms - r.first.time_ms; }),
      Row("difference_percent", "%", "the same in per cent of the first run; null where that takes none",
          [](const NamedRun& r) { return percent_of_first(r.run.time_ms, r.first.time_ms); }),
      Row("bpu_ms", "ms", "in programs of the BPU", of(&ComparedRun::bpu_ms)),
      Row("host_ms", "ms", "in operators on the CPU", of(&ComparedRun::host_ms)),
      Row("dram_read_bytes", "B", "bytes that DMA and host asked for", of(&ComparedRun::dram_read_bytes)),
      Row("dram_write_bytes", "B", "bytes that DMA and host wrote", of(&ComparedRun::dram_write_bytes)),
      Row("output_cosine", "", "similarity to golden of the worst output; null where none is measured",
          of(&ComparedRun::output_cosine)),
      Row("output_sqnr_db", "dB", "SQNR of the worst output; null where none is measured",
          of(&ComparedRun::output_sqnr_db)),
  };
  return table;
}

const std::vector<Metric<TraitRow>>& trait_metrics() {
  using Row = Metric<TraitRow>;
  static const std::vector<Row> table = {
      Row("key", "", "as in `identity` of a run, parameters and files by their own keys", &TraitRow::key),
      Row("run", "", "the run that has it so; null where all have", &TraitRow::letter),
      Row("value", "", "of a file its path; null where the run has none",
          [](const TraitRow& r) {
            const auto* names = std::get_if<std::vector<std::string>>(&r.trait->value);
            if (names == nullptr) return scalar(r.trait->value);
            std::string joined;
            for (const std::string& name : *names) joined += (joined.empty() ? "" : ",") + name;
            return std::optional<ParameterValue>(joined);
          }),
      Row("sha256", "", "of a file's bytes", [](const TraitRow& r) { return r.trait->sha256; }),
      Row("by", "", "who set a parameter", [](const TraitRow& r) { return r.trait->by; }),
  };
  return table;
}

template <class Figure>
auto of_row(Figure figure) {
  using Result = std::decay_t<std::invoke_result_t<Figure, const ComparedRow&>>;
  return [figure](const RunRow& r) {
    return r.there() == nullptr ? std::nullopt : std::optional<Result>(std::invoke(figure, *r.there()));
  };
}

const std::vector<Metric<RunRow>>& row_metrics() {
  using Row = Metric<RunRow>;
  static const std::vector<Row> table = {
      Row("name", "", "of the node, or operator and side of a kind",
          [](const RunRow& r) { return r.row.name; }),
      Row("run", "", "letter of the run", [](const RunRow& r) { return run_letter(r.run); }),
      Row("op", "", "operator; null, as what follows is, where the run has none of them",
          of_row(&ComparedRow::op)),
      Row("on", "", "side that it runs on", of_row(&ComparedRow::on)).one_of({"BPU", "CPU"}),
      Row("count", "", "nodes", of_row(&ComparedRow::count)),
      Row("time_ms", "ms", "of them together", of_row(&ComparedRow::time_ms)),
      Row("dram_bytes", "B", "DRAM traffic: read and written", of_row(&ComparedRow::dram_bytes)),
      Row("difference_ms", "ms", "time less that of the first run, where a run without it takes none",
          [](const RunRow& r) { return r.row.difference_ms(r.run); }),
      Row("difference_percent", "%", "the same in per cent of the first run; null where that takes none",
          [](const RunRow& r) { return r.row.difference_percent(r.run); }),
  };
  return table;
}

std::vector<RunRow> rows_by_run(const std::vector<AlignedRow>& rows) {
  std::vector<RunRow> all;
  for (const AlignedRow& row : rows)
    for (std::size_t r = 0; r < row.by_run.size(); ++r) all.push_back({row, r});
  return all;
}

// A row for what all share, and a row a run for what they do not.
std::vector<TraitRow> trait_rows(const Runs& runs) {
  std::vector<TraitRow> rows;
  static const Trait none = {};
  for (const std::string& key : trait_keys(runs)) {
    if (key == "version") continue;  // a key of `runs`
    const std::vector<const Trait*> found = traits_by_run(runs, key);
    if (!differs(found)) {
      rows.push_back({key, std::nullopt, found[0]});
      continue;
    }
    for (std::size_t r = 0; r < found.size(); ++r)
      rows.push_back({key, run_letter(r), found[r] == nullptr ? &none : found[r]});
  }
  return rows;
}

}  // namespace

Document comparison_document(const Runs& runs, const Making& making) {
  const std::vector<std::string> labels = run_labels(runs);
  std::vector<NamedRun> named;
  for (std::size_t r = 0; r < runs.size(); ++r) named.push_back({runs[r], runs[0], run_letter(r), labels[r]});
  const std::vector<AlignedRow> kinds = aligned_kinds(runs), nodes = aligned_nodes(runs);
  return {"bpusim-compare-2",
          "compare",
          {{"runs", Part::Form::List, "the runs, in the order in which they were given",
            table_of(named_run_metrics(), named)},
           {"identity", Part::Form::List, "what the runs were made with: one row for what all share",
            table_of(trait_metrics(), trait_rows(runs))},
           {"kinds", Part::Form::List, "kinds of operators, by how much they differ, a row a run",
            table_of(row_metrics(), rows_by_run(kinds))},
           {"nodes", Part::Form::List, "nodes by name, by how much they differ, a row a run",
            table_of(row_metrics(), rows_by_run(nodes))},
           host_part(making)}};
}

}  // namespace bpusim
