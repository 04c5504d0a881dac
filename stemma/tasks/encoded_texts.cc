#include "stemma/tasks/encoded_texts.h"

#include <algorithm>

#include "stemma/base/hash.h"
#include "stemma/text/segment.h"

namespace stemma {

bool reads_letters(const Json& architecture) {
  const Json* letters = architecture["input"].find("letters");
  return letters && letters->text() != "none";
}

void EncodedTexts::add_letters(std::vector<int32_t> of_token) {
  if (with_letters) letters.push_back(of_token);
}

// How many of the first n tokens each sentence has; those without any are left out.
static std::vector<int64_t> tokens_of_sentences(const Lexed& lexed, size_t n, std::string_view text) {
  std::vector<int64_t> lengths;
  size_t token = 0;
  for (const int64_t end : sentence_ends(text)) {
    const size_t first = token;
    while (token < n && lexed.begin[token] < end) ++token;
    if (token > first) lengths.push_back(int64_t(token - first));
  }
  return lengths;
}

void EncodedTexts::add(const Lexer& lexer, const Lexed& lexed, std::string_view text) {
  const size_t n = longest ? std::min(size_t(longest), lexed.ids.size()) : lexed.ids.size();
  for (size_t i = 0; i < n; ++i)
    add_letters(lexer.letters(text.substr(size_t(lexed.begin[i]), size_t(lexed.end[i] - lexed.begin[i]))));
  cut.push_back(lexed.cut || n < lexed.ids.size());
  if (by_sentence) sentences.push_back(n ? tokens_of_sentences(lexed, n, text) : std::vector<int64_t>{1});
  if (n > 0) return ids.push_back({lexed.ids.data(), n});
  ids.push_back(std::vector<int32_t>{eos_id});
  add_letters({eos_id});
}

void EncodedTexts::add(const Lexer& lexer, const Lexed& lexed, std::span<const std::string> words) {
  check(!lexed.ids.empty(), "a sentence without words");
  for (size_t i = 0; i < lexed.ids.size(); ++i)
    add_letters(lexer.letters(std::string_view(words[size_t(lexed.word[i])])
                                  .substr(size_t(lexed.begin[i]), size_t(lexed.end[i] - lexed.begin[i]))));
  ids.push_back(lexed.ids);
}

void EncodedTexts::add_joined(const EncodedTexts& first, int64_t i, const EncodedTexts& second, int64_t j) {
  std::vector<int32_t> both;
  bool shortened = first.cut[size_t(i)] || second.cut[size_t(j)];
  const auto append = [&](const EncodedTexts& texts, int64_t i, int64_t room) {
    auto part = texts.ids[i];
    if (longest && int64_t(part.size()) > room) part = part.first(size_t(room)), shortened = true;
    both.insert(both.end(), part.begin(), part.end());
    const int64_t from = texts.ids.splits[size_t(i)];
    for (int64_t k = from; with_letters && k < from + int64_t(part.size()); ++k) letters.push_back(texts.letters[k]);
  };
  // Where both do not fit, the second has half of the room, or what it needs of it.
  append(first, i, longest - 1 - std::min(second.length(j), longest / 2));
  joined.push_back(int64_t(both.size()));
  both.push_back(eos_id), add_letters({eos_id});
  append(second, j, longest - int64_t(both.size()));
  ids.push_back(both), cut.push_back(shortened);
}

std::vector<std::vector<double>> EncodedTexts::parted(int64_t i, const std::vector<double>& of_rows) const {
  const auto between = of_rows.begin() + joined[size_t(i)];
  return {{of_rows.begin(), between}, {between + 1, of_rows.end()}};
}

uint64_t EncodedTexts::fingerprint(uint64_t seed) const {
  return hash64(letters.splits, hash64(letters.ids, hash64(ids.splits, hash64(ids.ids, seed))));
}

TokenRows EncodedTexts::gather(std::span<const int64_t> index) const {
  Ragged tokens, of_tokens;
  for (const int64_t i : index) {
    tokens.push_back(ids[i]);
    for (int64_t k = ids.splits[size_t(i)]; with_letters && k < ids.splits[size_t(i) + 1]; ++k)
      of_tokens.push_back(letters[k]);
  }
  std::vector<int64_t> lengths;
  for (const int64_t i : index)
    if (by_sentence) lengths.insert(lengths.end(), sentences[size_t(i)].begin(), sentences[size_t(i)].end());
  TokenRows out{Tensor::ids(tokens.ids, by_sentence ? splits_of_lengths(lengths) : make_splits(tokens.splits)), {}};
  if (with_letters) out.characters = Tensor::ids(of_tokens.ids, make_splits(of_tokens.splits));
  return out;
}

Splits EncodedTexts::documents(std::span<const int64_t> index) const {
  std::vector<int64_t> lengths;
  for (const int64_t i : index) lengths.push_back(int64_t(sentences[size_t(i)].size()));
  return splits_of_lengths(lengths);
}

}  // namespace stemma
