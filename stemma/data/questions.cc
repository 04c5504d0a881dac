#include "stemma/data/questions.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "stemma/base/check.h"
#include "stemma/base/choice.h"
#include "stemma/base/files.h"
#include "stemma/base/json.h"
#include "stemma/text/unicode.h"

namespace stemma {

namespace {

const Json& member(const Json& object, std::string_view key, std::string_view where) {
  check(object.is_object(), where, ": expected an object, found ", object.dump().substr(0, 80));
  const Json* found = object.find(key);
  check(found, where, ": key \"", key, "\" is missing");
  return *found;
}
const Json::Array& list_at(const Json& object, std::string_view key, std::string_view where) {
  const auto& list = member(object, key, where);
  check(list.is_array(), where, ".", key, ": expected a list, found ", list.dump().substr(0, 80));
  return list.array();
}
const std::string& text_at(const Json& object, std::string_view key, std::string_view where) {
  const auto& text = member(object, key, where);
  check(text.is_string(), where, ".", key, ": expected text, found ", text.dump().substr(0, 80));
  return text.text();
}

class Builder {
 public:
  explicit Builder(const QuestionSource& source) : source_(source) {
    check_choice("misplaced", source.misplaced, {"skip", "keep", "fail"});
  }

  void add_article(const Json& article) {
    const auto where = str(source_.path, ": data[", articles_++, "]");
    const Json* title = article.find("title");
    int64_t n = 0;
    for (const auto& paragraph : list_at(article, "paragraphs", where))
      add_paragraph(paragraph, title && title->is_string() ? title->text() : "", str(where, ".paragraphs[", n++, "]"));
  }
  Questions finish() {
    check(out_.size() > 0, source_.path, ": no question is left; ", out_.report.questions_without_answer.count,
          " had no answer at its place");
    return std::move(out_);
  }

 private:
  void add_paragraph(const Json& paragraph, const std::string& title, const std::string& where) {
    out_.passages.push_back({title, text_at(paragraph, "context", where)});
    ++out_.report.passages;
    number_characters(out_.passages.back().text);
    int64_t n = 0;
    for (const auto& question : list_at(paragraph, "qas", where)) add_question(question, str(where, ".qas[", n++, "]"));
  }

  // offsets_[i]: the byte where code point i begins.
  void number_characters(const std::string& text) {
    offsets_.clear();
    for (const auto [c, begin, size] : code_points(text)) offsets_.push_back(begin);
  }

  void add_question(const Json& json, const std::string& where) {
    PassageQuestion question;
    question.id = text_at(json, "id", where), question.text = text_at(json, "question", where);
    check(ids_.insert(question.id).second, where, ": question '", question.id, "' is there twice");
    question.passage = int64_t(out_.passages.size()) - 1;
    if (const Json* impossible = json.find("is_impossible")) {
      check(impossible->is_bool(), where, ".is_impossible: expected true or false");
      question.impossible = impossible->boolean();
    }
    if (!question.impossible) add_answers(question, list_at(json, "answers", where), where);
    auto& report = out_.report;
    if (!question.impossible && question.answers.empty()) return report.questions_without_answer.add(question.id);
    ++report.questions, report.impossible += question.impossible, report.answers += int64_t(question.answers.size());
    out_.questions.push_back(std::move(question));
  }

  void add_answers(PassageQuestion& question, const Json::Array& answers, const std::string& where) {
    for (const auto& json : answers) {
      Answer answer{text_at(json, "text", where + ".answers"), -1};
      const auto& start = member(json, "answer_start", where + ".answers");
      check(start.is_integer(), where, ".answers: answer_start must be a whole number, found ", start.dump());
      if (const auto at = start.integer(); at >= 0 && at < int64_t(offsets_.size()))
        answer.begin = int64_t(offsets_[size_t(at)]);
      const std::string_view context = out_.passages.back().text;
      const bool placed =
          answer.begin >= 0 && !answer.text.empty() && context.substr(size_t(answer.begin)).starts_with(answer.text);
      check(placed || source_.misplaced != "fail", source_.path, ": question '", question.id, "': answer '",
            answer.text, "' does not stand at character ", start.integer(), " of its passage");
      if (!placed) out_.report.misplaced_answers.add(question.id), answer.begin = -1;
      if (placed || (source_.misplaced == "keep" && !answer.text.empty()))
        question.answers.push_back(std::move(answer));
    }
  }

  const QuestionSource& source_;
  Questions out_;
  std::unordered_set<std::string> ids_;
  std::vector<size_t> offsets_;
  int64_t articles_ = 0;
};

}  // namespace

Questions read_questions(const QuestionSource& source) {
  Builder builder(source);
  LineReader lines(source.path, 1 << 16);
  std::string part;
  const auto next_part = [&]() -> std::string_view {
    if (!lines.next_part(part)) return {};
    if (!lines.part_of_line()) part += '\n';
    return part;
  };
  bool any = false;
  const auto rest = parse_list({"data", source.path}, next_part, [&](const Json& article) {
    any = true;
    builder.add_article(article);
  });
  check(any, source.path, ": no list \"data\" of articles; is it in the JSON of SQuAD?");
  return builder.finish();
}

}  // namespace stemma
