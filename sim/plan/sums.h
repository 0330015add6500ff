// Which outputs of the network lie as the sums of a convolution or a product: int32, with a scale a channel.
#pragma once

#include <string>
#include <vector>

#include "sim/plan/placed_network.h"

namespace bpusim {

/// Makes these outputs of the network int32: the step that makes one writes its sums and its bias, without
/// rounding them onto a grid, and the application multiplies by the scales. kEverything stands for all that
/// can, are not int16 and not of int16, and not made by one of `kept`. Throws InputError for a name that is
/// no output, and for one that cannot, with the reason.
void keep_sums(PlacedNetwork& placed, const std::vector<std::string>& names,
               const std::vector<std::string>& kept = {});

}  // namespace bpusim
