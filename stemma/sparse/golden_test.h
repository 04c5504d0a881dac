// What scikit-learn says (tools/golden/tfidf.py), for the tests of this room.
#pragma once
#include "stemma/base/files.h"
#include "stemma/base/json.h"

namespace stemma {

inline const Json& sparse_golden() {
  static const Json golden = Json::parse(read_file(STEMMA_SOURCE_DIR "/tests/golden/tfidf.json"), "tfidf.json");
  return golden;
}

template <class T>
T as(const Json& json) {
  T out;
  read(json, out, "tfidf.json");
  return out;
}

}  // namespace stemma
