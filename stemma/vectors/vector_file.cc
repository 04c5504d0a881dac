#include "stemma/vectors/vector_file.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>

#include "stemma/base/check.h"
#include "stemma/base/parallel.h"
#include "stemma/vectors/fasttext_file.h"

namespace stemma {

namespace {

constexpr size_t longest_line = size_t{1} << 22;

// Grows row by row, so that a header promises nothing.
struct Gathered {
  std::vector<WordCount> words;
  std::vector<float> values;
  WordTable known;
  int64_t repeated = 0;

  bool add(std::string_view word) {  // false: it came before, the first one counts
    const bool is_new = known.add(word) == int32_t(words.size());
    is_new ? words.push_back({std::string(word), 0}) : void(++repeated);
    return is_new;
  }
  VectorModel model(int64_t width, const std::string& where) {
    check(!words.empty(), where, " holds no vector");
    for (size_t i = 0; i < words.size(); ++i) words[i].count = int64_t(words.size() - i);  // frequent ones come first
    VectorModel out;
    out.options = {.dimension = int32_t(width), .max_ngram = 0, .buckets = 0};
    out.lexicon = Lexicon(words);
    out.input = VectorTable(int64_t(words.size()), width);
    out.output = VectorTable(0, width);
    std::copy(values.begin(), values.end(), out.input.data());
    return out;
  }
};

struct Header {
  int64_t words = 0, width = 0;
};
// "71291 200" and nothing else.
std::optional<Header> header_of(std::string_view line) {
  Header out;
  const char *p = line.data(), *const end = p + line.size();
  for (int64_t* value : {&out.words, &out.width}) {
    while (p < end && *p == ' ') ++p;
    const auto [next, error] = std::from_chars(p, end, *value);
    if (error != std::errc()) return {};
    p = next;
  }
  while (p < end && (*p == ' ' || *p == '\r')) ++p;
  if (p != end || out.words < 0 || out.width < 1 || out.width > 65536) return {};
  return out;
}

bool parse_float(std::string_view text, float& value) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(value);
}

// The last field of a line, which loses it and the space before it.
std::string_view last_field(std::string_view& line) {
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  const size_t space = line.find_last_of(" \t");
  const auto field = line.substr(space == line.npos ? 0 : space + 1);
  line = line.substr(0, space == line.npos ? 0 : space);
  return field;
}

// How many numbers end the line, the word in front of them not counted.
int64_t count_numbers(std::string_view line) {
  int64_t n = 0;
  for (float value = 0; !line.empty() && parse_float(last_field(line), value) && !line.empty();) ++n;
  return n;
}

// Numbers are read from the right: some words of GloVe have spaces in them.
void parse_row(std::string_view line, int64_t width, const std::string& where, Gathered& out) {
  std::vector<float> row(size_t(width), 0.0f);
  std::string_view word = line;
  for (int64_t i = width; i-- > 0;) {
    const auto field = last_field(word);
    check(parse_float(field, row[size_t(i)]), where, ": '", field.substr(0, 40), "' is not number ", i + 1, " of ",
          width);
  }
  check(!word.empty(), where, ": no word before its ", width, " numbers");
  if (out.add(word)) out.values.insert(out.values.end(), row.begin(), row.end());
}

VectorModel read_text(const std::string& path) {
  LineReader reader(path, longest_line);
  std::string line;
  check(reader.next(line), path, " is empty");
  Gathered out;
  const auto header = header_of(line);
  const int64_t width = header ? header->width : count_numbers(line);
  check(width > 0, path, ":1: neither a header (words, dimension) nor a word with its numbers");
  int64_t rows = 0;
  for (bool more = header ? reader.next(line) : true; more; more = reader.next(line)) {
    if (line.empty()) continue;
    parse_row(line, width, str(path, ":", reader.line_number()), out), ++rows;
  }
  check(!header || rows == header->words, path, ": the header promises ", header ? header->words : 0,
        " vectors, there are ", rows);
  return out.model(width, path);
}

VectorModel read_binary(std::string_view bytes, const Header& header, const std::string& path) {
  Gathered out;
  for (int64_t i = 0; i < header.words; ++i) {
    while (!bytes.empty() && bytes[0] == '\n') bytes.remove_prefix(1);
    const size_t space = bytes.substr(0, 1 << 16).find(' ');
    check(space != bytes.npos, path, ": ends too early or is damaged, in word ", i + 1, " of ", header.words);
    const auto word = bytes.substr(0, space);
    bytes.remove_prefix(space + 1);
    const size_t size = size_t(header.width) * sizeof(float);
    check(bytes.size() >= size, path, ": ends too early, in the vector of '", word.substr(0, 40), "', word ", i + 1,
          " of ", header.words);
    if (out.add(word)) {
      out.values.resize(out.values.size() + size_t(header.width));
      float* const row = &out.values[out.values.size() - size_t(header.width)];
      std::memcpy(row, bytes.data(), size);
      check(std::all_of(row, row + header.width, [](float v) { return std::isfinite(v); }), path, ": a number of '",
            word.substr(0, 40), "' is not finite; is its dimension ", header.width, "?");
    }
    bytes.remove_prefix(size);
  }
  return out.model(header.width, path);
}

// word2vec's text and binary begin alike; what follows the header tells them apart.
bool is_binary(std::string_view bytes, const Header& header) {
  const size_t first = bytes.find('\n') + 1;
  const size_t end = std::min(bytes.find('\n', first), bytes.size());
  return header.words > 0 && count_numbers(bytes.substr(first, end - first)) < header.width;
}

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1F\x8B"); }

}  // namespace

VectorModel load_vectors(const std::string& path) {
  if (is_directory(path)) {
    const auto whole = join_path(path, "model.bin"), part = join_path(path, "checkpoint.bin");
    check(exists(whole) || exists(part), path,
          ": no model.bin in this directory; did `stemma train vectors` write it?");
    return load_vectors(exists(whole) ? whole : part);
  }
  const MappedFile file(path);
  const auto bytes = file.bytes();
  if (is_fasttext(bytes)) return read_fasttext(bytes, path).model;
  if (is_gzip(bytes)) return read_text(path);
  const size_t newline = bytes.substr(0, 256).find('\n');
  const auto header = header_of(bytes.substr(0, std::min(newline, size_t{256})));
  if (newline != bytes.npos && header && is_binary(bytes, *header))
    return read_binary(bytes.substr(newline + 1), *header, path);
  return read_text(path);
}

VectorFormat vector_format(const std::string& name) {
  const std::vector<std::string> names{"fasttext", "text", "binary", "glove"};
  const auto at = std::find(names.begin(), names.end(), name);
  check(at != names.end(), "there is no format '", name, "'", suggestion(name, names));
  return VectorFormat(at - names.begin());
}

VectorTable word_vectors(const VectorModel& model) {
  const int64_t words = model.lexicon.words();
  if (model.options.max_ngram <= 0 && !model.input.quantized() && model.input.rows() == words) return model.input;
  VectorTable out(words, model.dimension());
  parallel_for(words, 64, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto v = model.word_vector(model.lexicon.text(int32_t(i)));
      std::copy(v.begin(), v.end(), out.row(i));
    }
  });
  return out;
}

void save_vectors(const VectorModel& model, const std::string& path, VectorFormat format) {
  AtomicFile file(path);
  if (format == VectorFormat::fasttext) return write_fasttext(model, file), file.commit();
  const auto table = word_vectors(model);
  if (format != VectorFormat::glove) file.write(str(table.rows(), " ", table.width(), "\n"));
  std::string out;
  for (int64_t i = 0; i < table.rows(); ++i) {
    const auto word = model.lexicon.text(int32_t(i));
    check(word.find_first_of(" \t\n\r") == word.npos, "'", word,
          "' has white space in it, which these files cannot hold");
    put(out, word);
    if (format == VectorFormat::binary) {
      out.push_back(' ');
      out.append(reinterpret_cast<const char*>(table.row(i)), size_t(table.width()) * sizeof(float));
    } else {
      for (int64_t j = 0; j < table.width(); ++j) put(out, ' '), put(out, table.row(i)[j]);
    }
    out.push_back('\n');
    if (out.size() > (1 << 16)) file.write(out), out.clear();
  }
  file.write(out);
  file.commit();
}

}  // namespace stemma
