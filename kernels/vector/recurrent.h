// Recurrent layers in float64: ONNX's RNN, GRU and LSTM, in all their forms.
//
// Extents: T steps, N samples, D directions, I inputs, H units, G gates (1, 3, 4). A direction's weights are
// W [D, G H, I], R [D, G H, H] and the biases B [D, 2 G H], of the input and of the recurrence; gates in
// ONNX's order: the LSTM's i o f c, the GRU's z r h.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "kernels/tensor/attributes.h"
#include "kernels/tensor/tensor.h"
#include "kernels/vector/real_function.h"

namespace bpusim {

enum class RecurrentCell { Rnn, Gru, Lstm };

/// Where ONNX has the inputs of all three; the last two are the LSTM's.
enum RecurrentInput : std::size_t { kX, kW, kR, kB, kLengths, kInitialH, kInitialC, kPeepholes };

struct RecurrentProblem {
  RecurrentCell cell = RecurrentCell::Rnn;
  std::int64_t steps = 0, samples = 0, directions = 1, inputs = 0, units = 0, gates = 1;
  bool reverse = false;              ///< the only direction starts at the end
  bool samples_first = false;        ///< layout 1: X [N, T, I], Y [N, T, D, H], states [N, D, H]
  bool linear_before_reset = false;  ///< GRU: the reset gate takes R h + its bias, not h
  bool input_forget = false;         ///< LSTM: the forget gate is 1 minus the input gate
  double clip = std::numeric_limits<double>::infinity();  ///< of what goes into a function of a gate
  std::vector<RealFunction> functions;  ///< f, g, h of the first direction, then of the second
};

/// From the operator ("RNN", "GRU", "LSTM"), its attributes and the shapes of its inputs as RecurrentInput
/// has them, [0] for those that are not given. Throws std::invalid_argument that says what does not fit.
RecurrentProblem resolve_recurrent(const std::string& op, const Attributes& attributes,
                                   const std::vector<Shape>& inputs);

/// Of Y, Y_h and, of an LSTM, Y_c.
std::vector<Shape> recurrent_shapes(const RecurrentProblem& problem);

/// Y, Y_h and, of an LSTM, Y_c; inputs as RecurrentInput has them, of no elements where they are not given.
/// Y is 0 behind the end of a sequence, and the states are those at its end. Throws std::invalid_argument
/// for a length that is none.
std::vector<Tensor> recurrent(const RecurrentProblem& problem, const std::vector<const Tensor*>& inputs);

/// Operations in float: 2 a product; of a gate's unit two sums and a function; of a cell's unit what puts its
/// gates together.
double recurrent_operations(const RecurrentProblem& problem);

}  // namespace bpusim
