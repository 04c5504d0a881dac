#include "stemma/tasks/demo_clause.h"

#include <algorithm>

#include "stemma/base/check.h"

namespace stemma::demo {
namespace {
bool is_vowel(char c) { return Text("aeiou").find(c) != Text::npos; }

// "look for" -> "looks for"; f changes the first word.
template <class F>
std::string inflect(Text verb, F f) {
  const size_t end = std::min(verb.find(' '), verb.size());
  return f(std::string(verb.substr(0, end))) + std::string(verb.substr(end));
}
std::string third_person(Text verb) {
  return inflect(verb, [](std::string w) {
    const char last = w.back(), before = w[w.size() - 2];
    if (w == "have") return std::string("has");
    if (last == 'y' && !is_vowel(before)) return w.substr(0, w.size() - 1) + "ies";
    const bool hisses = last == 'o' || last == 's' || (last == 'h' && (before == 's' || before == 'c'));
    return w + (hisses ? "es" : "s");
  });
}
std::string present_participle(Text verb) {
  return inflect(verb, [](std::string w) {
    if (w.back() == 'e') return w.substr(0, w.size() - 1) + "ing";
    return w + (w == "run" || w == "swim" ? w.substr(w.size() - 1) : "") + "ing";
  });
}

// The verb as English splits it: the auxiliary goes before the subject in a question and before "not".
struct Finite {
  std::string auxiliary, main;
};
Finite finite(const Clause& c) {
  const Agreement who = c.subject.agreement;
  const bool third = who == Agreement::third, past = c.tense == Tense::past;
  const Text is = who == Agreement::first ? "am" : third ? "is" : "are";
  const std::string base(c.verb.base);
  if (!c.modal.english.empty() && c.modal.english != "want") return {std::string(c.modal.english), base};
  if (!c.modal.english.empty()) {  // "want to read" is itself a plain verb
    Clause wanting = c;
    wanting.modal = {};
    wanting.verb = {"", "want", "", ""};
    const auto [auxiliary, main] = finite(wanting);
    return {auxiliary, words({main, "to", base})};
  }
  if (c.tense == Tense::future) return {"will", base};
  if (c.tense == Tense::progressive) return {std::string(is), present_participle(c.verb.base)};
  if (c.tense == Tense::perfect) return {third ? "has" : "have", std::string(c.verb.participle)};
  if (base == "be") return {std::string(!past ? is : who == Agreement::plural ? "were" : "was"), ""};
  if (c.negative || (c.asks != Asks::nothing && c.asks != Asks::subject))
    return {past ? "did" : third ? "does" : "do", base};
  return {"", past ? std::string(c.verb.past) : third ? third_person(base) : base};
}
}  // namespace

std::string words(std::initializer_list<Text> parts) {
  std::string out;
  for (Text part : parts) {
    if (part.empty()) continue;
    if (!out.empty()) out += ' ';
    out += part;
  }
  return out;
}

std::string with_article(const std::string& noun) { return (is_vowel(noun[0]) ? "an " : "a ") + noun; }

std::string english(const Clause& c) {
  const auto [auxiliary, main] = finite(c);
  const Text no = c.negative ? "not" : "";
  const std::string with = c.companion.english.empty() ? "" : "with " + c.companion.english;
  const Text object = c.asks == Asks::object ? "" : Text(c.object.english);
  const std::string rest = words({no, c.adverb.english, main, object, with, c.place.english, c.time.english});
  if (c.asks == Asks::nothing || c.asks == Asks::subject) return words({c.subject.english, auxiliary, rest});
  const Text front = c.asks == Asks::object   ? Text(c.object.english)
                     : c.asks == Asks::place  ? "where"
                     : c.asks == Asks::reason ? "why"
                                              : "";
  return words({front, auxiliary, c.subject.english, rest});
}

std::string chinese(const Clause& c) {
  const bool changes = !c.verb.state && c.verb.base != "be";
  const bool past = c.tense == Tense::past && changes, perfect = c.tense == Tense::perfect;
  const Text no = !c.negative ? "" : past || perfect || c.verb.chinese == "有" ? "没" : "不";
  const bool in_place = !c.place.chinese.empty() || c.asks == Asks::place;
  std::string out = str(c.subject.chinese, c.time.chinese, c.adverb.chinese);
  out += str(c.asks == Asks::reason ? "为什么" : "", no, c.modal.chinese);
  if (c.tense == Tense::progressive && !in_place) out += "正在";
  if (in_place) out += str("在", c.asks == Asks::place ? "哪儿" : c.place.chinese);
  if (!c.companion.chinese.empty()) out += "跟" + c.companion.chinese;
  if (c.disposal) out += "把" + c.object.chinese;
  out += c.verb.chinese;
  if (past && !c.negative && !c.relative) out += "了";
  if (perfect) out += "过";
  if (!c.disposal) out += c.object.chinese;
  return out + (c.asks == Asks::whether ? "吗" : "");
}

}  // namespace stemma::demo
