// Golden numbers of sacreBLEU, by tools/golden/metrics.py, for the tests of this room.
#pragma once
#include <gtest/gtest.h>

#include <cmath>

#include "stemma/base/files.h"
#include "stemma/base/json.h"

namespace stemma {
namespace {

using Lines = std::vector<std::string>;

inline const Json& golden() {
  static const Json json = [] {
    const std::string path = STEMMA_SOURCE_DIR "/tests/golden/metrics.json";
    return Json::parse(read_file(path), path);
  }();
  return json;
}

template <class T>
inline T as(const Json& json) {
  T out;
  read(json, out, "golden");
  return out;
}

// Relative to the size of the scores, which are percentages.
inline void expect_equal(double value, double expected, const std::string& what) {
  EXPECT_LE(std::abs(value - expected), 1e-9 * std::max(1., std::abs(expected)))
      << what << ": " << value << " not " << expected;
}

}  // namespace
}  // namespace stemma
