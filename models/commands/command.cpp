#include "models/commands/command.h"

#include <algorithm>
#include <stdexcept>

#include "kernels/units.h"

namespace bpusim {

const char* to_string(Unit unit) {
  switch (unit) {
    case Unit::Load:
      return "dma_load";
    case Unit::Store:
      return "dma_store";
    case Unit::Mac:
      return "mac";
    case Unit::Reduction:
      return "reduction";
    case Unit::Vector:
      return "vector";
    case Unit::SpecialFunction:
      return "sfu";
    case Unit::Host:
      return "host";
  }
  throw std::logic_error("to_string: unknown Unit");
}

std::int64_t DramBox::bytes() const {
  std::int64_t total = 1;
  for (const Dim& dim : dims) total *= dim.count;
  return total;
}

std::int64_t DramBox::first() const {
  std::int64_t address = base;
  for (const Dim& dim : dims) address += dim.begin * dim.stride;
  return address;
}

std::int64_t DramBox::last() const {
  std::int64_t address = base;
  for (const Dim& dim : dims) address += (dim.begin + dim.count - 1) * dim.stride;
  return address + 1;
}

bool DramBox::overlaps(const DramBox& other) const {
  if (first() >= other.last() || other.first() >= last()) return false;
  const bool same_view = base == other.base && dims.size() == other.dims.size() &&
                         std::equal(dims.begin(), dims.end(), other.dims.begin(),
                                    [](const Dim& a, const Dim& b) { return a.stride == b.stride; });
  if (!same_view) return true;
  for (std::size_t d = 0; d < dims.size(); ++d) {
    const Dim &a = dims[d], &b = other.dims[d];
    if (a.begin >= b.begin + b.count || b.begin >= a.begin + a.count) return false;
  }
  return true;
}

void BoxRuns::reset(const DramBox& box) {
  std::size_t outer = box.dims.size();
  bytes_ = 1;
  while (outer > 0 && box.dims[outer - 1].stride == bytes_) bytes_ *= box.dims[--outer].count;
  address_ = box.first();
  rows_.clear();
  left_ = 1;
  for (std::size_t d = 0; d < outer; ++d) {
    const DramBox::Dim& dim = box.dims[d];
    left_ *= dim.count;
    if (dim.count == 1) continue;
    if (!rows_.empty() && rows_.back().stride == dim.count * dim.stride) {  // rows that go on evenly are one
      rows_.back() = {rows_.back().count * dim.count, dim.stride, 0};
    } else {
      rows_.push_back({dim.count, dim.stride, 0});
    }
  }
}

void BoxRuns::skip(std::int64_t pieces) {
  left_ -= pieces;
  for (std::size_t r = rows_.size(); r > 0 && pieces > 0; --r) {
    Row& row = rows_[r - 1];
    const std::int64_t at = row.at + pieces;
    if (at < row.count) {
      address_ += pieces * row.stride;
      row.at = at;
      return;
    }
    pieces = at / row.count;
    address_ += (at % row.count - row.at) * row.stride;
    row.at = at % row.count;
  }
}

std::int64_t BoxRuns::even_rows() const {
  if (!rows_.empty() && rows_.back().at > 0) return 0;
  return rows_.size() < 2 ? 1 : rows_[rows_.size() - 2].count - rows_[rows_.size() - 2].at;
}

bool Access::overlaps(const Access& other) const {
  if (space != other.space || begin >= other.end || other.begin >= end) return false;
  return box == nullptr || other.box == nullptr || box->overlaps(*other.box);
}

namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

Access bus(const DramBox& box) {
  if (box.base >= kSramWindow)
    return {1 + core_of(box.first()), offset_in_window(box.first()), offset_in_window(box.last() - 1) + 1,
            nullptr};
  return {0, box.first(), box.last(), &box};
}

Access sram(int core, std::int64_t begin, std::int64_t bytes) {
  return {1 + core, begin, begin + bytes, nullptr};
}

}  // namespace

void relocate(Command& command, std::int64_t offset) {
  std::visit(Overloaded{[&](Transfer& t) { t.sram += offset; },
                        [&](Reduce& r) {
                          r.codes += offset;
                          r.sums += offset;
                        },
                        [&](Combine& c) {
                          for (auto& part : c.parts) part.sums += offset;
                          c.into += offset;
                        },
                        [&](Finalise& f) {
                          f.sums += offset;
                          f.scales += offset;
                        },
                        [&](Apply& a) {
                          for (auto* at : {&a.codes, &a.scales, &a.entries, &a.out}) *at += offset;
                        },
                        [&](Primitive& p) {
                          for (auto* at : {&p.at.codes, &p.at.wide, &p.at.work, &p.at.mean, &p.at.sum,
                                           &p.at.deviation, &p.at.gamma, &p.at.beta})
                            *at += offset;
                        },
                        [&](Convolve& c) {
                          for (auto* at : {&c.input, &c.weights, &c.entries, &c.out}) *at += offset;
                        },
                        [&](Elementwise& e) {
                          for (auto* at : {&e.a, &e.b, &e.out}) *at += offset;
                        },
                        [&](Lookup& l) {
                          l.in += offset;
                          l.out += offset;
                        },
                        [&](SoftmaxRows& s) {
                          s.in += offset;
                          s.out += offset;
                        },
                        [&](Pool& p) {
                          p.in += offset;
                          p.out += offset;
                        },
                        [&](Multiply& m) {
                          for (auto* at : {&m.a, &m.b, &m.out}) *at += offset;
                        },
                        [&](ReduceCodes& r) {
                          r.codes += offset;
                          r.partials += offset;
                        },
                        [&](FinishReduction& r) {
                          r.partials += offset;
                          r.out += offset;
                        },
                        [&](Resample& r) {
                          r.in += offset;
                          r.out += offset;
                        },
                        [&](HostTask&) {}},
             command.body);
}

std::string describe(const Program& program, int command) {
  const Command& c = program.commands[static_cast<std::size_t>(command)];
  const char* what = std::visit(
      Overloaded{
          [&](const Transfer&) { return c.unit == Unit::Load ? "Load" : "Store"; },
          [](const Reduce&) { return "Reduce"; }, [](const Combine&) { return "Combine"; },
          [](const Finalise&) { return "Finalise"; }, [](const Apply&) { return "Apply"; },
          [](const Primitive& p) { return to_string(p.op); }, [](const Convolve&) { return "Convolve"; },
          [](const Elementwise&) { return "Elementwise"; }, [](const Lookup&) { return "Lookup"; },
          [](const SoftmaxRows&) { return "Softmax"; }, [](const Pool&) { return "Pool"; },
          [](const Multiply&) { return "Multiply"; }, [](const ReduceCodes&) { return "ReduceCodes"; },
          [](const FinishReduction&) { return "FinishReduction"; },
          [](const Resample&) { return "Resample"; }, [](const HostTask& task) { return task.what.c_str(); }},
      c.body);
  return std::string(what) + " #" + std::to_string(command) + " (tile " + std::to_string(c.tile) + ", core " +
         std::to_string(c.core) + ", " + to_string(c.unit) + ")";
}

Footprint footprint(const Command& command, const Program& program) {
  const int core = command.core;
  const auto norm_plan = [&](int index) -> const NormPlan& {
    return program.norm_plans[static_cast<std::size_t>(index)];
  };
  Footprint f;
  std::visit(
      Overloaded{
          [&](const Transfer& t) {
            const Access there = bus(t.dram), here = sram(core, t.sram, t.dram.bytes());
            const bool load = command.unit == Unit::Load;
            f.reads = {load ? there : here};
            f.writes = {load ? here : there};
          },
          [&](const Reduce& r) {
            const Access sums = sram(core, r.sums, r.tile.set_count() * kRecordBytes);
            f.reads = {sram(core, r.codes, r.tile.element_count() * byte_size(norm_plan(r.plan).in.dtype))};
            if (r.accumulate) f.reads.push_back(sums);
            f.writes = {sums};
          },
          [&](const Combine& c) {
            for (const auto& part : c.parts)
              f.reads.push_back(sram(part.core, part.sums, c.sets * kRecordBytes));
            f.writes = {sram(core, c.into, c.sets * kRecordBytes)};
          },
          [&](const Finalise& n) {
            f.reads = {sram(core, n.sums, n.sets * kRecordBytes)};
            f.writes = {sram(core, n.scales, n.sets * kRecordBytes)};
          },
          [&](const Apply& a) {
            const std::int64_t elements = a.tile.element_count();
            f.reads = {sram(core, a.codes, elements * byte_size(norm_plan(a.plan).in.dtype)),
                       sram(core, a.entries, a.entry_count * kRecordBytes)};
            if (norm_plan(a.plan).statistic != Statistic::Given)
              f.reads.push_back(sram(core, a.scales, a.tile.set_count() * kRecordBytes));
            f.writes = {sram(core, a.out, elements * byte_size(norm_plan(a.plan).out.dtype))};
          },
          [&](const Primitive& p) {
            const auto& decomposed = program.decomposed_plans[static_cast<std::size_t>(p.plan)];
            for (const PrimitiveSpan& span : primitive_spans(decomposed, p.op, p.tile, p.at))
              (span.write ? f.writes : f.reads).push_back(sram(core, span.begin, span.bytes));
          },
          [&](const Convolve& c) {
            const ConvPlan& plan = program.conv_plans[static_cast<std::size_t>(c.plan)];
            const ConvProblem& p = plan.problem;
            f.reads = {sram(core, c.input, conv_inputs(p, c.tile) * byte_size(plan.in.dtype)),
                       sram(core, c.weights, c.tile.out_channels * p.taps()),
                       sram(core, c.entries, c.tile.out_channels * kRecordBytes)};
            // Outputs that do not lie side by side (int8 only) span what is between them too.
            f.writes = {sram(core, c.out, c.tile.output_span(p.ow) * byte_size(plan.out.dtype))};
          },
          [&](const Elementwise& e) {
            const auto& plan = program.elementwise_plans[static_cast<std::size_t>(e.plan)];
            f.reads = {sram(core, e.a, e.elements * byte_size(plan.in[0].dtype))};
            if (operand_count(plan.kind) == 2)
              f.reads.push_back(
                  sram(core, e.b, second_elements(e.broadcast, e.elements) * byte_size(plan.in[1].dtype)));
            f.writes = {sram(core, e.out, e.elements * byte_size(plan.out.dtype))};
          },
          [&](const Lookup& l) {
            const LookupPlan& plan = program.lookup_plans[static_cast<std::size_t>(l.plan)];
            f.reads = {sram(core, l.in, l.elements * byte_size(plan.in.dtype))};
            f.writes = {sram(core, l.out, l.elements * byte_size(plan.out.dtype))};
          },
          [&](const SoftmaxRows& s) {
            const SoftmaxPlan& plan = program.softmax_plans[static_cast<std::size_t>(s.plan)];
            const std::int64_t elements = s.rows * s.shape.elements;
            f.reads = {sram(core, s.in, elements * byte_size(plan.in.dtype))};
            f.writes = {sram(core, s.out, elements * byte_size(plan.out.dtype))};
          },
          [&](const Pool& p) {
            const PoolPlan& plan = program.pool_plans[static_cast<std::size_t>(p.plan)];
            const ConvProblem& w = plan.problem.window;
            f.reads = {
                sram(core, p.in, p.tile.out_channels * p.tile.in_rows * w.iw * byte_size(plan.in.dtype))};
            f.writes = {
                sram(core, p.out, p.tile.out_channels * p.tile.out_rows * w.ow * byte_size(plan.out.dtype))};
          },
          [&](const Multiply& m) {
            const std::int64_t inner = program.product_plans[static_cast<std::size_t>(m.plan)].inner;
            f.reads = {sram(core, m.a, m.rows * inner), sram(core, m.b, inner * m.columns)};
            f.writes = {sram(core, m.out, m.rows * m.columns)};
          },
          [&](const ReduceCodes& r) {
            const Access partials =
                sram(core, r.partials, r.tile.set_count() * static_cast<std::int64_t>(sizeof(Partial)));
            f.reads = {sram(core, r.codes, r.tile.element_count())};
            if (r.accumulate) f.reads.push_back(partials);
            f.writes = {partials};
          },
          [&](const FinishReduction& r) {
            f.reads = {sram(core, r.partials, r.sets * static_cast<std::int64_t>(sizeof(Partial)))};
            f.writes = {sram(core, r.out, r.sets)};
          },
          [&](const Resample& r) {
            const ResamplePlan& p = program.resample_plans[static_cast<std::size_t>(r.plan)];
            f.reads = {sram(core, r.in, r.tile.planes * r.tile.in_rows * p.columns.in)};
            f.writes = {sram(core, r.out, r.tile.planes * r.tile.out_rows * p.columns.out)};
          },
          [&](const HostTask& task) {
            for (const DramBox& box : task.reads) f.reads.push_back(bus(box));
            for (const DramBox& box : task.writes) f.writes.push_back(bus(box));
          }},
      command.body);
  return f;
}

}  // namespace bpusim
