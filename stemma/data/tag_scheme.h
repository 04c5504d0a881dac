// Tags of spans: BIO ("B-PER I-PER O") and BIOES ("S-PER", "B-PER I-PER E-PER"). Any other tag stands alone.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stemma {

// "B-PER" -> {'B', "PER"}; "O" and tags of no scheme -> {'O', ""}.
struct TagParts {
  char role = 'O';  // B I E S O
  std::string_view type;
};
TagParts tag_parts(std::string_view tag);
// All tags are "O" or begin with B- or I- (BIO), or with S- or E- too (BIOES), and one is not "O".
bool is_span_scheme(const std::vector<std::string>& tags);

// Places of I-x that follow neither B-x nor I-x: no span was begun there.
std::vector<size_t> illegal_bio(const std::vector<std::string>& tags);
// An illegal I-x begins a span, as in seqeval's default mode.
std::vector<std::string> bio_to_bioes(const std::vector<std::string>& tags);
std::vector<std::string> bioes_to_bio(const std::vector<std::string>& tags);

}  // namespace stemma
