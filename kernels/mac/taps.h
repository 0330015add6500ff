// A convolution's input, laid out so that what lies under one tap of the kernel is a row of a matrix.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/mac/conv.h"
#include "kernels/tensor/gemm.h"

namespace bpusim {

/// Some channels and rows of one sample, dense [channels][rows][iw], for some rows of its output.
template <class S>
struct TapSource {
  const S* values = nullptr;
  std::int64_t channels = 1, first_row = 0, rows = 1;  ///< rows of the input that are there
  std::int64_t out_row = 0, out_rows = 1;
};

/// Planes [channels][rows][phase][columns] with their padding written out: column x of phase f is column
/// x * stride_w + f of the padded input, so that under every tap an output row's inputs lie side by side.
template <class T>
class TapPlanes {
 public:
  /// What `source` needs; rows that it lacks are taken for padding.
  template <class S>
  TapPlanes(const ConvProblem& p, const TapSource<S>& source)
      : problem_(p),
        top_(source.out_row * p.stride_h - p.pad_top),
        rows_((source.out_rows - 1) * p.stride_h + (p.kh - 1) * p.dilation_h + 1),
        phases_(p.stride_w),
        columns_(((p.ow - 1) * p.stride_w + (p.kw - 1) * p.dilation_w + p.stride_w) / p.stride_w) {}

  std::int64_t plane() const { return rows_ * phases_ * columns_; }
  /// Whether the source is laid out so already.
  template <class S>
  bool as_it_is(const TapSource<S>& source) const {
    return phases_ == 1 && problem_.pad_left == 0 && columns_ == problem_.iw && top_ == source.first_row &&
           rows_ == source.rows;
  }

  /// Writes `channels` planes to `planes` (plane() elements each) with value(s) for each element s of the
  /// source and 0 for padding, and reads from there on.
  template <class S, class Value>
  void fill(const TapSource<S>& source, std::int64_t channel, std::int64_t channels, T* planes,
            Value&& value) {
    for (std::int64_t c = channel; c < channel + channels; ++c)
      for (std::int64_t r = 0; r < rows_; ++r) {
        T* to = planes + (c * rows_ + r) * phases_ * columns_;
        const std::int64_t row = top_ + r - source.first_row;
        if (row < 0 || row >= source.rows) {
          std::fill_n(to, phases_ * columns_, T{0});
        } else {
          fill_row(source.values + (c * source.rows + row) * problem_.iw, to, value);
        }
      }
  }
  void read_from(const T* planes) { planes_ = planes; }

  /// The ow inputs of output row `oy` (counted from the source's first) under a tap.
  const T* under(std::int64_t channel, std::int64_t oy, std::int64_t ky, std::int64_t kx) const {
    const std::int64_t row = oy * problem_.stride_h + ky * problem_.dilation_h,
                       column = kx * problem_.dilation_w;
    return planes_ + ((channel * rows_ + row) * phases_ + column % phases_) * columns_ + column / phases_;
  }
  /// Where the taps of `channels` channels lie from under(channel, oy, 0, 0) on, in the order of the weights.
  std::vector<std::int64_t> tap_offsets(std::int64_t channels) const {
    std::vector<std::int64_t> offsets;
    for (std::int64_t c = 0; c < channels; ++c)
      for (std::int64_t ky = 0; ky < problem_.kh; ++ky)
        for (std::int64_t kx = 0; kx < problem_.kw; ++kx)
          offsets.push_back(under(c, 0, ky, kx) - under(0, 0, 0, 0));
    return offsets;
  }
  /// Elements between the inputs of one output row and those of the next.
  std::int64_t row_step() const { return problem_.stride_h * phases_ * columns_; }

 private:
  template <class S, class Value>
  void fill_row(const S* from, T* to, Value&& value) const {
    for (std::int64_t f = 0; f < phases_; ++f, to += columns_) {
      // x * phases + f - pad_left within [0, iw)
      const std::int64_t offset = f - problem_.pad_left;
      const std::int64_t first = std::min(columns_, offset >= 0 ? 0 : (-offset + phases_ - 1) / phases_);
      const std::int64_t last = std::clamp((problem_.iw - offset + phases_ - 1) / phases_, first, columns_);
      std::fill_n(to, first, T{0});
      const S* in = from + offset;
      if (phases_ == 1) {
        for (std::int64_t x = first; x < last; ++x) to[x] = value(in[x]);
      } else {
        for (std::int64_t x = first; x < last; ++x) to[x] = value(in[x * phases_]);
      }
      std::fill_n(to + last, columns_ - last, T{0});
    }
  }

  const ConvProblem& problem_;
  std::int64_t top_, rows_, phases_, columns_;
  const T* planes_ = nullptr;
};

/// Planes as the matrix [taps][out_rows * ow] that a convolution multiplies its weights with; rows in the
/// order of the weights' taps, from a first channel on.
template <class T>
class TapRows : public RowSource<T> {
 public:
  TapRows(const ConvProblem& p, const TapPlanes<T>& planes, std::int64_t channel)
      : problem_(p), planes_(planes), channel_(channel) {}

  const T* row(std::int64_t k, std::int64_t first, std::int64_t count, T* scratch) const override {
    const std::int64_t window = problem_.kh * problem_.kw, at = k % window, ow = problem_.ow;
    const std::int64_t oy = first / ow, step = planes_.row_step();
    const T* in = planes_.under(channel_ + k / window, oy, at / problem_.kw, at % problem_.kw);
    std::int64_t x = first - oy * ow;
    if (step == ow || x + count <= ow) return in + x;
    for (T* to = scratch; count > 0; in += step, x = 0) {
      const std::int64_t run = std::min(ow - x, count);
      std::copy_n(in + x, run, to);
      to += run;
      count -= run;
    }
    return scratch;
  }

 private:
  const ConvProblem& problem_;
  const TapPlanes<T>& planes_;
  std::int64_t channel_;
};

}  // namespace bpusim
