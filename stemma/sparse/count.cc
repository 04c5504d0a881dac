#include "stemma/sparse/count.h"

#include <map>
#include <mutex>

#include "stemma/base/parallel.h"

namespace stemma {

namespace {

// Adds a text's n-grams to the row that is open: `find` numbers them, below 0 is no term. A term's entry is where
// place[term] says, if that lies in this row.
template <class Find>
void count_row(SparseMatrix& x, std::vector<int64_t>& place, const std::vector<Ngram>& ngrams, Find&& find) {
  const int64_t begin = x.splits.back();
  for (const Ngram& ngram : ngrams) {
    const int32_t term = find(ngram);
    if (term < 0) continue;
    if (size_t(term) >= place.size()) place.resize(size_t(term) * 2 + 1024, -1);
    int64_t& at = place[size_t(term)];
    if (at >= begin) {
      x.values[size_t(at)] += 1;
    } else {
      at = x.entries();
      x.add(term, 1);
    }
  }
  x.end_row();
}

// Calls make(begin, end) on pieces of the texts; what comes out, in the order of the texts.
template <class Piece, class Make>
std::vector<Piece> in_pieces(int64_t texts, Make&& make) {
  std::map<int64_t, Piece> pieces;
  std::mutex mutex;
  parallel_for(texts, 64, [&](int64_t begin, int64_t end) {
    Piece piece = make(begin, end);
    const std::lock_guard lock(mutex);
    pieces.emplace(begin, std::move(piece));
  });
  std::vector<Piece> out;
  for (auto& [begin, piece] : pieces) out.push_back(std::move(piece));
  return out;
}

void add_piece(Counts& all, Counts& piece, const std::vector<uint32_t>& hashes) {
  std::vector<int32_t> number(size_t(piece.terms.size()));
  for (int32_t t = 0; t < piece.terms.size(); ++t)
    number[size_t(t)] = all.terms.add(piece.terms.text(t), hashes[size_t(t)]);
  for (int32_t& index : piece.x.indices) index = number[size_t(index)];
  all.x.append(piece.x);
}

void count_terms(Counts& counts) {
  counts.x.columns = counts.terms.size();
  counts.documents.assign(size_t(counts.x.columns), 0);
  counts.occurrences = counts.documents;
  for (size_t e = 0; e < counts.x.indices.size(); ++e) {
    const auto term = size_t(counts.x.indices[e]);
    ++counts.documents[term];
    counts.occurrences[term] += int64_t(counts.x.values[e]);
  }
}

}  // namespace

Counts count_ngrams(std::span<const std::string> texts, const NgramOptions& options) {
  struct Piece {
    Counts counts;
    std::vector<uint32_t> hashes;
  };
  auto pieces = in_pieces<Piece>(int64_t(texts.size()), [&](int64_t begin, int64_t end) {
    Piece piece;
    NgramReader reader(options);
    std::vector<int64_t> place;
    const auto number = [&](const Ngram& ngram) {
      const int32_t term = piece.counts.terms.add(ngram.text, ngram.hash);
      if (size_t(term) == piece.hashes.size()) piece.hashes.push_back(ngram.hash);
      return term;
    };
    for (int64_t i = begin; i < end; ++i) count_row(piece.counts.x, place, reader.read(texts[size_t(i)]), number);
    return piece;
  });
  Counts all;
  if (!pieces.empty()) all = std::move(pieces[0].counts);
  for (size_t i = 1; i < pieces.size(); ++i) add_piece(all, pieces[i].counts, pieces[i].hashes);
  count_terms(all);
  return all;
}

SparseMatrix count_known(std::span<const std::string> texts, const NgramOptions& options, const WordTable& terms) {
  auto pieces = in_pieces<SparseMatrix>(int64_t(texts.size()), [&](int64_t begin, int64_t end) {
    SparseMatrix x;
    NgramReader reader(options);
    std::vector<int64_t> place;
    const auto find = [&](const Ngram& ngram) { return terms.find(ngram.text, ngram.hash); };
    for (int64_t i = begin; i < end; ++i) count_row(x, place, reader.read(texts[size_t(i)]), find);
    return x;
  });
  SparseMatrix all;
  if (!pieces.empty()) all = std::move(pieces[0]);
  for (size_t i = 1; i < pieces.size(); ++i) all.append(pieces[i]);
  all.columns = terms.size();
  return all;
}

Counts keep_terms(const Counts& counts, std::span<const int32_t> kept) {
  Counts out;
  std::vector<int32_t> number(size_t(counts.terms.size()), -1);
  for (const int32_t term : kept) {
    number[size_t(term)] = out.terms.add(counts.terms.text(term));
    out.documents.push_back(counts.documents[size_t(term)]);
    out.occurrences.push_back(counts.occurrences[size_t(term)]);
  }
  out.x.columns = out.terms.size();
  for (int64_t i = 0; i < counts.x.rows(); ++i) {
    const auto row = counts.x.row(i);
    for (size_t e = 0; e < row.indices.size(); ++e)
      if (const int32_t term = number[size_t(row.indices[e])]; term >= 0) out.x.add(term, row.values[e]);
    out.x.end_row();
  }
  return out;
}

}  // namespace stemma
