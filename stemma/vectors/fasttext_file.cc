#include "stemma/vectors/fasttext_file.h"

#include <cmath>
#include <cstring>

#include "stemma/base/check.h"

namespace stemma {

namespace {

constexpr int32_t magic = 793712314, newest = 12;
const std::vector<std::string> losses{"", "tree", "negatives", "softmax", "each"};  // in the file's order, from 1
const std::vector<std::string> models{"", "cbow", "skipgram", "supervised"};

class Cursor {
 public:
  Cursor(std::string_view bytes, const std::string& where) : bytes_(bytes), where_(where) {}
  std::string_view take(int64_t n, std::string_view what) {
    check(n >= 0 && uint64_t(n) <= bytes_.size(), where_, ": ends too early, in ", what);
    const auto out = bytes_.substr(0, size_t(n));
    bytes_.remove_prefix(size_t(n));
    return out;
  }
  template <class T>
  T number(std::string_view what) {
    T value;
    std::memcpy(&value, take(sizeof value, what).data(), sizeof value);
    return value;
  }
  // A whole number in [low, high].
  template <class T>
  T number(std::string_view what, int64_t low, int64_t high) {
    const T value = number<T>(what);
    check(value >= low && value <= high, where_, ": ", what, ": ", value, " is not between ", low, " and ", high);
    return value;
  }
  bool flag(std::string_view what) { return number<uint8_t>(what, 0, 1) != 0; }
  std::string_view text(std::string_view what) {  // up to a zero byte
    const size_t end = bytes_.find('\0');
    check(end != bytes_.npos, where_, ": ends too early, in ", what);
    const auto out = take(int64_t(end), what);
    take(1, what);
    return out;
  }
  std::vector<float> floats(int64_t n, std::string_view what) {
    check(n <= int64_t(bytes_.size() / 4), where_, ": ends too early, in ", what);
    std::vector<float> out(size_t(n), 0.0f);
    copy_floats(n, what, out.data());
    return out;
  }
  void copy_floats(int64_t n, std::string_view what, float* to) {
    const auto raw = take(n * 4, what);
    if (n > 0) std::memcpy(to, raw.data(), raw.size());
    for (int64_t i = 0; i < n; ++i) check(std::isfinite(to[i]), where_, ": ", what, ": number ", i, " is not finite");
  }
  int64_t left() const { return int64_t(bytes_.size()); }
  std::string_view rest() const { return bytes_; }
  const std::string& where() const { return where_; }

 private:
  std::string_view bytes_;
  std::string where_;
};

VectorOptions read_options(Cursor& in, int32_t version) {
  VectorOptions o;
  o.dimension = in.number<int32_t>("the dimension", 1, 65536);
  o.window = in.number<int32_t>("the window");
  o.epochs = in.number<int32_t>("the epochs");
  o.min_count = in.number<int32_t>("the least count");
  o.negatives = in.number<int32_t>("the negatives");
  o.word_ngrams = in.number<int32_t>("the word n-grams", 0, 1 << 20);
  o.loss = losses[in.number<uint32_t>("the loss", 1, 4)];
  o.model = models[in.number<uint32_t>("the kind of model", 1, 3)];
  o.buckets = in.number<int32_t>("the buckets", 0, 1 << 30);
  o.min_ngram = in.number<int32_t>("the shortest n-gram");
  o.max_ngram = in.number<int32_t>("the longest n-gram", INT32_MIN, 1 << 20);
  in.number<int32_t>("the update rate");
  o.subsample = in.number<double>("the sampling threshold");
  if (version == 11 && o.model == "supervised") o.max_ngram = 0;  // such models had no n-grams of letters
  return o;
}

void read_lexicon(Cursor& in, VectorModel& model) {
  const auto size = in.number<int32_t>("the number of words", 0, in.left() / 10);
  const auto words = in.number<int32_t>("the number of words", 0, size);
  const auto labels = in.number<int32_t>("the number of labels");
  check(int64_t{words} + labels == size, in.where(), ": ", words, " words and ", labels, " labels are not ", size);
  model.running_words = in.number<int64_t>("the number of running words");
  const auto kept = in.number<int64_t>("the number of kept buckets", -1, in.left() / 8);
  std::vector<WordCount> entries[2];
  for (int32_t i = 0; i < size; ++i) {
    const auto text = in.text("the words");
    const auto count = in.number<int64_t>("the words");
    const auto kind = in.number<uint8_t>("the kind of a word", 0, 1);
    check(kind == (i >= words), in.where(), ": the labels do not stand behind the words");
    entries[kind].push_back({std::string(text), count});
  }
  try {
    model.lexicon = Lexicon(entries[0], entries[1]);
  } catch (const Error& e) { fail(in.where(), ": ", e.what()); }
  model.pruned = kept >= 0;
  for (int64_t i = 0; i < kept; ++i) {
    const auto bucket = in.number<int32_t>("the kept buckets");
    model.kept_buckets[bucket] = in.number<int32_t>("the kept buckets", 0, kept - 1);
  }
}

Codebook read_codebook(Cursor& in, int64_t width) {
  Codebook book;
  book.width = in.number<int32_t>("a codebook's width", width, width);
  const auto pieces = in.number<int32_t>("a codebook's pieces", 1, width);
  book.piece = in.number<int32_t>("a codebook's piece", 1, width);
  check(book.pieces() == pieces, in.where(), ": a codebook cuts ", width, " into ", pieces, " pieces of ", book.piece);
  in.number<int32_t>("a codebook's last piece", book.piece_width(pieces - 1), book.piece_width(pieces - 1));
  book.values = in.floats(width * Codebook::centroids, "a codebook");
  return book;
}

std::vector<uint8_t> read_codes(Cursor& in, int64_t n, std::string_view what) {
  const auto raw = in.take(n, what);
  return {raw.begin(), raw.end()};
}

VectorTable read_table(Cursor& in, bool quantized, std::string_view what, int64_t width) {
  const bool norms = quantized && in.flag("whether lengths are apart");
  const auto rows = in.number<int64_t>(str("the rows of ", what), 0, in.left());
  in.number<int64_t>(str("the width of ", what), rows == 0 ? 0 : width, width);
  if (!quantized) {
    check(rows <= in.left() / 4 / width, in.where(), ": ends too early, in ", what);
    VectorTable table(rows, width);
    in.copy_floats(rows * width, what, table.data());
    return table;
  }
  QuantizedRows out;
  out.rows = rows;
  const auto bytes = in.number<int32_t>("the number of codes", 0, in.left());
  out.codes = read_codes(in, bytes, "the codes");
  out.book = read_codebook(in, width);
  check(rows * out.book.pieces() == bytes, in.where(), ": ", bytes, " codes for ", rows, " rows of ",
        out.book.pieces());
  if (norms) {
    out.norm_codes = read_codes(in, rows, "the codes of lengths");
    out.norms = read_codebook(in, 1);
  }
  return VectorTable(std::move(out));
}

// ---- writing -------------------------------------------------------------------------------------------------------
template <class T>
void put_number(AtomicFile& file, T value) {
  file.write(&value, sizeof value);
}

void write_options(AtomicFile& file, const VectorOptions& o) {
  const auto place = [](const std::vector<std::string>& names, const std::string& name) {
    return int32_t(std::find(names.begin(), names.end(), name) - names.begin());
  };
  for (const int32_t v : {o.dimension, o.window, o.epochs, o.min_count, o.negatives, o.word_ngrams,
                          place(losses, o.loss), place(models, o.model), o.buckets, o.min_ngram, o.max_ngram, 100})
    put_number(file, v);
  put_number(file, o.subsample);
}

void write_lexicon(AtomicFile& file, const VectorModel& model) {
  const Lexicon& lexicon = model.lexicon;
  for (const int32_t v : {lexicon.size(), lexicon.words(), lexicon.labels()}) put_number(file, v);
  put_number(file, model.running_words);
  put_number(file, model.pruned ? int64_t(model.kept_buckets.size()) : int64_t{-1});
  std::string out;
  for (int32_t i = 0; i < lexicon.size(); ++i) {
    out.append(lexicon.text(i)).push_back('\0');
    const int64_t count = lexicon.count(i);
    out.append(reinterpret_cast<const char*>(&count), sizeof count).push_back(i >= lexicon.words() ? '\1' : '\0');
    if (out.size() > (1 << 16)) file.write(out), out.clear();
  }
  file.write(out);
  for (const auto& [bucket, row] : model.kept_buckets) put_number(file, bucket), put_number(file, row);
}

void write_codebook(AtomicFile& file, const Codebook& book) {
  for (const int32_t v : {book.width, book.pieces(), book.piece, book.piece_width(book.pieces() - 1)})
    put_number(file, v);
  file.write(book.values.data(), book.values.size() * sizeof(float));
}

void write_table(AtomicFile& file, const VectorTable& table, int64_t width) {
  put_number(file, uint8_t(table.quantized()));
  if (table.quantized()) put_number(file, uint8_t(table.codes().norms.width > 0));
  put_number(file, table.rows());
  put_number(file, width);
  if (!table.quantized()) return file.write(table.data(), size_t(table.rows() * width) * sizeof(float));
  const QuantizedRows& q = table.codes();
  put_number(file, int32_t(q.codes.size()));
  file.write(q.codes.data(), q.codes.size());
  write_codebook(file, q.book);
  if (q.norms.width == 0) return;
  file.write(q.norm_codes.data(), q.norm_codes.size());
  write_codebook(file, q.norms);
}

}  // namespace

bool is_fasttext(std::string_view bytes) {
  int32_t first = 0;
  if (bytes.size() >= sizeof first) std::memcpy(&first, bytes.data(), sizeof first);
  return first == magic;
}

FastTextFile read_fasttext(std::string_view bytes, const std::string& where) {
  check(is_fasttext(bytes), where, ": not a fastText model");
  Cursor in(bytes, where);
  in.number<int32_t>("the magic number");
  const auto version = in.number<int32_t>("the version");
  check(version == 11 || version == newest, where, ": fastText's format ", version, "; known are 11 and 12");
  FastTextFile out;
  VectorModel& model = out.model;
  model.options = read_options(in, version);
  read_lexicon(in, model);
  const int64_t width = model.options.dimension, words = model.lexicon.words();
  const bool quantized = in.flag("whether the input is quantised");
  model.input = read_table(in, quantized, "the input table", width);
  const int64_t buckets = model.pruned ? int64_t(model.kept_buckets.size()) : model.options.buckets;
  check(model.input.rows() == words + buckets, where, ": ", model.input.rows(), " input rows for ", words,
        " words and ", buckets, " buckets");
  const bool quantized_output = in.flag("whether the output is quantised");
  model.output = read_table(in, quantized && quantized_output, "the output table", width);
  const int64_t outputs = model.options.model == "supervised" ? model.lexicon.labels() : words;
  check(model.output.rows() == 0 || model.output.rows() == outputs, where, ": ", model.output.rows(),
        " output rows for ", outputs, model.options.model == "supervised" ? " labels" : " words");
  out.rest = in.rest();
  return out;
}

void write_fasttext(const VectorModel& model, AtomicFile& file) {
  check(model.input.quantized() || !model.pruned, "fastText's format has no pruned table that is not quantised");
  put_number(file, magic);
  put_number(file, newest);
  write_options(file, model.options);
  write_lexicon(file, model);
  write_table(file, model.input, model.options.dimension);
  write_table(file, model.output, model.options.dimension);
}

}  // namespace stemma
