#include "sim/report/mapper_log.h"

#include <cstdlib>
#include <iterator>
#include <sstream>
#include <utility>

#include "sim/config/input_file.h"
#include "sim/config/memory_budget.h"
#include "sim/input_error.h"

namespace bpusim {

namespace {

constexpr const char* kTitles[] = {"Node",      "ON",      "Subgraph", "Type", "Cosine Similarity",
                                   "Threshold", "DataType"};
constexpr std::size_t kColumns = std::size(kTitles);
constexpr std::size_t kNeeded = 4;  // the checker prints no more

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// A line as it looks: without colours and what ends it.
std::string plain(const std::string& line) {
  std::string text;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line.compare(i, 2, "\x1b[") == 0) {
      i = line.find('m', i);
      if (i == std::string::npos) break;
    } else if (line[i] != '\r') {
      text += line[i];
    }
  }
  return text;
}

// Where each column of the node table begins, the first with what is in front of its title. Nothing where the
// line is no head of one.
std::optional<std::vector<std::size_t>> columns_of(const std::string& line) {
  std::vector<std::size_t> begins;
  std::size_t from = 0;
  for (std::size_t c = 0; c < kColumns; ++c) {
    std::size_t at = line.find(kTitles[c], from);
    if (at == std::string::npos && c >= kNeeded) break;
    if (at == std::string::npos || (c == 0 && at != line.find_first_not_of(" \t"))) return std::nullopt;
    if (c + 1 == kColumns && at >= 7 && line.compare(at - 7, 7, "In/Out ") == 0) at -= 7;
    begins.push_back(c == 0 ? 0 : at);
    from = at + 1;
  }
  return begins;
}

std::optional<double> number_of(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  return text.empty() || *end != '\0' ? std::nullopt : std::optional<double>(value);
}

bool is_rule(const std::string& line) {
  return !line.empty() && line.find_first_not_of("-= ") == std::string::npos;
}

MapperNode row_of(const std::string& line, const std::vector<std::size_t>& begins) {
  std::vector<std::string> cells(kColumns);
  for (std::size_t c = 0; c < begins.size() && begins[c] < line.size(); ++c)
    cells[c] = trimmed(
        line.substr(begins[c], c + 1 < begins.size() ? begins[c + 1] - begins[c] : std::string::npos));
  return {cells[0], cells[1], cells[2], cells[3], cells[6], number_of(cells[4]), number_of(cells[5])};
}

// The figure behind a word, as in "latency = 3964.1 us".
double figure(const std::string& line, const std::string& word) {
  const auto at = line.find(word);
  if (at == std::string::npos) return 0;
  const auto digits = line.find_first_of("0123456789", at + word.size());
  return digits == std::string::npos ? 0 : std::strtod(line.c_str() + digits, nullptr);
}

}  // namespace

MapperLog parse_mapper_log(const std::string& text, const std::string& file) {
  MapperLog log;
  std::optional<std::vector<std::size_t>> columns;  // within a table
  std::vector<MapperSubgraph> subgraphs;            // since the last table; they stand before theirs
  std::istringstream in(text);
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    line = plain(line);
    if (line.find("FPS=") != std::string::npos && line.find("latency") != std::string::npos)
      subgraphs.push_back({figure(line, "FPS="), figure(line, "latency"), figure(line, "DDR")});
    if (auto head = columns_of(line)) {
      columns = std::move(head);
      log.nodes.clear();
      log.subgraphs = std::exchange(subgraphs, {});
      continue;
    }
    if (!columns || is_rule(line)) continue;
    MapperNode row = row_of(line, *columns);
    if (row.on == "BPU" || row.on == "CPU" || row.on == "JIT" || row.on == "VPU") {
      log.nodes.push_back(std::move(row));
    } else if (row.name.rfind("...", 0) != 0) {  // as people write where they leave rows out
      columns.reset();
      if (log.nodes.empty())
        throw InputError(file + ":" + std::to_string(number) +
                         ": expected a row of the node table, whose second column says BPU or CPU");
    }
  }
  if (log.subgraphs.empty()) log.subgraphs = std::move(subgraphs);
  if (log.nodes.empty())
    throw InputError(
        file + ": has no table of nodes (Node, ON, Subgraph, Type, …), as hb_mapper makertbin prints it");
  return log;
}

MapperLog read_mapper_log(const std::string& path) {
  MemoryBudget budget;
  return parse_mapper_log(InputFile(path).content(budget), path);
}

}  // namespace bpusim
