// Tags of spans from one scheme to another: BIO ("B-PER I-PER O") and BIOES ("S-PER", "B-PER I-PER E-PER"), as
// base/tags.h has them. Any other tag stands alone.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace stemma {

// Places of I-x that follow neither B-x nor I-x: no span was begun there.
std::vector<size_t> illegal_bio(const std::vector<std::string>& tags);
// An illegal I-x begins a span, as in seqeval's default mode.
std::vector<std::string> bio_to_bioes(const std::vector<std::string>& tags);
std::vector<std::string> bioes_to_bio(const std::vector<std::string>& tags);

}  // namespace stemma
