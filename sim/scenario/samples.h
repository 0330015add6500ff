// Calibration samples: files that hold what a network's inputs take, read one at a time.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/network/files/raw_tensor.h"
#include "sim/network/network.h"

namespace bpusim {

/// The samples of one input: a file, or a folder of them, each with what that input takes.
struct InputSamples {
  std::string input, path;
  RawType raw = RawType::Float32;  ///< of files that do not say it
  std::int64_t copies = 1;         ///< a file holds one of that many along the first extent, all alike
  std::string place;               ///< "file:line: key" for messages; empty where there is none
};

/// Throws InputError with a line for each path that is not there: what a run with values would stop at.
void require_samples(const std::vector<std::string>& paths, const std::vector<InputSamples>& by_input);

class Samples {
 public:
  /// Files, and folders that stand for all files in them, sorted by name; and such of single inputs, of which
  /// the first of each make the first sample. Throws InputError for a path that is not there, for a folder
  /// without files, and where inputs have different numbers of files.
  explicit Samples(const std::vector<std::string>& paths = {},
                   const std::vector<InputSamples>& by_input = {});

  /// None: the network's own inputs are the only sample.
  bool own_inputs() const { return count_ == 0; }
  std::size_t count() const { return own_inputs() ? 1 : count_; }

  /// `network` with a sample as its inputs. Throws InputError with file, input and shapes where they do not
  /// fit.
  Network apply(std::size_t sample, const Network& network) const;

 private:
  struct OfInput {
    InputSamples samples;
    std::vector<std::string> files;
  };
  void apply_by_input(std::size_t sample, Network& network) const;

  std::vector<std::string> files_;
  std::vector<OfInput> by_input_;  // behind those
  std::size_t count_ = 0;
};

/// A sample's tensors by the names of the network's inputs: an .npz has them by name; .npy and .pb hold one
/// tensor, for a network of one input; of an image other files hold bytes alone. Throws InputError.
std::map<std::string, Tensor> read_samples(const std::string& file, const Network& network);

}  // namespace bpusim
