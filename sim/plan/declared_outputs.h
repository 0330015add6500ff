// What a model's file says of its outputs, held against what its operators make.
#pragma once

#include "sim/network/network.h"

namespace bpusim {

/// A note on `made` for each output whose shape or type is not what `read`, the network as its file has it,
/// declares. Throws InputError where whole numbers, truth or text are declared and something else is made: no
/// valid ONNX. A file that declares nothing reads as one that declares float32 of no shape. Networks that
/// come from no file declare nothing.
void note_declared_outputs(const Network& read, Network& made);

}  // namespace bpusim
