#include "sim/report/compared_run.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "sim/report/documents.h"
#include "sim/report/json_reading.h"

namespace bpusim {

namespace {

const Part& part_of(const std::vector<Part>& parts, const std::string& key) {
  for (const Part& part : parts)
    if (part.key == key) return part;
  throw std::logic_error("a run's document has no '" + key + "'");
}

std::size_t column(const MetricTable& table, const std::string& name) {
  for (std::size_t m = 0; m < table.metrics.size(); ++m)
    if (table.metrics[m].name == name) return m;
  throw std::logic_error("a run's document has no '" + name + "'");
}

template <class T>
T cell(const MetricTable& table, std::size_t row, const std::string& name) {
  return std::get<T>(table.rows.at(row).at(column(table, name)));
}

// A number; nothing where it is absent, or none.
std::optional<double> number(const MetricTable& table, std::size_t row, const std::string& name) {
  const std::optional<double> value = as_number(table.rows.at(row).at(column(table, name)));
  return value && std::isnan(*value) ? std::nullopt : value;
}

std::optional<std::string> text(const Value& value) {
  const auto* held = std::get_if<std::string>(&value);
  return held == nullptr ? std::nullopt : std::optional<std::string>(*held);
}

void read_totals(const MetricTable& totals, ComparedRun& run) {
  run.name = cell<std::string>(totals, 0, "name");
  run.machine = cell<std::string>(totals, 0, "machine.name");
  run.policy = cell<std::string>(totals, 0, "policy");
  run.time_ms = cell<double>(totals, 0, "total.time_ms");
  run.bpu_ms = cell<double>(totals, 0, "total.bpu_ms");
  run.host_ms = cell<double>(totals, 0, "total.host_ms");
  run.dram_read_bytes = cell<std::int64_t>(totals, 0, "total.dram_read_bytes");
  run.dram_write_bytes = cell<std::int64_t>(totals, 0, "total.dram_write_bytes");
}

// The worse of two figures of outputs; none where one of them is none.
void take_worse(std::optional<double> figure, bool first, std::optional<double>& worst) {
  worst = first ? figure : worst && figure ? std::optional<double>(std::min(*worst, *figure)) : std::nullopt;
}

void read_nodes(const MetricTable& nodes, ComparedRun& run) {
  bool first = true;
  for (std::size_t n = 0; n < nodes.rows.size(); ++n) {
    ComparedRow row;
    row.name = cell<std::string>(nodes, n, "name");
    row.op = cell<std::string>(nodes, n, "op");
    row.on = cell<std::string>(nodes, n, "on");
    row.time_ms = cell<double>(nodes, n, "time_ms");
    row.dram_bytes =
        cell<std::int64_t>(nodes, n, "dram_read_bytes") + cell<std::int64_t>(nodes, n, "dram_write_bytes");
    row.metrics = nodes.rows[n];
    run.nodes_on_cpu += row.on == to_string(Side::Cpu) ? 1 : 0;
    run.rows.push_back(std::move(row));
    const auto sqnr = number(nodes, n, "accuracy.sqnr_db"), cosine = number(nodes, n, "accuracy.cosine");
    if (!cell<bool>(nodes, n, "output") || (!sqnr && !cosine)) continue;
    take_worse(sqnr, first, run.output_sqnr_db);
    take_worse(cosine, first, run.output_cosine);
    first = false;
  }
  run.nodes = static_cast<std::int64_t>(nodes.rows.size());
}

void read_kinds(const MetricTable& kinds, ComparedRun& run) {
  for (std::size_t k = 0; k < kinds.rows.size(); ++k) {
    ComparedRow row;
    row.op = cell<std::string>(kinds, k, "op");
    row.on = cell<std::string>(kinds, k, "on");
    row.name = row.op + " on " + row.on;
    row.count = cell<std::int64_t>(kinds, k, "count");
    row.time_ms = cell<double>(kinds, k, "time_ms");
    row.dram_bytes = cell<std::int64_t>(kinds, k, "dram_bytes");
    run.kinds.push_back(std::move(row));
  }
}

// "run_file.path" and "run_file.sha256" are one trait, and so are "machine.named" and its hash.
void read_identity(const Part& identity, ComparedRun& run) {
  const MetricTable& table = identity.table;
  for (const KeyGroup& group : groups_of(table.metrics)) {
    const std::vector<Value>& row = table.rows.at(0);
    if (group.object.empty() || group.object == "options") {
      for (std::size_t m = group.first; m < group.first + group.count; ++m)
        run.traits.push_back({table.metrics[m].name, row[m], std::nullopt, std::nullopt});
    } else if (!std::holds_alternative<std::monostate>(row[group.first])) {
      run.traits.push_back({group.object, row[group.first], text(row[group.first + 1]), std::nullopt});
    }
  }
  const MetricTable& parameters = part_of(identity.parts, "parameters").table;
  for (std::size_t p = 0; p < parameters.rows.size(); ++p)
    run.traits.push_back({cell<std::string>(parameters, p, "key"),
                          parameters.rows[p].at(column(parameters, "value")), std::nullopt,
                          cell<std::string>(parameters, p, "by")});
  const MetricTable& files = part_of(identity.parts, "files").table;
  for (std::size_t f = 0; f < files.rows.size(); ++f) {
    const auto path = cell<std::string>(files, f, "path");
    run.traits.push_back({"files." + path, path, cell<std::string>(files, f, "sha256"), std::nullopt});
  }
}

ComparedRun compared_run(const Document& document, const std::string& source) {
  ComparedRun run;
  run.source = source;
  read_totals(document.parts.at(0).table, run);
  read_nodes(part_of(document.parts, "nodes").table, run);
  read_kinds(part_of(document.parts, "kinds").table, run);
  run.segments = static_cast<std::int64_t>(part_of(document.parts, "segments").table.rows.size());
  read_identity(part_of(document.parts, "identity"), run);
  return run;
}

}  // namespace

bool Trait::same_as(const Trait& other) const {
  return sha256 && other.sha256 ? *sha256 == *other.sha256 : value == other.value;
}

const Trait* ComparedRun::find(const std::string& key) const {
  const auto is_it = [&](const Trait& trait) { return trait.key == key; };
  const auto found = std::find_if(traits.begin(), traits.end(), is_it);
  return found == traits.end() ? nullptr : &*found;
}

ComparedRun compared_run(const RunResult& result) {
  return compared_run(run_document(result), "");
}

ComparedRun stored_run(const std::string& json, const std::string& file) {
  return compared_run(read_document(json, file, run_document({})), file);
}

}  // namespace bpusim
