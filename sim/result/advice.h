// What to change about a network, a policy or a machine: facts, one struct an advisor. sim/report words them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

namespace bpusim {

/// A change that a run can try.
struct WhatIf {
  std::vector<std::string> on_bpu;  ///< operators that the policy gives to the BPU, whole and without limits,
  std::vector<std::string> nodes;   ///< but of those on the CPU now only these
  std::int64_t tensor_bytes = 0;    ///< at least so much of sram.tensor_bytes, with sram.bytes as much larger
  std::vector<std::string> in_primitives = {};  ///< norms that are written out, each primitive by its row
};

/// Time, and how much of the run it is.
struct RunShare {
  double ms = 0, percent = 0;
};

struct CpuOperatorAdvice {
  static constexpr const char* kId = "cpu_operator";
  static constexpr const char* kLooksFor =
      "operators on the CPU, by kind: time, segments that they cause, operators around them that only move "
      "elements";
  /// What the BPU would take for those that it runs.
  struct OnBpu {
    std::size_t count = 0;   ///< of the nodes
    double ms = 0;           ///< of their programs, each run alone
    double readers_ms = 0;   ///< more that the CPU takes for their readers there, whose inputs cross then
    int segments_fewer = 0;  ///< of the run's
  };
  /// What is won more where the operators around them that only move elements go with them.
  struct WithMovers {
    std::size_t count = 0;           ///< of the operators around them
    double now_ms = 0, then_ms = 0;  ///< of all that move
  };
  std::vector<std::string> ops;  ///< one kind, or all kinds that only move elements
  RunShare now;
  int segments = 0;  ///< of the run
  std::optional<OnBpu> on_bpu;
  std::optional<WithMovers> with_movers;
  std::string reason;  ///< why the first of them is on the CPU
};

struct DecomposedNormAdvice {
  static constexpr const char* kId = "decomposed_norm";
  static constexpr const char* kLooksFor = "norms that run as sub-operators";
  std::string op;
  RunShare now;
  double whole_ms = 0;  ///< of programs with the norm as one operator, each run alone
  std::string reason;   ///< why the first of them runs so
};

struct IdleMacsAdvice {
  static constexpr const char* kId = "idle_macs";
  static constexpr const char* kLooksFor =
      "convolutions and products at less than a quarter of the MACs for a tenth of the run";
  enum class Groups { One, Channels, Several };  ///< of a Conv: one, one a channel, or between
  enum class Remedy { LessTraffic, FittingShapes, WiderGroups };
  std::string op;
  Groups groups = Groups::One;
  RunShare now;
  double macs_percent = 0;  ///< of all MACs of all cores over that time
  Remedy remedy = Remedy::LessTraffic;
  std::int64_t rows = 0, cols = 0;  ///< of a core's MAC array
};

/// The nodes are those that memory bounds.
struct DramBoundAdvice {
  static constexpr const char* kId = "dram_bound";
  static constexpr const char* kLooksFor =
      "memory bounds a fifth of the run: weights, the largest tensors between operators in DRAM, the "
      "sram.tensor_bytes that hold all";
  /// Tensors between operators of the BPU that go through DRAM and could stay on chip.
  struct Tensors {
    std::vector<std::string> names;   ///< by their traffic, the largest first
    std::int64_t traffic_bytes = 0;   ///< to and from DRAM
    double pins_ms = 0;               ///< which that takes at the bandwidth of the pins
    std::int64_t room_bytes = 0;      ///< sram.tensor_bytes that hold them all, in whole KiB
    std::int64_t room_now_bytes = 0;  ///< sram.tensor_bytes of the machine
  };
  RunShare waiting;
  std::int64_t weight_bytes = 0;  ///< weights and other constants
  std::int64_t dram_bytes = 0;    ///< all that the run reads and writes
  std::optional<Tensors> tensors;
};

// Advice of these follows from the network alone; nodes of the same facts share a line.

struct BatchNormTrainingAdvice {
  static constexpr const char* kId = "batch_norm_training";
  static constexpr const char* kLooksFor = "BatchNormalization in training mode";
  std::tuple<> tied() const { return {}; }
};

struct BatchNormUnfoldedAdvice {
  static constexpr const char* kId = "batch_norm_unfolded";
  static constexpr const char* kLooksFor =
      "BatchNormalization that folds into no convolution: the operator between, and whether it can be folded "
      "by hand";
  /// What keeps it from folding, or how it folds all the same.
  enum class Because {
    NetworkInput,          ///< the network's input feeds it
    NoConvolution,         ///< `between` feeds it, with no convolution of its own before that
    ConvolutionOnCpu,      ///< for `reason`
    ConvolutionShared,     ///< others read what the convolution before it makes
    KeptApart,             ///< the run asks for that
    OtherChannels,         ///< `between` moves elements to other channels
    SameChannels,          ///< `between` moves elements within their channels
    BranchesAdded,         ///< `between` sums convolutions only
    BranchesConcatenated,  ///< `between` concatenates convolutions only
    BranchesOfOtherKinds,  ///< `between` takes `branches` that are no convolutions of their own
    PartOfChannels,        ///< `between` takes part of the convolution's channels
    Padding,               ///< a Pad is between
    Mean,                  ///< `between` is a mean
    Activation,            ///< `between` does not commute with an affine
    FoldsForward,          ///< into `reader`, exactly
    FoldsForwardWithin,    ///< into `reader`, but at the border that it pads
  };
  Because because = Because::NetworkInput;
  std::string between;  ///< the operator between a convolution and it, or that feeds it
  std::string reader;   ///< the operator that takes its scale and shift
  std::string reason;
  std::vector<std::string> branches;
  auto tied() const { return std::tie(because, between, reader, reason, branches); }
};

struct NormWrittenOutAdvice {
  static constexpr const char* kId = "norm_written_out";
  static constexpr const char* kLooksFor =
      "norms in primitives that were put together: the opset that keeps them whole";
  std::string op;
  std::string kept_by;  ///< the opset and the call that keep it whole
  auto tied() const { return std::tie(op, kept_by); }
};

/// The nodes are the last of each chain.
struct NormInPartsAdvice {
  static constexpr const char* kId = "norm_in_parts";
  static constexpr const char* kLooksFor =
      "IBN and GroupNorm chains and norms in primitives that the policy has no operator for: copies, "
      "crossings";
  std::string op;             ///< that the chains are
  std::size_t operators = 0;  ///< in all chains
  int crossings = 0;          ///< edges between BPU and CPU
  std::int64_t copied_bytes = 0;
  std::string remedy;  ///< what the norm's row says of its parts, or else of what keeps it whole
  auto tied() const { return std::tie(op, operators, crossings, copied_bytes, remedy); }
};

struct CpuBesideNormAdvice {
  static constexpr const char* kId = "cpu_beside_norm";
  static constexpr const char* kLooksFor =
      "Split, Concat, Reshape, Transpose and the like on the CPU beside a norm";
  enum class Remedy { TwoConvolutions, BothBranches, NormOverItsAxes };
  std::string op;
  std::vector<std::string> norms;  ///< operators that it feeds or reads
  std::string reason;              ///< why it is on the CPU
  Remedy remedy = Remedy::NormOverItsAxes;
  auto tied() const { return std::tie(op, norms, reason, remedy); }
};

struct OneElementAdvice {
  static constexpr const char* kId = "one_element";
  static constexpr const char* kLooksFor = "statistics over one element";
  std::string op;
  auto tied() const { return std::tie(op); }
};

struct EpsilonLostAdvice {
  static constexpr const char* kId = "epsilon_lost";
  static constexpr const char* kLooksFor =
      "an epsilon that rounds to 0 in the integers of its set, and from where on it counts; needs a run with "
      "function";
  std::string op;
  double epsilon = 0;      ///< to two digits
  double counts_from = 0;  ///< least epsilon that does not round to 0, to two digits
  std::int64_t set_size = 0;
  auto tied() const { return std::tie(op, epsilon, counts_from, set_size); }
};

struct GammaOutliersAdvice {
  static constexpr const char* kId = "gamma_outliers";
  static constexpr const char* kLooksFor =
      "a gamma more than 8 times the median of channels that are not dead: the bits that other channels "
      "lose, as log2 of the ratio";
  std::string op;
  double times_median = 0;  ///< the largest, to whole numbers
  double lost_bits = 0;     ///< to tenths
  auto tied() const { return std::tie(op, times_median, lost_bits); }
};

struct MaskAdvice {
  static constexpr const char* kId = "mask";
  static constexpr const char* kLooksFor =
      "a constant of -100 or less in front of a Softmax: the scores beside it share its grid";
  std::string op;
  double least = 0;  ///< the smallest number that the operator adds or selects
  auto tied() const { return std::tie(op, least); }
};

struct UnreadOpsetAdvice {
  static constexpr const char* kId = "unread_opset";
  static constexpr const char* kLooksFor = "a model of an opset that the chip's toolchain does not read";
  int opset = 0;
  std::string reads;  ///< "10 and 11"
  auto tied() const { return std::tie(opset, reads); }
};

struct NormWholeOnCpuAdvice {
  static constexpr const char* kId = "norm_whole_on_cpu";
  static constexpr const char* kLooksFor =
      "a norm as one operator on the CPU, of which the policy has every primitive on the BPU";
  std::string op;
  std::string reason;  ///< of its row
  auto tied() const { return std::tie(op, reason); }
};

template <class Facts>
auto operator==(const Facts& a, const Facts& b) -> decltype(a.tied() == b.tied()) {
  return a.tied() == b.tied();
}

/// All advisors' facts; the list of advisors follows from it.
using AdviceFacts = std::variant<CpuOperatorAdvice, DecomposedNormAdvice, IdleMacsAdvice, DramBoundAdvice,
                                 BatchNormTrainingAdvice, BatchNormUnfoldedAdvice, NormWrittenOutAdvice,
                                 NormInPartsAdvice, CpuBesideNormAdvice, OneElementAdvice, EpsilonLostAdvice,
                                 GammaOutliersAdvice, MaskAdvice, UnreadOpsetAdvice, NormWholeOnCpuAdvice>;

/// What to change, and what it would win.
struct Advice {
  AdviceFacts facts;
  std::vector<std::string> nodes;  ///< the steps that it is about
  bool frees_nodes = false;        ///< followed, those steps are gone, and what they take is won
  std::optional<RunShare> freed;   ///< what they take, where that was timed
  /// Similarity to golden of the worst output: as the run is, and changed.
  struct Outputs {
    double cosine_now = 0, cosine_then = 0;
  };
  double won_ms = 0;  ///< what following it would win, where that was timed
  std::optional<WhatIf> what_if;
  std::optional<double> run_ms;    ///< what the whole run takes with that change, where it was tried
  std::optional<Outputs> outputs;  ///< where the change was tried with values

  const char* id() const;  ///< of the advisor that gives it, for scripts
};

/// An advisor: the id of its advice, and what it looks for.
struct AdviceKind {
  const char *id, *looks_for;
};
/// All, in the order of AdviceFacts.
std::vector<AdviceKind> advice_kinds();

/// What would help a node that int8 costs much.
enum class Int8Remedy {
  Int16,
  Int16Inputs,  ///< the node is int16 already, and what it reads holds it back
  AffineGrids,
  CutTails,  ///< a calibration that leaves out the largest values
};

}  // namespace bpusim
