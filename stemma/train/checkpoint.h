// Parameters and training state in safetensors files: named tensors, and one JSON value in the metadata, so that a
// checkpoint is one file that appears as a whole or not at all. Loading is strict.
#pragma once
#include <string>
#include <vector>

#include "stemma/base/files.h"
#include "stemma/base/json.h"
#include "stemma/nn/module.h"

namespace stemma {

struct About {
  std::string architecture;  // a file of another architecture is refused
  Json state;                // null for plain weights
};

// Atomic. A [1, n] tensor is stored as a vector [n], others as matrices.
void save_tensors(const std::string& path, const Params& tensors, const About& about);

// Fills `tensors` and returns the saved state; f32 and bf16 are converted to what `tensors` hold. Error when the
// architecture differs, or naming the tensor (and the nearest) when one is missing, too many, of another shape, damaged
// or not finite; nothing is changed then.
Json load_tensors(const std::string& path, const Params& tensors, const std::string& architecture);

// DIRECTORY/model.safetensors. Error when training has not written it yet.
std::string trained_weights(const std::string& directory);

// The same tensors without copying, for a model that is not trained: they lie in the mapped file, wherever it holds the
// type that is wanted.
struct MappedTensors {
  Params tensors;  // as `wanted`
  MappedFile file;
};
MappedTensors map_tensors(const std::string& path, const Params& wanted, const std::string& architecture);

// Fills `tensors` with the mean of what the files hold.
void load_average(const std::vector<std::string>& paths, const Params& tensors, const std::string& architecture);

}  // namespace stemma
