#include "stemma/vectors/corpus.h"

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "stemma/base/check.h"
#include "stemma/base/files.h"
#include "stemma/text/segment.h"
#include "stemma/text/unicode.h"

namespace stemma {

namespace {

constexpr size_t part_bytes = 1 << 16;      // of a long line that is read at once
constexpr int64_t longest_sentence = 1000;  // as word2vec and fastText cut them
constexpr int64_t chunk_words = 8192;       // what a thread takes at a time

}  // namespace

// ---- the file ------------------------------------------------------------------------------------------------------
NumberFile::NumberFile(const std::string& directory) {
  std::string path = join_path(directory, "numbers-XXXXXX");
  file_ = ::mkstemp(path.data());
  check(file_ >= 0, "cannot write ", path, ": ", std::strerror(errno));
  ::unlink(path.c_str());
}
NumberFile::~NumberFile() {
  if (file_ >= 0) ::close(file_);
}
NumberFile::NumberFile(NumberFile&& other) noexcept { *this = std::move(other); }
NumberFile& NumberFile::operator=(NumberFile&& other) noexcept {
  std::swap(file_, other.file_), std::swap(size_, other.size_), std::swap(buffer_, other.buffer_);
  return *this;
}
void NumberFile::append(int32_t number) {
  if (buffer_.empty()) buffer_.reserve(1 << 16);
  buffer_.push_back(number), ++size_;
  if (buffer_.size() == (1 << 16)) flush();
}
void NumberFile::flush() {
  const char* p = reinterpret_cast<const char*>(buffer_.data());
  for (size_t left = buffer_.size() * sizeof(int32_t); left > 0;) {
    const ssize_t n = ::write(file_, p, left);
    check(n > 0 || errno == EINTR, "cannot write the numbered text: ", std::strerror(errno),
          errno == ENOSPC ? " (it takes four bytes a word; free some space and try again)" : "");
    if (n > 0) p += n, left -= size_t(n);
  }
  buffer_ = std::vector<int32_t>();
}
std::vector<int32_t> NumberFile::read(int64_t begin, int64_t end) const {
  std::vector<int32_t> out(size_t(end - begin));
  char* p = reinterpret_cast<char*>(out.data());
  for (auto at = off_t(begin) * 4; at < off_t(end) * 4;) {
    const ssize_t n = ::pread(file_, p, size_t(off_t(end) * 4 - at), at);
    check(n > 0 || errno == EINTR,
          "cannot read the numbered text: ", n == 0 ? "it is too short" : std::strerror(errno));
    if (n > 0) p += n, at += n;
  }
  return out;
}

// ---- reading -------------------------------------------------------------------------------------------------------
namespace {

// f(words of a part, the line goes on) for each part of each line of a file.
template <class F>
void each_part(const std::string& path, const CorpusOptions& options, F&& f) {
  LineReader reader(path, part_bytes);
  Segmenter segmenter(options.words);
  std::string part, text, rest;  // rest: the word that the last part broke off in
  while (reader.next_part(part)) {
    text = std::exchange(rest, {}) + part;
    if (reader.part_of_line()) {
      size_t cut = text.find_last_of(" \t");
      if (cut == text.npos) {  // no white space: at a letter's begin
        cut = text.size() - 1;
        while (cut > 0 && (uint8_t(text[cut]) & 0xC0) == 0x80) --cut;
      }
      rest = text.substr(cut);
      text.resize(cut);
    }
    if (invalid_utf8(text) != text.npos) check_utf8(text, str(reader.path(), ":", reader.line_number()));
    if (options.lower) text = lower_case(text);
    f(segmenter.split(text), reader.part_of_line());
  }
}

}  // namespace

Corpus Corpus::read(const std::vector<std::string>& paths, const CorpusOptions& options, const std::string& scratch,
                    const std::function<void(int64_t)>& say) {
  Corpus out(scratch);
  std::vector<int32_t> sentence;
  int64_t said = 0;
  for (const auto& path : paths)
    each_part(path, options, [&](const std::vector<std::string_view>& words, bool goes_on) {
      for (const auto word : words) {
        const int32_t id = out.table_.add(word);
        if (size_t(id) == out.counts_.size()) out.counts_.push_back(0);
        ++out.counts_[size_t(id)];
        sentence.push_back(id);
      }
      if (!goes_on || int64_t(sentence.size()) >= longest_sentence) out.add_sentence(sentence), sentence.clear();
      if (sentence.empty() && out.table_.size() > options.most_words) out.forget_rare(options.most_words);
      if (say && out.running_words_ - said >= 1'000'000) say(said = out.running_words_);
    });
  out.finish();
  check(out.running_words_ > 0, paths.size() == 1 ? paths[0] : "the corpus", " holds no word");
  return out;
}

void Corpus::add_sentence(const std::vector<int32_t>& ids) {
  for (size_t i = 0; i < ids.size(); ++i) {
    file_.append(ids[i]);
    if (int64_t(i + 1) % longest_sentence == 0 || i + 1 == ids.size()) {
      file_.append(end_of_sentence);
      if (file_.size() - begins_.back() >= chunk_words) begins_.push_back(file_.size());
    }
  }
  running_words_ += int64_t(ids.size());
}

void Corpus::finish() {
  if (file_.size() > begins_.back()) begins_.push_back(file_.size());
  file_.flush();
}

// Raises the least count until half the room is free. What is forgotten and comes again counts from one.
void Corpus::forget_rare(int64_t most) {
  int64_t least = 1, kept = table_.size();
  while (kept > most / 2) {
    ++least;
    kept = std::count_if(counts_.begin(), counts_.end(), [&](int64_t count) { return count >= least; });
  }
  WordTable table;
  std::vector<int64_t> counts;
  std::vector<int32_t> numbers(counts_.size(), lost);
  for (int32_t i = 0; i < table_.size(); ++i) {
    if (counts_[size_t(i)] < least) continue;
    numbers[size_t(i)] = table.add(table_.text(i));
    counts.push_back(counts_[size_t(i)]);
  }
  forgotten_ += table_.size() - table.size();
  table_ = std::move(table), counts_ = std::move(counts);
  renumber(numbers);
}

void Corpus::renumber(const std::vector<int32_t>& numbers) {
  file_.flush();
  NumberFile file(scratch_);
  constexpr int64_t piece = 1 << 20;
  for (int64_t begin = 0; begin < file_.size(); begin += piece)
    for (const int32_t n : file_.read(begin, std::min(file_.size(), begin + piece)))
      file.append(n < 0 ? n : numbers[size_t(n)]);
  file.flush();
  file_ = std::move(file);
}

std::vector<WordCount> Corpus::counts() const {
  std::vector<WordCount> out;
  for (int32_t i = 0; i < table_.size(); ++i)
    if (counts_[size_t(i)] > 0) out.push_back({std::string(table_.text(i)), counts_[size_t(i)]});
  return out;
}

int64_t Corpus::different_words() const {
  return std::count_if(counts_.begin(), counts_.end(), [](int64_t count) { return count > 0; });
}

void Corpus::number_by(const Lexicon& lexicon) {
  numbers_.resize(size_t(table_.size()));
  for (int32_t i = 0; i < table_.size(); ++i) {
    const int32_t id = lexicon.find(table_.text(i));
    numbers_[size_t(i)] = id < lexicon.words() ? id : -1;
  }
}
void Corpus::forget_words() {
  table_ = WordTable();
  counts_ = std::vector<int64_t>();
  numbers_.shrink_to_fit(), begins_.shrink_to_fit();
  ::malloc_trim(0);
}

std::vector<int32_t> Corpus::chunk(int64_t i) const {
  auto ids = raw_chunk(i);
  for (int32_t& id : ids) id = id < 0 ? id : numbers_[size_t(id)] < 0 ? lost : numbers_[size_t(id)];
  std::erase(ids, lost);
  return ids;
}

}  // namespace stemma
