#include "stemma/metrics/squad.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "stemma/base/check.h"
#include "stemma/metrics/answers.h"
#include "stemma/metrics/unicode.h"

namespace stemma {

namespace {

using Words = std::vector<std::u32string>;

bool ascii_punctuation(char32_t c) { return c < 0x80 && (is_punctuation(c) || is_symbol(c)); }
bool word_character(char32_t c) { return is_letter(c) || is_number(c); }
bool article(std::u32string_view word) { return word == U"a" || word == U"an" || word == U"the"; }

// Articles are words between anything that is no letter or number, so "x–a" loses one too.
Words words_of(std::string_view text) {
  std::u32string kept, out;
  for (const char32_t c : to_lower_code_points(text))
    if (!ascii_punctuation(c)) kept += c;
  for (size_t begin = 0; begin < kept.size();) {
    size_t end = begin;
    while (end < kept.size() && word_character(kept[end])) ++end;
    const auto word = std::u32string_view(kept).substr(begin, end - begin);
    if (end == begin)
      out += kept[end++];
    else
      out += article(word) ? U" " : word;
    begin = end;
  }
  Words words;
  for (const auto word : split_words(out)) words.emplace_back(word);
  return words;
}

double shared_f1(const Words& prediction, const Words& answer, int version) {
  if (version == 2 && (prediction.empty() || answer.empty())) return prediction == answer;
  std::map<std::u32string, int64_t> left;
  for (const auto& word : answer) ++left[word];
  double shared = 0;
  for (const auto& word : prediction) shared += left[word]-- > 0;
  return f1_of_shared(shared, double(prediction.size()), double(answer.size()));
}

struct Scored {
  double exact = 0, f1 = 0;
};
double best_with_threshold(const std::vector<Answered>& questions, const std::vector<Scored>& scored,
                           double Scored::*which, double& threshold) {
  double sum = 0;
  for (const auto& q : questions) sum += q.answers.empty();
  double best = sum;
  std::vector<size_t> order(questions.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return questions[a].no_answer < questions[b].no_answer; });
  for (const size_t i : order) {
    const auto& q = questions[i];
    sum += q.answers.empty() ? (q.prediction.empty() ? 0 : -1) : scored[i].*which;
    if (sum > best) best = sum, threshold = q.no_answer;
  }
  return questions.empty() ? 0 : 100 * best / double(questions.size());
}

Scored scored_question(const Answered& q) {
  const Words prediction = words_of(q.prediction);
  std::vector<Words> answers;
  for (const auto& answer : q.answers)
    if (auto words = words_of(answer); !words.empty()) answers.push_back(std::move(words));
  if (answers.empty()) answers.emplace_back();
  Scored best;
  for (const auto& answer : answers) {
    best.exact = std::max(best.exact, double(answer == prediction));
    best.f1 = std::max(best.f1, shared_f1(prediction, answer, 2));
  }
  return best;
}

}  // namespace

std::string normalized_answer(std::string_view text) {
  std::string out;
  for (const auto& word : words_of(text)) out += str(out.empty() ? "" : " ", to_utf8(word));
  return out;
}
double squad_exact(std::string_view prediction, std::string_view answer) {
  return words_of(prediction) == words_of(answer);
}
double squad_f1(std::string_view prediction, std::string_view answer, int version) {
  return shared_f1(words_of(prediction), words_of(answer), version);
}

AnswerScore squad1_score(const std::vector<Answered>& questions) {
  return best_of_answers(questions, squad_exact,
                         [](std::string_view p, std::string_view a) { return squad_f1(p, a, 1); });
}

Squad2Score squad2_score(const std::vector<Answered>& questions, double threshold) {
  Squad2Score out;
  std::vector<Scored> scored;
  for (const auto& q : questions) {
    scored.push_back(scored_question(q));
    const bool silent = q.no_answer > threshold;
    const Scored s = silent ? Scored{double(q.answers.empty()), double(q.answers.empty())} : scored.back();
    for (auto* part : {&out.all, q.answers.empty() ? &out.without_answer : &out.with_answer})
      ++part->questions, part->exact += 100 * s.exact, part->f1 += 100 * s.f1;
  }
  for (auto* part : {&out.all, &out.with_answer, &out.without_answer}) {
    const auto n = double(std::max<int64_t>(part->questions, 1));
    part->exact /= n, part->f1 /= n;
  }
  out.best_exact = best_with_threshold(questions, scored, &Scored::exact, out.best_exact_threshold);
  out.best_f1 = best_with_threshold(questions, scored, &Scored::f1, out.best_f1_threshold);
  return out;
}

}  // namespace stemma
