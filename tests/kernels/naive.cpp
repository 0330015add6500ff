#include "tests/kernels/naive.h"

namespace bpusim {

void for_each_product(const ConvProblem& p,
                      const std::function<void(std::size_t, std::size_t, std::size_t)>& visit) {
  std::size_t y = 0;
  for (std::int64_t s = 0; s < p.n; ++s)
    for (std::int64_t o = 0; o < p.oc; ++o)
      for (std::int64_t oy = 0; oy < p.oh; ++oy)
        for (std::int64_t ox = 0; ox < p.ow; ++ox, ++y)
          for (std::int64_t c = 0; c < p.group_inputs(); ++c)
            for (std::int64_t ky = 0; ky < p.kh; ++ky)
              for (std::int64_t kx = 0; kx < p.kw; ++kx) {
                const std::int64_t iy = oy * p.stride_h - p.pad_top + ky * p.dilation_h;
                const std::int64_t ix = ox * p.stride_w - p.pad_left + kx * p.dilation_w;
                if (iy < 0 || iy >= p.ih || ix < 0 || ix >= p.iw) continue;
                const std::int64_t channel = o / p.group_outputs() * p.group_inputs() + c;
                visit(y, static_cast<std::size_t>(((o * p.group_inputs() + c) * p.kh + ky) * p.kw + kx),
                      static_cast<std::size_t>(((s * p.ic + channel) * p.ih + iy) * p.iw + ix));
              }
}

Tensor naive_conv(const ConvProblem& p, const Tensor& x, const Tensor& weights,
                  const std::vector<double>& bias, std::size_t rank) {
  Tensor y = Tensor::filled(conv_output_shape(p, rank), 0);
  for (std::size_t i = 0; i < y.values.size() && !bias.empty(); ++i)
    y.values[i] = bias[i / static_cast<std::size_t>(p.oh * p.ow) % bias.size()];
  for_each_product(p, [&](std::size_t i, std::size_t w, std::size_t j) {
    y.values[i] += weights.values[w] * x.values[j];
  });
  return y;
}

std::vector<std::int64_t> naive_sums(const ConvPlan& plan, const std::vector<std::int8_t>& codes) {
  const ConvProblem& p = plan.problem;
  std::vector<std::int64_t> sums(static_cast<std::size_t>(p.n * p.oc * p.oh * p.ow), 0);
  for_each_product(p, [&](std::size_t i, std::size_t w, std::size_t j) {
    sums[i] += plan.weights[w] * (codes[j] - plan.in.zero_point);
  });
  return sums;
}

std::vector<double> naive_product(std::int64_t m, std::int64_t n, std::int64_t k,
                                  const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> c(static_cast<std::size_t>(m * n), 0);
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j)
      for (std::int64_t e = 0; e < k; ++e)
        c[static_cast<std::size_t>(i * n + j)] +=
            a[static_cast<std::size_t>(i * k + e)] * b[static_cast<std::size_t>(e * n + j)];
  return c;
}

Tensor naive_conv_transpose(const Tensor& x, const Tensor& weights, const std::vector<double>& bias,
                            std::int64_t groups, const std::vector<std::int64_t>& strides,
                            const std::vector<std::int64_t>& pads, const std::vector<std::int64_t>& dilations,
                            std::int64_t oh, std::int64_t ow) {
  const std::int64_t n = x.shape[0], ic = x.shape[1], ih = x.shape[2], iw = x.shape[3];
  const std::int64_t each = weights.shape[1], kh = weights.shape[2], kw = weights.shape[3], per = ic / groups;
  Tensor y = Tensor::filled({n, each * groups, oh, ow}, 0);
  std::size_t at = 0;
  for (std::int64_t s = 0; s < n; ++s)
    for (std::int64_t o = 0; o < each * groups; ++o)
      for (std::int64_t oy = 0; oy < oh; ++oy)
        for (std::int64_t ox = 0; ox < ow; ++ox, ++at) {
          double sum = bias.empty() ? 0 : bias[static_cast<std::size_t>(o)];
          for (std::int64_t c = o / each * per; c < (o / each + 1) * per; ++c)
            for (std::int64_t iy = 0; iy < ih; ++iy)
              for (std::int64_t ix = 0; ix < iw; ++ix) {
                const std::int64_t ty = oy + pads[0] - iy * strides[0], tx = ox + pads[1] - ix * strides[1];
                if (ty < 0 || tx < 0 || ty % dilations[0] != 0 || tx % dilations[1] != 0) continue;
                const std::int64_t ky = ty / dilations[0], kx = tx / dilations[1];
                if (ky >= kh || kx >= kw) continue;
                sum += weights.values[static_cast<std::size_t>(((c * each + o % each) * kh + ky) * kw + kx)] *
                       x.values[static_cast<std::size_t>(((s * ic + c) * ih + iy) * iw + ix)];
              }
          y.values[at] = sum;
        }
  return y;
}

}  // namespace bpusim
