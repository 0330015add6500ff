#include "sim/compile/conv_lowering.h"

#include <algorithm>
#include <stdexcept>

#include "sim/compile/program_builder.h"

namespace bpusim {

namespace {

constexpr std::int64_t kRecord = 16;
constexpr std::int64_t kAlign = 64;
constexpr std::int64_t kSlots = 3;  // tiles under way: one loading, one computed, one stored

std::int64_t aligned(std::int64_t bytes) {
  return (bytes + kAlign - 1) / kAlign * kAlign;
}

class ConvLowering {
 public:
  ConvLowering(ProgramBuilder& builder, const ConvJob& job, const MachineParams& machine)
      : builder_(builder),
        job_(job),
        p_(job.plan.problem),
        machine_(machine),
        in_size_(byte_size(job.plan.in.dtype)),
        out_size_(byte_size(job.plan.out.dtype)),
        plan_(builder.add_plan(job.plan)),
        tail_(builder, job.tail) {}

  void run(std::int64_t tile_bytes);

 private:
  std::int64_t weight_bytes() const { return aligned(channels_ * p_.taps()) + aligned(channels_ * kRecord); }
  std::int64_t in_bytes() const {
    const ConvTile t = conv_tile(p_, 0, channels_, 0, rows_);
    const std::int64_t most_rows =
        std::min(p_.ih, (rows_ - 1) * p_.stride_h + (p_.kh - 1) * p_.dilation_h + 1);
    return aligned(t.in_channels * most_rows * p_.iw * in_size_);
  }
  std::int64_t out_bytes() const { return aligned(channels_ * rows_ * p_.ow * out_size_); }
  std::int64_t footprint() const { return 2 * weight_bytes() + kSlots * slot_bytes(); }
  std::int64_t slot_bytes() const { return in_bytes() + out_bytes() + tail_.room(out_bytes()); }
  void choose(std::int64_t tile_bytes);
  void weights_for(std::int64_t channel, std::int64_t channels, int core, std::int64_t at);
  void tile(std::int64_t sample, const ConvTile& t, int core, std::int64_t weights, std::int64_t slot);
  void add(Unit unit, int core, Body body);

  ProgramBuilder& builder_;
  const ConvJob& job_;
  const ConvProblem& p_;
  const MachineParams& machine_;
  const std::int64_t in_size_, out_size_;  // bytes of an element
  const int plan_;
  const TileTail tail_;
  std::int64_t channels_ = 1, rows_ = 1;  // of a tile's output
  int tile_ = 0;
};

// All output channels at once where their weights leave half of the SRAM; then as many rows as fit the wanted
// tile. A chunk of channels lies within a group or spans whole groups.
void ConvLowering::choose(std::int64_t tile_bytes) {
  channels_ = p_.oc;
  rows_ = 1;
  const std::int64_t unit = p_.group_outputs();
  while (footprint() > machine_.sram.bytes ||
         (channels_ > 1 && 2 * weight_bytes() > machine_.sram.bytes / 2)) {
    if (channels_ == 1) break;
    std::int64_t less = (channels_ + 1) / 2;
    if (less > unit) less = (less + unit - 1) / unit * unit;
    if (less < unit)
      while (unit % less != 0) --less;
    if (less >= channels_) less = channels_ > unit ? channels_ - unit : channels_ / 2;
    channels_ = less;
  }
  if (footprint() > machine_.sram.bytes)
    throw std::invalid_argument(
        "a row of " + std::to_string(p_.ow) + " outputs needs " + std::to_string(footprint()) +
        " bytes of SRAM with its inputs and weights; a core has " + std::to_string(machine_.sram.bytes));
  while (rows_ < p_.oh) {
    ++rows_;
    if (footprint() > machine_.sram.bytes ||
        in_bytes() + out_bytes() > std::max<std::int64_t>(tile_bytes, 1)) {
      --rows_;
      break;
    }
  }
  rows_ = (p_.oh + (p_.oh + rows_ - 1) / rows_ - 1) / ((p_.oh + rows_ - 1) / rows_);  // equal shares
}

void ConvLowering::add(Unit unit, int core, Body body) {
  Command command;
  command.unit = unit;
  command.core = core;
  command.tile = tile_;
  const std::int64_t channels = unit == Unit::Load ? machine_.dma.load_channels : machine_.dma.store_channels;
  if (unit == Unit::Load || unit == Unit::Store)
    command.channel = static_cast<int>(tile_ / machine_.bpu.cores % channels);
  command.body = std::move(body);
  builder_.add(std::move(command));
}

void ConvLowering::weights_for(std::int64_t channel, std::int64_t channels, int core, std::int64_t at) {
  add(Unit::Load, core,
      Transfer{DramBox::contiguous(job_.weights + channel * p_.taps(), channels * p_.taps()), at});
  add(Unit::Load, core,
      Transfer{DramBox::contiguous(job_.entries + channel * kRecord, channels * kRecord),
               at + aligned(channels_ * p_.taps())});
}

void ConvLowering::tile(std::int64_t sample, const ConvTile& t, int core, std::int64_t weights,
                        std::int64_t slot) {
  const DramBox input{job_.x,
                      {{sample, 1, p_.ic * p_.ih * p_.iw * in_size_},
                       {t.in_channel, t.in_channels, p_.ih * p_.iw * in_size_},
                       {t.in_row, t.in_rows, p_.iw * in_size_},
                       {0, p_.iw * in_size_, 1}}};
  const DramBox output{job_.y,
                       {{sample, 1, p_.oc * p_.oh * p_.ow * out_size_},
                        {t.out_channel, t.out_channels, p_.oh * p_.ow * out_size_},
                        {t.out_row, t.out_rows, p_.ow * out_size_},
                        {0, p_.ow * out_size_, 1}}};
  const std::int64_t out = slot + in_bytes(), residual = out + out_bytes();
  const auto add_here = [&](Unit unit, Body body) { add(unit, core, std::move(body)); };
  add(Unit::Load, core, Transfer{input, slot});
  tail_.load(add_here, output, job_.y, residual);
  add(Unit::Mac, core, Convolve{plan_, t, slot, weights, weights + aligned(channels_ * p_.taps()), out});
  tail_.apply(add_here, conv_outputs(p_, t), out, residual);
  add(Unit::Store, core, Transfer{output, out});
  ++tile_;
}

void ConvLowering::run(std::int64_t tile_bytes) {
  choose(tile_bytes);
  const std::int64_t weight_stride = weight_bytes(), slots = 2 * weight_stride, stride = slot_bytes();
  builder_.reserve_sram(std::min(machine_.sram.bytes, slots + kSlots * stride));
  const auto cores = machine_.bpu.cores;
  std::vector<std::int64_t> used(static_cast<std::size_t>(cores), 0);
  std::int64_t chunk = 0;
  for (std::int64_t c = 0; c < p_.oc; c += channels_, ++chunk) {
    const std::int64_t count = std::min(channels_, p_.oc - c);
    std::vector<char> loaded(static_cast<std::size_t>(cores), 0);
    std::int64_t turn = 0;
    for (std::int64_t sample = 0; sample < p_.n; ++sample) {
      for (std::int64_t row = 0; row < p_.oh; row += rows_, ++turn) {
        const auto core = static_cast<std::size_t>(turn % cores);
        const std::int64_t weights = chunk % 2 * weight_stride;
        if (loaded[core] == 0) weights_for(c, count, static_cast<int>(core), weights);
        loaded[core] = 1;
        const ConvTile t = conv_tile(p_, c, count, row, std::min(rows_, p_.oh - row));
        tile(sample, t, static_cast<int>(core), weights, slots + used[core]++ % kSlots * stride);
      }
    }
  }
}

}  // namespace

Program lower_conv(const std::string& name, const ConvJob& job, const MachineParams& machine,
                   std::int64_t tile_bytes) {
  ProgramBuilder builder(name);
  ConvLowering(builder, job, machine).run(tile_bytes);
  return builder.finish();
}

}  // namespace bpusim
