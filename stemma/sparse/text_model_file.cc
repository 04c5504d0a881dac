// A TextModel's directory. The arrays' metadata has a fingerprint of the n-grams, so that files of two models are not
// taken for one.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "stemma/base/files.h"
#include "stemma/base/hash.h"
#include "stemma/base/json.h"
#include "stemma/base/safetensors.h"
#include "stemma/sparse/text_model.h"
#include "stemma/text/unicode.h"

namespace stemma {

namespace {

constexpr const char* json_name = "tfidf.json";
constexpr const char* arrays_name = "tfidf.safetensors";
constexpr const char* outcome_names[] = {"classes", "labels", "score"};

struct Header {
  std::string format = "stemma tfidf 1", outcome = "classes", loss = "softmax";
  bool pairs = false;
  std::vector<std::string> labels;
  TextModelOptions options;
  FIELDS(format, outcome, loss, pairs, labels, options)
};

std::vector<std::string> term_files(const TfidfOptions& options) {
  std::vector<std::string> names;
  if (options.longest != 0) names.push_back("tfidf.words.txt");
  if (options.longest_characters != 0) names.push_back("tfidf.characters.txt");
  return names;
}

std::string lines_of(const WordTable& terms) {
  std::string out;
  for (int32_t t = 0; t < terms.size(); ++t) {
    for (const char c : terms.text(t)) c == '\n' ? out += "\\n" : c == '\\' ? out += "\\\\" : out += c;
    out += '\n';
  }
  return out;
}

std::vector<std::string> terms_of(std::string_view lines, const std::string& where) {
  std::vector<std::string> terms;
  std::string term;
  check(lines.empty() || lines.back() == '\n', where, ": the last line is cut off");
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i] == '\n') {
      check_utf8(term, str(where, ":", terms.size() + 1));
      terms.push_back(std::move(term)), term.clear();
    } else if (lines[i] == '\\') {
      const char next = lines[++i];  // there is one: the last character is a line's end
      check(next == 'n' || next == '\\', where, ":", terms.size() + 1, ": \\ must be followed by n or \\");
      term += next == 'n' ? '\n' : '\\';
    } else {
      term += lines[i];
    }
  }
  return terms;
}

std::string fingerprint(const std::vector<std::string>& terms) {
  uint64_t h = hash64("");
  for (const auto& lines : terms) h = hash64(lines, h);
  return str(h);
}

template <class T>
std::string_view bytes_of(const T* data, size_t n) {
  return {reinterpret_cast<const char*>(data), n * sizeof(T)};
}

const TensorEntry& array(const SafetensorsFile& file, const char* name, const std::vector<int64_t>& shape,
                         const std::string& where) {
  const TensorEntry* entry = file.find(name);
  check(entry != nullptr, where, ": has no array '", name, "'");
  check(entry->dtype == "F32" && entry->shape == shape, where, ": '", name, "' is not F32 of the shape that ",
        json_name, " and the n-grams ask for");
  file.verify(*entry);
  for (size_t i = 0; i < entry->bytes.size(); i += sizeof(float)) {
    float value = 0;
    std::memcpy(&value, entry->bytes.data() + i, sizeof value);
    check(std::isfinite(value), where, ": '", name, "' has a number that is not finite, at ", i / sizeof value);
  }
  return *entry;
}

std::vector<float> floats(const TensorEntry& entry) {
  std::vector<float> out(entry.bytes.size() / sizeof(float));
  if (!out.empty()) std::memcpy(out.data(), entry.bytes.data(), entry.bytes.size());
  return out;
}

// The mapping itself where it is aligned, else a copy.
std::shared_ptr<const float[]> shared_floats(const SafetensorsFile& file, const TensorEntry& entry) {
  const auto* data = reinterpret_cast<const float*>(entry.bytes.data());
  if (file.file().bytes().data() != nullptr && reinterpret_cast<uintptr_t>(data) % alignof(float) == 0)
    return {file.file().at(entry.bytes.data()), data};
  const std::shared_ptr<float[]> copy(new float[entry.bytes.size() / sizeof(float)]);
  if (!entry.bytes.empty()) std::memcpy(copy.get(), entry.bytes.data(), entry.bytes.size());
  return copy;
}

Outcome outcome_of(const Header& header, const std::string& where) {
  for (int i = 0; i < 3; ++i)
    if (header.outcome == outcome_names[i]) return Outcome(i);
  fail(where, ": outcome: there is no '", header.outcome, "'");
}

Header read_header(const std::string& json, const std::string& where) {
  const auto header = from_json<Header>(Json::parse(json, where), where);
  check(header.format == Header().format, where, ": format '", header.format, "' is not '", Header().format, "'");
  const std::vector<std::string> losses{"softmax", "logistic", "svm", "svr"};
  check(std::find(losses.begin(), losses.end(), header.loss) != losses.end(), where, ": loss: there is no '",
        header.loss, "'");
  const Outcome outcome = outcome_of(header, where);
  check(outcome == Outcome::score ? header.labels.empty() : !header.labels.empty(), where,
        ": labels: ", header.labels.size(), " of outcome '", header.outcome, "'");
  return header;
}

}  // namespace

void TextModel::save(const std::string& directory) const {
  make_directories(directory);
  const Header header{.outcome = outcome_names[int(linear_.outcome)],
                      .loss = linear_.loss,
                      .pairs = pairs_,
                      .labels = labels_,
                      .options = options_};
  const auto names = term_files(options_.features);
  std::vector<std::string> terms;
  std::vector<float> idf;
  for (const TermBlock& block : vectorizer_.blocks()) {
    terms.push_back(lines_of(block.terms));
    idf.insert(idf.end(), block.idf.begin(), block.idf.end());
  }
  for (size_t i = 0; i < names.size(); ++i) write_file(join_path(directory, names[i]), terms[i]);
  const int64_t features = linear_.features, outputs = linear_.outputs;
  write_safetensors(
      join_path(directory, arrays_name),
      {{"idf", "F32", {int64_t(idf.size())}, bytes_of(idf.data(), idf.size())},
       {"weights", "F32", {features, outputs}, bytes_of(linear_.weights.get(), size_t(features * outputs))},
       {"bias", "F32", {outputs}, bytes_of(linear_.bias.data(), linear_.bias.size())}},
      {{"n-grams", fingerprint(terms)}});
  write_file(join_path(directory, json_name), to_json(header).dump(2) + "\n");
}

TextModel TextModelFiles::read(const TextModelFiles& files, const SafetensorsFile& arrays,
                               const std::string& directory) {
  const std::string where = join_path(directory, json_name), at = join_path(directory, arrays_name);
  const Header header = read_header(files.json, where);
  const auto names = term_files(header.options.features);
  check(names.size() == files.terms.size(), where, ": ", names.size(), " kinds of n-grams, ", files.terms.size(),
        " files");
  const auto known = arrays.metadata().find("n-grams");
  check(known == arrays.metadata().end() || known->second == fingerprint(files.terms), directory, ": the n-grams and ",
        arrays_name, " are not of one model, or damaged; train again");
  std::vector<std::vector<std::string>> terms;
  int64_t count = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    terms.push_back(terms_of(files.terms[i], join_path(directory, names[i])));
    count += int64_t(terms.back().size());
  }
  TextModel model;
  model.options_ = header.options, model.pairs_ = header.pairs, model.labels_ = header.labels;
  const int64_t features = count * (header.pairs ? 4 : 1);
  const Outcome outcome = outcome_of(header, where);
  const int64_t outputs = outcome == Outcome::score ? 1 : int64_t(header.labels.size());
  check(features < INT32_MAX, where, ": ", features, " features are too many");
  model.vectorizer_ = Vectorizer(header.options.features, terms, floats(array(arrays, "idf", {count}, at)));
  model.linear_ = {.outcome = outcome,
                   .loss = header.loss,
                   .features = features,
                   .outputs = outputs,
                   .weights = shared_floats(arrays, array(arrays, "weights", {features, outputs}, at)),
                   .bias = floats(array(arrays, "bias", {outputs}, at))};
  return model;
}

TextModel TextModel::load(const std::string& directory) {
  check(is_directory(directory), directory, ": no such directory; give one that was trained with tfidf");
  TextModelFiles files{.json = read_file(join_path(directory, json_name)), .terms = {}};
  const Header header = read_header(files.json, join_path(directory, json_name));
  for (const auto& name : term_files(header.options.features))
    files.terms.push_back(read_file(join_path(directory, name)));
  return TextModelFiles::read(files, SafetensorsFile(join_path(directory, arrays_name)), directory);
}

}  // namespace stemma
