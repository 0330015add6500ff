#include "sim/run/capture.h"

#include <algorithm>

#include "sim/operators/step.h"
#include "sim/operators/tensor_codes.h"

namespace bpusim {

Capture::Capture(Machine& machine, const PlacedNetwork& placed, const CompiledNetwork& compiled)
    : machine_(machine), sharing_(placed.sharing), compiled_(compiled), left_(placed.steps.size(), 0) {
  for (const Program& program : compiled.programs)
    for (const Command& command : program.commands) ++left_[static_cast<std::size_t>(command.node)];
  for (std::size_t s = 0; s < placed.steps.size(); ++s) {
    const Step& step = placed.steps[s];
    for (const auto& names : {inputs_of(step, placed.network), placed.last_node(step).outputs})
      for (const std::string& name : names)
        if (sharing_.parts.count(name) != 0) last_use_[sharing_.part(name).root] = s;
  }
  for (const auto& [root, step] : last_use_) ends_[step].push_back(root);
}

std::vector<std::uint8_t>& Capture::bytes_of(const std::string& root) {
  std::vector<std::uint8_t>& bytes = bytes_[root];
  if (bytes.empty()) bytes.resize(static_cast<std::size_t>(compiled_.places.at(root).bytes()));
  return bytes;
}

void Capture::read(std::int64_t address, std::uint8_t* data, std::int64_t bytes) {
  if (address >= kSramWindow) {
    machine_.read_sram(core_of(address), offset_in_window(address), data, bytes);
  } else {
    machine_.dram().read(address, data, bytes);
  }
}

void Capture::take(const std::string& value) {
  const TensorPlace& place = compiled_.places.at(value);
  const std::string& root = sharing_.part(value).root;
  std::vector<std::uint8_t>& bytes = bytes_of(root);
  read(place.address, bytes.data() + (place.address - compiled_.places.at(root).address), place.bytes());
}

// What of a box lies in the step's outputs goes to the bytes of their roots.
void Capture::copy(std::size_t step, const DramBox& box) {
  for (const std::string& output : compiled_.steps[step].outputs) {
    const TensorPlace& place = compiled_.places.at(output);
    if (box.first() < place.address || box.first() >= place.address + place.bytes()) continue;
    const std::string& root = sharing_.part(output).root;
    std::vector<std::uint8_t>& bytes = bytes_of(root);
    const std::int64_t begin = compiled_.places.at(root).address;
    box.for_each_run([&](std::int64_t address, std::int64_t count) {
      read(address, bytes.data() + (address - begin), count);
    });
    return;
  }
}

void Capture::begin() {
  complete_steps();
}

void Capture::command_retired(const Program& program, int index, const CommandTimes&) {
  const Command& command = program.commands[static_cast<std::size_t>(index)];
  const auto step = static_cast<std::size_t>(command.node);
  if (const auto* transfer = std::get_if<Transfer>(&command.body)) {
    if (command.unit == Unit::Store) copy(step, transfer->dram);
  } else if (const auto* task = std::get_if<HostTask>(&command.body)) {
    for (const DramBox& box : task->writes) copy(step, box);
  }
  --left_[step];
  complete_steps();
}

void Capture::complete_steps() {
  for (; next_ < left_.size() && left_[next_] == 0; ++next_) {
    done_(next_);
    const auto ending = ends_.find(next_);
    if (ending == ends_.end()) continue;
    for (const std::string& root : ending->second) bytes_.erase(root);
  }
}

Codes Capture::codes(const std::string& value) const {
  const TensorPlace& place = compiled_.places.at(value);
  const std::string& root = sharing_.part(value).root;
  const std::uint8_t* data = bytes_.at(root).data() + (place.address - compiled_.places.at(root).address);
  return codes_of(data, place.elements, place.grid.dtype);
}

}  // namespace bpusim
