#include "sim/quantise/golden_store.h"

#include <cerrno>
#include <cstring>

#include "sim/input_error.h"

namespace bpusim {

namespace {

std::int64_t bytes_of(const Shape& shape) {
  return element_count(shape) * static_cast<std::int64_t>(sizeof(double));
}

}  // namespace

void GoldenStore::put(const std::string& name, const std::shared_ptr<const Tensor>& tensor) {
  drop(name);
  Entry& entry = entries_[name];
  entry.shape = tensor->shape;
  const std::int64_t bytes = bytes_of(entry.shape);
  if (bytes <= room_) {
    room_ -= bytes;
    entry.tensor = tensor;
    return;
  }
  if (!file_) file_.reset(std::tmpfile());
  entry.offset = file_bytes_;
  if (!file_ || std::fseek(file_.get(), static_cast<long>(file_bytes_), SEEK_SET) != 0 ||
      std::fwrite(tensor->values.data(), sizeof(double), tensor->values.size(), file_.get()) !=
          tensor->values.size())
    throw OutputError("the temporary file for golden values can't be written (" +
                      std::string(std::strerror(errno)) + ")");
  file_bytes_ += bytes;
}

std::shared_ptr<const Tensor> GoldenStore::get(const std::string& name) const {
  const Entry& entry = entries_.at(name);
  if (entry.tensor) return entry.tensor;
  Tensor tensor = Tensor::filled(entry.shape, 0);
  if (std::fseek(file_.get(), static_cast<long>(entry.offset), SEEK_SET) != 0 ||
      std::fread(tensor.values.data(), sizeof(double), tensor.values.size(), file_.get()) !=
          tensor.values.size())
    throw OutputError("the temporary file for golden values can't be read (" +
                      std::string(std::strerror(errno)) + ")");
  return std::make_shared<const Tensor>(std::move(tensor));
}

void GoldenStore::drop(const std::string& name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return;
  if (found->second.tensor) room_ += bytes_of(found->second.shape);
  entries_.erase(found);
}

}  // namespace bpusim
