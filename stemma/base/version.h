// The version of this program: written into models and signatures of scores, told by doctor and --version.
#pragma once

namespace stemma {

inline constexpr const char* version = "0.1.0";

}  // namespace stemma
