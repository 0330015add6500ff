#include "sim/run/calibrate.h"

#include <utility>

#include "sim/quantise/given.h"
#include "sim/quantise/reader_losses.h"
#include "sim/run/method_choice.h"
#include "sim/scenario/samples.h"

namespace bpusim {

namespace {

// What weights would take as float32. They are not in memory, so golden values may take their place.
std::int64_t weight_bytes(const Network& network) {
  std::int64_t bytes = 0;
  for (const auto& [name, value] : network.values)
    if (value.constant) bytes += element_count(value.shape) * static_cast<std::int64_t>(sizeof(float));
  return bytes;
}

DataSource source_of(const RunSpec& run) {
  return !run.samples.empty() || !run.input_samples.empty() ? DataSource::Samples
         : run.drawn_inputs                                 ? DataSource::Drawn
                                                            : DataSource::OwnInput;
}

Quantised described(const RunSpec& run, const PlacedNetwork& placed, const Samples& samples) {
  Quantised report;
  report.source = source_of(run);
  report.drawn_inputs = run.drawn_inputs;
  report.samples = samples.count();
  report.method = run.defaults.calibration;
  report.int16 = run.int16;
  for (const std::string& name : on_given_grids(placed)) report.by_node.push_back({name, kGivenMethod});
  return report;
}

void describe(const MethodChoice& choice, Quantised& report) {
  report.chosen = choice.best.name();
  for (const MethodTrial& trial : choice.tried) report.tried.push_back({trial.method.name(), trial.cosine});
  for (const NodeCalibration& one : choice.by_node) report.by_node.push_back({one.node, one.method.name()});
}

}  // namespace

GoldenPass::GoldenPass(const PlacedNetwork& placed)
    : own(GoldenStore::kMemoryBytes + weight_bytes(placed.network)) {}

std::vector<const GoldenStore*> GoldenPass::judged() const {
  if (samples.empty()) return {&own};
  std::vector<const GoldenStore*> goldens;
  for (const GoldenStore& store : samples) goldens.push_back(&store);
  return goldens;
}

RunCalibration calibrate(const RunSpec& run, const PlacedNetwork& placed, const MachineParams& machine,
                         GoldenPass& golden, LoweringChoices& choices, const Listener& listener) {
  const Samples samples(run.samples, run.input_samples);
  RunCalibration found;
  found.report = described(run, placed, samples);
  const bool chooses = asks_for(run, "auto");
  const bool by_readers = chooses || asks_for(run, "readers") || run.int16_until > -1;
  const double observed = chooses ? 0.2 : by_readers ? 0.5 : 1, seen_by_readers = chooses ? 0.4 : 1;
  golden.observation = observe(placed, samples, golden.own, golden.samples, listener.part(0, observed));
  if (by_readers)
    observe_readers(run, placed, samples, golden.observation, listener.part(observed, seen_by_readers));
  std::vector<NodeCalibration> by_node;
  if (chooses) {
    const Listener choosing = listener.part(seen_by_readers, 1);
    const MethodChoice choice =
        choose_method({run, placed, golden.observation, golden.judged(), machine, choices, choosing});
    describe(choice, found.report);
    found.method = choice.best;
    by_node = choice.by_node;
  }
  found.settled = settled(run, found.method, by_node);
  found.grids = choose_grids(found.settled, placed, golden.observation, found.method);
  return found;
}

}  // namespace bpusim
