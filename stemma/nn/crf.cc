#include "stemma/nn/crf.h"

namespace stemma {

std::shared_ptr<const LegalLabels> legal_labels(const std::vector<std::string>& labels, TagScheme scheme) {
  if (scheme == TagScheme::free) return nullptr;
  std::vector<Tag> tags;
  for (const auto& label : labels) {
    tags.push_back(tag_of(label, scheme));
    check(tags.back().prefix != 0, "label '", label, "' is neither O nor ",
          scheme == TagScheme::bio ? "B or I" : "B, I, E or S", " with a type, such as B-PER; use another tag scheme");
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
