#include "kernels/tensor/attributes.h"

namespace bpusim {

namespace {

template <class Map, class T>
T lookup(const Map& map, const std::string& name, const T& fallback) {
  const auto found = map.find(name);
  return found == map.end() ? fallback : static_cast<T>(found->second);
}

}  // namespace

std::int64_t Attributes::get(const std::string& name, std::int64_t fallback) const {
  return lookup(ints, name, fallback);
}

double Attributes::get(const std::string& name, double fallback) const {
  return lookup(floats, name, lookup(ints, name, fallback));
}

std::string Attributes::get(const std::string& name, const std::string& fallback) const {
  return lookup(strings, name, fallback);
}

std::vector<std::int64_t> Attributes::get(const std::string& name,
                                          const std::vector<std::int64_t>& fallback) const {
  return lookup(int_lists, name, fallback);
}

}  // namespace bpusim
