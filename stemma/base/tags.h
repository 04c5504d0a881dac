// What the names of labels say about spans: "B-PER" begins a span of type PER, "I-PER" goes on with it, "O" is outside.
// Known to taggers (nn/crf.h) and to their scores (metrics/span_f1.h).
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace stemma {

// free: the names say nothing. bio (IOB2): I-X only behind B-X or I-X. bioes (IOBES): B-X I-X ... E-X or S-X, whole.
enum class TagScheme { free, bio, bioes };
// bioes when all labels are "O" or one of B I E S with a type, and E or S occurs; bio when all are "O", "B-X" or "I-X";
// free otherwise.
TagScheme scheme_of(const std::vector<std::string>& labels);

struct Tag {
  char prefix = 0;  // 'O' outside; 0: the label is none of the scheme
  std::string_view type = {};
};
Tag tag_of(std::string_view label, TagScheme scheme);
// The outside of a sequence, before and behind, counts as O.
bool may_follow(Tag before, Tag next, TagScheme scheme);
// The places of a sequence, its end included, where a label may not follow the one before. A label of another scheme,
// such as E-X under bio, breaks it as well.
int64_t illegal_places(const std::vector<std::string>& labels, TagScheme scheme);

}  // namespace stemma
