// Products whose input is quantised as it comes: DynamicQuantizeLinear before integer products.
#pragma once

#include "sim/network/network.h"

namespace bpusim {

/// MatMulInteger and ConvInteger of what a DynamicQuantizeLinear makes and constant weights, a Cast to float
/// and products with the input's scale and constants become MatMul and Conv of the input itself with weights
/// that stay codes: a BPU has one grid for all inputs, which calibration chooses. That is said in
/// Network::notes. What is spelt in another way stays, and runs on the CPU as it is. `network` has its
/// shapes, types and constants; the weights' DequantizeLinear are still to be folded.
Network with_dynamic_products(Network network);

}  // namespace bpusim
