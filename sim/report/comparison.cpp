#include "sim/report/comparison.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace bpusim {

namespace {

double largest_difference(const AlignedRow& row) {
  double most = 0;
  for (std::size_t r = 1; r < row.by_run.size(); ++r) most = std::max(most, std::abs(row.difference_ms(r)));
  return most;
}

std::vector<AlignedRow> aligned(const std::vector<ComparedRun>& runs,
                                std::vector<ComparedRow> ComparedRun::*rows) {
  std::vector<AlignedRow> all;
  std::map<std::pair<std::string, int>, std::size_t> index;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    std::map<std::string, int> seen;
    for (const ComparedRow& row : runs[r].*rows) {
      const auto [at, fresh] = index.emplace(std::pair(row.name, seen[row.name]++), all.size());
      if (fresh) all.push_back({row.name, std::vector<const ComparedRow*>(runs.size())});
      all[at->second].by_run[r] = &row;
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const AlignedRow& a, const AlignedRow& b) {
    return largest_difference(a) > largest_difference(b);
  });
  return all;
}

double time_of(const ComparedRow* row) {
  return row == nullptr ? 0 : row->time_ms;
}

}  // namespace

double AlignedRow::difference_ms(std::size_t run) const {
  return time_of(by_run[run]) - time_of(by_run[0]);
}

std::optional<double> AlignedRow::difference_percent(std::size_t run) const {
  return percent_of_first(time_of(by_run[run]), time_of(by_run[0]));
}

std::optional<double> percent_of_first(double now, double first) {
  if (first == 0) return std::nullopt;
  return 100 * (now - first) / std::abs(first);
}

std::vector<AlignedRow> aligned_nodes(const std::vector<ComparedRun>& runs) {
  return aligned(runs, &ComparedRun::rows);
}

std::vector<AlignedRow> aligned_kinds(const std::vector<ComparedRun>& runs) {
  return aligned(runs, &ComparedRun::kinds);
}

}  // namespace bpusim
