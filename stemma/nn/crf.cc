#include "stemma/nn/crf.h"

#include <string_view>

namespace stemma {

namespace {

// "B-PER" -> 'B', "PER"; "O" -> 'O', ""; anything else -> 0.
struct Tag {
  char prefix = 0;
  std::string_view type = {};
};
Tag tag_of(std::string_view label, std::string_view prefixes) {
  if (label == "O") return {.prefix = 'O'};
  const bool tagged = label.size() > 2 && label[1] == '-' && prefixes.find(label[0]) != std::string_view::npos;
  return tagged ? Tag{label[0], label.substr(2)} : Tag{};
}
constexpr std::string_view prefixes_of(TagScheme scheme) { return scheme == TagScheme::bio ? "BI" : "BIES"; }

// The outside of a sequence counts as O.
bool may_follow(Tag before, Tag next, TagScheme scheme) {
  const bool inside = next.prefix == 'I' || next.prefix == 'E';
  const bool same = before.type == next.type && (before.prefix == 'B' || before.prefix == 'I');
  if (scheme == TagScheme::bio) return !inside || same;
  const bool open = before.prefix == 'B' || before.prefix == 'I';
  return open ? inside && same : !inside;
}

}  // namespace

TagScheme scheme_of(const std::vector<std::string>& labels) {
  bool whole = false;
  for (const auto& label : labels) {
    const char prefix = tag_of(label, "BIES").prefix;
    if (prefix == 0) return TagScheme::free;
    whole = whole || prefix == 'E' || prefix == 'S';
  }
  return whole ? TagScheme::bioes : TagScheme::bio;
}

std::shared_ptr<const LegalLabels> legal_labels(const std::vector<std::string>& labels, TagScheme scheme) {
  if (scheme == TagScheme::free) return nullptr;
  std::vector<Tag> tags;
  for (const auto& label : labels) {
    tags.push_back(tag_of(label, prefixes_of(scheme)));
    check(tags.back().prefix != 0, "label '", label, "' is neither O nor one of ", prefixes_of(scheme),
          " with a type, such as B-PER; use another tag scheme");
  }
  auto legal = std::make_shared<LegalLabels>();
  const Tag outside{.prefix = 'O'};
  for (const Tag& before : tags) {
    legal->start.push_back(may_follow(outside, before, scheme));
    legal->end.push_back(may_follow(before, outside, scheme));
    for (const Tag& next : tags) legal->transitions.push_back(may_follow(before, next, scheme));
  }
  return legal;
}

}  // namespace stemma
