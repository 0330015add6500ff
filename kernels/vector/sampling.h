// Images read between their pixels, in float64, as ONNX defines it: GridSample, RoiAlign;
// and MaxRoiPool.
#pragma once

#include <cstdint>
#include <string>

#include "kernels/tensor/attributes.h"
#include "kernels/tensor/tensor.h"

namespace bpusim {

/// The output's shape: [N, C, grid extents]. Throws std::invalid_argument where x and the grid do not fit,
/// and NotRun for forms that have no arithmetic here.
Shape grid_sample_shape(const Attributes& attributes, const Shape& x, const Shape& grid);

/// x [N, C, (D,) H, W] at the places of a grid [N, ..., 2 or 3], which are (x, y(, z)) from -1 to 1. Throws
/// as above.
Tensor grid_sample(const Attributes& attributes, const Tensor& x, const Tensor& grid);

/// [regions, C, output_height, output_width]. Throws std::invalid_argument where shapes do not fit.
Shape roi_align_shape(const Attributes& attributes, const Shape& x, const Shape& regions,
                      const Shape& samples);

/// Means (or maxima) of bilinear samples within each cell of each region (x1, y1, x2, y2) of sample
/// samples[r]. Throws as above.
Tensor roi_align(const Attributes& attributes, int opset, const Tensor& x, const Tensor& regions,
                 const Tensor& samples);

/// The largest pixel in each cell of each region (sample, x1, y1, x2, y2), whose corners are rounded to
/// pixels; 0 in a cell without any. Throws as above.
Shape roi_pool_shape(const Attributes& attributes, const Shape& x, const Shape& regions);
Tensor roi_pool(const Attributes& attributes, const Tensor& x, const Tensor& regions);

}  // namespace bpusim
