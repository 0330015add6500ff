#include "kernels/norm_walk.h"

namespace bpusim {

namespace {

std::vector<ElementPlace> walk(const NormPart& part, bool in_set, ElementPlace origin) {
  std::vector<ElementPlace> places = {origin};
  for (const NormDim& dim : part.dims) {
    if (dim.in_set != in_set) continue;
    std::vector<ElementPlace> next;
    next.reserve(places.size() * static_cast<std::size_t>(dim.extent));
    for (const ElementPlace& place : places)
      for (std::int64_t i = 0; i < dim.extent; ++i)
        next.push_back({place.offset + i * dim.stride, place.affine + i * dim.affine_stride});
    places = std::move(next);
  }
  return places;
}

}  // namespace

std::vector<ElementPlace> set_starts(const NormPart& part) {
  return walk(part, false, {part.offset, 0});
}

std::vector<ElementPlace> set_elements(const NormPart& part) {
  return walk(part, true, {0, 0});
}

}  // namespace bpusim
