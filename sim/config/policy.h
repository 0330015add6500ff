// Support policies: which operators a BPU family runs, which fall back to the CPU, which nobody runs, and
// why. Data, one YAML file a family; every row has a reason and a source.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kernels/tensor/tensor.h"

namespace bpusim {

/// What a policy wants to know about an operator.
struct OperatorFacts {
  std::string op;
  Shape shape;                     ///< of the data input
  std::int64_t kernel = 1;         ///< largest kernel extent of a convolution or pooling
  std::int64_t kernel_volume = 1;  ///< of a convolution: channels of a group x kernel height x width
  std::int64_t channels = 1;       ///< at axis 1
  std::int64_t groups = 1;
  bool after_conv = false;  ///< its input is a convolution's output that nobody else reads
};

struct Placement {
  enum class Where { Bpu, Decomposed, Cpu, Unsupported };
  Where where = Where::Unsupported;
  std::string reason;
  std::string source;
};
const char* to_string(Placement::Where where);

/// A row of a policy.
struct PolicyRow {
  std::string op;
  Placement::Where on = Placement::Where::Unsupported;
  std::string reason, source;
  Placement::Where otherwise = Placement::Where::Cpu;  ///< where a limit below is exceeded
  std::int64_t rank_min = 0, rank_max = 8;
  std::int64_t max_kernel = INT64_MAX, max_channels = INT64_MAX, max_channels_per_group = INT64_MAX,
               max_chw = INT64_MAX, max_kernel_volume = INT64_MAX;
  bool after_conv_only = false;
};

class Policy {
 public:
  /// Reads a policy's file by name or path. Throws InputError.
  static Policy read(const std::string& name_or_path);
  static Policy parse(const std::string& text, const std::string& file);

  const std::string& name() const { return name_; }
  const std::string& description() const { return description_; }
  const std::vector<PolicyRow>& rows() const { return rows_; }

  /// The same policy, but for operators that run on the BPU whole and without limits.
  Policy with_on_bpu(const std::vector<std::string>& ops) const;

  /// An operator without a row goes where the file's `otherwise` says; it is unsupported where there is none.
  Placement place(const OperatorFacts& facts) const;

 private:
  std::string name_, description_;
  std::string file_;  ///< its name, without the folder
  std::vector<PolicyRow> rows_;
  std::optional<Placement> otherwise_;
};

}  // namespace bpusim
