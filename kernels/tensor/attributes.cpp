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

std::vector<double> Attributes::get(const std::string& name, const std::vector<double>& fallback) const {
  const auto integers = int_lists.find(name);
  if (integers == int_lists.end()) return lookup(float_lists, name, fallback);
  return {integers->second.begin(), integers->second.end()};
}

std::vector<std::string> Attributes::get(const std::string& name,
                                         const std::vector<std::string>& fallback) const {
  return lookup(string_lists, name, fallback);
}

}  // namespace bpusim
