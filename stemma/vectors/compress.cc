#include "stemma/vectors/compress.h"

#include <algorithm>
#include <numeric>

#include "stemma/base/check.h"

namespace stemma {

namespace {

int64_t codebook_bytes(int64_t width) { return 16 + width * Codebook::centroids * int64_t{sizeof(float)}; }

// What the file takes, part by part (vectors/fasttext_file.cc).
struct Costs {
  int64_t fixed = 0, word = 0, bucket = 0;  // a row of each kind; a word's letters come on top
  Costs(const VectorModel& m, const CompressOptions& o, int32_t piece) {
    const int64_t width = m.dimension(), pieces = (width + piece - 1) / piece;
    fixed = 200 + codebook_bytes(width) + codebook_bytes(1);
    for (int32_t i = m.lexicon.words(); i < m.lexicon.size(); ++i) fixed += int64_t(m.lexicon.text(i).size()) + 10;
    if (m.options.model == "supervised")
      fixed += o.output ? m.output.rows() * ((width + 1) / 2 + 1) + codebook_bytes(width) + codebook_bytes(1)
                        : m.output.rows() * width * int64_t{sizeof(float)};
    word = pieces + 1 + 10, bucket = pieces + 1 + 8;
  }
  int64_t row(const VectorModel& m, int64_t i) const {
    return i < m.lexicon.words() ? word + int64_t(m.lexicon.text(int32_t(i)).size()) : bucket;
  }
};

// Rows, the most important first, and how many of them must stay.
struct Order {
  std::vector<int64_t> rows;
  int64_t needed = 0;
};
Order order_of(const VectorModel& m) {
  std::vector<double> length;
  for (int64_t i = 0; i < m.input.rows(); ++i) {
    const float* const row = m.input.row(i);
    length.push_back(std::inner_product(row, row + m.dimension(), row, 0.0));
  }
  Order out;
  out.rows.resize(length.size());
  std::iota(out.rows.begin(), out.rows.end(), int64_t{0});
  auto first = out.rows.begin();  // of what may go
  if (m.options.model == "supervised") {
    const int32_t end = m.lexicon.find(sentence_end);
    if (end >= 0) std::rotate(out.rows.begin(), out.rows.begin() + end, out.rows.begin() + end + 1), ++first;
  } else {
    first += m.lexicon.words();
  }
  out.needed = std::max<int64_t>(first - out.rows.begin(), std::min<int64_t>(m.input.rows(), Codebook::centroids));
  std::stable_sort(first, out.rows.end(), [&](int64_t a, int64_t b) { return length[size_t(a)] > length[size_t(b)]; });
  return out;
}

struct Choice {
  int64_t rows = 0;
  int64_t least_bytes = 0;  // for what must stay
};
Choice choose(const VectorModel& m, const Order& order, const Costs& costs, int64_t bytes) {
  Choice out;
  int64_t sum = costs.fixed;
  for (const int64_t i : order.rows) {
    sum += costs.row(m, i);
    if (out.rows < order.needed) out.least_bytes = sum;
    if (out.rows >= order.needed && sum > bytes) break;
    ++out.rows;
  }
  return out;
}

// The model of these rows alone: words first, in their order, then buckets.
VectorModel keep_rows(const VectorModel& m, std::vector<int64_t> rows) {
  std::sort(rows.begin(), rows.end());
  VectorModel out;
  out.options = m.options, out.running_words = m.running_words, out.output = m.output, out.pruned = true;
  out.input = VectorTable(int64_t(rows.size()), m.dimension());
  std::vector<WordCount> words, labels;
  for (size_t i = 0; i < rows.size(); ++i) {
    std::copy_n(m.input.row(rows[i]), m.dimension(), out.input.row(int64_t(i)));
    const auto id = int32_t(rows[i]);
    if (id < m.lexicon.words())
      words.push_back({std::string(m.lexicon.text(id)), m.lexicon.count(id)});
    else
      out.kept_buckets[id - m.lexicon.words()] = int32_t(i - words.size());
  }
  for (int32_t i = m.lexicon.words(); i < m.lexicon.size(); ++i)
    labels.push_back({std::string(m.lexicon.text(i)), m.lexicon.count(i)});
  out.lexicon = Lexicon(words, labels);
  return out;
}

VectorTable quantized(const VectorTable& table, int32_t piece, uint64_t seed) {
  return VectorTable(
      quantize(table.data(), table.rows(), int32_t(table.width()), {.piece = piece, .norms = true, .seed = seed}));
}

}  // namespace

VectorModel compressed(const VectorModel& m, const CompressOptions& options) {
  check(!m.input.quantized() && !m.pruned, "the model is quantised already");
  check(options.piece >= 1 && options.piece <= m.dimension(), "pieces of ", options.piece,
        " floats do not fit dimension ", m.dimension());
  const bool supervised = m.options.model == "supervised";
  const Order order = order_of(m);
  int32_t piece = options.piece;
  VectorModel out = m;
  if (options.bytes > 0) {
    Choice choice = choose(m, order, Costs(m, options, piece), options.bytes);
    while (!supervised && choice.least_bytes > options.bytes && piece * 2 <= m.dimension())
      choice = choose(m, order, Costs(m, options, piece *= 2), options.bytes);
    check(choice.least_bytes <= options.bytes, "the model does not fit ", options.bytes, " bytes; it takes ",
          choice.least_bytes, " or more");
    if (choice.rows < m.input.rows()) out = keep_rows(m, {order.rows.begin(), order.rows.begin() + choice.rows});
  }
  out.input = quantized(out.input, piece, options.seed);
  if (!supervised)
    out.output = VectorTable(0, m.dimension());
  else if (options.output)
    out.output = quantized(m.output, 2, options.seed + 1);
  return out;
}

}  // namespace stemma
