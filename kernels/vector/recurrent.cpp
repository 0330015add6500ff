#include "kernels/vector/recurrent.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <stdexcept>

#include "kernels/tensor/gemm.h"
#include "kernels/tensor/tensor_math.h"
#include "kernels/vector/unary.h"

namespace bpusim {

namespace {

using Words = std::vector<std::string>;
using Numbers = std::vector<double>;

// What each operator is made of.
struct CellRow {
  const char* op;
  RecurrentCell cell;
  std::int64_t gates;
  Words functions;       // of a direction, where none are given
  double combining_ops;  // of a unit, to put its gates together
};

const CellRow& cell_row(const std::string& op) {
  static const CellRow rows[] = {{"RNN", RecurrentCell::Rnn, 1, {"Tanh"}, 0},
                                 // (1 - z) g + z h, and the reset gate's product.
                                 {"GRU", RecurrentCell::Gru, 3, {"Sigmoid", "Tanh"}, 5},
                                 // f c + i g, o h(c).
                                 {"LSTM", RecurrentCell::Lstm, 4, {"Sigmoid", "Tanh", "Tanh"}, 5}};
  for (const CellRow& row : rows)
    if (op == row.op) return row;
  throw std::invalid_argument(op + " is no recurrent operator");
}

std::string lower_case(std::string word) {
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return word;
}

// The next of a list of parameters that several functions share; the function's own default behind its end.
double next_of(const Numbers& given, std::size_t& next, double fallback) {
  return next < given.size() ? given[next++] : fallback;
}

// Functions of gates, whose parameters stand in the lists one after another: each takes what it has.
class FunctionReader {
 public:
  explicit FunctionReader(const Attributes& attributes)
      : alphas_(attributes.get("activation_alpha", Numbers{})),
        betas_(attributes.get("activation_beta", Numbers{})) {}

  RealFunction read(const std::string& name) {
    const std::string word = lower_case(name);
    for (const char* plain : {"Tanh", "Sigmoid", "Softsign", "Softplus"})
      if (word == lower_case(plain)) return unary_function(plain, {}, {});
    if (word == "relu") return [](double x) { return std::max(x, 0.0); };
    if (word == "affine") {
      const double alpha = this->alpha(1), beta = this->beta(0);
      return [alpha, beta](double x) { return alpha * x + beta; };
    }
    if (word == "scaledtanh") {
      const double alpha = this->alpha(1), beta = this->beta(1);
      return [alpha, beta](double x) { return alpha * std::tanh(beta * x); };
    }
    if (word == "leakyrelu") return with("LeakyRelu", alpha(0.01));
    if (word == "thresholdedrelu") return with("ThresholdedRelu", alpha(1));
    if (word == "elu") return with("Elu", alpha(1));
    if (word == "hardsigmoid") {
      Attributes attributes;
      attributes.floats = {{"alpha", alpha(0.2)}, {"beta", beta(0.5)}};
      return unary_function("HardSigmoid", attributes, {});
    }
    throw std::invalid_argument(
        "activations: '" + name +
        "' is none of Relu, Tanh, Sigmoid, Affine, LeakyRelu, ThresholdedRelu, ScaledTanh, HardSigmoid, Elu, "
        "Softsign, Softplus");
  }

 private:
  double alpha(double fallback) { return next_of(alphas_, next_alpha_, fallback); }
  double beta(double fallback) { return next_of(betas_, next_beta_, fallback); }

  static RealFunction with(const char* op, double alpha) {
    Attributes attributes;
    attributes.floats["alpha"] = alpha;
    return unary_function(op, attributes, {});
  }

  const Numbers alphas_, betas_;
  std::size_t next_alpha_ = 0, next_beta_ = 0;
};

void read_functions(const CellRow& row, const Attributes& attributes, RecurrentProblem& p) {
  const std::size_t wanted = row.functions.size() * static_cast<std::size_t>(p.directions);
  Words names = attributes.get("activations", Words{});
  if (names.empty())
    for (std::int64_t d = 0; d < p.directions; ++d)
      names.insert(names.end(), row.functions.begin(), row.functions.end());
  if (names.size() != wanted)
    throw std::invalid_argument("activations has " + std::to_string(names.size()) + " words, it takes " +
                                std::to_string(wanted));
  FunctionReader reader(attributes);
  for (const std::string& name : names) p.functions.push_back(reader.read(name));
}

void read_attributes(const CellRow& row, const Attributes& attributes, RecurrentProblem& p) {
  const std::string direction = attributes.get("direction", std::string("forward"));
  if (direction != "forward" && direction != "reverse" && direction != "bidirectional")
    throw std::invalid_argument("direction '" + direction + "' is none of forward, reverse, bidirectional");
  p.directions = direction == "bidirectional" ? 2 : 1;
  p.reverse = direction == "reverse";
  const std::int64_t layout = attributes.get("layout", std::int64_t{0});
  if (layout != 0 && layout != 1)
    throw std::invalid_argument("layout " + std::to_string(layout) + " is neither 0 nor 1");
  p.samples_first = layout == 1;
  p.linear_before_reset = attributes.get("linear_before_reset", std::int64_t{0}) != 0;
  p.input_forget = attributes.get("input_forget", std::int64_t{0}) != 0;
  p.clip = attributes.get("clip", p.clip);
  if (!(p.clip > 0)) throw std::invalid_argument("clip " + std::to_string(p.clip) + " is not above 0");
  read_functions(row, attributes, p);
}

void require(const char* name, const Shape& given, const Shape& wanted) {
  if (given != wanted)
    throw std::invalid_argument(std::string(name) + " has shape " + to_string(given) + ", it takes " +
                                to_string(wanted));
}

// Shapes of what may be left out.
void check_shapes(const std::vector<Shape>& inputs, const RecurrentProblem& p) {
  const std::int64_t d = p.directions, h = p.units, rows = p.gates * h;
  require("W", inputs[kW], {d, rows, p.inputs});
  require("R", inputs[kR], {d, rows, h});
  const Shape state = p.samples_first ? Shape{p.samples, d, h} : Shape{d, p.samples, h};
  const struct {
    std::size_t input;
    const char* name;
    Shape wanted;
  } optional[] = {{kB, "B", {d, 2 * rows}},
                  {kLengths, "sequence_lens", {p.samples}},
                  {kInitialH, "initial_h", state},
                  {kInitialC, "initial_c", state},
                  {kPeepholes, "P", {d, 3 * h}}};
  for (const auto& row : optional)
    if (row.input < inputs.size() && inputs[row.input] != Shape{0})
      require(row.name, inputs[row.input], row.wanted);
}

}  // namespace

RecurrentProblem resolve_recurrent(const std::string& op, const Attributes& attributes,
                                   const std::vector<Shape>& inputs) {
  const CellRow& row = cell_row(op);
  try {
    RecurrentProblem p;
    p.cell = row.cell;
    p.gates = row.gates;
    read_attributes(row, attributes, p);
    if (inputs.size() <= kR || inputs[kX].size() != 3 || inputs[kR].size() != 3)
      throw std::invalid_argument("needs X, W and R of rank 3");
    p.steps = inputs[kX][p.samples_first ? 1 : 0];
    p.samples = inputs[kX][p.samples_first ? 0 : 1];
    p.inputs = inputs[kX][2];
    p.units = inputs[kR][2];
    const std::int64_t said = attributes.get("hidden_size", p.units);
    if (said != p.units)
      throw std::invalid_argument("hidden_size is " + std::to_string(said) + ", and R has " +
                                  std::to_string(p.units) + " units");
    check_shapes(inputs, p);
    return p;
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(op + ": " + error.what());
  }
}

std::vector<Shape> recurrent_shapes(const RecurrentProblem& p) {
  const std::int64_t t = p.steps, n = p.samples, d = p.directions, h = p.units;
  const Shape state = p.samples_first ? Shape{n, d, h} : Shape{d, n, h};
  std::vector<Shape> shapes = {p.samples_first ? Shape{n, t, d, h} : Shape{t, d, n, h}, state};
  if (p.cell == RecurrentCell::Lstm) shapes.push_back(state);
  return shapes;
}

namespace {

// Part `direction` of a tensor whose first axis is directions, or zeros.
Numbers part_of(const Tensor* tensor, std::int64_t direction, std::int64_t size) {
  if (tensor == nullptr || tensor->values.empty()) return Numbers(static_cast<std::size_t>(size), 0.0);
  const auto first = tensor->values.begin() + direction * size;
  return {first, first + size};
}

// [rows, columns] of one direction, turned, so that a product by it has the rows as columns.
Numbers turned(const Tensor& tensor, std::int64_t direction, std::int64_t rows, std::int64_t columns) {
  return transpose_last(Tensor({rows, columns}, part_of(&tensor, direction, rows * columns))).values;
}

// One direction: its parameters, and the states of all samples.
class Direction {
 public:
  Direction(const RecurrentProblem& problem, const std::vector<const Tensor*>& inputs, std::int64_t direction)
      : p_(problem),
        d_(direction),
        backwards_(problem.reverse || direction == 1),
        h_(problem.units),
        row_(problem.gates * problem.units),
        recurrence_(turned(*inputs[kR], direction, row_, h_)),
        input_bias_(part_of(given(inputs, kB), direction * 2, row_)),
        recurrence_bias_(part_of(given(inputs, kB), direction * 2 + 1, row_)),
        peepholes_(part_of(given(inputs, kPeepholes), direction, 3 * h_)),
        state_(initial(given(inputs, kInitialH))),
        cell_(initial(given(inputs, kInitialC))),
        scratch_(static_cast<std::size_t>(h_)) {
    const Numbers weights = turned(*inputs[kW], direction, row_, p_.inputs);
    const std::int64_t all = p_.steps * p_.samples;
    from_input_.assign(static_cast<std::size_t>(all * row_), 0.0);
    gemm(all, row_, p_.inputs, inputs[kX]->values.data(), p_.inputs, DenseRows<double>(weights.data(), row_),
         from_input_.data(), row_);
    const Tensor* lengths = given(inputs, kLengths);
    lengths_.assign(static_cast<std::size_t>(p_.samples), p_.steps);
    if (lengths != nullptr)
      for (std::size_t n = 0; n < lengths_.size(); ++n) lengths_[n] = length(lengths->values[n]);
  }

  void run(std::vector<Tensor>& outputs) {
    for (std::int64_t s = 0; s < p_.steps; ++s) step(s, outputs[0].values.data());
    for (std::int64_t n = 0; n < p_.samples; ++n) {
      std::copy_n(&state_[at(n, h_)], h_, &outputs[1].values[at(state_row(n), h_)]);
      if (outputs.size() > 2) std::copy_n(&cell_[at(n, h_)], h_, &outputs[2].values[at(state_row(n), h_)]);
    }
  }

 private:
  static const Tensor* given(const std::vector<const Tensor*>& inputs, std::size_t input) {
    return input < inputs.size() && !inputs[input]->values.empty() ? inputs[input] : nullptr;
  }
  static std::size_t at(std::int64_t row, std::int64_t width) {
    return static_cast<std::size_t>(row * width);
  }

  std::int64_t length(double value) const {
    if (value < 0 || value > static_cast<double>(p_.steps))
      throw std::invalid_argument("sequence_lens: " + std::to_string(static_cast<std::int64_t>(value)) +
                                  " of " + std::to_string(p_.steps) + " steps");
    return static_cast<std::int64_t>(value);
  }

  // Rows of X, of the states and of Y.
  std::int64_t input_row(std::int64_t t, std::int64_t n) const {
    return p_.samples_first ? n * p_.steps + t : t * p_.samples + n;
  }
  std::int64_t state_row(std::int64_t n) const {
    return p_.samples_first ? n * p_.directions + d_ : d_ * p_.samples + n;
  }
  std::int64_t output_row(std::int64_t t, std::int64_t n) const {
    return p_.samples_first ? (n * p_.steps + t) * p_.directions + d_
                            : (t * p_.directions + d_) * p_.samples + n;
  }

  Numbers initial(const Tensor* states) const {
    Numbers rows(static_cast<std::size_t>(p_.samples * h_), 0.0);
    for (std::int64_t n = 0; n < p_.samples && states != nullptr; ++n)
      std::copy_n(&states->values[at(state_row(n), h_)], h_, &rows[at(n, h_)]);
    return rows;
  }

  void step(std::int64_t s, double* y) {
    recurrent_.assign(static_cast<std::size_t>(p_.samples * row_), 0.0);
    gemm(p_.samples, row_, h_, state_.data(), h_, DenseRows<double>(recurrence_.data(), row_),
         recurrent_.data(), row_);
    for (std::int64_t n = 0; n < p_.samples; ++n) {
      const std::int64_t end = lengths_[static_cast<std::size_t>(n)];
      if (s >= end) continue;
      const std::int64_t t = backwards_ ? end - 1 - s : s;
      input_ = &from_input_[at(input_row(t, n), row_)];
      recurrent_row_ = &recurrent_[at(n, row_)];
      double* state = &state_[at(n, h_)];
      switch (p_.cell) {
        case RecurrentCell::Rnn:
          gate(0, recurrent_row_, 0, state);
          break;
        case RecurrentCell::Gru:
          gated_unit(state);
          break;
        case RecurrentCell::Lstm:
          memory_cell(state, &cell_[at(n, h_)]);
          break;
      }
      std::copy_n(state, h_, y + output_row(t, n) * h_);
    }
  }

  const RealFunction& function(std::size_t which) const {
    const std::size_t each = p_.functions.size() / static_cast<std::size_t>(p_.directions);
    return p_.functions[static_cast<std::size_t>(d_) * each + which];
  }

  // What goes into a function: within the clip.
  void apply(std::size_t which, double* values) const {
    if (std::isfinite(p_.clip))
      for (std::int64_t i = 0; i < h_; ++i) values[i] = std::clamp(values[i], -p_.clip, p_.clip);
    function(which).rows(values, h_);
  }

  // Gate `g` of one sample: the input's share, the recurrence's, both biases, and the peephole of a cell.
  void gate(std::int64_t g, const double* recurrence, std::size_t which, double* result,
            const double* peephole = nullptr, const double* cell = nullptr) const {
    const std::int64_t first = g * h_;
    for (std::int64_t i = 0; i < h_; ++i) {
      const std::size_t j = static_cast<std::size_t>(first + i);
      result[i] = input_[first + i] + recurrence[first + i] + input_bias_[j] + recurrence_bias_[j];
      if (peephole != nullptr) result[i] += peephole[i] * cell[i];
    }
    apply(which, result);
  }

  void gated_unit(double* state) {
    const auto units = static_cast<std::size_t>(h_);
    Numbers update(units), reset(units), hidden(units);
    gate(0, recurrent_row_, 0, update.data());
    gate(1, recurrent_row_, 0, reset.data());
    const std::int64_t first = 2 * h_;
    const double* bias = &recurrence_bias_[static_cast<std::size_t>(first)];
    if (p_.linear_before_reset) {
      for (std::size_t i = 0; i < units; ++i)
        hidden[i] = reset[i] * (recurrent_row_[first + static_cast<std::int64_t>(i)] + bias[i]);
    } else {
      for (std::size_t i = 0; i < units; ++i) {
        scratch_[i] = reset[i] * state[i];
        hidden[i] = bias[i];
      }
      gemm(1, h_, h_, scratch_.data(), h_, DenseRows<double>(recurrence_.data() + first, row_), hidden.data(),
           h_);
    }
    for (std::size_t i = 0; i < units; ++i) {
      const std::size_t j = static_cast<std::size_t>(first) + i;
      hidden[i] += input_[j] + input_bias_[j];
    }
    apply(1, hidden.data());
    for (std::size_t i = 0; i < units; ++i) state[i] = (1 - update[i]) * hidden[i] + update[i] * state[i];
  }

  void memory_cell(double* state, double* cell) {
    const auto units = static_cast<std::size_t>(h_);
    Numbers input(units), output(units), forget(units), fresh(units);
    gate(0, recurrent_row_, 0, input.data(), &peepholes_[0], cell);
    if (p_.input_forget) {
      for (std::size_t i = 0; i < units; ++i) forget[i] = 1 - input[i];
    } else {
      gate(2, recurrent_row_, 0, forget.data(), &peepholes_[2 * units], cell);
    }
    gate(3, recurrent_row_, 1, fresh.data());
    for (std::size_t i = 0; i < units; ++i) cell[i] = forget[i] * cell[i] + input[i] * fresh[i];
    gate(1, recurrent_row_, 0, output.data(), &peepholes_[units], cell);
    std::copy_n(cell, h_, scratch_.begin());
    apply(2, scratch_.data());
    for (std::size_t i = 0; i < units; ++i) state[i] = output[i] * scratch_[i];
  }

  const RecurrentProblem& p_;
  const std::int64_t d_;
  const bool backwards_;
  const std::int64_t h_, row_;  // units; those of all gates
  const Numbers recurrence_;    // [H, G H]
  const Numbers input_bias_, recurrence_bias_, peepholes_;
  Numbers state_, cell_;  // [N, H]
  Numbers scratch_;
  Numbers from_input_;  // [T, N, G H], or [N, T, G H]
  Numbers recurrent_;   // [N, G H]
  std::vector<std::int64_t> lengths_;
  const double* input_ = nullptr;  // of the sample at hand
  const double* recurrent_row_ = nullptr;
};

}  // namespace

std::vector<Tensor> recurrent(const RecurrentProblem& problem, const std::vector<const Tensor*>& inputs) {
  std::vector<Tensor> outputs;
  for (const Shape& shape : recurrent_shapes(problem)) outputs.push_back(Tensor::filled(shape, 0));
  for (std::int64_t d = 0; d < problem.directions; ++d) Direction(problem, inputs, d).run(outputs);
  return outputs;
}

double recurrent_operations(const RecurrentProblem& p) {
  const char* const names[] = {"RNN", "GRU", "LSTM"};
  const CellRow& row = cell_row(names[static_cast<std::size_t>(p.cell)]);
  const double gates = static_cast<double>(p.gates), units = static_cast<double>(p.units);
  const double a_unit = gates * (2 * static_cast<double>(p.inputs + p.units) + 3) + row.combining_ops;
  return static_cast<double>(p.steps * p.samples * p.directions) * units * a_unit;
}

}  // namespace bpusim
