#include "sim/run/golden_store.h"

#include <stdexcept>

namespace bpusim {

void GoldenStore::put(const std::string& name, const std::vector<double>& values) {
  Entry& entry = entries_[name];
  const auto bytes = static_cast<std::int64_t>(values.size() * sizeof(double));
  entry.count = values.size();
  if (bytes <= room_) {
    room_ -= bytes;
    entry.values = values;
    return;
  }
  if (!file_) file_.reset(std::tmpfile());
  entry.offset = file_bytes_;
  if (!file_ || std::fseek(file_.get(), static_cast<long>(file_bytes_), SEEK_SET) != 0 ||
      std::fwrite(values.data(), sizeof(double), values.size(), file_.get()) != values.size())
    throw std::runtime_error("the temporary file for golden values can't be written");
  file_bytes_ += bytes;
}

std::vector<double> GoldenStore::get(const std::string& name) const {
  const Entry& entry = entries_.at(name);
  if (entry.offset < 0) return entry.values;
  std::vector<double> values(entry.count);
  if (std::fseek(file_.get(), static_cast<long>(entry.offset), SEEK_SET) != 0 ||
      std::fread(values.data(), sizeof(double), values.size(), file_.get()) != values.size())
    throw std::runtime_error("the temporary file for golden values can't be read");
  return values;
}

void GoldenStore::drop(const std::string& name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return;
  if (found->second.offset < 0) room_ += static_cast<std::int64_t>(found->second.count * sizeof(double));
  entries_.erase(found);
}

}  // namespace bpusim
