// Whatever the bytes are, the JSON parser answers with a value or an Error; what it accepts is written and read alike.
#include <cstdint>
#include <cstdlib>

#include "stemma/base/json.h"

using stemma::Json;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Json json;
  try {
    json = Json::parse({reinterpret_cast<const char*>(data), size});
  } catch (const stemma::Error&) { return 0; }
  if (Json::parse(json.dump()) != json || Json::parse(json.dump(2)) != json) std::abort();
  return 0;
}
