#include "stemma/vectors/labelled_corpus.h"

#include "stemma/base/check.h"
#include "stemma/text/segment.h"
#include "stemma/vectors/subwords.h"

namespace stemma {

void LabelledCorpus::add(std::string_view text, std::span<const std::string> labels) {
  if (labels.empty()) {
    ++without_labels_;
    return;
  }
  for (const auto& label : labels) check(!label.empty(), "an empty label, of the text '", text.substr(0, 40), "'");
  Segmenter spaces("spaces");
  for (const auto word : spaces.split(text))
    if (!word.starts_with(label_prefix) && word != sentence_end) words_.push_back(word_table_.add(word));
  for (const auto& label : labels) labels_.push_back(label_table_.add(label));
  word_ends_.push_back(int64_t(words_.size())), label_ends_.push_back(int64_t(labels_.size()));
}

namespace {

std::vector<WordCount> count(const WordTable& table, const std::vector<int32_t>& numbers, std::string_view prefix) {
  std::vector<WordCount> out;
  for (int32_t i = 0; i < table.size(); ++i) out.push_back({str(prefix, table.text(i))});
  for (const int32_t i : numbers) ++out[size_t(i)].count;
  return out;
}

}  // namespace

std::vector<WordCount> LabelledCorpus::word_counts() const {
  auto out = count(word_table_, words_, "");
  out.push_back({std::string(sentence_end), documents()});
  return out;
}
std::vector<WordCount> LabelledCorpus::label_counts() const { return count(label_table_, labels_, label_prefix); }

}  // namespace stemma
