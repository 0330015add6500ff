// What the rows of the table call. Each looks for a pattern that ends with the node `last`.
#pragma once

#include "sim/network/patterns/graph.h"

namespace bpusim::rules {

std::optional<Match> instance_normalization(const NetworkGraph& g, std::size_t last);
std::optional<Match> group_normalization(const NetworkGraph& g, std::size_t last);
std::optional<Match> layer_normalization(const NetworkGraph& g, std::size_t last);
std::optional<Match> rms_normalization(const NetworkGraph& g, std::size_t last);
std::optional<Match> transposed_layer_norm(const NetworkGraph& g, std::size_t last);
std::optional<Match> transposed_rms_norm(const NetworkGraph& g, std::size_t last);
std::optional<Match> mean_variance_normalization(const NetworkGraph& g, std::size_t last);
std::optional<Match> lp_normalization(const NetworkGraph& g, std::size_t last);
std::optional<Match> instance_batch_normalization(const NetworkGraph& g, std::size_t last);
std::optional<Match> softmax(const NetworkGraph& g, std::size_t last);
std::optional<Match> gelu(const NetworkGraph& g, std::size_t last);
std::optional<Match> silu(const NetworkGraph& g, std::size_t last);
std::optional<Match> hard_swish(const NetworkGraph& g, std::size_t last);
std::optional<Match> mish(const NetworkGraph& g, std::size_t last);
std::optional<Match> softplus(const NetworkGraph& g, std::size_t last);

}  // namespace bpusim::rules
