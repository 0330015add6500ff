// Walking a norm's view: which elements make a set, and which affine entry each element takes.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/norms/norm.h"

namespace bpusim {

/// Where an element lies, relative to its set's start or to the tensor's.
struct ElementPlace {
  std::int64_t offset = 0;  ///< elements in the tensor
  std::int64_t affine = 0;  ///< affine index
};

/// Elements side by side in a part's innermost dimension: element i lies at place.offset + i * stride and
/// takes the affine index place.affine + i * affine_stride.
struct ElementRun {
  ElementPlace place;
  std::int64_t count = 1, stride = 1, affine_stride = 0;
};

/// Starts of all sets, in row-major order of the axes that are not reduced.
std::vector<ElementPlace> set_starts(const NormPart& part);

/// The elements of one set relative to its start, row-major.
std::vector<ElementPlace> set_elements(const NormPart& part);
std::vector<ElementRun> set_runs(const NormPart& part);

/// All elements of the part, row-major.
std::vector<ElementRun> all_runs(const NormPart& part);

}  // namespace bpusim
