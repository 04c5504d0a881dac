#include "stemma/tasks/encoded_texts.h"

namespace stemma {

bool reads_letters(const Json& architecture) {
  const Json* letters = architecture["input"].find("letters");
  return letters && letters->text() != "none";
}

void EncodedTexts::add_letters(std::vector<int32_t> of_token) {
  if (with_letters) letters.push_back(of_token);
}

void EncodedTexts::add(const Lexer& lexer, const Lexed& lexed, std::string_view text) {
  for (size_t i = 0; i < lexed.ids.size(); ++i)
    add_letters(lexer.letters(text.substr(size_t(lexed.begin[i]), size_t(lexed.end[i] - lexed.begin[i]))));
  if (!lexed.ids.empty()) return ids.push_back(lexed.ids);
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
  const auto append = [&](const EncodedTexts& texts, int64_t i) {
    const auto part = texts.ids[i];
    both.insert(both.end(), part.begin(), part.end());
    for (int64_t k = texts.ids.splits[size_t(i)]; with_letters && k < texts.ids.splits[size_t(i) + 1]; ++k)
      letters.push_back(texts.letters[k]);
  };
  append(first, i);
  both.push_back(eos_id), add_letters({eos_id});
  append(second, j);
  ids.push_back(both);
}

TokenRows EncodedTexts::gather(std::span<const int64_t> index) const {
  Ragged tokens, of_tokens;
  for (const int64_t i : index) {
    tokens.push_back(ids[i]);
    for (int64_t k = ids.splits[size_t(i)]; with_letters && k < ids.splits[size_t(i) + 1]; ++k)
      of_tokens.push_back(letters[k]);
  }
  TokenRows out{Tensor::ids(tokens.ids, make_splits(tokens.splits)), {}};
  if (with_letters) out.characters = Tensor::ids(of_tokens.ids, make_splits(of_tokens.splits));
  return out;
}

}  // namespace stemma
