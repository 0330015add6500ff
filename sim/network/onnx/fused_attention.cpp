// Attention and MultiHeadAttention of com.microsoft, in products, a mask and a softmax.
#include <cmath>

#include "sim/network/onnx/fused_writer.h"

namespace bpusim {

namespace {

constexpr double kMaskFilter = -10000;  // onnxruntime's ContribOperators.md

Attributes permuted(std::vector<std::int64_t> perm) {
  Attributes attributes;
  attributes.int_lists["perm"] = std::move(perm);
  return attributes;
}
Attributes with_axis(std::int64_t axis) {
  Attributes attributes;
  attributes.ints["axis"] = axis;
  return attributes;
}

std::int64_t heads_of(const FusedWriter& w) {
  const std::int64_t heads = w.attributes().get("num_heads", std::int64_t{0});
  if (heads < 1) w.not_run("num_heads must be given");
  return heads;
}

bool is_causal(const FusedWriter& w) {
  return w.attributes().get("unidirectional", std::int64_t{0}) != 0;
}

double mask_filter(const FusedWriter& w) {
  return w.attributes().get("mask_filter_value", kMaskFilter);
}

// [N, S, heads * D] to [N, heads, S, D].
std::string in_heads(FusedWriter& w, const std::string& x, const std::string& part) {
  const auto heads = static_cast<double>(heads_of(w));
  const std::string split =
      w.add("Reshape", part + "_split", {x, w.list(part + "_shape", {0, 0, heads, -1})});
  return w.add("Transpose", part, {split}, permuted({0, 2, 1, 3}));
}

// What keys that a mask (1: seen, of rank 2, 3 or 4) leaves out add to their scores.
std::string masked(FusedWriter& w, const std::string& scores, std::size_t mask) {
  const std::size_t rank = w.shape(mask).size();
  if (rank < 2 || rank > 4)
    w.not_run("a mask of rank " + std::to_string(rank) +
              " (lengths of sequences) is not read: give it as one number a key");
  Attributes real;
  real.ints["to"] = 1;
  const std::string seen = w.add("Cast", "mask_real", {w.in(mask)}, real);
  const std::string hidden = w.add("Sub", "mask_hidden", {w.scalar("mask_one", 1), seen});
  std::string added = w.add("Mul", "mask_added", {hidden, w.scalar("mask_filter", mask_filter(w))});
  if (rank == 2) added = w.add("Unsqueeze", "mask", {added, w.list("mask_axes", {1, 2})});
  if (rank == 3) added = w.add("Unsqueeze", "mask", {added, w.list("mask_axes", {1})});
  return w.add("Add", "masked", {scores, added});
}

// Keys behind a query are hidden from it; scores [N, heads, S, L], of which the last S keys are the queries'.
std::string causal(FusedWriter& w, const std::string& scores) {
  const std::string extents = w.add("Shape", "causal_extents", {scores});
  const std::string square =
      w.add("Slice", "causal_shape", {extents, w.list("causal_from", {2}), w.list("causal_to", {4})});
  const std::string queries = w.add("Gather", "causal_queries", {square, w.list("causal_first", {0})}),
                    keys = w.add("Gather", "causal_keys", {square, w.list("causal_second", {1})});
  const std::string past = w.add("Sub", "causal_past", {keys, queries});
  const std::string diagonal = w.add("Add", "causal_diagonal", {past, w.list("causal_one", {1})});
  const std::string all = w.add("Expand", "causal_all", {w.scalar("causal_filter", mask_filter(w)), square});
  const std::string upper = w.add("Trilu", "causal_mask", {all, diagonal});
  return w.add("Add", "causal", {scores, upper});
}

struct Heads {
  std::string q, k, v;     // [N, heads, S or L, D]
  double head_size = 0;    // of q and k
  std::size_t mask, bias;  // inputs, where they are given
};

// softmax(q k^T scale + ...) v, back to [N, S, heads * D].
void attend(FusedWriter& w, const Heads& heads) {
  const std::string turned = w.add("Transpose", "keys_turned", {heads.k}, permuted({0, 1, 3, 2}));
  std::string scores = w.add("MatMul", "products", {heads.q, turned});
  double scale = w.attributes().get("scale", 0.0);
  if (scale == 0) scale = 1 / std::sqrt(heads.head_size);
  scores = w.add("Mul", "scores", {scores, w.scalar("scale", scale)});
  scores = w.plus("biased", scores, heads.bias);
  if (w.given(heads.mask)) scores = masked(w, scores, heads.mask);
  if (is_causal(w)) scores = causal(w, scores);
  const std::string shares = w.add("Softmax", "shares", {scores}, with_axis(-1));
  const std::string mixed = w.add("MatMul", "mixed", {shares, heads.v});
  const std::string by_query = w.add("Transpose", "by_query", {mixed}, permuted({0, 2, 1, 3}));
  w.add("Reshape", "joined", {by_query, w.list("joined_shape", {0, 0, -1})});
}

void refuse_past(const FusedWriter& w, std::size_t first, std::size_t last) {
  for (std::size_t i = first; i <= last; ++i)
    if (w.given(i))
      w.not_run(
          "its cache of earlier keys and values is not read: save the model at onnxruntime's "
          "optimisation level basic");
}

// input [N, S, I], weights [I, Q + K + V], bias, mask, past, bias of the scores.
void write_attention(FusedWriter& w) {
  refuse_past(w, 4, 4);
  const auto heads = static_cast<double>(heads_of(w));
  if (!w.out(1).empty()) w.not_run("its second output, a cache of keys and values, is not read");
  if (w.attributes().get("do_rotary", std::int64_t{0}) != 0) w.not_run("do_rotary is not read");
  std::vector<std::int64_t> sizes = w.attributes().get("qkv_hidden_sizes", std::vector<std::int64_t>{});
  const std::int64_t columns = w.shape(1).back();
  if (sizes.empty()) sizes.assign(3, columns / 3);
  if (columns < 1 || sizes.size() != 3 || sizes[0] + sizes[1] + sizes[2] != columns)
    w.not_run("queries, keys and values do not add up to the " + std::to_string(columns) + " columns of '" +
              w.in(1) + "'");
  const std::string product = w.plus("projected", w.add("MatMul", "product", {w.in(0), w.in(1)}), 2);
  std::vector<double> pieces(sizes.begin(), sizes.end());
  const std::string q = w.add("Split", "queries_flat", {product, w.list("pieces", pieces)}, with_axis(-1));
  const std::string k = w.also("keys_flat"), v = w.also("values_flat");
  attend(w, {in_heads(w, q, "queries"), in_heads(w, k, "keys"), in_heads(w, v, "values"),
             static_cast<double>(sizes[0]) / heads, 3, 5});
}

// query, key, value [N, S or L, heads * D], bias of all three, mask, bias of the scores, past.
void write_multi_head(FusedWriter& w) {
  refuse_past(w, 6, 7);
  const auto heads = static_cast<double>(heads_of(w));
  for (std::size_t i = 0; i < 3; ++i)
    if (!w.given(i) || w.shape(i).size() != 3)
      w.not_run(
          "queries, keys and values that are packed together are not read: save the model at "
          "onnxruntime's optimisation level basic");
  const std::int64_t width = w.shape(0).back();
  if (width < 1) w.not_run("the last extent of '" + w.in(0) + "' is not known");
  std::vector<std::string> parts = {w.in(0), w.in(1), w.in(2)};
  const char* const names[] = {"queries", "keys", "values"};
  if (w.given(3)) {
    const auto whole = static_cast<double>(w.shape(3).back()), each = static_cast<double>(width);
    std::vector<std::string> biases = {w.add(
        "Split", "query_bias", {w.in(3), w.list("pieces", {each, each, whole - 2 * each})}, with_axis(0))};
    biases.push_back(w.also("key_bias"));
    biases.push_back(w.also("value_bias"));
    for (std::size_t i = 0; i < 3; ++i)
      parts[i] = w.add("Add", std::string(names[i]) + "_biased", {parts[i], biases[i]});
  }
  for (std::size_t i = 0; i < 3; ++i) {
    parts[i] = in_heads(w, parts[i], names[i]);
    if (i > 0 && !w.out(i).empty()) parts[i] = w.last().outputs[0] = w.out(i);
  }
  attend(w, {parts[0], parts[1], parts[2], static_cast<double>(width) / heads, 4, 5});
}

}  // namespace

void write_fused_attention(FusedWriter& w, const std::string& op) {
  if (op == "Attention") return write_attention(w);
  write_multi_head(w);
}

}  // namespace bpusim
