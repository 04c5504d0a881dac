#include "stemma/sparse/vectorizer.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "stemma/base/check.h"
#include "stemma/base/choice.h"
#include "stemma/base/parallel.h"
#include "stemma/sparse/count.h"

namespace stemma {

namespace {

std::vector<TermBlock> blocks_of(const TfidfOptions& o) {
  std::vector<TermBlock> blocks;
  if (o.longest != 0)
    blocks.push_back({.ngrams = {.unit = "words",
                                 .words = o.words,
                                 .shortest = o.shortest,
                                 .longest = o.longest,
                                 .lower_case = o.lower_case}});
  if (o.longest_characters != 0)
    blocks.push_back({.ngrams = {.unit = o.inside_words ? "inside_words" : "characters",
                                 .shortest = o.shortest_characters,
                                 .longest = o.longest_characters,
                                 .lower_case = o.lower_case}});
  check(!blocks.empty(), "longest and longest_characters are both 0: neither words nor characters are features");
  for (const TermBlock& block : blocks) NgramReader check_options(block.ngrams);
  check_choice("norm", o.norm, {"l2", "l1", "none"});
  check(o.min_df >= 0 && o.max_df > 0, "min_df ", o.min_df, ", max_df ", o.max_df, ": give positive numbers");
  check(o.max_features >= 0, "max_features: ", o.max_features, " is below 0");
  return blocks;
}

std::vector<int32_t> terms_to_keep(const Counts& counts, const TfidfOptions& o) {
  const auto texts = double(counts.x.rows());
  const double least = o.min_df < 1 ? o.min_df * texts : o.min_df, most = o.max_df <= 1 ? o.max_df * texts : o.max_df;
  check(least <= most, "min_df ", o.min_df, " wants n-grams in ", least, " texts or more, max_df ", o.max_df, " in ",
        most, " or fewer: none can be left");
  std::vector<int32_t> kept;
  for (int32_t t = 0; t < counts.terms.size(); ++t)
    if (const auto df = double(counts.documents[size_t(t)]); df >= least && df <= most) kept.push_back(t);
  if (o.max_features == 0 || int64_t(kept.size()) <= o.max_features) return kept;
  std::stable_sort(kept.begin(), kept.end(),
                   [&](int32_t a, int32_t b) { return counts.occurrences[size_t(a)] > counts.occurrences[size_t(b)]; });
  kept.resize(size_t(o.max_features));
  std::sort(kept.begin(), kept.end());
  return kept;
}

std::vector<float> idf_of(const Counts& counts, const TfidfOptions& o) {
  std::vector<float> idf(counts.documents.size(), 1);
  if (!o.use_idf) return idf;
  const double smooth = o.smooth_idf ? 1 : 0, n = double(counts.x.rows()) + smooth;
  for (size_t t = 0; t < idf.size(); ++t) idf[t] = float(std::log(n / (double(counts.documents[t]) + smooth)) + 1);
  return idf;
}

// The entries of one row, by column.
void sort_row(std::span<int32_t> indices, std::span<float> values, std::vector<uint64_t>& room) {
  room.clear();
  for (size_t e = 0; e < indices.size(); ++e) room.push_back(uint64_t(indices[e]) << 32 | uint64_t(values[e]));
  std::sort(room.begin(), room.end());
  for (size_t e = 0; e < room.size(); ++e) indices[e] = int32_t(room[e] >> 32), values[e] = float(uint32_t(room[e]));
}

double length_of(std::span<const float> values, const std::string& norm) {
  double sum = 0;
  if (norm == "none") return 1;
  for (const float v : values) sum += norm == "l2" ? double(v) * double(v) : std::abs(double(v));
  return sum == 0 ? 1 : norm == "l2" ? std::sqrt(sum) : sum;
}

// Counts -> tf * idf, normalised, columns ascending.
void weigh(SparseMatrix& x, const TermBlock& block, const TfidfOptions& o) {
  parallel_for(x.rows(), 256, [&](int64_t first, int64_t last) {
    std::vector<uint64_t> room;
    for (int64_t i = first; i < last; ++i) {
      const auto begin = size_t(x.splits[size_t(i)]), size = size_t(x.splits[size_t(i) + 1]) - begin;
      const auto indices = std::span(x.indices).subspan(begin, size);
      const auto values = std::span(x.values).subspan(begin, size);
      sort_row(indices, values, room);
      for (size_t e = 0; e < size; ++e) {
        const double tf = o.sublinear ? 1 + std::log(double(values[e])) : double(values[e]);
        values[e] = float(tf * double(block.idf[size_t(indices[e])]));
      }
      const double length = length_of(values, o.norm);
      for (float& v : values) v = float(double(v) / length);
    }
  });
}

// The columns of all, end to end.
SparseMatrix side_by_side(std::vector<SparseMatrix> parts) {
  if (parts.size() == 1) return std::move(parts[0]);
  SparseMatrix all;
  for (const auto& part : parts) all.columns += part.columns;
  for (int64_t i = 0; i < parts[0].rows(); ++i) {
    int64_t offset = 0;
    for (const auto& part : parts) {
      const auto row = part.row(i);
      for (size_t e = 0; e < row.indices.size(); ++e) all.add(int32_t(row.indices[e] + offset), row.values[e]);
      offset += part.columns;
    }
    all.end_row();
  }
  return all;
}

}  // namespace

Vectorizer::Fitted Vectorizer::fit(Texts texts, const TfidfOptions& options) {
  Fitted out;
  out.vectorizer.options_ = options;
  out.vectorizer.blocks_ = blocks_of(options);
  check(!texts.empty(), "no text to learn n-grams from");
  std::vector<SparseMatrix> parts;
  for (TermBlock& block : out.vectorizer.blocks_) {
    Counts counts = count_ngrams(texts, block.ngrams);
    check(counts.terms.size() > 0, "no n-gram of ", block.ngrams.unit, " in ", texts.size(), " texts");
    const std::vector<int32_t> kept = terms_to_keep(counts, options);
    check(!kept.empty(), "min_df ", options.min_df, " and max_df ", options.max_df, " leave none of ",
          counts.terms.size(), " n-grams of ", block.ngrams.unit);
    if (int32_t(kept.size()) < counts.terms.size()) counts = keep_terms(counts, kept);
    block.idf = idf_of(counts, options);
    block.terms = std::move(counts.terms);
    weigh(counts.x, block, options);
    parts.push_back(std::move(counts.x));
  }
  check(out.vectorizer.features() < INT32_MAX, "more than ", INT32_MAX, " n-grams; set min_df or max_features");
  out.x = side_by_side(std::move(parts));
  return out;
}
Vectorizer::Vectorizer(Texts texts, const TfidfOptions& options) : Vectorizer(fit(texts, options).vectorizer) {}

Vectorizer::Vectorizer(const TfidfOptions& options, std::span<const std::vector<std::string>> terms,
                       std::span<const float> idf)
    : options_(options), blocks_(blocks_of(options)) {
  check(terms.size() == blocks_.size(), "kinds of n-grams: ", terms.size(), ", where the options say ", blocks_.size());
  for (size_t b = 0; b < terms.size(); ++b) {
    for (const auto& term : terms[b]) {
      const int32_t before = blocks_[b].terms.size();
      check(blocks_[b].terms.add(term) == before, "n-gram '", term, "' stands twice");
    }
    check(terms[b].size() <= idf.size(), "idf for ", idf.size(), " n-grams, which are ", terms[b].size());
    blocks_[b].idf.assign(idf.begin(), idf.begin() + int64_t(terms[b].size()));
    idf = idf.subspan(terms[b].size());
  }
  check(idf.empty(), "idf for ", idf.size(), " n-grams more than there are");
}

SparseMatrix Vectorizer::transform(Texts texts) const {
  std::vector<SparseMatrix> parts;
  for (const TermBlock& block : blocks_) {
    parts.push_back(count_known(texts, block.ngrams, block.terms));
    weigh(parts.back(), block, options_);
  }
  return side_by_side(std::move(parts));
}

int64_t Vectorizer::features() const {
  int64_t n = 0;
  for (const TermBlock& block : blocks_) n += block.terms.size();
  return n;
}

std::string_view Vectorizer::term(int64_t feature) const {
  for (const TermBlock& block : blocks_) {
    if (feature < block.terms.size()) return block.terms.text(int32_t(feature));
    feature -= block.terms.size();
  }
  fail("no feature of this number");
}

}  // namespace stemma
