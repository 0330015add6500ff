#include "sim/lowering/conv_transpose.h"

#include <algorithm>
#include <stdexcept>

#include "kernels/units.h"
#include "sim/lowering/sram_need.h"
#include "sim/lowering/tile_commands.h"

namespace bpusim {

namespace {

constexpr std::int64_t kSlots = 3;

class TransposeLowering {
 public:
  TransposeLowering(ProgramBuilder& builder, const ConvTransposeProblem& problem, const ConvJob& job,
                    const MachineParams& machine)
      : builder_(builder),
        p_(problem),
        job_(job),
        machine_(machine),
        in_size_(byte_size(job.plan.in.dtype)),
        out_size_(byte_size(job.plan.out.dtype)),
        phases_(phases_of(problem)),
        tail_(builder, job.tail),
        tiles_(builder, machine) {
    for (const ConvPhase& phase : phases_) {
      ConvPlan plan = job.plan;
      plan.problem = phase.problem;
      plans_.push_back(builder.add_plan(std::move(plan)));
      taps_ += phase.problem.taps();
    }
  }

  void run(std::int64_t tile_bytes);

 private:
  // Output rows [row, row + rows) as a tile of each phase, all on the same rows of input.
  std::vector<ConvTile> tiles_of(std::int64_t channel, std::int64_t channels, std::int64_t row,
                                 std::int64_t rows) const;
  std::int64_t weight_bytes() const { return aligned(channels_ * taps_) + aligned(channels_ * kRecordBytes); }
  std::int64_t in_bytes() const;
  std::int64_t out_bytes() const { return aligned(channels_ * rows_ * p_.ow * out_size_); }
  std::int64_t slot_bytes() const { return in_bytes() + out_bytes() + tail_.room(out_bytes()); }
  std::int64_t footprint() const { return 2 * weight_bytes() + kSlots * slot_bytes(); }
  void choose(std::int64_t tile_bytes);
  void load_weights(std::int64_t channel, std::int64_t channels, std::int64_t at);
  void band(std::int64_t sample, const std::vector<ConvTile>& tiles, std::int64_t row, std::int64_t rows,
            std::int64_t weights, std::int64_t slot);

  ProgramBuilder& builder_;
  const ConvTransposeProblem& p_;
  const ConvJob& job_;
  const MachineParams& machine_;
  const std::int64_t in_size_, out_size_;  // bytes of an element
  const std::vector<ConvPhase> phases_;
  const TileTail tail_;
  TileCommands tiles_;
  std::vector<int> plans_;
  std::int64_t taps_ = 0;                 // of all phases
  std::int64_t channels_ = 1, rows_ = 1;  // of a tile's output; rows_ whole strides
};

std::vector<ConvTile> TransposeLowering::tiles_of(std::int64_t channel, std::int64_t channels,
                                                  std::int64_t row, std::int64_t rows) const {
  std::vector<ConvTile> tiles;
  std::int64_t first = p_.ih, end = 0;
  for (const ConvPhase& phase : phases_) {
    const std::int64_t begin = row / p_.stride_h,
                       stop = std::min((row + rows - phase.row + p_.stride_h - 1) / p_.stride_h,
                                       phase.problem.oh);
    ConvTile tile =
        conv_tile(phase.problem, channel, channels, begin, std::max<std::int64_t>(stop - begin, 0));
    tile.plane_step = rows * p_.ow;
    tile.row_step = p_.stride_h * p_.ow;
    tile.column_step = p_.stride_w;
    tiles.push_back(tile);
    if (tile.out_rows == 0) continue;
    first = std::min(first, tile.in_row);
    end = std::max(end, tile.in_row + tile.in_rows);
  }
  for (ConvTile& tile : tiles) {
    tile.in_row = first;
    tile.in_rows = end - first;
  }
  return tiles;
}

std::int64_t TransposeLowering::in_bytes() const {
  std::int64_t most = 0;
  for (std::int64_t row = 0; row < p_.oh; row += rows_) {
    const ConvTile tile = tiles_of(0, channels_, row, std::min(rows_, p_.oh - row)).front();
    most = std::max(most, tile.in_channels * tile.in_rows * p_.iw);
  }
  return aligned(most * in_size_);
}

// As of a convolution: all output channels where their weights leave half of the SRAM, then as many rows as
// fit the wanted tile. A chunk of channels lies within a group or spans whole groups.
void TransposeLowering::choose(std::int64_t tile_bytes) {
  const std::int64_t unit = p_.group_outputs();
  channels_ = p_.oc;
  rows_ = std::min(p_.stride_h, p_.oh);
  const auto too_large = [&] {
    return footprint() > machine_.sram.bytes || 2 * weight_bytes() > machine_.sram.bytes / 2;
  };
  while (channels_ > unit && too_large()) channels_ = (channels_ / unit + 1) / 2 * unit;
  while (channels_ > 1 && channels_ <= unit && too_large()) {
    std::int64_t less = channels_ / 2;
    while (unit % less != 0) --less;
    channels_ = less;
  }
  if (footprint() > machine_.sram.bytes)
    throw std::invalid_argument("rows of " + std::to_string(p_.ow) + " outputs need " +
                                short_of_sram(footprint(), " with their inputs and weights", machine_));
  while (rows_ < p_.oh) {
    rows_ += p_.stride_h;
    if (footprint() <= machine_.sram.bytes && in_bytes() + out_bytes() <= tile_bytes) continue;
    rows_ -= p_.stride_h;
    break;
  }
}

void TransposeLowering::load_weights(std::int64_t channel, std::int64_t channels, std::int64_t at) {
  std::int64_t to = at;
  for (const ConvPhase& phase : phases_) {
    const std::int64_t taps = phase.problem.taps(), bytes = channels * taps;
    tiles_.add(Unit::Load,
               Transfer{DramBox::contiguous(job_.weights + phase.first_weight + channel * taps, bytes), to});
    to += bytes;
  }
  tiles_.add(Unit::Load,
             Transfer{DramBox::contiguous(job_.entries + channel * kRecordBytes, channels * kRecordBytes),
                      at + aligned(channels_ * taps_)});
}

void TransposeLowering::band(std::int64_t sample, const std::vector<ConvTile>& tiles, std::int64_t row,
                             std::int64_t rows, std::int64_t weights, std::int64_t slot) {
  const ConvTile& t = tiles.front();
  const std::int64_t plane = p_.ih * p_.iw, out = slot + in_bytes(), residual = out + out_bytes();
  const DramBox output{job_.y,
                       {{sample, 1, p_.oc * p_.oh * p_.ow * out_size_},
                        {t.out_channel, t.out_channels, p_.oh * p_.ow * out_size_},
                        {row, rows, p_.ow * out_size_},
                        {0, p_.ow * out_size_, 1}}};
  const auto add = [&](Unit unit, Body body) { tiles_.add(unit, std::move(body)); };
  add(Unit::Load, Transfer{DramBox{job_.x,
                                   {{sample, 1, p_.ic * plane * in_size_},
                                    {t.in_channel, t.in_channels, plane * in_size_},
                                    {t.in_row, t.in_rows, p_.iw * in_size_},
                                    {0, p_.iw * in_size_, 1}}},
                           slot});
  tail_.load(add, output, job_.y, residual);
  std::int64_t at = weights;
  for (std::size_t k = 0; k < phases_.size(); ++k) {
    const ConvPhase& phase = phases_[k];
    if (tiles[k].out_rows > 0)
      add(Unit::Mac, Convolve{plans_[k], tiles[k], slot, at, weights + aligned(channels_ * taps_),
                              out + (phase.row * p_.ow + phase.column) * out_size_});
    at += t.out_channels * phase.problem.taps();
  }
  tail_.apply(add, output.bytes() / out_size_, out, residual);
  add(Unit::Store, Transfer{output, out});
}

void TransposeLowering::run(std::int64_t tile_bytes) {
  choose(tile_bytes);
  const std::int64_t weight_room = weight_bytes(), slot_room = slot_bytes();
  builder_.reserve_sram(2 * weight_room + kSlots * slot_room);
  std::int64_t chunk = 0;
  for (std::int64_t c = 0; c < p_.oc; c += channels_, ++chunk) {
    const std::int64_t count = std::min(channels_, p_.oc - c), weights = chunk % 2 * weight_room;
    std::vector<char> loaded(static_cast<std::size_t>(machine_.bpu.cores), 0);
    for (std::int64_t sample = 0; sample < p_.n; ++sample)
      for (std::int64_t row = 0; row < p_.oh; row += rows_, tiles_.next()) {
        char& there = loaded[static_cast<std::size_t>(tiles_.core())];
        if (there == 0) load_weights(c, count, weights);
        there = 1;
        const std::int64_t rows = std::min(rows_, p_.oh - row);
        band(sample, tiles_of(c, count, row, rows), row, rows, weights,
             2 * weight_room + tiles_.slot(kSlots) * slot_room);
      }
  }
}

}  // namespace

Program lower_conv_transpose(const std::string& name, const ConvTransposeProblem& problem, const ConvJob& job,
                             const MachineParams& machine, std::int64_t tile_bytes) {
  ProgramBuilder builder(name);
  TransposeLowering(builder, problem, job, machine).run(tile_bytes);
  return builder.finish();
}

}  // namespace bpusim
