#include "stemma/base/tags.h"

namespace stemma {

Tag tag_of(std::string_view label, TagScheme scheme) {
  if (label == "O") return {.prefix = 'O'};
  const std::string_view prefixes = scheme == TagScheme::bio ? "BI" : "BIES";
  const bool tagged = label.size() > 2 && label[1] == '-' && prefixes.find(label[0]) != std::string_view::npos;
  return tagged ? Tag{label[0], label.substr(2)} : Tag{};
}

TagScheme scheme_of(const std::vector<std::string>& labels) {
  bool whole = false;
  for (const auto& label : labels) {
    const char prefix = tag_of(label, TagScheme::bioes).prefix;
    if (prefix == 0) return TagScheme::free;
    whole = whole || prefix == 'E' || prefix == 'S';
  }
  return whole ? TagScheme::bioes : TagScheme::bio;
}

bool may_follow(Tag before, Tag next, TagScheme scheme) {
  if (scheme == TagScheme::free) return true;
  const bool inside = next.prefix == 'I' || next.prefix == 'E', open = before.prefix == 'B' || before.prefix == 'I';
  const bool same = open && before.type == next.type;
  return scheme == TagScheme::bio ? !inside || same : open ? inside && same : !inside;
}

int64_t illegal_places(const std::vector<std::string>& labels, TagScheme scheme) {
  if (scheme == TagScheme::free) return 0;
  int64_t n = 0;
  const Tag outside{.prefix = 'O'};
  Tag before = outside;
  for (const auto& label : labels) {
    const Tag next = tag_of(label, scheme);
    n += next.prefix == 0 || !may_follow(before, next, scheme);
    before = next;
  }
  return n + !may_follow(before, outside, scheme);
}

}  // namespace stemma
