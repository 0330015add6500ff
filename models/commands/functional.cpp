#include "models/commands/functional.h"

#include <algorithm>
#include <cstring>

#include "kernels/mac/conv_int16.h"
#include "kernels/vector/vector_int16.h"

namespace bpusim {

namespace {

template <class T>
T* at(SramBytes& sram, std::int64_t address) {
  return reinterpret_cast<T*>(sram.data() + address);
}

// Codes of either type as int16: for operators of which a side is int16.
std::vector<std::int16_t> widened(SramBytes& sram, std::int64_t address, std::int64_t elements, DType dtype) {
  if (dtype == DType::Int16) {
    const auto* codes = at<std::int16_t>(sram, address);
    return {codes, codes + elements};
  }
  const auto* codes = at<std::int8_t>(sram, address);
  return {codes, codes + elements};
}

void narrow(const std::vector<std::int16_t>& codes, SramBytes& sram, std::int64_t address, DType dtype) {
  if (dtype == DType::Int16) {
    std::copy(codes.begin(), codes.end(), at<std::int16_t>(sram, address));
  } else {
    std::transform(codes.begin(), codes.end(), at<std::int8_t>(sram, address),
                   [](std::int16_t code) { return static_cast<std::int8_t>(code); });
  }
}

// Room for what an operator gives, as int16.
std::vector<std::int16_t> room(std::int64_t elements) {
  return std::vector<std::int16_t>(static_cast<std::size_t>(elements));
}

}  // namespace

void FunctionalUnit::execute(const Program& program, const Command& command) {
  SramBytes& sram = srams_[static_cast<std::size_t>(command.core)];
  struct Visitor {
    FunctionalUnit& self;
    const Program& program;
    const Command& command;
    SramBytes& sram;

    const NormPlan& plan(int index) const { return program.norm_plans[static_cast<std::size_t>(index)]; }

    void operator()(const Transfer& t) const {
      std::uint8_t* data = sram.data() + t.sram;
      t.dram.for_each_run([&](std::int64_t address, std::int64_t bytes) {
        if (address >= kSramWindow) {
          std::uint8_t* there =
              self.srams_[static_cast<std::size_t>(core_of(address))].data() + offset_in_window(address);
          const bool load = command.unit == Unit::Load;
          std::memmove(load ? data : there, load ? there : data, static_cast<std::size_t>(bytes));
        } else if (command.unit == Unit::Load) {
          self.dram_.read(address, data, bytes);
        } else {
          self.dram_.write(address, data, bytes);
        }
        data += bytes;
      });
    }
    void operator()(const Reduce& r) const {
      SetSums* sums = at<SetSums>(sram, r.sums);
      self.overflows_ +=
          plan(r.plan).in.dtype == DType::Int8
              ? reduce_tile(r.tile, plan(r.plan), at<std::int8_t>(sram, r.codes), sums, r.accumulate)
              : reduce_tile(r.tile, plan(r.plan), at<std::int16_t>(sram, r.codes), sums, r.accumulate);
    }
    void operator()(const Combine& c) const {
      std::vector<SetSums> total(static_cast<std::size_t>(c.sets));
      for (const auto& part : c.parts) {
        const SetSums* sums = at<SetSums>(self.srams_[static_cast<std::size_t>(part.core)], part.sums);
        for (std::size_t i = 0; i < total.size(); ++i) {
          total[i].sum += sums[i].sum;
          total[i].square_sum += sums[i].square_sum;
        }
      }
      std::memcpy(sram.data() + c.into, total.data(), total.size() * sizeof(SetSums));
    }
    void operator()(const Finalise& f) const {
      const RsqrtUnit rsqrt(plan(f.plan).widths.rsqrt);
      const SetSums* sums = at<SetSums>(sram, f.sums);
      SetScale* scales = at<SetScale>(sram, f.scales);
      for (std::int64_t i = 0; i < f.sets; ++i) scales[i] = finalise_set(plan(f.plan), sums[i], rsqrt);
    }
    void operator()(const Apply& a) const {
      const auto* scales = at<SetScale>(sram, a.scales);
      const auto* entries = at<AffineEntry>(sram, a.entries);
      const DType in = plan(a.plan).in.dtype, out = plan(a.plan).out.dtype;
      if (in != out) {
        std::vector<std::int16_t> codes = widened(sram, a.codes, a.tile.element_count(), in);
        apply_tile(a.tile, plan(a.plan), codes.data(), scales, entries, codes.data());
        narrow(codes, sram, a.out, out);
      } else if (in == DType::Int8) {
        apply_tile(a.tile, plan(a.plan), at<std::int8_t>(sram, a.codes), scales, entries,
                   at<std::int8_t>(sram, a.out));
      } else {
        apply_tile(a.tile, plan(a.plan), at<std::int16_t>(sram, a.codes), scales, entries,
                   at<std::int16_t>(sram, a.out));
      }
    }
    void operator()(const Primitive& p) const {
      run_primitive(program.decomposed_plans[static_cast<std::size_t>(p.plan)], p.op, p.tile, p.at,
                    sram.data());
    }
    void operator()(const Convolve& c) const {
      const ConvPlan& p = program.conv_plans[static_cast<std::size_t>(c.plan)];
      const auto* weights = at<std::int8_t>(sram, c.weights);
      const auto* entries = at<AffineEntry>(sram, c.entries);
      if (!takes_int16(p))
        return conv_tile_int8(c.tile, p, at<std::int8_t>(sram, c.input), weights, entries,
                              at<std::int8_t>(sram, c.out));
      const auto input = widened(sram, c.input, conv_inputs(p.problem, c.tile), p.in.dtype);
      auto output = room(conv_outputs(p.problem, c.tile));
      conv_tile_int16(c.tile, p, input.data(), weights, entries, output.data());
      narrow(output, sram, c.out, p.out.dtype);
    }
    void operator()(const Elementwise& e) const {
      const ElementwisePlan& p = program.elementwise_plans[static_cast<std::size_t>(e.plan)];
      if (!takes_int16(p))
        return elementwise_int8(p, at<std::int8_t>(sram, e.a), at<std::int8_t>(sram, e.b), e.elements,
                                at<std::int8_t>(sram, e.out), e.broadcast);
      auto a = widened(sram, e.a, e.elements, p.in[0].dtype);
      const auto b = operand_count(p.kind) == 2
                         ? widened(sram, e.b, second_elements(e.broadcast, e.elements), p.in[1].dtype)
                         : room(0);
      elementwise_int16(p, a.data(), b.data(), e.elements, a.data(), e.broadcast);
      narrow(a, sram, e.out, p.out.dtype);
    }
    void operator()(const Lookup& l) const {
      const LookupPlan& p = program.lookup_plans[static_cast<std::size_t>(l.plan)];
      if (!takes_int16(p))
        return lookup_int8(p, at<std::int8_t>(sram, l.in), l.elements, at<std::int8_t>(sram, l.out));
      auto codes = widened(sram, l.in, l.elements, p.in.dtype);
      lookup_int16(p, codes.data(), l.elements, codes.data());
      narrow(codes, sram, l.out, p.out.dtype);
    }
    void operator()(const SoftmaxRows& s) const {
      const SoftmaxPlan& p = program.softmax_plans[static_cast<std::size_t>(s.plan)];
      if (!takes_int16(p))
        return softmax_int8(p, at<std::int8_t>(sram, s.in), s.rows, s.shape, at<std::int8_t>(sram, s.out));
      auto codes = widened(sram, s.in, s.rows * s.shape.elements, p.in.dtype);
      softmax_int16(p, codes.data(), s.rows, s.shape.elements, codes.data());
      narrow(codes, sram, s.out, p.out.dtype);
    }
    void operator()(const Pool& c) const {
      const PoolPlan& p = program.pool_plans[static_cast<std::size_t>(c.plan)];
      if (!takes_int16(p))
        return pool_tile_int8(c.tile, p, at<std::int8_t>(sram, c.in), at<std::int8_t>(sram, c.out));
      const ConvProblem& w = p.problem.window;
      const auto input = widened(sram, c.in, c.tile.out_channels * c.tile.in_rows * w.iw, p.in.dtype);
      auto output = room(c.tile.out_channels * c.tile.out_rows * w.ow);
      pool_tile_int16(c.tile, p, input.data(), output.data());
      narrow(output, sram, c.out, p.out.dtype);
    }
    void operator()(const Multiply& m) const {
      product_tile_int8(program.product_plans[static_cast<std::size_t>(m.plan)], m.rows, m.columns,
                        at<std::int8_t>(sram, m.a), at<std::int8_t>(sram, m.b), at<std::int8_t>(sram, m.out));
    }
    void operator()(const ReduceCodes& r) const {
      reduce_codes(r.tile, program.reduction_plans[static_cast<std::size_t>(r.plan)],
                   at<std::int8_t>(sram, r.codes), at<Partial>(sram, r.partials), r.accumulate);
    }
    void operator()(const FinishReduction& r) const {
      finish_reduction(program.reduction_plans[static_cast<std::size_t>(r.plan)],
                       at<Partial>(sram, r.partials), r.sets, at<std::int8_t>(sram, r.out));
    }
    void operator()(const Resample& r) const {
      resample_int8(r.tile, program.resample_plans[static_cast<std::size_t>(r.plan)],
                    at<std::int8_t>(sram, r.in), at<std::int8_t>(sram, r.out));
    }
    void operator()(const HostTask& task) const { task.work(self.dram_); }
  };
  std::visit(Visitor{*this, program, command, sram}, command.body);
}

void FlatDram::read(std::int64_t address, void* data, std::int64_t bytes) {
  const auto size = static_cast<std::int64_t>(bytes_.size());
  const std::int64_t there = std::clamp<std::int64_t>(size - address, 0, bytes);
  if (there > 0) std::memcpy(data, bytes_.data() + address, static_cast<std::size_t>(there));
  std::memset(static_cast<std::uint8_t*>(data) + there, 0, static_cast<std::size_t>(bytes - there));
}

void FlatDram::write(std::int64_t address, const void* data, std::int64_t bytes) {
  if (static_cast<std::int64_t>(bytes_.size()) < address + bytes)
    bytes_.resize(static_cast<std::size_t>(address + bytes));
  std::memcpy(bytes_.data() + address, data, static_cast<std::size_t>(bytes));
}

std::int64_t interpret(const Program& program, int cores, std::int64_t sram_bytes, DramPort& dram) {
  std::vector<SramBytes> srams(static_cast<std::size_t>(cores),
                               SramBytes(static_cast<std::size_t>(sram_bytes)));
  FunctionalUnit unit(srams, dram);
  for (const Command& command : program.commands) unit.execute(program, command);
  return unit.overflows();
}

}  // namespace bpusim
