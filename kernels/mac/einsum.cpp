#include "kernels/mac/einsum.h"

#include <algorithm>
#include <map>
#include <stdexcept>

namespace bpusim {

namespace {

[[noreturn]] void refuse(const std::string& equation, const std::string& what) {
  throw std::invalid_argument("Einsum '" + equation + "': " + what);
}

// Letters of each operand and of the result, with the letters' extents. Dimensions of "..." have letters of
// their own, counted from the last: '0', '1', …
struct Letters {
  std::vector<std::string> operands;
  std::string result;
  std::map<char, std::int64_t> extent;
};

std::string without_spaces(const std::string& text) {
  std::string kept;
  for (const char c : text)
    if (c != ' ') kept += c;
  return kept;
}

std::string with_dots_spelt(std::string term, std::size_t dots) {
  const auto at = term.find("...");
  if (at == std::string::npos) return term;
  std::string spelt;
  for (std::size_t d = dots; d-- > 0;) spelt += static_cast<char>('0' + d);
  return term.replace(at, 3, spelt);
}

Letters letters_of(const std::string& equation, const std::vector<Shape>& shapes) {
  const std::string text = without_spaces(equation);
  const auto arrow = text.find("->");
  std::string left = text.substr(0, arrow);
  Letters letters;
  std::size_t most_dots = 0, begin = 0;
  for (std::size_t k = 0; k < shapes.size(); ++k) {
    const std::size_t end = std::min(left.find(',', begin), left.size());
    if (begin > left.size()) refuse(equation, "has fewer terms than operands");
    std::string term = left.substr(begin, end - begin);
    begin = end + 1;
    const bool dots = term.find("...") != std::string::npos;
    const std::size_t named = term.size() - (dots ? 3 : 0);
    if (named > shapes[k].size() || (!dots && named != shapes[k].size()))
      refuse(equation, "term '" + term + "' does not fit " + to_string(shapes[k]));
    if (dots) most_dots = std::max(most_dots, shapes[k].size() - named);
    term = with_dots_spelt(term, shapes[k].size() - named);
    for (std::size_t d = 0; d < term.size(); ++d) {
      std::int64_t& extent = letters.extent.emplace(term[d], shapes[k][d]).first->second;
      if (extent == 1) extent = shapes[k][d];
      if (shapes[k][d] != 1 && shapes[k][d] != extent)
        refuse(equation, std::string("letter ") + term[d] + " has two extents");
    }
    letters.operands.push_back(term);
  }
  if (begin <= left.size()) refuse(equation, "has more terms than operands");
  if (arrow != std::string::npos) {
    letters.result = with_dots_spelt(text.substr(arrow + 2), most_dots);
  } else {  // letters that are there once, in alphabetical order, behind the dots
    letters.result = with_dots_spelt("...", most_dots);
    for (const auto& [letter, extent] : letters.extent)
      if (letter > '9' && std::count(left.begin(), left.end(), letter) == 1) letters.result += letter;
  }
  for (const char c : letters.result)
    if (letters.extent.count(c) == 0) refuse(equation, std::string("no operand has letter ") + c);
  return letters;
}

Shape shape_of(const Letters& letters, const std::string& term) {
  Shape shape;
  for (const char c : term) shape.push_back(letters.extent.at(c));
  return shape;
}

// Elements between neighbours of each of `order`'s letters in a tensor; 0 where it does not have the letter.
std::vector<std::int64_t> strides_of(const std::string& term, const Shape& shape, const std::string& order) {
  std::vector<std::int64_t> strides(order.size(), 0);
  std::int64_t stride = 1;
  for (std::size_t d = term.size(); d-- > 0; stride *= shape[d])
    if (shape[d] != 1) strides[order.find(term[d])] += stride;
  return strides;
}

}  // namespace

Shape einsum_shape(const std::string& equation, const std::vector<Shape>& operands) {
  const Letters letters = letters_of(equation, operands);
  return shape_of(letters, letters.result);
}

namespace {

bool has(const std::string& term, char letter) {
  return term.find(letter) != std::string::npos;
}

// What is left of the first two terms when they are put together: letters that others, or the result, have.
std::string left_of_two(const Letters& letters) {
  std::string others = letters.result, left;
  for (std::size_t k = 2; k < letters.operands.size(); ++k) others += letters.operands[k];
  for (const char c : letters.operands[0] + letters.operands[1])
    if (has(others, c) && !has(left, c)) left += c;
  return left;
}

// Letters that the first two terms have, or all terms where there are no more.
double tuples_of_two(const Letters& letters) {
  double tuples = 1;
  for (const auto& [letter, extent] : letters.extent)
    if (has(letters.operands[0], letter) || (letters.operands.size() > 1 && has(letters.operands[1], letter)))
      tuples *= static_cast<double>(extent);
  return tuples;
}

// The terms without the first two, and what is left of them in front.
Letters without_two(const Letters& letters) {
  Letters rest = letters;
  rest.operands.erase(rest.operands.begin(), rest.operands.begin() + 2);
  rest.operands.insert(rest.operands.begin(), left_of_two(letters));
  return rest;
}

// Every tuple of the letters that the operands have, the result's in front, one product each.
Tensor sum_of_products(const Letters& letters, const std::vector<const Tensor*>& operands) {
  std::string order = letters.result;
  for (const std::string& term : letters.operands)
    for (const char c : term)
      if (!has(order, c)) order += c;
  Tensor y = Tensor::filled(shape_of(letters, letters.result), 0);
  std::vector<std::vector<std::int64_t>> strides;
  for (std::size_t k = 0; k < operands.size(); ++k)
    strides.push_back(strides_of(letters.operands[k], operands[k]->shape, order));
  strides.push_back(strides_of(letters.result, y.shape, order));
  std::vector<std::int64_t> index(order.size(), 0), at(strides.size(), 0);
  while (true) {
    double product = 1;
    for (std::size_t k = 0; k < operands.size(); ++k)
      product *= operands[k]->values[static_cast<std::size_t>(at[k])];
    y.values[static_cast<std::size_t>(at.back())] += product;
    std::size_t d = order.size();
    while (true) {
      if (d == 0) return y;
      --d;
      const std::int64_t extent = letters.extent.at(order[d]);
      for (std::size_t k = 0; k < at.size(); ++k) at[k] += strides[k][d];
      if (++index[d] < extent) break;
      for (std::size_t k = 0; k < at.size(); ++k) at[k] -= strides[k][d] * extent;
      index[d] = 0;
    }
  }
}

}  // namespace

double einsum_products(const std::string& equation, const std::vector<Shape>& operands) {
  Letters letters = letters_of(equation, operands);
  double tuples = 0;
  for (; letters.operands.size() > 2; letters = without_two(letters)) tuples += tuples_of_two(letters);
  return 2 * (tuples + tuples_of_two(letters));
}

Tensor einsum(const std::string& equation, const std::vector<Tensor>& operands) {
  std::vector<Shape> shapes;
  std::vector<const Tensor*> tensors;
  for (const Tensor& x : operands) {
    shapes.push_back(x.shape);
    tensors.push_back(&x);
  }
  Letters letters = letters_of(equation, shapes);
  Tensor two;
  while (tensors.size() > 2) {
    Letters pair = letters;
    pair.operands.resize(2);
    pair.result = left_of_two(letters);
    two = sum_of_products(pair, {tensors[0], tensors[1]});
    letters = without_two(letters);
    tensors.erase(tensors.begin());
    tensors[0] = &two;
  }
  return sum_of_products(letters, tensors);
}

std::optional<ProductProblem> einsum_product(const std::string& equation, const Shape& a, const Shape& b) {
  const Letters letters = letters_of(equation, {a, b});
  const std::string &ta = letters.operands[0], &tb = letters.operands[1], &ty = letters.result;
  for (std::size_t k = 0; k < 2; ++k)
    for (std::size_t d = 0; d < letters.operands[k].size(); ++d)
      if ((k == 0 ? a : b)[d] != letters.extent.at(letters.operands[k][d])) return std::nullopt;
  std::string batch, rows, columns, inner;
  for (const char c : ta) {
    if (std::count(ta.begin(), ta.end(), c) > 1) return std::nullopt;
    if (has(tb, c) && has(ty, c)) batch += c;
    if (!has(tb, c) && has(ty, c)) rows += c;
    if (has(tb, c) && !has(ty, c)) inner += c;
    if (!has(tb, c) && !has(ty, c)) return std::nullopt;
  }
  for (const char c : tb) {
    if (std::count(tb.begin(), tb.end(), c) > 1 || (!has(ta, c) && !has(ty, c))) return std::nullopt;
    if (!has(ta, c)) columns += c;
  }
  ProductProblem p;
  p.a_turned = ta == batch + inner + rows && ta != batch + rows + inner;
  p.b_turned = tb == batch + columns + inner && tb != batch + inner + columns;
  if ((!p.a_turned && ta != batch + rows + inner) || (!p.b_turned && tb != batch + inner + columns) ||
      ty != batch + rows + columns || inner.empty())
    return std::nullopt;
  const auto extent = [&](const std::string& term) { return element_count(shape_of(letters, term)); };
  p.rows = extent(rows);
  p.inner = extent(inner);
  p.columns = extent(columns);
  for (std::int64_t i = 0; i < extent(batch); ++i)
    p.pairs.push_back({i * p.rows * p.inner, i * p.inner * p.columns, i * p.rows * p.columns});
  return p;
}

}  // namespace bpusim
