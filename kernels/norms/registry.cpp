#include "kernels/norms/definitions/definitions.h"

namespace bpusim {

const std::vector<NormDefinition>& norm_registry() {
  using namespace norms;
  static const std::vector<NormDefinition> rows = {
      batch_normalization, layer_normalization,         instance_normalization,
      group_normalization, rms_normalization,           simplified_layer_normalization,
      lp_normalization,    mean_variance_normalization, instance_batch_normalization,
  };
  return rows;
}

}  // namespace bpusim
