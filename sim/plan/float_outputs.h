// Which outputs of the network leave as float32 though the BPU makes them: a step of their own multiplies the
// codes by their scale.
#pragma once

#include <string>
#include <vector>

#include "sim/config/policy.h"
#include "sim/network/network.h"
#include "sim/operators/step.h"

namespace bpusim {

/// Adds a step of kDequantise behind each of these outputs of the network that the BPU makes: on the BPU
/// where the policy runs it there, else on the CPU. The codes get a name of their own, by which other readers
/// take them. kEverything stands for all that hold real numbers. What the CPU makes is float32 as it is.
/// Throws InputError for a name that is no output, and for one that cannot be float32, with the reason.
void dequantise_outputs(Network& network, std::vector<Step>& steps, const std::vector<std::string>& names,
                        const Policy& policy);

}  // namespace bpusim
