#include "stemma/data/tag_scheme.h"

#include <algorithm>

namespace stemma {

TagParts tag_parts(std::string_view tag) {
  if (tag.size() < 2 || tag[1] != '-' || std::string_view("BIES").find(tag[0]) == std::string_view::npos) return {};
  return {tag[0], tag.substr(2)};
}

bool is_span_scheme(const std::vector<std::string>& tags) {
  bool any = false;
  for (const auto& tag : tags) {
    const bool in_span = tag_parts(tag).role != 'O';
    if (!in_span && tag != "O") return false;
    any |= in_span;
  }
  return any;
}

// Does tag i go on with the span of tag i - 1? What ends (E, S) or is of another type does not.
static bool continues(const std::vector<std::string>& tags, size_t i) {
  if (i == 0 || i >= tags.size()) return false;
  const auto before = tag_parts(tags[i - 1]), now = tag_parts(tags[i]);
  return (now.role == 'I' || now.role == 'E') && (before.role == 'B' || before.role == 'I') && before.type == now.type;
}

std::vector<size_t> illegal_bio(const std::vector<std::string>& tags) {
  std::vector<size_t> places;
  for (size_t i = 0; i < tags.size(); ++i)
    if (tag_parts(tags[i]).role == 'I' && !continues(tags, i)) places.push_back(i);
  return places;
}

static std::string with_role(char role, std::string_view type) {
  std::string tag(1, role);
  tag += '-';
  tag += type;
  return tag;
}

std::vector<std::string> bio_to_bioes(const std::vector<std::string>& tags) {
  auto out = tags;
  for (size_t i = 0; i < tags.size(); ++i) {
    const auto [role, type] = tag_parts(tags[i]);
    if (role == 'O') continue;
    const bool begins = !continues(tags, i), ends = !continues(tags, i + 1);
    out[i] = with_role(begins ? ends ? 'S' : 'B' : ends ? 'E' : 'I', type);
  }
  return out;
}

std::vector<std::string> bioes_to_bio(const std::vector<std::string>& tags) {
  auto out = tags;
  for (size_t i = 0; i < tags.size(); ++i) {
    const auto [role, type] = tag_parts(tags[i]);
    if (role != 'O') out[i] = with_role(continues(tags, i) ? 'I' : 'B', type);
  }
  return out;
}

}  // namespace stemma
