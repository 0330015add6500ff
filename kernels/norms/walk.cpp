#include "kernels/norms/walk.h"

#include <algorithm>
#include <iterator>

namespace bpusim {

namespace {

std::vector<ElementPlace> walk(const std::vector<NormDim>& dims, ElementPlace origin) {
  std::vector<ElementPlace> places = {origin};
  for (const NormDim& dim : dims) {
    std::vector<ElementPlace> next;
    next.reserve(places.size() * static_cast<std::size_t>(dim.extent));
    for (const ElementPlace& place : places)
      for (std::int64_t i = 0; i < dim.extent; ++i)
        next.push_back({place.offset + i * dim.stride, place.affine + i * dim.affine_stride});
    places = std::move(next);
  }
  return places;
}

std::vector<NormDim> dims_of(const NormPart& part, bool in_set) {
  std::vector<NormDim> dims;
  std::copy_if(part.dims.begin(), part.dims.end(), std::back_inserter(dims),
               [in_set](const NormDim& dim) { return dim.in_set == in_set; });
  return dims;
}

std::vector<ElementRun> runs(std::vector<NormDim> dims, ElementPlace origin) {
  ElementRun run;
  if (!dims.empty()) {
    run = {{}, dims.back().extent, dims.back().stride, dims.back().affine_stride};
    dims.pop_back();
  }
  std::vector<ElementRun> result;
  for (const ElementPlace& place : walk(dims, origin)) {
    run.place = place;
    result.push_back(run);
  }
  return result;
}

}  // namespace

std::vector<ElementPlace> set_starts(const NormPart& part) {
  return walk(dims_of(part, false), {part.offset, 0});
}

std::vector<ElementPlace> set_elements(const NormPart& part) {
  return walk(dims_of(part, true), {0, 0});
}

std::vector<ElementRun> set_runs(const NormPart& part) {
  return runs(dims_of(part, true), {0, 0});
}

std::vector<ElementRun> all_runs(const NormPart& part) {
  return runs(part.dims, {part.offset, 0});
}

}  // namespace bpusim
