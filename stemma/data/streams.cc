#include "stemma/data/streams.h"

#include <algorithm>
#include <cmath>

#include "stemma/base/check.h"
#include "stemma/base/random.h"

namespace stemma {

void StreamOptions::validate() const {
  check(streams > 0, "batch.streams = ", streams, ": must be positive");
  check(length > 0, "batch.length = ", length, ": must be positive");
}

Streams::Streams(TokenStream text, const StreamOptions& options, int64_t groups, uint64_t seed)
    : text_(std::move(text)), options_(options), groups_(groups), seed_(seed) {
  options.validate();
  part_ = (text_.size() - 1) / streams();
  check(part_ >= options.length, "the text has ", text_.size(), " tokens, too few for ", streams(), " streams of ",
        options.length, " tokens; use more text, or lower --set streams or length");
}

// Merity et al. 2018, section 5: N(length, 5), of length / 2 one time in twenty; at least 5.
int64_t Streams::length_at(const StreamCursor& cursor) const {
  int64_t length = options_.length;
  if (options_.vary) {
    Random rng = Random{seed_}.stream(uint64_t(cursor.epoch) << 40 | uint64_t(cursor.at));
    const double base = rng.uniform() < 0.95f ? double(length) : double(length) / 2;
    length = std::max<int64_t>(5, std::llround(base + 5 * double(rng.normal())));
  }
  return std::min(length, part_ - cursor.at);
}

StreamBatch Streams::next() {
  StreamBatch out{
      .streams = options_.streams, .length = length_at(cursor_), .group = cursor_.group, .begins = cursor_.at == 0};
  const auto ids = text_.ids();
  for (int64_t s = 0; s < options_.streams; ++s) {
    const auto first = ids.begin() + (cursor_.group * options_.streams + s) * part_ + cursor_.at;
    out.ids.insert(out.ids.end(), first, first + out.length);
    out.next.insert(out.next.end(), first + 1, first + out.length + 1);
  }
  if (++cursor_.group < groups_) return out;
  cursor_.group = 0, cursor_.at += out.length;
  if (cursor_.at == part_) ++cursor_.epoch, cursor_.at = 0;
  return out;
}

void Streams::seek(const StreamCursor& cursor) {
  check(cursor.epoch >= 0 && cursor.at >= 0 && cursor.at < part_ && cursor.group >= 0 && cursor.group < groups_,
        "the place to go on from does not fit the text: it is not the one that the run began with");
  cursor_ = cursor;
}

}  // namespace stemma
