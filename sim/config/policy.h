// Support policies: which operators a BPU family runs, which fall back to the CPU, which nobody runs, and
// why. Data, one YAML file a family; every row has a reason and a source.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/config/limits.h"

namespace bpusim {

struct Placement {
  enum class Where { Bpu, Decomposed, Cpu, Unsupported };
  Where where = Where::Unsupported;
  std::string reason;
  std::string source;
};
const char* to_string(Placement::Where where);

/// A row of a policy.
struct PolicyRow {
  enum class On {
    Bpu,
    Decomposed,
    Cpu,
    Unsupported,
    Folded,     ///< the toolchain computes or drops it; what is left of it runs where `otherwise` says
    OnRequest,  ///< on the CPU, and on the BPU where a run asks for it
  };
  std::string op;
  On on = On::Unsupported;
  std::string reason, source;
  Placement::Where otherwise = Placement::Where::Cpu;  ///< where a limit is broken
  std::vector<Limit> limits;
};
const char* to_string(PolicyRow::On on);

/// What a run asks of a node (`on:` of a run file).
enum class Request { None, Bpu, Cpu };

class Policy {
 public:
  /// Reads a policy's file by name or path. Throws InputError.
  static Policy read(const std::string& name_or_path);
  static Policy parse(const std::string& text, const std::string& file);

  const std::string& name() const { return name_; }
  const std::string& description() const { return description_; }
  const std::vector<PolicyRow>& rows() const { return rows_; }
  /// Limits of whatever runs on the BPU, beside those of its row.
  const std::vector<Limit>& limits() const { return limits_; }
  /// ONNX opsets that the toolchain reads; empty where the file names none.
  const std::vector<std::int64_t>& opsets() const { return opsets_; }
  const std::optional<Placement>& otherwise() const { return otherwise_; }

  /// Null where the operator has none.
  const PolicyRow* row_of(const std::string& op) const;

  /// The same policy, but for operators that run on the BPU whole and without limits.
  Policy with_on_bpu(const std::vector<std::string>& ops) const;

  /// The same policy, but for operators that are written out in primitives.
  Policy with_in_primitives(const std::vector<std::string>& ops) const;

  /// An operator without a row goes where the file's `otherwise` says; it is unsupported where there is none.
  Placement place(const OperatorFacts& facts, Request request = Request::None) const;

 private:
  Policy with_rows(const std::vector<std::string>& ops, PolicyRow::On on, const char* reason) const;
  std::string broken_by(const PolicyRow& row, const OperatorFacts& facts) const;

  std::string name_, description_;
  std::string file_;  ///< its name, without the folder
  std::vector<std::int64_t> opsets_;
  std::vector<Limit> limits_;
  std::vector<PolicyRow> rows_;
  std::optional<Placement> otherwise_;
};

/// Markdown: how a policy file is written, from the tables of facts and keys.
std::string policy_reference();

/// JSON Schema (draft 2020-12) of a policy file.
std::string policy_schema();

}  // namespace bpusim
