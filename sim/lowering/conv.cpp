#include "sim/lowering/conv.h"

#include <algorithm>
#include <stdexcept>

#include "kernels/units.h"
#include "sim/lowering/program_builder.h"
#include "sim/lowering/sram_need.h"

namespace bpusim {

namespace {

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
        tail_(builder, job.tail),
        loops_(MacLoops::all_channels(job.mapping, machine, p_.oc, p_.group_outputs())) {}

  void run(std::int64_t tile_bytes);

 private:
  std::int64_t weight_bytes() const {
    return aligned(loops_.chunk * p_.taps()) + aligned(loops_.chunk * kRecordBytes);
  }
  std::int64_t in_bytes() const {
    const ConvTile t = conv_tile(p_, 0, loops_.chunk, 0, rows_);
    const std::int64_t most_rows =
        std::min(p_.ih, (rows_ - 1) * p_.stride_h + (p_.kh - 1) * p_.dilation_h + 1);
    return aligned(t.in_channels * most_rows * p_.iw * in_size_);
  }
  std::int64_t out_bytes() const { return aligned(loops_.chunk * rows_ * p_.ow * out_size_); }
  std::int64_t result_bytes() const { return out_bytes() + tail_.room(out_bytes()); }
  std::int64_t weights_in_sram() const { return loops_.weight_slots() * weight_bytes(); }
  std::int64_t footprint() const {
    return weights_in_sram() + loops_.input_slots() * in_bytes() + MacLoops::kOutputs * result_bytes();
  }
  void choose_chunk();
  void choose_rows(std::int64_t tile_bytes);
  void load_weights(const MacVisit& visit, std::int64_t at);
  void load_input(const MacVisit& visit, const ConvTile& t, std::int64_t sample, std::int64_t at);
  void tile(const MacVisit& visit);
  void add(Unit unit, int core, Body body);

  ProgramBuilder& builder_;
  const ConvJob& job_;
  const ConvProblem& p_;
  const MachineParams& machine_;
  const std::int64_t in_size_, out_size_;  // bytes of an element
  const int plan_;
  const TileTail tail_;
  MacLoops loops_;
  std::int64_t rows_ = 1;  // of a tile's output
  int tile_ = 0;
};

// All output channels of a core at once where their weights leave enough of the SRAM. A chunk of channels
// lies within a group or spans whole groups.
void ConvLowering::choose_chunk() {
  if (loops_.mapping == MacMapping::Input && p_.groups > 1)
    throw std::invalid_argument("the chunks of a convolution with groups have inputs of their own");
  std::int64_t& chunk = loops_.chunk;
  const std::int64_t unit = p_.group_outputs(), sram = machine_.sram.bytes;
  const bool rows_keep_all = 2 * weight_bytes() <= sram / 2;
  const bool one_chunk = loops_.mapping == MacMapping::Weights;
  while (!one_chunk && chunk > 1 && (footprint() > sram || weights_in_sram() > loops_.weight_limit(sram))) {
    std::int64_t less = (chunk + 1) / 2;
    if (less > unit) less = round_up(less, unit);
    if (less < unit)
      while (unit % less != 0) --less;
    if (less >= chunk) less = chunk > unit ? chunk - unit : chunk / 2;
    chunk = less;
  }
  if (footprint() > sram)
    throw std::invalid_argument("a row of " + std::to_string(p_.ow) + " outputs needs " +
                                short_of_sram(footprint(), " with its inputs and weights", machine_));
  loops_.check_difference(rows_keep_all);
}

// As many rows as fit the wanted tile, in equal shares.
void ConvLowering::choose_rows(std::int64_t tile_bytes) {
  while (rows_ < p_.oh) {
    ++rows_;
    if (footprint() > machine_.sram.bytes ||
        in_bytes() + out_bytes() > std::max<std::int64_t>(tile_bytes, 1)) {
      --rows_;
      break;
    }
  }
  const std::int64_t bands = ceil_div(p_.oh, rows_);
  rows_ = ceil_div(p_.oh, bands);
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

void ConvLowering::load_weights(const MacVisit& v, std::int64_t at) {
  add(Unit::Load, v.core,
      Transfer{DramBox::contiguous(job_.weights + v.channel * p_.taps(), v.channels * p_.taps()), at});
  add(Unit::Load, v.core,
      Transfer{DramBox::contiguous(job_.entries + v.channel * kRecordBytes, v.channels * kRecordBytes),
               at + aligned(loops_.chunk * p_.taps())});
}

void ConvLowering::load_input(const MacVisit& v, const ConvTile& t, std::int64_t sample, std::int64_t at) {
  const std::int64_t row = p_.iw * in_size_, plane = p_.ih * row;
  const std::int64_t dense = job_.chroma ? 1 : p_.ic;  // channels that lie at `x`
  const DramBox input{job_.x,
                      {{sample, 1, dense * plane},
                       {t.in_channel, job_.chroma ? 1 : t.in_channels, plane},
                       {t.in_row, t.in_rows, row},
                       {0, row, 1}}};
  add(Unit::Load, v.core, Transfer{input, at});
  if (!job_.chroma) return;
  const std::int64_t planes = p_.ic - 1;
  const Doubling doubling{planes, t.in_row, t.in_rows, p_.iw};
  const DramBox halves{*job_.chroma,
                       {{sample, 1, planes * plane / 4},
                        {0, planes, plane / 4},
                        {doubling.first_source_row(), doubling.source_rows(), row / 2},
                        {0, row / 2, 1}}};
  add(Unit::Load, v.core, Transfer{halves, at + t.in_rows * row, false, doubling});
}

void ConvLowering::tile(const MacVisit& v) {
  const std::int64_t bands = ceil_div(p_.oh, rows_), sample = v.piece / bands, row = v.piece % bands * rows_;
  const ConvTile t = conv_tile(p_, v.channel, v.channels, row, std::min(rows_, p_.oh - row));
  const DramBox output{job_.y,
                       {{sample, 1, p_.oc * p_.oh * p_.ow * out_size_},
                        {t.out_channel, t.out_channels, p_.oh * p_.ow * out_size_},
                        {t.out_row, t.out_rows, p_.ow * out_size_},
                        {0, p_.ow * out_size_, 1}}};
  const std::int64_t weights = v.weight_slot * weight_bytes(),
                     in = weights_in_sram() + loops_.input_at(v.input_slot, in_bytes(), result_bytes()),
                     out = weights_in_sram() + loops_.output_at(v.output_slot, in_bytes(), result_bytes()),
                     residual = out + out_bytes();
  const auto add_here = [&](Unit unit, Body body) { add(unit, v.core, std::move(body)); };
  if (v.load_weights) load_weights(v, weights);
  if (v.load_input) load_input(v, t, sample, in);
  tail_.load(add_here, output, job_.y, residual);
  add_here(Unit::Mac, Convolve{plan_, t, in, weights, weights + aligned(loops_.chunk * p_.taps()), out});
  tail_.apply(add_here, conv_outputs(p_, t), out, residual);
  add_here(Unit::Store, Transfer{output, out});
  ++tile_;
}

void ConvLowering::run(std::int64_t tile_bytes) {
  choose_chunk();
  choose_rows(tile_bytes);
  builder_.reserve_sram(footprint());
  visit_tiles(loops_, p_.n * ceil_div(p_.oh, rows_), [this](const MacVisit& v) { tile(v); });
}

}  // namespace

Program lower_conv(const std::string& name, const ConvJob& job, const MachineParams& machine,
                   std::int64_t tile_bytes) {
  ProgramBuilder builder(name);
  ConvLowering(builder, job, machine).run(tile_bytes);
  return builder.finish();
}

}  // namespace bpusim
