// What a tagger is asked: its tags, how those of its text become those it tells apart, and the intents of sentences.
#pragma once
#include "stemma/base/tags.h"
#include "stemma/data/tagged_text.h"

namespace stemma {

struct TagHead {
  std::string loss = "crf";  // crf: whole sentences (Lample et al. 2016) | softmax: word by word
  // What the network tells apart. free: the tags as they are; bio, bioes: tags of spans, read and written as the
  // training text has them, and never in an order that is no span. auto: bioes for spans, otherwise free.
  std::string scheme = "auto";
  float dropout = 0.5f;          // on what the last layer sees
  float unknown = 0.5f;          // how often a word met once in training is read as <unk> (Lample et al. 2016, 4.3)
  std::string pooling = "auto";  // for the intent of a sentence: see nn/pooling.h; auto: what suits the encoder
  float intent = 1;              // weight of the intents' loss beside that of the tags
  FIELDS(loss, scheme, dropout, unknown, pooling, intent)
  void validate() const;  // Error naming the option
};

using Tags = std::vector<std::string>;

struct TagLabels {
  TagScheme written = TagScheme::free;  // of the training text, and of answers
  TagScheme inner = TagScheme::free;    // of the network
  LabelSet tags;                        // the network's
  LabelSet names;                       // the training text's own
  LabelSet intents;                     // empty: there are none
  std::string words;                    // the rule by which running text falls into words: tasks/tag_words.h

  // `scheme`: TagHead's. Error when the tags are not of a scheme that was asked for.
  static TagLabels of(const TaggedTexts& train, const std::string& scheme);
  static TagLabels load(const std::string& path);
  void save(const std::string& path) const;

  bool spans() const { return written != TagScheme::free; }
  // Tags of a text -> the network's. A span that is not begun begins at its first word, as seqeval reads it.
  Tags inside(const Tags& tags) const;
  Tags outside(const Tags& tags) const;  // and back
};

}  // namespace stemma
