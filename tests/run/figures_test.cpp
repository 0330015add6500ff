// Figures that hold, of any network on any machine: no node beats its roofline, no average the busiest
// stretch, nothing the pins, and no advice wins less than nothing.
#include "sim/config/config_paths.h"
#include "sim/config/machine_file.h"
#include "tests/run/drawn_network.h"

namespace bpusim {
namespace {

TEST(Figures, HoldForAnyNetworkOnAnyPreset) {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    const Network network = Drawn(seed).network();
    for (const std::string& preset : list_configs("machines")) {
      RunSpec spec;
      spec.network = network;
      const MachineParams machine = read_machine(preset);
      const std::string what = "seed " + std::to_string(seed) + " on " + preset;
      expect_figures(simulate({spec, machine, Policy::read("full")}, RunOptions::timing()), what);
      if (seed % 4 == 0)
        expect_figures(simulate({spec, machine, Policy::read(machine.policy)}), what + ", own policy");
    }
  }
}

}  // namespace
}  // namespace bpusim
