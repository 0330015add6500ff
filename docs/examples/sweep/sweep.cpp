// How wide should the reduction unit be? An InstanceNormalization over lanes.
#include <bpusim/bpusim.h>

#include <cstdio>

int main() {
  const bpusim::RunSpec run =
      bpusim::parse_run("operators: [{op: InstanceNormalization, shape: [1, 64, 56, 56], mapping: resident}]",
                        "sweep.yaml", ".");
  for (int lanes = 4; lanes <= 128; lanes *= 2) {
    bpusim::Overrides overrides;
    overrides.machine = "generic";
    overrides.policy = "full";
    overrides.settings = {"reduction.lanes=" + std::to_string(lanes)};
    const bpusim::Scenario scenario = bpusim::resolve(run, overrides);
    const bpusim::RunResult result = bpusim::simulate(scenario, bpusim::RunOptions::timing());
    std::printf("%3d lanes: %6.3f ms, bound by %s\n", lanes, result.time_ms(result.cycles),
                result.nodes.front().bound.c_str());
  }
}
