// ONNX's own operator tests: the golden model against their outputs, and int8 on the machine beside the
// ideal.
#pragma once

#include <string>
#include <vector>

#include "models/machine_params.h"
#include "sim/result/conformance.h"

namespace bpusim {

/// Every case (a folder with model.onnx and test_data_set_0) directly under `folder`, by name. A golden value
/// passes within 1e-5 relative plus 2e-6 absolute; text must be equal. A case with `_expanded` in its name is
/// an operator written out: its constants are folded and the rules applied, and where it is a norm that one
/// operator must be all that is left; expansions of other operators pass within ONNX's own 1e-3. Throws
/// InputError where the folder is not there or holds no case.
std::vector<ConformanceCase> run_conformance(const std::string& folder, const MachineParams& machine);

}  // namespace bpusim
