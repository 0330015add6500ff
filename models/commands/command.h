// The commands that the machine understands, and programs of them. A command names its engine, the bytes it
// works on and the commands it waits for; what it costs is the engine's business (cost.h), what it does to
// bytes is functional.h's.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "kernels/mac/conv.h"
#include "kernels/mac/product.h"
#include "kernels/norms/datapath.h"
#include "kernels/norms/decomposed.h"
#include "kernels/vector/elementwise.h"
#include "kernels/vector/pool.h"
#include "kernels/vector/reduction.h"
#include "kernels/vector/resample.h"
#include "kernels/vector/softmax.h"
#include "kernels/vector/unary.h"

namespace bpusim {

/// Kinds of engines. Each core has one of each but for the host, which all share, and DMA channels, which are
/// many.
enum class Unit { Load, Store, Mac, Reduction, Vector, SpecialFunction, Host };
constexpr int kUnits = 7;
const char* to_string(Unit unit);

/// Bus addresses from here on are the cores' SRAMs, one window a core: tensors that stay on chip between
/// operators have such addresses. Every core's DMA reaches every window.
constexpr std::int64_t kSramWindow = std::int64_t{1} << 60;
constexpr std::int64_t kSramWindowBytes = std::int64_t{1} << 40;
inline std::int64_t sram_window(int core, std::int64_t address) {
  return kSramWindow + core * kSramWindowBytes + address;
}
/// Of an address in a window.
inline int core_of(std::int64_t address) {
  return static_cast<int>((address - kSramWindow) / kSramWindowBytes);
}
inline std::int64_t offset_in_window(std::int64_t address) {
  return (address - kSramWindow) % kSramWindowBytes;
}

/// A strided box of bytes in DRAM, or in the window: dims outermost first, the last one with stride 1
/// (bytes).
struct DramBox {
  struct Dim {
    std::int64_t begin = 0, count = 1, stride = 1;
  };
  std::int64_t base = 0;  ///< where index 0 of every dimension lies; boxes of one view of one tensor share it
  std::vector<Dim> dims;

  std::int64_t bytes() const;
  std::int64_t first() const;  ///< lowest address
  std::int64_t last() const;   ///< one past the highest address
  /// Whether they share a byte: exact for boxes of one view, by their hulls otherwise.
  bool overlaps(const DramBox& other) const;
  /// Calls visit(address, bytes) for each contiguous piece, in order.
  template <class Visit>
  void for_each_run(Visit&& visit) const;
  static DramBox contiguous(std::int64_t address, std::int64_t bytes) { return {address, {{0, bytes, 1}}}; }
};

/// Walks the contiguous pieces of a box in order, which are of one length. Many can be passed at a time.
class BoxRuns {
 public:
  BoxRuns() = default;
  explicit BoxRuns(const DramBox& box) { reset(box); }
  void reset(const DramBox& box);

  bool done() const { return left_ == 0; }
  std::int64_t address() const { return address_; }  ///< of the next piece
  std::int64_t bytes() const { return bytes_; }      ///< of each piece
  std::int64_t stride() const { return rows_.empty() ? 0 : rows_.back().stride; }
  /// Pieces that are left in the row, each stride() after the one before it.
  std::int64_t in_row() const { return rows_.empty() ? 1 : rows_.back().count - rows_.back().at; }
  /// Whole rows from the next piece on, each row_stride() after the one before it; 0 within a row.
  std::int64_t even_rows() const;
  std::int64_t row_stride() const { return rows_.size() < 2 ? 0 : rows_[rows_.size() - 2].stride; }
  std::int64_t left() const { return left_; }  ///< pieces, with the next one
  /// Past `pieces` of those that are left.
  void skip(std::int64_t pieces);

 private:
  struct Row {
    std::int64_t count = 1, stride = 0, at = 0;
  };
  std::vector<Row> rows_;  // outermost first, all of more than one
  std::int64_t address_ = 0, bytes_ = 0, left_ = 0;
};

template <class Visit>
void DramBox::for_each_run(Visit&& visit) const {
  for (BoxRuns runs(*this); !runs.done(); runs.skip(1)) visit(runs.address(), runs.bytes());
}

/// Load (DRAM to SRAM) or Store, by the command's unit. Dense in SRAM. A box in a window makes it a copy
/// between SRAMs, or within one.
struct Transfer {
  DramBox dram;
  std::int64_t sram = 0;
};

/// Sums of the sets of a tile. On Unit::Reduction, or on Unit::Mac as products with ones and with the codes
/// themselves.
struct Reduce {
  int plan = 0;
  NormTile tile;
  std::int64_t codes = 0, sums = 0;
  bool accumulate = false;  ///< add to what is there
};

/// Adds partial sums of several cores or tiles.
struct Combine {
  struct Part {
    int core = 0;
    std::int64_t sums = 0;
  };
  std::vector<Part> parts;
  std::int64_t into = 0, sets = 0;
};

/// SetSums to SetScales.
struct Finalise {
  int plan = 0;
  std::int64_t sums = 0, scales = 0, sets = 0;
};

/// Codes to normalised codes.
struct Apply {
  int plan = 0;
  NormTile tile;
  std::int64_t codes = 0, scales = 0, entries = 0, out = 0;
  std::int64_t entry_count = 0;  ///< entries that the tile reads, from `entries` on
};

/// One sub-operator of a norm that runs decomposed: sums on Unit::Reduction, roots on Unit::SpecialFunction,
/// the rest on Unit::Vector.
struct Primitive {
  int plan = 0;
  PrimitiveOp op = PrimitiveOp::Mean;
  NormTile tile;
  PrimitiveAddresses at;
};

/// A tile of a convolution, on Unit::Mac.
struct Convolve {
  int plan = 0;
  ConvTile tile;
  std::int64_t input = 0, weights = 0, entries = 0, out = 0;
};

/// An element-wise operator over dense spans, on Unit::Vector.
struct Elementwise {
  int plan = 0;
  std::int64_t elements = 0;
  std::int64_t a = 0, b = 0, out = 0;  ///< b for two operands only
  Broadcast broadcast;                 ///< of b
};

/// A function of one element by table, on Unit::Vector.
struct Lookup {
  int plan = 0;
  std::int64_t elements = 0;
  std::int64_t in = 0, out = 0;
};

/// Softmax over rows, on Unit::Vector.
struct SoftmaxRows {
  int plan = 0;
  std::int64_t rows = 0;
  SoftmaxRowShape shape;
  std::int64_t in = 0, out = 0;
};

/// A tile of a pooling, on Unit::Vector.
struct Pool {
  int plan = 0;
  ConvTile tile;
  std::int64_t in = 0, out = 0;
};

/// A tile of a product of two activations, on Unit::Mac: [rows][inner] by [inner][columns], each as the plan
/// says that it lies.
struct Multiply {
  int plan = 0;
  std::int64_t rows = 0, columns = 0;
  std::int64_t a = 0, b = 0, out = 0;
};

/// Partial results of the sets of a tile, on Unit::Reduction.
struct ReduceCodes {
  int plan = 0;
  NormTile tile;
  std::int64_t codes = 0, partials = 0;
  bool accumulate = false;  ///< onto what is there
};

/// Partial results to codes: on Unit::SpecialFunction where roots are taken, on Unit::Vector otherwise.
struct FinishReduction {
  int plan = 0;
  std::int64_t sets = 0;
  std::int64_t partials = 0, out = 0;
};

/// A tile of a Resize, on Unit::Vector.
struct Resample {
  int plan = 0;
  ResampleTile tile;
  std::int64_t in = 0, out = 0;
};

/// What the host CPU has to do for a task.
struct HostDemand {
  double compute_ops = 0;             ///< float32 operations
  std::int64_t memory_bytes = 0;      ///< read and written by the operator itself
  std::int64_t convert_elements = 0;  ///< quantised or dequantised at the crossings
  std::int64_t layout_elements = 0;   ///< moved between layouts at the crossings
  std::int64_t characters = 0;
  std::int64_t crossings = 0;  ///< changes between BPU and CPU
};

/// Byte access to DRAM, for what runs on the host.
class DramPort {
 public:
  virtual ~DramPort() = default;
  virtual void read(std::int64_t address, void* data, std::int64_t bytes) = 0;
  virtual void write(std::int64_t address, const void* data, std::int64_t bytes) = 0;
};

/// An operator on the CPU. `work` is plain arithmetic on the bytes of `reads` and `writes`.
struct HostTask {
  std::string what;
  HostDemand demand;
  std::vector<DramBox> reads, writes;
  std::function<void(DramPort&)> work;
};

using Body =
    std::variant<Transfer, Reduce, Combine, Finalise, Apply, Primitive, Convolve, Elementwise, Lookup,
                 SoftmaxRows, Pool, Multiply, ReduceCodes, FinishReduction, Resample, HostTask>;

struct Command {
  Unit unit = Unit::Load;
  int core = 0;
  int channel = 0;  ///< of the DMA
  int node = 0;     ///< which of the program's nodes it belongs to
  int tile = 0;     ///< which tile of its node, for traces
  Body body;
  std::vector<int> dependencies;  ///< indices of earlier commands
};

/// Commands in the order in which each engine takes its own; an index is a command's identity.
struct Program {
  std::string name;
  std::vector<Command> commands;
  std::vector<NormPlan> norm_plans;
  std::vector<DecomposedPlan> decomposed_plans;
  std::vector<ConvPlan> conv_plans;
  std::vector<ElementwisePlan> elementwise_plans;
  std::vector<LookupPlan> lookup_plans;
  std::vector<SoftmaxPlan> softmax_plans;
  std::vector<PoolPlan> pool_plans;
  std::vector<ProductPlan> product_plans;
  std::vector<ReductionPlan> reduction_plans;
  std::vector<ResamplePlan> resample_plans;
  std::int64_t sram_bytes = 0;  ///< high-water mark of one core's SRAM
};

/// Moves what the command has in its own core's SRAM by `offset` bytes; windows stay.
void relocate(Command& command, std::int64_t offset);

/// "Reduce #12 (tile 3, core 0)".
std::string describe(const Program& program, int command);

/// A range that a command reads or writes.
struct Access {
  int space = 0;  ///< 0 is the DRAM, 1 + c the SRAM of core c
  std::int64_t begin = 0, end = 0;
  const DramBox* box = nullptr;  ///< in DRAM: the box whose hull the range is

  bool overlaps(const Access& other) const;
};

/// Everything a command reads and writes. Points into `command`.
struct Footprint {
  std::vector<Access> reads, writes;
};
Footprint footprint(const Command& command, const Program& program);

}  // namespace bpusim
