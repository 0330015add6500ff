// A network while a pass takes nodes out of it, adds some, and turns readers to other values.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/network/free_names.h"
#include "sim/network/network.h"

namespace bpusim {

class NetworkEdit {
 public:
  explicit NetworkEdit(Network network);

  Network& network() { return network_; }
  const Network& network() const { return network_; }
  std::size_t size() const { return network_.nodes.size(); }
  bool alive(std::size_t n) const { return alive_[n] != 0; }
  Node& node(std::size_t n) { return network_.nodes[n]; }
  const Node& node(std::size_t n) const { return network_.nodes[n]; }
  Value& value(const std::string& name) { return network_.values.at(name); }
  const Value& value(const std::string& name) const { return network_.values.at(name); }

  /// The node that makes the value; nothing for inputs and constants.
  std::optional<std::size_t> maker(const std::string& value) const;
  /// One entry for each input that reads it.
  const std::vector<std::size_t>& readers(const std::string& value) const;
  bool leaves(const std::string& value) const;    ///< an output of the network
  bool is_input(const std::string& value) const;  ///< of the network

  /// Nodes may be added anywhere: take() puts them in order. The values they make must be there.
  std::size_t add(Node node);
  void remove(std::size_t n);
  /// One input of a node reads another value.
  void read(std::size_t n, std::size_t input, const std::string& value);
  /// All readers of `from` read `to`.
  void redirect(const std::string& from, const std::string& to);
  /// The node makes its output under another name, which must be free, or a value that nothing makes any
  /// more.
  void make_as(std::size_t n, std::size_t output, const std::string& name);
  std::string take_name(const std::string& wanted) { return names_.take(wanted); }

  /// In the order of their data, else as they were.
  Network take();

 private:
  void forget(std::size_t n);

  Network network_;
  FreeNames names_;
  std::vector<char> alive_;
  std::unordered_map<std::string, std::size_t> makers_;
  std::unordered_map<std::string, std::vector<std::size_t>> readers_;
  std::unordered_map<std::string, char> outputs_, inputs_;
};

}  // namespace bpusim
