// What a model remembers of hypotheses that grow, behind an interface: decoding tells it who continues whom.
#pragma once
#include <cstdint>
#include <vector>

namespace stemma {

class DecoderState {
 public:
  virtual ~DecoderState() = default;
  virtual void reorder(const std::vector<int64_t>& parents) = 0;
};

}  // namespace stemma
