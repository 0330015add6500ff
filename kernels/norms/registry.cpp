#include <stdexcept>

#include "kernels/norms/norm.h"

// The rows: each is a function that fills it, in a file of kernels/norms/definitions.
#define BPUSIM_NORM_ROWS(ROW)         \
  ROW(batch_normalization)            \
  ROW(layer_normalization)            \
  ROW(instance_normalization)         \
  ROW(group_normalization)            \
  ROW(rms_normalization)              \
  ROW(simplified_layer_normalization) \
  ROW(lp_normalization)               \
  ROW(mean_variance_normalization)    \
  ROW(instance_batch_normalization)

namespace bpusim {

#define BPUSIM_DECLARE(row) NormDefinition row();
namespace norms {
BPUSIM_NORM_ROWS(BPUSIM_DECLARE)
}  // namespace norms

namespace {

void add(std::deque<NormDefinition>& rows, NormDefinition row) {
  if (row.op.empty()) throw std::invalid_argument("a norm needs a name");
  for (const NormDefinition& other : rows)
    if (other.op == row.op) throw std::invalid_argument("norm " + row.op + " is there already");
  if (row.resolve == nullptr) throw std::invalid_argument("norm " + row.op + " has no way to resolve");
  if (row.examples.empty()) throw std::invalid_argument("norm " + row.op + " has no example");
  for (const NormConstant& constant : row.constants)
    if (constant.shape == nullptr)
      throw std::invalid_argument("norm " + row.op + ": constant " + constant.name + " has no shape");
  rows.push_back(std::move(row));
}

// A deque, so that rows stay where they are. Made by whoever asks first, static initialisers included.
std::deque<NormDefinition>& mutable_registry() {
  static std::deque<NormDefinition> registry = [] {
    std::deque<NormDefinition> rows;
#define BPUSIM_ADD(row) add(rows, norms::row());
    BPUSIM_NORM_ROWS(BPUSIM_ADD)
    return rows;
  }();
  return registry;
}

}  // namespace

const std::deque<NormDefinition>& norm_registry() {
  return mutable_registry();
}

void register_norm(NormDefinition definition) {
  add(mutable_registry(), std::move(definition));
}

const NormDefinition* find_norm(const std::string& op) {
  for (const NormDefinition& row : norm_registry())
    if (op == row.op) return &row;
  return nullptr;
}

}  // namespace bpusim
