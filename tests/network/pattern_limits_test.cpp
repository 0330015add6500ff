// Where a pattern must not be seen.
#include "tests/network/norm_spellings.h"

namespace bpusim {
namespace {

TEST(PatternLimits, CopiesThatOthersReadStay) {
  Draft d({2, 8});  // Hugging Face's Llama: the residual reads the same Cast as the norm
  const std::string x = d.cast("x", 1);
  const std::string root =
      d.add("Sqrt", {d.add("Add", {d.mean(d.add("Mul", {x, x}), {-1}), d.scalar(1e-5)})});
  const std::string n = d.add("Mul", {d.add("Div", {x, root}), d.numbers({8})});
  EXPECT_EQ(d.only(d.add("Add", {x, n})), "Cast, RMSNormalization, Add");
}

// The norm is put together where only its beta's sum must stay, and not where a value inside is read.
TEST(PatternLimits, ValuesThatOthersReadStay) {
  Draft d({2, 8});
  const std::string scaled = d.add("Mul", {normalised(d, "x", {-1}), d.numbers({8})});
  const Network n = d.done({d.add("Add", {scaled, d.numbers({8})}), scaled});
  ASSERT_EQ(n.nodes.size(), 2U);
  EXPECT_EQ(n.nodes[0].op, "LayerNormalization");
  EXPECT_EQ(n.nodes[1].op, "Add");
  Draft inner({2, 8});
  const std::string y = with_affine(inner, normalised(inner, "x", {-1}), {8});
  for (const Node& node : inner.network.nodes) {
    if (node.outputs[0] == y || node.op == "Mul") continue;
    const bool statistic = node.name == "ReduceMean_0";  // LayerNormalization has it as a result
    const Network left = inner.done({y, node.outputs[0]});
    EXPECT_EQ(left.nodes.size() == 1, statistic) << node.name;
  }
}

TEST(PatternLimits, LeavesAloneWhatIsOnlyNearlyANorm) {
  const auto stays = [](Draft& d, const std::string& y) {
    EXPECT_EQ(d.done(y).nodes.size(), d.network.nodes.size());
  };
  {
    Draft d({2, 8, 8});  // epsilon by element
    const std::string c = d.add("Sub", {"x", d.mean("x", {2})});
    const std::string v = d.mean(d.add("Mul", {c, c}), {2});
    stays(d, d.add("Div", {c, d.add("Sqrt", {d.add("Add", {v, d.numbers({8, 1})})})}));
  }
  {
    Draft d({2, 8});  // a third power, and a sum instead of a mean
    const std::string c = d.add("Sub", {"x", d.mean("x", {1})});
    const std::string v = d.mean(d.add("Pow", {c, d.scalar(4)}), {1});
    const std::string s = d.reduce("ReduceSum", d.add("Mul", {c, c}), {1});
    const std::string n = d.add("Div", {c, d.add("Sqrt", {d.add("Add", {v, d.scalar(1e-5)})})});
    stays(d, d.add("Div", {n, d.add("Sqrt", {d.add("Add", {s, d.scalar(1e-5)})})}));
  }
  {
    Draft d({2, 8});  // epsilon outside of the root, as large as it shows
    const std::string c = d.add("Sub", {"x", d.mean("x", {1})});
    const std::string root = d.add("Sqrt", {d.mean(d.add("Mul", {c, c}), {1})});
    stays(d, d.add("Div", {c, d.add("Add", {root, d.scalar(1e-2)})}));
  }
}

// Divided by the root mean square of what is centred over other axes: an RMSNorm of that, no LayerNorm.
TEST(PatternLimits, CentredOverOtherAxes) {
  {
    Draft d({2, 8, 8});
    const std::string c = d.add("Sub", {"x", d.mean("x", {1})});
    const std::string v = d.mean(d.add("Mul", {c, c}), {2});
    EXPECT_EQ(d.only(d.add("Div", {c, d.add("Sqrt", {d.add("Add", {v, d.scalar(1e-5)})})})),
              "ReduceMean, Sub, RMSNormalization");
  }
  {
    Draft d({8, 8});  // means of columns subtracted from rows: shapes fit, axes don't
    const std::string m = d.add("Unsqueeze", {d.reduce("ReduceMean", "x", {0}, 0), d.list({1})});
    const std::string c = d.add("Sub", {"x", m});
    const std::string v = d.mean(d.add("Mul", {c, c}), {0});
    EXPECT_EQ(d.only(d.add("Div", {c, d.add("Sqrt", {d.add("Add", {v, d.scalar(1e-5)})})})),
              "ReduceMean, Unsqueeze, Sub, RMSNormalization");
  }
}

// What the rules know without shapes: a norm over last axes that are counted from the end.
TEST(PatternLimits, LayerNormWithoutShapes) {
  Draft d({2, 5, 8});
  const std::string y = with_affine(d, normalised(d, "x", {-1}), {8});
  Network network = d.network;
  network.outputs = {y};
  for (auto& [name, value] : network.values)
    if (!value.constant) value.shape.clear();
  EXPECT_EQ(recognise(network).nodes.size(), 1U);
  Draft front({2, 5, 8});
  const std::string z = with_affine(front, normalised(front, "x", {2}), {8});
  network = front.network;
  network.outputs = {z};
  for (auto& [name, value] : network.values)
    if (!value.constant) value.shape.clear();
  EXPECT_EQ(recognise(network).nodes.size(), network.nodes.size());
}

// `bpusim check` looks for patterns before anything checks the operands.
TEST(PatternLimits, MissingOperandsMatchNothing) {
  Draft whole({2, 5, 8});
  whole.network.outputs = {
      with_affine(whole, normalised(whole, "x", {-1}, {Square::Mul, Quotient::Reciprocal}), {8})};
  for (std::size_t n = 0; n < whole.network.nodes.size(); ++n)
    for (const std::size_t left : {0U, 1U}) {
      Network network = whole.network;
      network.nodes[n].inputs.resize(std::min(left, network.nodes[n].inputs.size()));
      const bool same = network.nodes[n].inputs == whole.network.nodes[n].inputs;
      EXPECT_EQ(recognise(network).nodes.size() == 1, same) << network.nodes[n].name << " " << left;
    }
}

}  // namespace
}  // namespace bpusim
