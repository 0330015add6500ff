// Calibration samples: files that hold what a network's inputs take, read one at a time.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/network/network.h"

namespace bpusim {

class Samples {
 public:
  /// Files, and folders that stand for all files in them, sorted by name. Throws InputError for a path that
  /// is not there, and for a folder without files.
  explicit Samples(const std::vector<std::string>& paths = {});

  /// None: the network's own inputs are the only sample.
  bool own_inputs() const { return files_.empty(); }
  std::size_t count() const { return own_inputs() ? 1 : files_.size(); }

  /// `network` with a sample as its inputs. Throws InputError with file, input and shapes where they do not
  /// fit.
  Network apply(std::size_t sample, const Network& network) const;

 private:
  std::vector<std::string> files_;
};

/// A sample's tensors by the names of the network's inputs: an .npz has them by name; .npy and .pb hold one
/// tensor, for a network of one input. Throws InputError.
std::map<std::string, Tensor> read_samples(const std::string& file, const Network& network);

}  // namespace bpusim
