// One row a norm; each is defined in its family's file and listed by norm_registry().
#pragma once

#include "kernels/norms/norm.h"

namespace bpusim::norms {

extern const NormDefinition batch_normalization;
extern const NormDefinition layer_normalization;
extern const NormDefinition rms_normalization;
extern const NormDefinition simplified_layer_normalization;
extern const NormDefinition instance_normalization;
extern const NormDefinition group_normalization;
extern const NormDefinition lp_normalization;
extern const NormDefinition mean_variance_normalization;
extern const NormDefinition instance_batch_normalization;

}  // namespace bpusim::norms
