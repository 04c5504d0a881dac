// Sentences whose words carry tags: CoNLL (a word a line, a blank line between sentences), CoNLL-U, and lines of
// "word:tag word:tag <=> intent".
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "stemma/base/fields.h"
#include "stemma/data/label_set.h"
#include "stemma/data/ragged.h"
#include "stemma/data/skipped.h"

namespace stemma {

struct TaggedTextSource {
  std::string path;
  std::string format = "auto";  // conll | conllu | slots | auto: .conllu by the name, slots when the first line has
                                // " <=> ", else conll
  // conll: numbers of columns from 1, or from the end as -1. conllu: word FORM or LEMMA, tag a column (UPOS, XPOS,
  // LEMMA, FEATS, DEPREL, ...) or a key of FEATS ("Number"); a value that is absent is "_". Empty: the usual ones.
  std::string word, tag;     // conll: 1 and -1; conllu: FORM and UPOS
  bool spaces = true;        // conll, slots: words are written apart; false: Chinese characters are not
  bool strip_index = false;  // conll: "北0", "京1": the digits behind the first character are no part of the word
  FIELDS(path, format, word, tag, spaces, strip_index)
};

// Where a word stands in the text: bytes [begin, end).
struct WordPlace {
  int64_t begin = 0, end = 0;
};
struct TaggedSentence {
  std::vector<std::string> words, tags;
  // The sentence as running text, without spaces where SpaceAfter=No or `spaces` is off. A multiword token stands there
  // as it was written: its words have places of their own when they spell it ("do", "n't"), else all have its place.
  std::string text;
  std::vector<WordPlace> places;
  std::string intent;  // slots: what stands behind <=>, as it is there
  std::string place;   // "dev.conllu:7", its first word
};

struct TaggedTextReport {
  int64_t sentences = 0, words = 0;
  Skipped empty_nodes;       // conllu: 8.1, elided words that nobody wrote
  Skipped multiword_tokens;  // conllu: 3-4, counted; their words are kept
  Skipped illegal_bio;       // I-x that follows neither B-x nor I-x; kept as it is, scored as a beginning
  Skipped unseen_tags;       // not in `known`
  FIELDS(sentences, words, empty_nodes, multiword_tokens, illegal_bio, unseen_tags)
};

// Streams. Passed over: lines that begin with -DOCSTART-, or with # before the first word of a sentence (CoNLL: unless
// they have as many columns as all others). Errors name file and line: a ragged line, an unknown column, text that is
// not UTF-8, an empty word or tag, a sentence over 100,000 words.
class TaggedTextReader {
 public:
  explicit TaggedTextReader(const TaggedTextSource& source);
  ~TaggedTextReader();
  TaggedTextReader(TaggedTextReader&&) noexcept;
  bool next(TaggedSentence& sentence);
  const TaggedTextReport& report() const { return report_; }

 private:
  struct Input;
  std::unique_ptr<Input> input_;
  TaggedTextReport report_;
};

// All of it in memory.
struct TaggedTexts {
  std::vector<TaggedSentence> sentences;
  Ragged tags;       // ids in names, as many sequences as sentences
  LabelSet names;    // of tags
  LabelSet intents;  // empty when there are none
  TaggedTextReport report;
  int64_t size() const { return int64_t(sentences.size()); }
};
// Training text: its tags become the set. Error when no sentence is left or all words have the same tag.
TaggedTexts read_tagged_texts(const TaggedTextSource& source);
// Validation and test text. `known` may lack a tag: its id is -1, which no answer equals, and the report counts it:
// rare tags do appear in test text alone. An intent is looked up by its caller.
TaggedTexts read_tagged_texts(const TaggedTextSource& source, const LabelSet& known);

}  // namespace stemma
