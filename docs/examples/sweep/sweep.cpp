// How wide should the reduction unit be? An InstanceNormalization over lanes.
//
// With the package installed in PREFIX:
//   cmake -S . -B build -DCMAKE_PREFIX_PATH=PREFIX && cmake --build build && build/sweep
// or, where pkg-config finds bpusim.pc (PREFIX/lib/pkgconfig and the like in PKG_CONFIG_PATH):
//   configs=$(pkg-config --variable=configs bpusim)
//   c++ sweep.cpp -DCONFIGS="\"$configs\"" $(pkg-config --cflags --libs bpusim) -o sweep && ./sweep
#include <bpusim/bpusim.h>

#include <cstdio>
#include <cstdlib>

int main() try {
#ifdef CONFIGS  // where the package has its machines and policies; who sets the variable has others
  setenv("BPUSIM_CONFIGS", CONFIGS, 0);
#endif
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
                to_string(result.nodes.front().bound));
  }
  return 0;
} catch (const bpusim::InputError& error) {  // a machine or policy that is not there, a setting out of range
  std::fprintf(stderr, "error: %s\n", error.what());
  return 2;
}
