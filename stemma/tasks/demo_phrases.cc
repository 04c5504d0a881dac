// Noun phrases of the demo grammar, from 我 to 昨天在公园唱歌的那个女孩.
#include "stemma/tasks/demo_grammar.h"

#include <algorithm>

#include "stemma/base/check.h"

namespace stemma::demo {
namespace {
// "new apple", "cup of tea"
std::string one(const Noun& noun, Text adjective) {
  return noun.unit.empty() ? words({adjective, noun.one}) : words({noun.unit, "of", adjective, noun.one});
}
// "apples", "tea"
Text bare(const Noun& noun) { return noun.unit.empty() ? noun.many : noun.one; }

// A subject that is said by its pronoun.
bool is_pronoun(const Phrase& subject) {
  return std::any_of(pronouns, pronouns + true_pronouns,
                     [&](const Pronoun& p) { return p.chinese == subject.chinese; });
}
}  // namespace

std::string many(const Noun& noun, Text adjective) {
  if (noun.unit.empty()) return words({adjective, noun.many});
  return words({str(noun.unit, "s of"), adjective, noun.one});
}

const Noun& Grammar::noun_of(uint32_t kinds) {
  const auto fits = [&](const Noun& n) { return (n.kind & kinds) != 0; };
  return (kinds & person) && (kinds == person || chance(25)) ? pick(people) : pick(things, fits);
}

// 一本新书 a new book, 两只猫 two cats, 那杯茶 that cup of tea, 这些花 these flowers, 很多水 a lot of water
Phrase Grammar::counted(const Noun& noun) {
  std::string attribute;
  Text quality;
  const auto fits = [&](const Adjective& a) { return (a.kinds & noun.kind) != 0; };
  if (noun.unit.empty() && noun.kind != show && noun.kind != opening && noun.kind != animal && chance(40)) {
    const bool coloured = (noun.kind & (garment | hat | car | flower)) && chance(55);
    const Adjective& a = coloured ? pick(colours, fits) : pick(adjectives, fits);
    attribute = str(a.chinese, a.chinese.size() > 3 || a.chinese == "高" ? "的" : "");
    quality = a.english;
    combine(a.chinese, noun.chinese);
  }
  const std::string tail = str(noun.measure, attribute, noun.chinese);
  const Text head = noun.chinese;
  const int kind = int(rng_.below(10));
  if (kind < 4) return {"一" + tail, with_article(one(noun, quality)), head};
  if (kind < 6) {
    const Word& number = pick(numbers);
    return {str(number.chinese, tail), words({number.english, many(noun, quality)}), head, Agreement::plural};
  }
  if (kind == 8 && noun.unit.empty())
    return {str("这些", attribute, head), words({"these", many(noun, quality)}), head, Agreement::plural};
  if (kind == 9 && attribute.empty())
    return {str("很多", head), words({"a lot of", bare(noun)}), head,
            noun.unit.empty() ? Agreement::plural : Agreement::third};
  const bool near = chance(50);
  return {str(near ? "这" : "那", tail), words({near ? "this" : "that", one(noun, quality)}), head};
}

// 门 the door, 这本书 this book, 他的猫 his cat, 老师的车 the teacher's car
Phrase Grammar::definite(const Noun& noun) {
  const Text head = noun.chinese;
  if (noun.kind == opening) return {head, words({"the", noun.one}), head};
  if (chance(35)) {
    const bool near = chance(50);
    return {str(near ? "这" : "那", noun.measure, head), words({near ? "this" : "that", one(noun, "")}), head};
  }
  if (chance(25)) {
    const Noun& owner = pick(people);
    return {str(owner.chinese, "的", head), str("the ", owner.one, "'s ", noun.one), head};
  }
  const Pronoun& owner = pick(pronouns);
  return {str(owner.chinese, "的", head), words({owner.possessive, noun.one}), head};
}

Phrase Grammar::noun_phrase(const Noun& noun) {
  if (chance(20) && noun.kind != opening) return {noun.chinese, bare(noun), noun.chinese, Agreement::plural};
  return chance(70) ? counted(noun) : definite(noun);
}

Phrase Grammar::person_phrase(Role role) {
  if (chance(55)) {
    const Pronoun& p = pick(pronouns);
    return {p.chinese, role == Role::subject ? p.subject : p.object, p.chinese, p.agreement};
  }
  const Noun& noun = pick(people);
  const Text head = noun.chinese;
  if (role == Role::subject && chance(20)) {
    const Noun& other = pick(people, [&](const Noun& n) { return n.chinese != noun.chinese; });
    return {str(head, "和", other.chinese), str("the ", noun.one, " and the ", other.one), other.chinese,
            Agreement::plural};
  }
  if (chance(60) && &noun < people + related) return definite(noun);
  if (role == Role::object || chance(40)) return counted(noun);
  return {head, words({"the", noun.one}), head};
}

Phrase Grammar::object_of(const Verb& verb) {
  if (verb.objects == person && chance(50)) {
    Phrase somebody = person_phrase(Role::object);
    combine(verb.chinese, somebody.head);
    return somebody;
  }
  const Noun& noun = noun_of(verb.objects);
  Phrase object = noun_phrase(noun);
  if (verb.chinese != "看") combine(verb.chinese, noun.chinese);
  if (chance(12) && object.chinese == noun.chinese) {  // 苹果和鸡蛋 apples and eggs
    const Noun& other = noun_of(noun.kind & verb.objects);
    if (other.chinese == noun.chinese) return object;
    if (verb.chinese != "看") combine(verb.chinese, other.chinese);
    object.chinese += str("和", other.chinese);
    object.english += str(" and ", bare(other));
  }
  return object;
}

// 我喜欢[他昨天买的那本书] the book that he bought yesterday; a pronoun that is the subject already is left out.
Phrase Grammar::relative_object(const Phrase& subject, const Noun& noun) {
  Clause c;
  c.verb = pick(transitive, [&](const Verb& v) { return (v.objects & noun.kind) != 0; });
  if (c.verb.chinese != "看") combine(c.verb.chinese, noun.chinese);
  c.subject = person_phrase(Role::subject);
  if (is_pronoun(subject) && chance(50)) {
    c.subject = subject;
    c.subject.chinese.clear();
  }
  c.relative = true;
  set_time(c, Tense::past);
  if (chance(25)) set_place(c);
  return {str(chinese(c), "的那", noun.measure, noun.chinese), words({"the", one(noun, ""), "that", english(c)}),
          noun.chinese};
}

// 昨天在公园唱歌的那个女孩 the girl who sang in the park yesterday
Phrase Grammar::relative_subject() {
  const Noun& noun = pick(people);
  Clause c;
  c.relative = true;
  if (chance(30)) {
    c.verb = pick(intransitive);
  } else {
    c.verb = pick(transitive);
    c.object = object_of(c.verb);
  }
  c.subject.head = noun.chinese;
  set_time(c, chance(70) ? Tense::past : Tense::present);
  if (chance(30)) set_place(c);
  return {str(chinese(c), "的那", noun.measure, noun.chinese), words({"the", noun.one, "who", english(c)}),
          noun.chinese};
}

}  // namespace stemma::demo
