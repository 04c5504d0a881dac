// One abstract clause with two linear forms, Chinese and English (Ranta 2004, "Grammatical Framework"): who does what,
// when, where and in which tense. Draws nothing at random; demo_grammar.cc does.
#pragma once
#include <initializer_list>
#include <string>

#include "stemma/tasks/demo_lexicon.h"

namespace stemma::demo {

struct Phrase {
  Phrase() = default;
  Phrase(Text chinese, Text english, Text head = "", Agreement agreement = Agreement::third)
      : chinese(chinese), english(english), head(head), agreement(agreement) {}

  std::string chinese, english;
  std::string head;  // the Chinese word that combinations are held out by
  Agreement agreement = Agreement::third;
};
enum class Asks { nothing, whether, subject, object, place, reason };

struct Clause {
  Phrase subject;
  Verb verb;
  Phrase object, companion;
  Tense tense = Tense::present;
  Word time, modal, adverb, place;
  Asks asks = Asks::nothing;
  bool negative = false, disposal = false, relative = false;
};

std::string chinese(const Clause& clause);
std::string english(const Clause& clause);

// The parts that are not empty, with spaces between.
std::string words(std::initializer_list<Text> parts);
// "an apple", "a book"
std::string with_article(const std::string& noun);

}  // namespace stemma::demo
