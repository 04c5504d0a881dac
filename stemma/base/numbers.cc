#include "stemma/base/numbers.h"

#include <cmath>
#include <cstdio>

namespace stemma {

std::string fixed(double value, int digits) {
  if (std::isnan(value)) return "–";
  char buffer[400];
  std::snprintf(buffer, sizeof buffer, "%.*f", digits, value);
  return buffer;
}

std::string percent(double share) { return fixed(100 * share, 2); }

}  // namespace stemma
