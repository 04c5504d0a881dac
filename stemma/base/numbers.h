// Numbers as people read them.
#pragma once
#include <string>

namespace stemma {

// With `digits` after the point; "–" for what is not a number.
std::string fixed(double value, int digits);
std::string percent(double share);  // of one: 0.5 is "50.00"

}  // namespace stemma
