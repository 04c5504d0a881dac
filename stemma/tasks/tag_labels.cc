#include "stemma/tasks/tag_labels.h"

#include <algorithm>

#include "stemma/base/choice.h"
#include "stemma/base/files.h"
#include "stemma/data/tag_scheme.h"
#include "stemma/nn/crf.h"

namespace stemma {

namespace {

const std::vector<std::string> schemes = {"free", "bio", "bioes"};  // in the order of TagScheme

TagScheme scheme_named(const std::string& name, std::string_view where) {
  const auto found = std::find(schemes.begin(), schemes.end(), name);
  check(found != schemes.end(), where, ": unknown scheme '", name, "'", suggestion(name, schemes));
  return TagScheme(found - schemes.begin());
}

Tags as(TagScheme scheme, const Tags& tags) {
  return scheme == TagScheme::bio ? bioes_to_bio(tags) : scheme == TagScheme::bioes ? bio_to_bioes(tags) : tags;
}

}  // namespace

void TagHead::validate() const {
  check_choice("head.loss", loss, {"crf", "softmax"});
  check_choice("head.scheme", scheme, {"auto", "free", "bio", "bioes"});
  check_choice("head.pooling", pooling, {"auto", "last", "first", "max", "mean", "attention"});
  check(dropout >= 0 && dropout < 1, "head.dropout = ", dropout, ": must be in [0, 1)");
  check(unknown >= 0 && unknown < 1, "head.unknown = ", unknown, ": must be in [0, 1)");
  check(intent >= 0, "head.intent = ", intent, ": must be at least 0");
}

TagLabels TagLabels::of(const TaggedTexts& train, const std::string& scheme) {
  TagLabels out;
  out.written = scheme_of(train.names.names());
  out.inner = scheme != "auto"                 ? scheme_named(scheme, "head.scheme")
              : out.written == TagScheme::free ? TagScheme::free
                                               : TagScheme::bioes;
  legal_labels(train.names.names(), out.inner == TagScheme::free ? TagScheme::free : TagScheme::bioes);
  Tags names;
  if (out.inner != TagScheme::free) names.emplace_back("O");  // so that every sentence has a legal way through
  for (const auto& sentence : train.sentences)
    for (auto& tag : out.inside(sentence.tags)) names.push_back(std::move(tag));
  out.tags = LabelSet(std::move(names));
  out.names = train.names, out.intents = train.intents;
  return out;
}

Tags TagLabels::inside(const Tags& tags) const { return as(inner, tags); }
Tags TagLabels::outside(const Tags& tags) const { return inner == written ? tags : as(written, tags); }

void TagLabels::save(const std::string& path) const {
  write_file(path, Json::object({{"written", schemes[size_t(written)]},
                                 {"scheme", schemes[size_t(inner)]},
                                 {"words", words},
                                 {"tags", tags.to_json()},
                                 {"names", names.to_json()},
                                 {"intents", intents.to_json()}})
                           .dump(2) +
                       "\n");
}

TagLabels TagLabels::load(const std::string& path) {
  const Json json = Json::parse(read_file(path), path);
  TagLabels out;
  out.written = scheme_named(json["written"].text(), path), out.inner = scheme_named(json["scheme"].text(), path);
  out.words = json["words"].text();
  out.tags = LabelSet::from_json(json["tags"], path), out.names = LabelSet::from_json(json["names"], path);
  if (!json["intents"].array().empty()) out.intents = LabelSet::from_json(json["intents"], path);
  check(out.tags.size() > 1, path, ": fewer than two tags");
  return out;
}

}  // namespace stemma
