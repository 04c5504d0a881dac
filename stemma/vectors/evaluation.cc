#include "stemma/vectors/evaluation.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "stemma/base/check.h"
#include "stemma/base/files.h"
#include "stemma/base/parallel.h"
#include "stemma/metrics/correlation.h"
#include "stemma/ops/product.h"
#include "stemma/text/unicode.h"

namespace stemma {

namespace {

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> out;
  const std::string_view between = line.find('\t') != line.npos ? "\t" : line.find(',') != line.npos ? "," : " ";
  for (size_t i = 0; i < line.size();) {
    const size_t begin = line.find_first_not_of(between, i);
    if (begin == line.npos) break;
    i = std::min(line.find_first_of(between, begin), line.size());
    out.push_back(line.substr(begin, i - begin));
  }
  return out;
}

bool parse_number(const std::string& text, double& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(value);
}

struct Question {
  size_t section;
  std::array<int32_t, 4> words;  // a is to b as c is to d
};
struct Questions {
  std::vector<AnalogySection> sections;
  std::vector<Question> asked;
};

Questions read_questions(const std::string& path, const Lexicon& lexicon, int64_t among) {
  const auto find = [&](const std::string& word) {
    int32_t id = lexicon.find(word);
    if (id < 0) id = lexicon.find(lower_case(word));
    return id < lexicon.words() && (among == 0 || id < among) ? id : -1;
  };
  Questions out;
  LineReader reader(path);
  for (std::string line; reader.next(line);) {
    if (line.empty()) continue;
    if (line[0] == ':') {
      out.sections.push_back({.name = line.substr(std::min(line.size(), line.find_first_not_of(": ")))});
      continue;
    }
    check_utf8(line, str(path, ":", reader.line_number()));
    const auto words = fields_of(line);
    check(words.size() == 4, path, ":", reader.line_number(), ": a question has four words, not ", words.size());
    if (out.sections.empty()) out.sections.push_back({.name = "questions"});
    ++out.sections.back().questions;
    Question q{out.sections.size() - 1, {}};
    for (size_t i = 0; i < 4; ++i) q.words[i] = find(words[i]);
    if (*std::min_element(q.words.begin(), q.words.end()) < 0) continue;
    ++out.sections.back().asked;
    out.asked.push_back(q);
  }
  return out;
}

// scores[i, word] = x_i . word for the rows x.
void multiply(const std::vector<float>& x, int64_t rows, const VectorTable& units, int64_t words, float* scores) {
  product({.m = rows,
           .n = words,
           .k = units.width(),
           .a = {x.data(), units.width()},
           .b = {units.data(), units.width(), Type::f32, true},
           .c = scores,
           .stride = words});
}

// The place of the greatest score that is not a word of the question.
int32_t answer(const float* scores, int64_t words, const Question& q) {
  int32_t best = -1;
  for (int32_t i = 0; i < words; ++i)
    if ((best < 0 || scores[i] > scores[best]) && i != q.words[0] && i != q.words[1] && i != q.words[2]) best = i;
  return best;
}

class Examiner {
 public:
  Examiner(const Neighbours& vectors, const AnalogyOptions& options)
      : units_(vectors.units()),
        words_(options.among > 0 ? std::min(options.among, units_.rows()) : units_.rows()),
        multiply_(options.how == Neighbours::Analogy::multiply) {}
  int64_t batch() const { return std::clamp<int64_t>((int64_t{1} << 24) / words_ / (multiply_ ? 3 : 1), 1, 512); }

  // Whether each of the questions is answered rightly.
  std::vector<char> ask(std::span<const Question> questions) const {
    const auto n = int64_t(questions.size()), width = units_.width(), each = int64_t{multiply_ ? 3 : 1};
    std::vector<float> x(size_t(n * each * width)), scores(size_t(n * each * words_));
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < 3 * width; ++j) {
        const auto& q = questions[size_t(i)];
        const float value = units_.row(q.words[size_t(j / width)])[j % width];
        if (multiply_)
          x[size_t(i * 3 * width + j)] = value;
        else
          x[size_t(i * width + j % width)] += j / width == 0 ? -value : value;
      }
    multiply(x, n * each, units_, words_, scores.data());
    std::vector<char> out(questions.size());
    parallel_for(n, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        float* const row = scores.data() + i * each * words_;
        if (multiply_) combine(row);
        const auto& q = questions[size_t(i)];
        out[size_t(i)] = answer(row, words_, q) == q.words[3];
      }
    });
    return out;
  }

 private:
  void combine(float* row) const {  // 3CosMul over the cosines to a, b, c
    for (int64_t i = 0; i < words_; ++i)
      row[i] = (1 + row[words_ + i]) * (1 + row[2 * words_ + i]) / ((1 + row[i]) / 2 + 0.001f);
  }
  const VectorTable& units_;
  int64_t words_;
  bool multiply_;
};

}  // namespace

EvaluationKind evaluation_kind(const std::string& path) {
  LineReader reader(path);
  for (std::string line; reader.next(line);) {
    if (line.empty()) continue;
    const auto words = fields_of(line);
    double rating = 0;
    if (line[0] == ':' || words.size() == 4) return EvaluationKind::analogies;
    if (words.size() == 3 && parse_number(words[2], rating)) return EvaluationKind::similarity;
    fail(path, ":", reader.line_number(), ": neither ': section', nor four words, nor two words and a rating");
  }
  fail(path, " holds no line");
}

std::vector<AnalogySection> evaluate_analogies(const Neighbours& vectors, const std::string& path,
                                               const AnalogyOptions& options) {
  auto questions = read_questions(path, vectors.model().lexicon, options.among);
  const Examiner examiner(vectors, options);
  const std::span<const Question> all = questions.asked;
  for (size_t begin = 0; begin < all.size();) {
    const auto now = all.subspan(begin, std::min(size_t(examiner.batch()), all.size() - begin));
    const auto right = examiner.ask(now);
    for (size_t i = 0; i < now.size(); ++i) questions.sections[now[i].section].right += right[i];
    begin += now.size();
  }
  return std::move(questions.sections);
}

std::vector<AnalogySection> sums_of(const std::vector<AnalogySection>& sections) {
  AnalogySection all{.name = "all"}, semantic{.name = "semantic"}, syntactic{.name = "syntactic"};
  for (const auto& s : sections)
    for (auto* sum : {&all, s.name.starts_with("gram") ? &syntactic : &semantic})
      sum->questions += s.questions, sum->asked += s.asked, sum->right += s.right;
  if (semantic.questions == 0 || syntactic.questions == 0) return {all};
  return {semantic, syntactic, all};
}

SimilarityScore evaluate_similarity(const Neighbours& vectors, const std::string& path) {
  SimilarityScore out;
  std::vector<double> ratings, cosines;
  LineReader reader(path);
  const auto known = [&](const std::string& word) {
    return vectors.model().lexicon.find(word) >= 0 || !vectors.knows(lower_case(word)) ? word : lower_case(word);
  };
  for (std::string line; reader.next(line);) {
    if (line.empty() || line[0] == '#') continue;
    check_utf8(line, str(path, ":", reader.line_number()));
    const auto fields = fields_of(line);
    double rating = 0;
    check(fields.size() == 3 && parse_number(fields[2], rating), path, ":", reader.line_number(),
          ": not two words and a rating");
    ++out.pairs;
    const auto a = known(fields[0]), b = known(fields[1]);
    if (!vectors.knows(a) || !vectors.knows(b)) continue;
    ++out.known;
    ratings.push_back(rating), cosines.push_back(vectors.cosine(a, b));
  }
  check(out.pairs > 0, path, " holds no pair");
  out.spearman = spearman(cosines, ratings), out.pearson = pearson(cosines, ratings);
  return out;
}

}  // namespace stemma
