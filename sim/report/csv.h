// Comma-separated values.
#pragma once

#include <string>

#include "sim/result/metrics.h"

namespace bpusim {

/// A line with the metrics' names, and a line a row; lines end in "\n". Quoted as in RFC 4180 where a text
/// holds a comma, a quote or the end of a line. Numbers have all their digits, with a '.' in every locale;
/// what is absent, or no finite number, is empty; names of a list are joined by ';'; truths are true and
/// false.
std::string csv_of(const MetricTable& table);

}  // namespace bpusim
