#include "kernels/vector/sampling.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "kernels/not_run.h"

namespace bpusim {

namespace {

std::string word(const Attributes& a, const char* name, const char* fallback) {
  return a.get(name, std::string(fallback));
}

constexpr double kReach = 4;                 // pixels from which no tap reaches an image
constexpr double kFarthest = 1e9;            // a place that whole numbers hold
constexpr std::int64_t kMostSamples = 1024;  // of a RoiAlign's cell, an axis

enum class Way { Nearest, Linear, Cubic };
enum class Outside { Zeros, Border, Reflection };

Way way_of(const Attributes& a) {
  const std::string mode = word(a, "mode", "linear");
  if (mode == "nearest") return Way::Nearest;
  if (mode == "linear" || mode == "bilinear") return Way::Linear;
  if (mode == "cubic" || mode == "bicubic") return Way::Cubic;
  throw std::invalid_argument("GridSample: mode '" + mode + "' is none of nearest, linear, cubic");
}

Outside outside_of(const Attributes& a) {
  const std::string mode = word(a, "padding_mode", "zeros");
  if (mode == "zeros") return Outside::Zeros;
  if (mode == "border") return Outside::Border;
  if (mode == "reflection") return Outside::Reflection;
  throw std::invalid_argument("GridSample: padding_mode '" + mode + "' is none of zeros, border, reflection");
}

// An image whose pixels are read between them.
class Sampler {
 public:
  Sampler(const Attributes& a, const Shape& spatial)
      : way_(way_of(a)),
        outside_(outside_of(a)),
        corners_(a.get("align_corners", std::int64_t{0}) != 0),
        spatial_(spatial) {}

  // At a place (x, y, z) of the grid.
  double at(const double* plane, const double* place) const {
    const std::size_t rank = spatial_.size();
    std::vector<double> position(rank);
    for (std::size_t d = 0; d < rank; ++d) {  // the grid has the last axis first
      const double extent = static_cast<double>(spatial_[d]), g = place[rank - 1 - d];
      position[d] = corners_ ? (g + 1) / 2 * (extent - 1) : ((g + 1) * extent - 1) / 2;
      if (way_ != Way::Cubic) position[d] = inside(position[d], spatial_[d]);
    }
    return along(plane, 0, 0, position);
  }

 private:
  // Where a position lies that padding brings back.
  double inside(double position, std::int64_t extent) const {
    const double last = static_cast<double>(extent - 1);
    if (outside_ == Outside::Zeros) return position;
    if (outside_ == Outside::Border) return std::clamp(position, 0.0, last);
    const double low = corners_ ? 0 : -0.5, high = corners_ ? last : last + 0.5, range = high - low;
    if (range <= 0) return 0;
    double away = std::fmod(std::abs(position - low), 2 * range);
    if (away > range) away = 2 * range - away;
    return std::clamp(low + away, 0.0, last);
  }

  struct Taps {
    std::int64_t first = 0;
    std::vector<double> weights;
  };

  Taps taps(double position, std::int64_t extent) const {
    const double far_away = static_cast<double>(extent) + kReach;
    if (outside_ == Outside::Zeros && !(position > -kReach && position < far_away)) return {};
    if (outside_ == Outside::Border) position = std::clamp(position, -kReach, far_away);
    if (!(std::abs(position) < kFarthest))
      throw std::invalid_argument("GridSample: a place " + std::to_string(position) + " pixels away");
    if (way_ == Way::Nearest) return {static_cast<std::int64_t>(std::nearbyint(position)), {1}};
    const double floor = std::floor(position), t = position - floor;
    const auto first = static_cast<std::int64_t>(floor);
    if (way_ == Way::Linear) return {first, {1 - t, t}};
    constexpr double a = -0.75;  // ONNX has no attribute for it here
    const auto near = [](double x) { return ((a + 2) * x - (a + 3)) * x * x + 1; };
    const auto far = [](double x) { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a; };
    return {first - 1, {far(t + 1), near(t), near(1 - t), far(2 - t)}};
  }

  // The sum over the taps of axis `d` and of those behind it.
  double along(const double* plane, std::size_t d, std::int64_t offset,
               const std::vector<double>& position) const {
    if (d == spatial_.size()) return plane[offset];
    const Taps these = taps(position[d], spatial_[d]);
    double sum = 0;
    for (std::size_t k = 0; k < these.weights.size(); ++k) {
      std::int64_t i = these.first + static_cast<std::int64_t>(k);
      if (i < 0 || i >= spatial_[d]) {
        if (outside_ == Outside::Zeros) continue;
        i = static_cast<std::int64_t>(inside(static_cast<double>(i), spatial_[d]));
      }
      if (these.weights[k] != 0)
        sum += these.weights[k] * along(plane, d + 1, offset * spatial_[d] + i, position);
    }
    return sum;
  }

  const Way way_;
  const Outside outside_;
  const bool corners_;
  const Shape spatial_;
};

}  // namespace

Shape grid_sample_shape(const Attributes& attributes, const Shape& x, const Shape& grid) {
  if (x.size() < 3 || grid.size() != x.size() || grid[0] != x[0] ||
      grid.back() != static_cast<std::int64_t>(x.size()) - 2)
    throw std::invalid_argument("GridSample: a grid of " + to_string(grid) + " does not fit " + to_string(x));
  if (x.size() > 5) throw NotRun("GridSample: input " + to_string(x) + " has more than three spatial axes");
  if (way_of(attributes) == Way::Cubic && x.size() > 4)
    throw NotRun("GridSample: cubic over three spatial axes is not run");
  outside_of(attributes);
  Shape shape = {x[0], x[1]};
  shape.insert(shape.end(), grid.begin() + 1, grid.end() - 1);
  return shape;
}

Tensor grid_sample(const Attributes& attributes, const Tensor& x, const Tensor& grid) {
  Tensor y = Tensor::filled(grid_sample_shape(attributes, x.shape, grid.shape), 0);
  const Shape spatial(x.shape.begin() + 2, x.shape.end());
  const Sampler sampler(attributes, spatial);
  const std::int64_t pixels = element_count(spatial), coordinates = grid.shape.back();
  const std::int64_t places = grid.size() / coordinates / x.shape[0];
  for (std::int64_t n = 0; n < x.shape[0]; ++n)
    for (std::int64_t c = 0; c < x.shape[1]; ++c)
      for (std::int64_t p = 0; p < places; ++p)
        y.values[static_cast<std::size_t>((n * x.shape[1] + c) * places + p)] =
            sampler.at(x.values.data() + (n * x.shape[1] + c) * pixels,
                       grid.values.data() + (n * places + p) * coordinates);
  return y;
}

namespace {

// One region's cells on one plane.
struct RegionCells {
  std::int64_t height, width;         // of the plane
  double y, x, cell_h, cell_w;        // where the region begins, and the extent of a cell
  std::int64_t samples_h, samples_w;  // of a cell
  bool maximum;
};

// Bilinear, with pixels at the edge standing for one more behind it; 0 farther out. `combine` takes the four
// shares.
template <class Combine>
void sample_plane(const double* plane, const RegionCells& r, double y, double x, const Combine& combine) {
  if (y < -1 || y > static_cast<double>(r.height) || x < -1 || x > static_cast<double>(r.width))
    return combine(0, 0, 0, 0);
  y = std::max(y, 0.0);
  x = std::max(x, 0.0);
  auto top = static_cast<std::int64_t>(y), left = static_cast<std::int64_t>(x);
  if (top >= r.height - 1) y = static_cast<double>(top = r.height - 1);
  if (left >= r.width - 1) x = static_cast<double>(left = r.width - 1);
  const std::int64_t bottom = std::min(top + 1, r.height - 1), right = std::min(left + 1, r.width - 1);
  const double fy = y - static_cast<double>(top), fx = x - static_cast<double>(left);
  combine((1 - fy) * (1 - fx) * plane[top * r.width + left], (1 - fy) * fx * plane[top * r.width + right],
          fy * (1 - fx) * plane[bottom * r.width + left], fy * fx * plane[bottom * r.width + right]);
}

double cell_of(const double* plane, const RegionCells& r, std::int64_t row, std::int64_t column) {
  double sum = 0;
  bool first = true;
  for (std::int64_t iy = 0; iy < r.samples_h; ++iy)
    for (std::int64_t ix = 0; ix < r.samples_w; ++ix) {
      const double y = r.y + (static_cast<double>(row) +
                              (static_cast<double>(iy) + 0.5) / static_cast<double>(r.samples_h)) *
                                 r.cell_h;
      const double x = r.x + (static_cast<double>(column) +
                              (static_cast<double>(ix) + 0.5) / static_cast<double>(r.samples_w)) *
                                 r.cell_w;
      sample_plane(plane, r, y, x, [&](double a, double b, double c, double d) {
        // ONNX's maximum is of the four shares, not of their sum.
        const double largest = std::max({a, b, c, d});
        sum = r.maximum ? (first ? largest : std::max(sum, largest)) : sum + a + b + c + d;
        first = false;
      });
    }
  const auto count = static_cast<double>(std::max<std::int64_t>(r.samples_h * r.samples_w, 1));
  return r.maximum ? sum : sum / count;
}

}  // namespace

Shape roi_align_shape(const Attributes& a, const Shape& x, const Shape& regions, const Shape& samples) {
  if (x.size() != 4 || regions.size() != 2 || regions[1] != 4 || samples != Shape{regions[0]})
    throw std::invalid_argument("RoiAlign: regions of " + to_string(regions) + " and samples of " +
                                to_string(samples) + " do not fit " + to_string(x));
  const std::int64_t height = a.get("output_height", std::int64_t{1}),
                     width = a.get("output_width", std::int64_t{1});
  const std::int64_t ratio = a.get("sampling_ratio", std::int64_t{0});
  if (height < 1 || width < 1 || ratio < 0 || ratio > kMostSamples)
    throw std::invalid_argument("RoiAlign: an output of " + std::to_string(height) + " x " +
                                std::to_string(width) + " with a sampling_ratio of " + std::to_string(ratio));
  const std::string mode = word(a, "mode", "avg"),
                    coordinates = word(a, "coordinate_transformation_mode", "half_pixel");
  if ((mode != "avg" && mode != "max") || (coordinates != "half_pixel" && coordinates != "output_half_pixel"))
    throw std::invalid_argument("RoiAlign: mode '" + mode + "' or coordinates '" + coordinates +
                                "' are none of ONNX's");
  return {regions[0], x[1], height, width};
}

namespace {

// One a pixel of a cell's extent.
std::int64_t samples_of(double extent) {
  if (!(extent <= static_cast<double>(kMostSamples)))
    throw std::invalid_argument("RoiAlign: a cell of " + std::to_string(extent) + " pixels");
  return std::max<std::int64_t>(0, static_cast<std::int64_t>(std::ceil(std::max(extent, 0.0))));
}

}  // namespace

Tensor roi_align(const Attributes& a, int opset, const Tensor& x, const Tensor& regions,
                 const Tensor& samples) {
  Tensor y = Tensor::filled(roi_align_shape(a, x.shape, regions.shape, samples.shape), 0);
  const double scale = a.get("spatial_scale", 1.0);
  const bool half = word(a, "coordinate_transformation_mode",
                         opset < 16 ? "output_half_pixel" : "half_pixel") == "half_pixel";
  const std::int64_t ratio = a.get("sampling_ratio", std::int64_t{0});
  const std::int64_t channels = x.shape[1], rows = y.shape[2], columns = y.shape[3];
  double* out = y.values.data();
  for (std::int64_t r = 0; r < regions.shape[0]; ++r) {
    const double* region = regions.values.data() + 4 * r;
    const std::int64_t n = to_integer(samples.values[static_cast<std::size_t>(r)]);
    if (n < 0 || n >= x.shape[0])
      throw std::invalid_argument("RoiAlign: a region of sample " + std::to_string(n) + " of " +
                                  std::to_string(x.shape[0]));
    const double shift = half ? 0.5 : 0;
    RegionCells cells{x.shape[2], x.shape[3], region[1] * scale - shift,      region[0] * scale - shift, 0, 0,
                      0,          0,          word(a, "mode", "avg") == "max"};
    double height = region[3] * scale - shift - cells.y, width = region[2] * scale - shift - cells.x;
    if (!half) {  // regions are at least one pixel there
      height = std::max(height, 1.0);
      width = std::max(width, 1.0);
    }
    cells.cell_h = height / static_cast<double>(rows);
    cells.cell_w = width / static_cast<double>(columns);
    cells.samples_h = ratio > 0 ? ratio : samples_of(cells.cell_h);
    cells.samples_w = ratio > 0 ? ratio : samples_of(cells.cell_w);
    for (std::int64_t c = 0; c < channels; ++c) {
      const double* plane = x.values.data() + (n * channels + c) * x.shape[2] * x.shape[3];
      for (std::int64_t i = 0; i < rows; ++i)
        for (std::int64_t j = 0; j < columns; ++j) *out++ = cell_of(plane, cells, i, j);
    }
  }
  return y;
}

Shape roi_pool_shape(const Attributes& a, const Shape& x, const Shape& regions) {
  const auto cells = a.get("pooled_shape", std::vector<std::int64_t>{});
  if (x.size() != 4 || regions.size() != 2 || regions[1] != 5 || cells.size() != 2 || cells[0] < 1 ||
      cells[1] < 1)
    throw std::invalid_argument("MaxRoiPool: regions of " + to_string(regions) + " and a pooled_shape of " +
                                std::to_string(cells.size()) + " extents do not fit " + to_string(x));
  return {regions[0], x[1], cells[0], cells[1]};
}

namespace {

// Pixels [first, last) under one cell of an axis.
struct Stretch {
  std::int64_t first, last;
};
Stretch stretch_of(std::int64_t cell, std::int64_t cells, double begin, double end, std::int64_t extent) {
  const double from = std::round(begin),
               each = std::max(std::round(end) - from + 1, 1.0) / static_cast<double>(cells);
  const auto clipped = [&](double at) {
    return static_cast<std::int64_t>(std::clamp(at + from, 0.0, static_cast<double>(extent)));
  };
  return {clipped(std::floor(static_cast<double>(cell) * each)),
          clipped(std::ceil(static_cast<double>(cell + 1) * each))};
}

}  // namespace

Tensor roi_pool(const Attributes& a, const Tensor& x, const Tensor& regions) {
  Tensor y = Tensor::filled(roi_pool_shape(a, x.shape, regions.shape), 0);
  const double scale = a.get("spatial_scale", 1.0);
  const std::int64_t channels = x.shape[1], height = x.shape[2], width = x.shape[3];
  double* out = y.values.data();
  for (std::int64_t r = 0; r < regions.shape[0]; ++r) {
    const double* region = regions.values.data() + 5 * r;
    const std::int64_t n = to_integer(region[0]);
    if (n < 0 || n >= x.shape[0])
      throw std::invalid_argument("MaxRoiPool: a region of sample " + std::to_string(n) + " of " +
                                  std::to_string(x.shape[0]));
    for (std::int64_t c = 0; c < channels; ++c) {
      const double* plane = x.values.data() + (n * channels + c) * height * width;
      for (std::int64_t i = 0; i < y.shape[2]; ++i) {
        const Stretch rows = stretch_of(i, y.shape[2], region[2] * scale, region[4] * scale, height);
        for (std::int64_t j = 0; j < y.shape[3]; ++j, ++out) {
          const Stretch columns = stretch_of(j, y.shape[3], region[1] * scale, region[3] * scale, width);
          for (std::int64_t h = rows.first; h < rows.last; ++h)
            for (std::int64_t w = columns.first; w < columns.last; ++w) {
              const bool first = h == rows.first && w == columns.first;
              *out = first ? plane[h * width + w] : std::max(*out, plane[h * width + w]);
            }
        }
      }
    }
  }
  return y;
}

}  // namespace bpusim
