#include "stemma/data/tag_scheme.h"

#include "stemma/base/tags.h"

namespace stemma {

// Whatever the scheme: B and I are in both.
static Tag parts_of(std::string_view tag) { return tag_of(tag, TagScheme::bioes); }
static bool in_span(const Tag& tag) { return tag.prefix != 0 && tag.prefix != 'O'; }

// Does tag i go on with the span of tag i - 1? What ends (E, S) or is of another type does not.
static bool continues(const std::vector<std::string>& tags, size_t i) {
  if (i == 0 || i >= tags.size()) return false;
  const Tag before = parts_of(tags[i - 1]), now = parts_of(tags[i]);
  return (now.prefix == 'I' || now.prefix == 'E') && may_follow(before, now, TagScheme::bioes);
}

std::vector<size_t> illegal_bio(const std::vector<std::string>& tags) {
  std::vector<size_t> places;
  for (size_t i = 0; i < tags.size(); ++i)
    if (parts_of(tags[i]).prefix == 'I' && !continues(tags, i)) places.push_back(i);
  return places;
}

static std::string tagged(char prefix, std::string_view type) {
  std::string tag(1, prefix);
  tag += '-';
  tag += type;
  return tag;
}

std::vector<std::string> bio_to_bioes(const std::vector<std::string>& tags) {
  auto out = tags;
  for (size_t i = 0; i < tags.size(); ++i) {
    const Tag tag = parts_of(tags[i]);
    if (!in_span(tag)) continue;
    const bool begins = !continues(tags, i), ends = !continues(tags, i + 1);
    out[i] = tagged(begins ? ends ? 'S' : 'B' : ends ? 'E' : 'I', tag.type);
  }
  return out;
}

std::vector<std::string> bioes_to_bio(const std::vector<std::string>& tags) {
  auto out = tags;
  for (size_t i = 0; i < tags.size(); ++i) {
    const Tag tag = parts_of(tags[i]);
    if (in_span(tag)) out[i] = tagged(continues(tags, i) ? 'I' : 'B', tag.type);
  }
  return out;
}

}  // namespace stemma
