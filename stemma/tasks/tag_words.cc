#include "stemma/tasks/tag_words.h"

#include <set>

#include "stemma/text/segment.h"
#include "stemma/text/unicode.h"

namespace stemma {

namespace {

constexpr size_t enough_sentences = 2'000;  // to know the rule by

TextWords split(Segmenter& segmenter, std::string_view text) {
  TextWords out;
  for (const auto word : segmenter.split(text)) {
    const int64_t begin = word.data() - text.data();
    out.words.emplace_back(word), out.places.push_back({begin, begin + int64_t(word.size())});
  }
  return out;
}

}  // namespace

TextWords split_words(const std::string& rule, std::string_view text) {
  check_utf8(text, "text");
  Segmenter segmenter(rule);
  TextWords found = split(segmenter, text);
  if (rule != "dictionary") return found;
  TextWords out;
  Segmenter marks("words");
  int64_t done = 0;
  const auto fill_until = [&](int64_t end) {
    const auto gap = split(marks, text.substr(size_t(done), size_t(end - done)));
    for (size_t i = 0; i < gap.words.size(); ++i) {
      out.words.push_back(gap.words[i]);
      out.places.push_back({gap.places[i].begin + done, gap.places[i].end + done});
    }
  };
  for (size_t i = 0; i < found.words.size(); ++i) {
    fill_until(found.places[i].begin);
    out.words.push_back(found.words[i]), out.places.push_back(found.places[i]);
    done = found.places[i].end;
  }
  fill_until(int64_t(text.size()));
  return out;
}

std::string best_word_rule(const std::vector<TaggedSentence>& sentences) {
  std::string best;
  double best_f1 = -1;
  for (const char* rule : {"spaces", "words", "penn", "characters", "dictionary"}) {
    int64_t right = 0, found = 0, there = 0;
    for (size_t i = 0; i < std::min(sentences.size(), enough_sentences); ++i) {
      std::set<std::pair<int64_t, int64_t>> places;
      for (const auto& place : sentences[i].places) places.emplace(place.begin, place.end);
      const auto split = split_words(rule, sentences[i].text);
      for (const auto& place : split.places) right += int64_t(places.count({place.begin, place.end}));
      there += int64_t(sentences[i].places.size()), found += int64_t(split.places.size());
    }
    const double f1 = 2.0 * double(right) / double(std::max<int64_t>(there + found, 1));
    if (f1 > best_f1) best = rule, best_f1 = f1;
  }
  return best;
}

}  // namespace stemma
