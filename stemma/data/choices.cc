#include "stemma/data/choices.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "stemma/base/check.h"
#include "stemma/base/json.h"
#include "stemma/data/table.h"
#include "stemma/text/unicode.h"

namespace stemma {

namespace {

constexpr size_t most_options = 26;

bool is_blank(const std::string& text) { return trimmed(text).empty(); }

const Json& member(const Json& object, std::string_view key, std::string_view where) {
  const Json* found = object.find(key);
  check(found && !found->is_null(), where, ": key '", key, "' is missing");
  return *found;
}
std::string text_at(const Json& object, std::string_view key, std::string_view where) {
  const Json& value = member(object, key, where);
  check(value.is_string() || value.is_number(), where, ": '", key, "' must be text, found ",
        value.dump().substr(0, 80));
  return value.is_string() ? value.text() : value.dump();
}

// "B" or "2" -> 1; -1 when it is neither.
int64_t place_of_letter(std::string_view answer) {
  if (answer.size() == 1 && answer[0] >= 'A' && answer[0] <= 'Z') return answer[0] - 'A';
  if (answer.size() == 1 && answer[0] >= 'a' && answer[0] <= 'z') return answer[0] - 'a';
  int64_t number = 0;
  const auto [stop, error] = std::from_chars(answer.data(), answer.data() + answer.size(), number);
  return error == std::errc() && stop == answer.data() + answer.size() && number > 0 ? number - 1 : -1;
}

// {"question": {"stem": ..., "choices": [{"label": "A", "text": ...}]}, "answerKey": "A"}
void read_labelled_options(const Json& json, Choice& out, bool answers) {
  const Json& question = member(json, "question", out.id);
  out.question = text_at(question, "stem", out.id);
  const Json& choices = member(question, "choices", out.id);
  check(choices.is_array(), out.id, ": 'choices' must be a list");
  const auto answer = answers ? text_at(json, "answerKey", out.id) : std::string();
  for (const auto& choice : choices.array()) {
    check(choice.is_object(), out.id, ": 'choices' must be a list of objects");
    if (answers && text_at(choice, "label", out.id) == answer) out.answer = int64_t(out.options.size());
    out.options.push_back(text_at(choice, "text", out.id));
  }
}

// {"context": ..., "question": ..., "options": [...], "answer": 0}
void read_plain_options(const Json& json, Choice& out, bool answers) {
  if (json.find("context")) out.context = text_at(json, "context", out.id);
  out.question = text_at(json, "question", out.id);
  const Json& options = member(json, "options", out.id);
  check(options.is_array(), out.id, ": 'options' must be a list");
  for (const auto& option : options.array()) {
    check(option.is_string(), out.id, ": an option must be text, found ", option.dump().substr(0, 80));
    out.options.push_back(option.text());
  }
  if (!answers) return;
  const Json& answer = member(json, "answer", out.id);
  check(answer.is_integer() || answer.is_string(), out.id,
        ": 'answer' must be a place from 0 or the text of an option");
  if (answer.is_integer())
    out.answer = answer.integer();
  else if (const auto at = std::find(out.options.begin(), out.options.end(), answer.text()); at != out.options.end())
    out.answer = at - out.options.begin();
}

Choice read_json(const std::string& line, const std::string& where, bool answers) {
  check_utf8(line, where);
  const auto json = Json::parse(line, where);
  check(json.is_object(), where, ": expected an object, found ", json.dump().substr(0, 80));
  Choice out;
  out.id = where;
  if (member(json, "question", where).is_object())
    read_labelled_options(json, out, answers);
  else
    read_plain_options(json, out, answers);
  if (json.find("id")) out.id = text_at(json, "id", where);
  return out;
}

Choice read_row(std::vector<std::string>& cells, const std::string& where, bool answers) {
  Choice out;
  out.id = where;
  if (answers) {
    out.answer = place_of_letter(trimmed(cells.back()));
    cells.pop_back();
  }
  check(!cells.empty(), where, ": no question");
  out.question = cells[0];
  out.options.assign(cells.begin() + 1, cells.end());
  while (!out.options.empty() && is_blank(out.options.back())) out.options.pop_back();  // fewer than other rows have
  return out;
}

// Counts and leaves out what cannot be used.
void add(Choices& all, Choice choice, const std::string& where, bool answers) {
  const auto options = int64_t(choice.options.size());
  check(options <= int64_t(most_options), where, ": ", options, " options; there must be 2 to ", most_options);
  if (options < 2 || is_blank(choice.question) || std::any_of(choice.options.begin(), choice.options.end(), is_blank))
    return all.report.empty.add(where);
  if (answers && (choice.answer < 0 || choice.answer >= options)) return all.report.answer_not_among_options.add(where);
  ++all.report.questions, all.report.options += options;
  all.questions.push_back(std::move(choice));
}

}  // namespace

Choices read_choices(const ChoiceSource& source) {
  Choices all;
  const auto format = table_format(source.path, source.format);
  if (format == "jsonl") {
    LineReader lines(source.path, TableReader::max_row);
    for (std::string line; lines.next(line);) {
      if (trimmed(line).empty()) continue;
      const auto where = str(lines.path(), ":", lines.line_number());
      add(all, read_json(line, where, source.answers), where, source.answers);
    }
  } else {
    TableReader table(source.path, {}, {.format = format, .header = source.header});
    for (std::vector<std::string> cells; table.next(cells);)
      add(all, read_row(cells, table.place(), source.answers), table.place(), source.answers);
  }
  check(all.size() > 0, source.path, ": no question is left; ", all.report.empty.count, " were empty, ",
        all.report.answer_not_among_options.count, " had an answer that is no option");
  return all;
}

}  // namespace stemma
