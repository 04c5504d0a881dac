#include "stemma/vectors/subwords.h"

#include "stemma/text/word_table.h"

namespace stemma {

namespace {

bool begins_letter(char c) { return (uint8_t(c) & 0xC0) != 0x80; }

// f(n-gram) for each; bytes that are not UTF-8 are taken as fastText takes them.
template <class F>
void each_subword(std::string_view word, const SubwordOptions& options, F&& f) {
  if (options.longest <= 0 || word == sentence_end) return;
  std::string framed;
  framed.reserve(word.size() + 2);
  framed.append("<").append(word).append(">");
  const std::string_view text = framed;
  for (size_t begin = 0; begin < text.size(); ++begin) {
    if (!begins_letter(text[begin])) continue;
    size_t end = begin;
    for (int32_t n = 1; end < text.size() && n <= options.longest; ++n) {
      do ++end;
      while (end < text.size() && !begins_letter(text[end]));
      const bool frame = n == 1 && (begin == 0 || end == text.size());
      if (n >= options.shortest && !frame) f(text.substr(begin, end - begin));
    }
  }
}

}  // namespace

std::vector<int32_t> subwords(std::string_view word, const SubwordOptions& options) {
  std::vector<int32_t> out;
  if (options.buckets <= 0) return out;
  each_subword(word, options,
               [&](std::string_view ngram) { out.push_back(int32_t(word_hash(ngram) % uint32_t(options.buckets))); });
  return out;
}

std::vector<std::string> subword_texts(std::string_view word, const SubwordOptions& options) {
  std::vector<std::string> out;
  each_subword(word, options, [&](std::string_view ngram) { out.emplace_back(ngram); });
  return out;
}

}  // namespace stemma
