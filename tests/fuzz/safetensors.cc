// Whatever the bytes are, a safetensors file is refused with an Error or every entry lies inside it.
#include <cstdint>
#include <cstdlib>

#include "stemma/base/check.h"
#include "stemma/base/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const stemma::SafetensorsFile file(bytes, "fuzz");
    for (const auto& entry : file.entries()) {
      if (entry.bytes.data() < bytes.data() || entry.bytes.end() > bytes.end()) std::abort();
      if (file.find(entry.name) != &entry) std::abort();
      try {
        file.verify(entry);
      } catch (const stemma::Error&) {}
    }
  } catch (const stemma::Error&) {}
  return 0;
}
