// What no single row of the parameter tables can say.
#include "models/machine_params.h"

namespace bpusim {

namespace {

bool power_of_two(std::int64_t value) {
  return value > 0 && (value & (value - 1)) == 0;
}

void check_address_map(const DramParams& dram, std::vector<std::string>& found) {
  std::vector<std::string> fields = {"row", "rank", "bank", "bank_group", "column", "channel"};
  std::string rest = dram.address_map;
  std::vector<std::string> seen;
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    seen.push_back(rest.substr(0, comma));
    rest = comma == std::string::npos ? "" : rest.substr(comma + 1);
  }
  for (const auto& field : fields) {
    std::size_t times = 0;
    for (const auto& name : seen) times += name == field;
    if (times != 1) found.push_back("dram.address_map: needs the field '" + field + "' exactly once");
  }
  if (seen.size() != fields.size() && found.empty())
    found.push_back("dram.address_map: knows row, rank, bank, bank_group, column and channel only");
}

// Bus addresses of 2^60 and more are the cores' SRAMs.
void check_capacity(const DramParams& dram, std::vector<std::string>& found) {
  double bytes = static_cast<double>(dram.bus_bits) / 8;
  for (const std::int64_t factor :
       {dram.channels, dram.ranks, dram.bank_groups, dram.banks_per_group, dram.rows, dram.columns})
    bytes *= static_cast<double>(factor);
  if (bytes > 0x1p59) found.push_back("dram.rows: the DRAM must have at most 2^59 bytes");
}

// Between two refreshes there is time to close the rows, refresh, open a row and use it, whatever was under
// way before; or a burst would wait for its row again and again.
void check_progress(const DramParams& dram, std::vector<std::string>& found) {
  const std::int64_t before = dram.ras + dram.cl + dram.cwl + dram.burst_length + dram.rtrs + dram.ccd_l +
                              dram.wtr_l + dram.wtr_s + dram.wr + dram.rtp;
  const std::int64_t needed = before + dram.rp + dram.rfc + dram.rrd_s + dram.rrd_l + dram.faw + dram.rcd;
  if (dram.refi > dram.rfc && dram.refi <= needed)
    found.push_back("dram.refi: of " + std::to_string(dram.refi) + " clocks, between two refreshes " +
                    std::to_string(needed) +
                    " can pass before a burst is through (rfc, rcd, rp, ras, faw and what they wait for): no "
                    "burst might ever be");
}

}  // namespace

std::vector<std::string> inconsistencies(const MachineParams& machine) {
  std::vector<std::string> found;
  const auto& dram = machine.dram;
  const std::pair<const char*, std::int64_t> powers[] = {{"ranks", dram.ranks},
                                                         {"bank_groups", dram.bank_groups},
                                                         {"banks_per_group", dram.banks_per_group},
                                                         {"rows", dram.rows},
                                                         {"columns", dram.columns},
                                                         {"burst_length", dram.burst_length},
                                                         {"bus_bits", dram.bus_bits}};
  for (const auto& [key, value] : powers)
    if (!power_of_two(value)) found.push_back(std::string("dram.") + key + ": must be a power of two");
  const std::string last_field = ",channel";
  const bool channel_last = dram.address_map.size() > last_field.size() &&
                            dram.address_map.compare(dram.address_map.size() - last_field.size(),
                                                     std::string::npos, last_field) == 0;
  if (!power_of_two(dram.channels) && !channel_last)
    found.push_back("dram.channels: must be a power of two unless the channel is last in dram.address_map");
  if (dram.columns < dram.burst_length) found.push_back("dram.columns: a row must hold at least one burst");
  if (dram.refi <= dram.rfc)
    found.push_back("dram.refi: must be longer than rfc, or nothing is left beside refresh");
  check_capacity(dram, found);
  check_progress(dram, found);
  check_address_map(dram, found);
  const auto& sram = machine.sram;
  if (sram.bytes % sram.banks != 0) found.push_back("sram.bytes: must be a multiple of sram.banks");
  if (sram.interleave_bytes != 0 && sram.bytes % (sram.banks * sram.interleave_bytes) != 0)
    found.push_back("sram.interleave_bytes: sram.bytes must be a multiple of banks x interleave_bytes");
  if (sram.tensor_bytes > sram.bytes / 4 * 3)
    found.push_back("sram.tensor_bytes: must leave a quarter of sram.bytes to the operators");
  if (!power_of_two(machine.vector.int16_table_entries))
    found.push_back("vector.int16_table_entries: must be a power of two");
  if (machine.numerics.epsilon_bits % 2 != 0)
    found.push_back("numerics.epsilon_bits: must be even, since its square root is taken");
  return found;
}

}  // namespace bpusim
