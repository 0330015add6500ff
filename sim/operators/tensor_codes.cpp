#include "sim/operators/tensor_codes.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <type_traits>

namespace bpusim {

namespace {

// Calls `act` with a number of the C++ type that an element has in memory.
template <class Act>
auto with_element(DType dtype, const Act& act) {
  switch (dtype) {
    case DType::Int8:
      return act(std::int8_t{});
    case DType::Int16:
      return act(std::int16_t{});
    case DType::Int32:
    case DType::Float32:  // its bits
      return act(std::int32_t{});
    case DType::Int64:
      return act(std::int64_t{});
    case DType::UInt8:
    case DType::Bool:
      return act(std::uint8_t{});
    case DType::UInt16:
      return act(std::uint16_t{});
    case DType::UInt32:
      return act(std::uint32_t{});
    case DType::UInt64:
      return act(std::uint64_t{});
    case DType::String:
      break;
  }
  throw std::logic_error("tensor_codes: " + to_string(dtype) + " has no codes");
}

template <class Element>
std::int64_t widened(Element element) {
  if constexpr (std::is_same_v<Element, std::uint64_t>)
    return static_cast<std::int64_t>(
        std::min<std::uint64_t>(element, std::numeric_limits<std::int64_t>::max()));
  else
    return static_cast<std::int64_t>(element);
}

}  // namespace

Codes codes_of(const void* data, std::int64_t count, DType dtype) {
  return with_element(dtype, [&](auto element) {
    const auto* elements = static_cast<const decltype(element)*>(data);
    Codes codes(static_cast<std::size_t>(count));
    std::transform(elements, elements + count, codes.begin(), widened<decltype(element)>);
    return codes;
  });
}

double real_of(std::int64_t code, const Quantisation& grid) {
  if (grid.dtype != DType::Float32) return dequantise(code, grid);
  const auto bits = static_cast<std::int32_t>(code);
  float number = 0;
  std::memcpy(&number, &bits, sizeof number);
  return number;
}

std::vector<double> reals_of(const Codes& codes, const TensorPlace& place) {
  std::vector<double> reals;
  reals.reserve(codes.size());
  for (std::size_t i = 0; i < codes.size(); ++i)
    reals.push_back(real_of(codes[i], place.grid) * place.channels.of(static_cast<std::int64_t>(i)));
  return reals;
}

Codes codes_on(const std::vector<double>& values, const Quantisation& grid) {
  if (grid.dtype != DType::Float32) return quantise(values, grid);
  Codes codes(values.size());
  std::transform(values.begin(), values.end(), codes.begin(), [](double value) {
    if (std::isnan(value))
      throw std::invalid_argument("a float32 tensor holds NaN, which nothing here reads");
    const auto number = static_cast<float>(value);
    std::int32_t bits = 0;
    std::memcpy(&bits, &number, sizeof bits);
    return static_cast<std::int64_t>(bits);
  });
  return codes;
}

Codes read_codes(DramPort& dram, const TensorPlace& place) {
  return with_element(place.grid.dtype, [&](auto element) {
    std::vector<decltype(element)> elements(static_cast<std::size_t>(place.elements));
    dram.read(place.address, elements.data(), place.bytes());
    Codes codes(elements.size());
    std::transform(elements.begin(), elements.end(), codes.begin(), widened<decltype(element)>);
    return codes;
  });
}

void write_codes(DramPort& dram, const TensorPlace& place, const std::int64_t* codes) {
  with_element(place.grid.dtype, [&](auto element) {
    std::vector<decltype(element)> elements(static_cast<std::size_t>(place.elements));
    std::transform(codes, codes + place.elements, elements.begin(),
                   [](std::int64_t code) { return static_cast<decltype(element)>(code); });
    dram.write(place.address, elements.data(), place.bytes());
  });
}

}  // namespace bpusim
