// Batches of running text: parallel streams, each a part of the text, move on together by `length` tokens a step, so
// that a model may carry its state (Zaremba et al. 2014, section 4.1). A cursor of three numbers resumes them exactly.
#pragma once
#include <cstdint>
#include <vector>

#include "stemma/base/fields.h"
#include "stemma/data/token_stream.h"

namespace stemma {

struct StreamOptions {
  int64_t streams = 20;  // of a micro-batch; with train.accumulate = k there are k times as many
  int64_t length = 35;   // tokens of each in a micro-batch: gradients reach no further back
  bool vary = false;     // the length about normal around `length`, now and then half (Merity et al. 2018, section 5)
  FIELDS(streams, length, vary)
  void validate() const;  // Error naming the option
};

struct StreamCursor {
  int64_t epoch = 0, at = 0, group = 0;  // at: tokens of each stream that are behind us
  FIELDS(epoch, at, group)
  bool operator==(const StreamCursor&) const = default;
};

struct StreamBatch {
  std::vector<int32_t> ids{}, next{};  // [streams * length], stream by stream: each token, and the one after it
  int64_t streams = 0, length = 0;
  int64_t group = 0;    // these are the streams from group * streams on
  bool begins = false;  // an epoch: the state is that before a text
};

class Streams {
 public:
  // Groups of streams take turns: group 0 .. groups - 1 at one place, then the next place.
  // Error when the text is too short for one batch.
  Streams(TokenStream text, const StreamOptions& options, int64_t groups, uint64_t seed);
  StreamBatch next();
  const StreamCursor& cursor() const { return cursor_; }
  void seek(const StreamCursor& cursor);  // Error when it does not fit the text

  int64_t streams() const { return options_.streams * groups_; }
  int64_t part() const { return part_; }  // tokens of each stream in an epoch
  int64_t epoch_tokens() const { return part_ * streams(); }
  int64_t left_out() const { return text_.size() - 1 - epoch_tokens(); }  // at the end of the text

 private:
  int64_t length_at(const StreamCursor& cursor) const;
  TokenStream text_;
  StreamOptions options_;
  int64_t groups_, part_ = 0;
  uint64_t seed_;
  StreamCursor cursor_;
};

}  // namespace stemma
