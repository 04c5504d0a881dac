#include "stemma/tasks/answer_model.h"

#include <algorithm>
#include <cmath>

#include "stemma/base/choice.h"
#include "stemma/base/hash.h"
#include "stemma/decode/spans.h"
#include "stemma/text/unicode.h"

namespace stemma {

void AnswerHead::validate() const {
  reader.validate();
  check_choice("head.no_answer", no_answer, {"yes", "no", "auto"});
  check(longest_context >= 0, "head.longest_context = ", longest_context, ": must be at least 0");
  check(longest_answer > 0 && best > 0, "head.longest_answer, head.best: must be positive");
}

AnswerModel::AnswerModel(const TaskRecipe& recipe, Lexer lexer)
    : TextNetwork(recipe, std::move(lexer)),
      head_(from_json<AnswerHead>(recipe.head, "head")),
      reader_(head_.reader, encoder_->width(), head_.no_answer == "yes") {
  mark(recipe, {"answer", str(to_json(head_.reader).dump(), " ", head_.no_answer), ""});
}

// ---- questions as rows ----------------------------------------------------------------------------------------------
namespace {

void cut_to(Lexed& x, int64_t most) {
  if (most == 0 || x.size() <= most) return;
  const auto n = size_t(most);
  x.ids.resize(n), x.begin.resize(n), x.end.resize(n), x.word.resize(n), x.cut = true;
}

// A number for the text of each token, without regard to case; one at least, as an EncodedTexts has one row at least.
std::vector<int32_t> forms_of(const Lexed& lexed, const std::string& text) {
  std::vector<int32_t> out;
  for (size_t i = 0; i < lexed.ids.size(); ++i) {
    const auto token = std::string_view(text).substr(size_t(lexed.begin[i]), size_t(lexed.end[i] - lexed.begin[i]));
    out.push_back(int32_t(hash64(lower_case(token))));
  }
  if (out.empty()) out.push_back(0);
  return out;
}

// The tokens that share bytes with the answer; none where it is beyond them.
QuestionRows::Span rows_of(const Answer& answer, const Lexed& tokens) {
  const int64_t end = answer.begin + int64_t(answer.text.size());
  const auto first = std::upper_bound(tokens.end.begin(), tokens.end.end(), answer.begin) - tokens.end.begin();
  const auto after = std::lower_bound(tokens.begin.begin(), tokens.begin.end(), end) - tokens.begin.begin();
  const bool beyond = tokens.cut && tokens.size() > 0 && end > tokens.end.back();
  if (answer.begin < 0 || first >= after || beyond) return {};
  return {first, after - 1};
}

QuestionRows::Span wanted_rows(const PassageQuestion& question, const Lexed& tokens, bool no_answer) {
  if (question.impossible && no_answer) {
    const int64_t behind = std::max<int64_t>(tokens.size(), 1);
    return {behind, behind};
  }
  for (const auto& answer : question.answers)
    if (const auto span = rows_of(answer, tokens); span.first >= 0) return span;
  return {};
}

}  // namespace

QuestionRows AnswerModel::encode(const Questions& questions, int64_t longest) const {
  QuestionRows out;
  out.contexts = out.questions = no_texts();
  const int64_t known = encoder_->longest(), most = longest && known ? std::min(longest, known) : longest + known;
  for (const auto& passage : questions.passages) {
    Lexed tokens = lexer_.lex(passage.text);
    cut_to(tokens, most);
    out.contexts.add(lexer_, tokens, passage.text);
    out.context_forms.push_back(forms_of(tokens, passage.text));
    out.places.push_back(std::move(tokens));
  }
  for (const auto& question : questions.questions) {
    Lexed tokens = lexer_.lex(question.text);
    cut_to(tokens, known);
    out.questions.add(lexer_, tokens, question.text);
    out.question_forms.push_back(forms_of(tokens, question.text));
    out.context.push_back(question.passage);
    out.answers.push_back(wanted_rows(question, out.places[size_t(question.passage)], head_.no_answer == "yes"));
  }
  return out;
}

uint64_t QuestionRows::fingerprint() const {
  return contexts.fingerprint(questions.fingerprint(hash64(answers, hash64(context))));
}

FlowReader::Scores AnswerModel::scores(const QuestionRows& x, std::span<const int64_t> index) const {
  std::vector<int64_t> contexts;
  std::vector<float> match;
  for (const int64_t i : index) {
    contexts.push_back(x.context[size_t(i)]);
    const auto asked = x.question_forms[i];
    for (const int32_t form : x.context_forms[contexts.back()])
      match.push_back(std::find(asked.begin(), asked.end(), form) != asked.end() ? 1.0f : 0.0f);
  }
  const Tensor H = (*encoder_)(x.contexts.gather(contexts)), U = (*encoder_)(x.questions.gather(index));
  return reader_(H, U, Tensor::from(H.rows(), 1, match));
}

// -log p(start) - log p(end)                                                      Seo et al. 2017, eq. 5
Loss AnswerModel::loss(const QuestionRows& x, std::span<const int64_t> index) const {
  const auto [start, end] = scores(x, index);
  std::vector<int64_t> first, last;
  for (const int64_t i : index) first.push_back(x.answers[size_t(i)].first), last.push_back(x.answers[size_t(i)].last);
  const PointerLoss a = pointer_loss(start, first), b = pointer_loss(end, last);
  Loss out;
  out.total = a.total + b.total;
  out.nll = double(out.total.item());
  out.correct = a.correct + b.correct;
  return out;
}

// ---- answers --------------------------------------------------------------------------------------------------------
static double nll(std::span<const float> scores, int64_t wanted) {
  const double greatest = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (const float s : scores) sum += std::exp(double(s) - greatest);
  return greatest + std::log(sum) - double(scores[size_t(wanted)]);
}

FoundAnswers AnswerModel::find(const QuestionRows& x, int64_t i, const std::string& context,
                               std::span<const float> start, std::span<const float> end) const {
  FoundAnswers out;
  const auto& tokens = x.places[size_t(x.context[size_t(i)])];
  if (const auto wanted = x.answers[size_t(i)]; wanted.first >= 0)
    out.nll = nll(start, wanted.first) + nll(end, wanted.last);
  if (tokens.size() == 0) return out;
  SpanSearch how{.longest = head_.longest_answer, .best = head_.best};
  if (head_.no_answer == "yes") how.no_answer = double(start.back()) + double(end.back());
  const auto n = size_t(tokens.size());
  const AnswerSpans spans = best_spans(start.first(n), end.first(n), how);
  out.no_answer = spans.no_answer, out.none = spans.no_answer_margin > 0;
  for (const auto& span : spans.best) {
    const int64_t from = tokens.begin[size_t(span.first)], to = tokens.end[size_t(span.last)];
    out.best.push_back({context.substr(size_t(from), size_t(to - from)), from, to, span.probability});
  }
  return out;
}

std::vector<FoundAnswers> AnswerModel::answer(const QuestionRows& x, const Questions& questions) const {
  std::vector<FoundAnswers> out(static_cast<size_t>(x.size()));
  in_batches(
      x.size(), [&](int64_t i) { return x.cost(i); },
      [&](std::span<const int64_t> index) {
        const auto [start, end] = scores(x, index);
        for (int64_t b = 0; b < int64_t(index.size()); ++b) {
          const int64_t i = index[size_t(b)];
          const auto of = [b](const Tensor& s) {
            return std::span<const float>(s.data() + s.begin(b), size_t(s.end(b) - s.begin(b)));
          };
          out[size_t(i)] = find(x, i, questions.context(questions.questions[size_t(i)]), of(start), of(end));
        }
      });
  return out;
}

}  // namespace stemma
