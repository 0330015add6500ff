#include "sim/quantise/sensitivity.h"

#include <algorithm>
#include <cmath>

namespace bpusim {

void worst_first(std::vector<Sensitivity>& nodes) {
  std::stable_sort(nodes.begin(), nodes.end(), [](const Sensitivity& a, const Sensitivity& b) {
    if (a.alone_sqnr_db && b.alone_sqnr_db) return *a.alone_sqnr_db < *b.alone_sqnr_db;
    return a.cosine < b.cosine;
  });
}

std::vector<Int8Remedy> quantisation_advice(const Sensitivity& node, const ValueStatistics& values,
                                            bool affine) {
  constexpr double kGood = 0.9999;   // a cosine that nobody needs to better
  constexpr double kFarOut = 4;      // times the magnitude that 99.9 % stay within
  constexpr double kOneSided = 0.1;  // the smaller side over the larger
  if (node.alone_cosine.value_or(node.cosine) >= kGood) return {};
  if (node.type == "int16") return {Int8Remedy::Int16Inputs};
  const double low = std::max(0.0, -values.lowest()), high = std::max(0.0, values.highest());
  std::vector<Int8Remedy> remedies;
  if (!affine && std::min(low, high) < kOneSided * std::max(low, high))
    remedies.push_back(Int8Remedy::AffineGrids);
  if (values.largest() > kFarOut * values.percentile(0.999)) remedies.push_back(Int8Remedy::CutTails);
  remedies.push_back(Int8Remedy::Int16);
  return remedies;
}

}  // namespace bpusim
