// Running text as word numbers on disk. The text is read once, whatever its size and wherever it comes from (plain,
// .gz, standard input); every epoch then reads four bytes a word. Memory: the words, not the text.
#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "stemma/base/fields.h"
#include "stemma/vectors/lexicon.h"

namespace stemma {

struct CorpusOptions {
  std::string words = "spaces";     // text/segment.h
  bool lower = false;               // lower case
  int64_t phrases = 0;              // passes that join words which keep company
  double phrase_threshold = 100;    // of the last pass; each earlier one doubles it
  int64_t most_words = 20'000'000;  // different words held while counting; beyond, the rarest are forgotten
  FIELDS(words, lower, phrases, phrase_threshold, most_words)
};

// An unnamed temporary file of numbers, written once, then read by any number of threads.
class NumberFile {
 public:
  explicit NumberFile(const std::string& directory);  // holds the file, which vanishes with this object
  ~NumberFile();
  NumberFile(NumberFile&&) noexcept;
  NumberFile& operator=(NumberFile&&) noexcept;
  void append(int32_t number);
  void flush();
  int64_t size() const { return size_; }
  std::vector<int32_t> read(int64_t begin, int64_t end) const;

 private:
  int file_ = -1;
  int64_t size_ = 0;
  std::vector<int32_t> buffer_;
};

class Corpus {
 public:
  static constexpr int32_t end_of_sentence = -1, lost = -2;
  // `scratch`: a directory for the temporary file. `say` hears of progress in words. Error: file and line of text that
  // is not UTF-8, or no word at all.
  static Corpus read(const std::vector<std::string>& paths, const CorpusOptions& options, const std::string& scratch,
                     const std::function<void(int64_t words)>& say = nullptr);

  // Joins bigrams with (count(a b) - min_count) N / (count(a) count(b)) > threshold into one word "a_b", from left to
  // right, each word once a pass (Mikolov et al. 2013 b, eq. 6). Returns how many different ones there are.
  int64_t join_phrases(double threshold, int64_t min_count);

  std::vector<WordCount> counts() const;  // all words seen, in the order of their first coming
  int64_t different_words() const;
  int64_t running_words() const { return running_words_; }
  int64_t forgotten() const { return forgotten_; }  // different words given up to save memory

  // From now on `chunk` speaks in ids of this lexicon, without the words it does not have.
  void number_by(const Lexicon& lexicon);
  // Texts and counts, which the lexicon has; `chunk` and running_words() go on. Their memory goes back to the system.
  void forget_words();
  int64_t chunks() const { return int64_t(begins_.size()) - 1; }
  std::vector<int32_t> chunk(int64_t i) const;  // ends with end_of_sentence
  // Share of the text before chunk i.
  double share_before(int64_t i) const {
    return double(begins_[size_t(i)]) / double(std::max<int64_t>(1, begins_.back()));
  }

 private:
  explicit Corpus(const std::string& scratch) : scratch_(scratch), file_(scratch) {}
  void add_sentence(const std::vector<int32_t>& ids);
  void finish();
  void forget_rare(int64_t most);
  // Every number n of the file becomes numbers[n]; sizes stay.
  void renumber(const std::vector<int32_t>& numbers);
  std::vector<int32_t> raw_chunk(int64_t i) const { return file_.read(begins_[size_t(i)], begins_[size_t(i) + 1]); }
  std::string scratch_;
  WordTable table_;
  std::vector<int64_t> counts_;   // by number in the table
  std::vector<int32_t> numbers_;  // number in the table -> id
  NumberFile file_;
  std::vector<int64_t> begins_{0};  // of chunks in the file; the last is its size
  int64_t running_words_ = 0, forgotten_ = 0;
};

}  // namespace stemma
