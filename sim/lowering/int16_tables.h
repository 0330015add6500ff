// Tables of functions of int16 codes: they lie in DRAM, and each core loads those that its part of a program
// needs, in front of the program's own SRAM.
#pragma once

#include <cstdint>

#include "models/commands/command.h"

namespace bpusim {

/// The program with its SRAM moved behind `bytes`, where the tables of its Lookups of int16 inputs lie one
/// after the other in the order of their plans. Each core loads a table before its first Lookup by it.
/// `bytes` is what they take, each to full SRAM words.
Program with_int16_tables(const Program& program, std::int64_t bytes);

/// SRAM of a table whose plan has these `segment_bits`.
std::int64_t int16_table_room(int segment_bits);

}  // namespace bpusim
