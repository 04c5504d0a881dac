#include "stemma/tasks/demo_grammar.h"

#include "stemma/base/check.h"

namespace stemma::demo {

void Grammar::set_time(Clause& c, Tense tense) {
  const Time& time = pick(times, [&](const Time& t) { return t.tense == tense; });
  c.tense = tense;
  c.time = {time.chinese, time.english};
  combine(c.subject.head, time.chinese);
}
void Grammar::set_place(Clause& c) {
  const Place& place = pick(places);
  c.place = {place.chinese, place.at};
  combine(c.verb.chinese, place.chinese);
}

// The tense and what marks it in Chinese: a time word, 了, 没, 过, 正在 or a modal.
void Grammar::set_tense(Clause& c) {
  const int kind = int(rng_.below(20));
  c.negative = chance(18);
  if (kind < 7) return chance(75) ? set_time(c, Tense::past) : void(c.tense = Tense::past);
  if (kind < 9) return set_time(c, Tense::future);
  if (kind < 12) return c.negative = false, set_time(c, Tense::progressive);
  if (kind < 14) return set_time(c, Tense::present);
  if (kind < 16) return void(c.tense = Tense::perfect);
  if (kind < 18) return void(c.modal = pick(modals));
  c.negative = false;
  c.adverb = pick(adverbs);
}

// Turns a statement into a question, where the clause allows one.
void Grammar::ask(Clause& c) {
  const int kind = int(rng_.below(10));
  if (kind < 4) return void(c.asks = Asks::whether);
  if (kind < 6 && c.object.english.find(" that ") == std::string::npos) {  // else the relative clause needs the subject
    c.asks = Asks::subject;
    c.subject = {"谁", "who"};
    return;
  }
  if (kind == 6 && !c.verb.state && c.place.chinese.empty() && !c.negative && c.verb.base != "go")
    return void(c.asks = Asks::place);
  if (kind == 7 && !c.verb.state) return void(c.asks = Asks::reason);
  if (c.object.chinese.empty()) return void(c.asks = Asks::whether);
  c.asks = Asks::object;
  if (c.verb.base == "go") {
    c.object = {"哪儿", "where"};
  } else if (c.verb.objects == person) {
    c.object = {"谁", "who"};
  } else if (c.verb.chinese == "看" || chance(40)) {  // 看什么 would be both "read" and "watch"
    const Noun& noun = noun_of(c.verb.objects & ~person);
    c.object = {str("几", noun.measure, noun.chinese), words({"how many", many(noun, "")})};
    if (c.verb.chinese != "看") combine(c.verb.chinese, noun.chinese);
  } else {
    c.object = {"什么", "what"};
  }
}

// 我昨天在图书馆看了一本书 I read a book in the library yesterday
Clause Grammar::action() {
  Clause c;
  c.subject = person_phrase(Role::subject);
  const int kind = int(rng_.below(10));
  if (kind < 2) {
    c.verb = pick(intransitive);
  } else if (kind < 3) {
    c.verb = go;
    const Place& place = pick(places);
    c.object = {place.chinese, place.to};
    combine(go.chinese, place.chinese);
  } else {
    c.verb = pick(transitive);
    c.object = object_of(c.verb);
  }
  set_tense(c);
  if (c.verb.base != "go" && chance(30)) set_place(c);
  if (chance(12)) c.companion = person_phrase(Role::object);
  return c;
}

// 我喜欢茶 I like tea, 我喜欢昨天买的那本书 I like the book that I bought yesterday
Clause Grammar::state() {
  Clause c;
  c.subject = person_phrase(Role::subject);
  c.verb = pick(stative);
  const bool relative = c.verb.chinese == "喜欢" || c.verb.chinese == "认识";
  if (relative && chance(60)) {
    c.object = c.verb.chinese == "认识" || chance(40)
                   ? relative_subject()
                   : relative_object(c.subject, noun_of(everything & ~(person | opening)));
  } else {
    c.object = object_of(c.verb);
    c.negative = chance(20);
    if (!c.negative && chance(15)) c.adverb = pick(adverbs);
  }
  return c;
}

// 他是医生 he is a doctor, 他们是学生 they are students
Clause Grammar::identity() {
  Clause c;
  c.subject = chance(25) ? relative_subject() : person_phrase(Role::subject);
  c.verb = be;
  const Noun& noun = pick(people);
  const bool several = c.subject.agreement == Agreement::plural && c.subject.chinese != "你";
  c.object = several ? Phrase(noun.chinese, noun.many) : Phrase(noun.chinese, with_article(str(noun.one)));
  if (!several && chance(50)) c.object.chinese = str("一", noun.measure, noun.chinese);
  combine(c.subject.head, noun.chinese);
  c.negative = chance(15);
  if (chance(15)) set_time(c, Tense::past);
  return c;
}

// 这本书非常有趣 this book is extremely interesting, 他昨天很累 he was very tired yesterday
Clause Grammar::quality() {
  Clause c;
  c.verb = {"", "be", "", ""};
  const Adjective* adjective = nullptr;
  if (chance(40)) {
    c.subject = chance(25) ? relative_subject() : person_phrase(Role::subject);
    adjective = &pick(moods);
    if (chance(40)) set_time(c, Tense::past);
  } else {
    const Noun& noun = noun_of(everything & ~opening);
    c.subject = noun.kind != person && chance(40) ? relative_object({}, noun) : definite(noun);
    adjective = &pick(adjectives, [&](const Adjective& a) { return (a.kinds & noun.kind) != 0; });
  }
  combine(adjective->chinese, c.subject.head);
  c.negative = chance(20);
  c.object = {adjective->chinese, adjective->english};
  if (c.negative) return c;
  const Word& degree = pick(degrees);
  c.object.chinese = str(degree.chinese, c.object.chinese, degree.chinese == "太" ? "了" : "");
  c.object.english = words({degree.english, c.object.english});
  return c;
}

// 他比我高 he is taller than me, 这本书没有那本书贵 this book is not as expensive as that book
Clause Grammar::comparison() {
  Clause c;
  c.verb = {"", "be", "", ""};
  const Noun& noun = noun_of(everything & ~opening);
  const bool human = noun.kind == person;
  c.subject = human ? person_phrase(Role::subject) : definite(noun);
  Phrase other;
  do other = human ? person_phrase(Role::object) : definite(noun);
  while (other.chinese == c.subject.chinese);
  const Adjective& a = pick(adjectives, [&](const Adjective& row) { return (row.kinds & noun.kind) != 0; });
  combine(a.chinese, c.subject.head);
  const int kind = int(rng_.below(4));
  if (kind < 2) c.object = {str("比", other.chinese, a.chinese), words({a.comparative, "than", other.english})};
  if (kind == 2)
    c.object = {str("跟", other.chinese, "一样", a.chinese), words({"as", a.english, "as", other.english})};
  if (kind == 3) c.object = {str("没有", other.chinese, a.chinese), words({"not as", a.english, "as", other.english})};
  return c;
}

// 他跑得很快 he runs very fast, 他跑得比我快 he runs faster than me
Clause Grammar::how_done() {
  Clause c;
  c.subject = person_phrase(Role::subject);
  c.verb = pick(manner);
  const Adjective& how = pick(manners);
  combine(c.verb.chinese, how.chinese);
  if (chance(50)) {
    const Phrase other = person_phrase(Role::object);
    c.object = {str("比", other.chinese, how.chinese), words({how.comparative, "than", other.english})};
  } else {
    const Word& degree = degrees[rng_.below(2)];
    c.object = {str(degree.chinese, how.chinese), words({degree.english, how.english})};
  }
  return c;
}

// 他把门关了 he closed the door
Clause Grammar::disposal() {
  Clause c;
  c.subject = person_phrase(Role::subject);
  c.verb = pick(transitive, [](const Verb& v) { return v.disposable; });
  c.disposal = true;
  const Noun& noun = noun_of(c.verb.objects);
  c.object = definite(noun);
  combine(c.verb.chinese, noun.chinese);
  c.tense = Tense::past;
  if (chance(60)) set_time(c, Tense::past);
  return c;
}

// 门昨天被他关了 the door was closed by him yesterday
Clause Grammar::passive() {
  const Verb& verb = pick(transitive, [](const Verb& v) { return v.disposable; });
  const Noun& noun = noun_of(verb.objects);
  Clause c;
  c.verb = {"", "be", "", ""};
  c.subject = definite(noun);
  const Phrase agent = person_phrase(Role::object);
  c.object = {str("被", agent.chinese, verb.chinese, "了"), words({verb.participle, "by", agent.english})};
  combine(verb.chinese, noun.chinese);
  c.tense = Tense::past;
  if (chance(50)) set_time(c, Tense::past);
  return c;
}

// 桌子上有三本书 there are three books on the table, 他的书在房间里 his book is in the room
Clause Grammar::existence() {
  const Word& spot = pick(spots);
  const Noun& noun = noun_of(reading | garment | hat | gadget | tool | flower);
  Clause c;
  combine(spot.chinese, noun.chinese);
  if (chance(40)) {
    c.subject = definite(noun);
    c.verb = {"在", "be", "", ""};
    c.object = {spot.chinese, spot.english};
    c.negative = chance(20);
    return c;
  }
  combine("有", noun.chinese);
  Phrase what;
  do what = counted(noun);
  while (what.chinese.starts_with("这") || what.chinese.starts_with("那"));
  if (chance(20)) what = {str(noun.chinese), words({"no", noun.many}), "", Agreement::plural};
  const bool none = what.chinese == noun.chinese;
  c.subject = {spot.chinese, "there", "", what.agreement};
  c.verb = {none ? "没有" : "有", "be", "", ""};
  c.object = {what.chinese, words({what.english, spot.english})};
  return c;
}

Clause Grammar::clause() {
  const int kind = int(rng_.below(100));
  if (kind < 42) return action();
  if (kind < 55) return state();
  if (kind < 63) return identity();
  if (kind < 73) return quality();
  if (kind < 80) return comparison();
  if (kind < 85) return how_done();
  if (kind < 91) return disposal();
  if (kind < 95) return passive();
  return existence();
}

// One clause, sometimes a question; or several, joined from the left: 因为 A 所以 B -> B because A.
Sentence Grammar::sentence(int clauses) {
  combinations_.clear();
  Clause first = clause();
  if (clauses == 1 && chance(22)) {
    const bool plain = !first.disposal && (first.verb.objects != 0 || !first.verb.state) && first.verb.base != "be";
    if (plain) ask(first);
    if (!plain && first.object.chinese.find("了") == std::string::npos) first.asks = Asks::whether;
  }
  std::string left = chinese(first), right = english(first);
  for (int i = 1; i < clauses; ++i) {
    const Connective& join = i == 1 ? pick(connectives) : connectives[2 + rng_.below(2)];
    const Clause next = clause();
    left = str(join.before, left, join.between, chinese(next));
    right = join.reversed ? words({english(next), join.english, right}) : words({right, join.english, english(next)});
  }
  std::erase_if(combinations_, [&](const auto& pair) {  // a question may have taken a word's place
    return left.find(pair.first) == std::string::npos || left.find(pair.second) == std::string::npos;
  });
  return {std::move(left), std::move(right), combinations_};
}

}  // namespace stemma::demo
