// Small networks that advice is given for, and its lines by their facts.
#pragma once

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "sim/config/policy.h"
#include "sim/run/simulate.h"
#include "tests/network/draft.h"

namespace bpusim {

inline RunSpec spec_of(Draft& d, const std::string& output) {
  d.network.outputs = {output};
  RunSpec spec;
  spec.network = d.network;
  return spec;
}

// One line of advice: its facts, and what is said of all advice.
template <class Facts>
struct Line : Facts {
  Line(const Facts& facts, Advice line) : Facts(facts), advice(std::move(line)) {}
  Advice advice;
};

template <class Facts>
std::vector<Line<Facts>> given(const std::vector<Advice>& all) {
  std::vector<Line<Facts>> found;
  for (const Advice& advice : all)
    if (const auto* facts = std::get_if<Facts>(&advice.facts)) found.emplace_back(*facts, advice);
  return found;
}

// The advisor's lines in a check.
template <class Facts>
std::vector<Line<Facts>> checked(Draft& d, const std::string& output, const char* policy = "full") {
  return given<Facts>(check({spec_of(d, output), {}, Policy::read(policy)}).advice);
}

// The one line, where there has to be one.
template <class Lines>
typename Lines::value_type only(const Lines& lines) {
  if (lines.size() != 1) throw std::runtime_error("one line expected, not " + std::to_string(lines.size()));
  return lines[0];
}

inline std::string conv(Draft& d, const std::string& x, std::int64_t channels, std::int64_t pads = 0) {
  Attributes a;
  a.int_lists["pads"] = {pads, pads, pads, pads};
  return d.add("Conv", {x, d.numbers({channels, d.shape(x)[1], 1, 1})}, a);
}

inline std::string batch_norm(Draft& d, const std::string& x, std::int64_t training = 0) {
  const Shape channels = {d.shape(x).at(1)};
  Attributes a;
  a.ints["training_mode"] = training;
  return d.add("BatchNormalization",
               {x, d.numbers(channels), d.numbers(channels), d.numbers(channels), d.numbers(channels)}, a);
}

inline std::string instance_norm(Draft& d, const std::string& x) {
  const Shape channels = {d.shape(x).at(1)};
  return d.add("InstanceNormalization", {x, d.numbers(channels), d.numbers(channels)});
}

inline Attributes axis(std::int64_t at) {
  Attributes a;
  a.ints["axis"] = at;
  return a;
}

inline Attributes permutation(std::vector<std::int64_t> perm) {
  Attributes a;
  a.int_lists["perm"] = std::move(perm);
  return a;
}

inline std::string ibn(Draft& d, const std::vector<double>& parts = {2, 4}) {
  const auto halves = d.add_many("Split", {"x", d.list(parts)}, axis(1), 2);
  const std::string in = instance_norm(d, halves[0]), bn = batch_norm(d, halves[1]);
  return d.add("Concat", {in, bn}, axis(1));
}

}  // namespace bpusim
