// Commands of every kind, for tests that hold for all of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/commands/command.h"

namespace bpusim {

constexpr int kSampleCores = 4;
constexpr int kSampleCore = 1;                   ///< where samples run
constexpr int kWindowCore = 3;                   ///< whose SRAM samples reach through its window only
constexpr std::int64_t kSampleSramBytes = 8192;  ///< more than any sample uses of a core's SRAM
constexpr std::int64_t kSampleDramBytes = 8192;

/// A command with its plan, and what lies in SRAM before it runs; all other bytes may be anything.
struct Sample {
  /// Records of which not every pattern of bits is one.
  struct Records {
    int core = kSampleCore;
    std::int64_t address = 0;
    std::vector<std::uint8_t> bytes;
  };
  std::string what;
  Command command;
  Plans plans;
  std::vector<Records> records;

  Program program() const { return {what, {command}, plans, kSampleSramBytes}; }
};

template <class Alternative>
struct SamplesOf {};

/// A new alternative of Body needs one of these: samples with each of its forms (types of codes, operands,
/// units), with addresses that no two of its ranges share.
std::vector<Sample> samples(SamplesOf<Transfer>);
std::vector<Sample> samples(SamplesOf<Reduce>);
std::vector<Sample> samples(SamplesOf<Combine>);
std::vector<Sample> samples(SamplesOf<Finalise>);
std::vector<Sample> samples(SamplesOf<Apply>);
std::vector<Sample> samples(SamplesOf<Primitive>);
std::vector<Sample> samples(SamplesOf<Convolve>);
std::vector<Sample> samples(SamplesOf<Elementwise>);
std::vector<Sample> samples(SamplesOf<Lookup>);
std::vector<Sample> samples(SamplesOf<SoftmaxRows>);
std::vector<Sample> samples(SamplesOf<Pool>);
std::vector<Sample> samples(SamplesOf<Multiply>);
std::vector<Sample> samples(SamplesOf<ReduceCodes>);
std::vector<Sample> samples(SamplesOf<FinishReduction>);
std::vector<Sample> samples(SamplesOf<Resample>);
std::vector<Sample> samples(SamplesOf<HostTask>);

}  // namespace bpusim
