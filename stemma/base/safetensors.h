// The safetensors format: named arrays in one file, mapped, never copied, nothing executed. Knows no Tensor.
// Each array's CRC-32 stands in the file's metadata, so that damage is found and the array that has it named; other
// programs read our files, and we read theirs.
//   8 bytes: length of the header | header, JSON: {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}
//   | the arrays, end to end
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "stemma/base/files.h"

namespace stemma {

class Json;

struct TensorEntry {
  std::string name, dtype;  // "F32", "BF16", "F16", "I64", "I32", "U8", ...
  std::vector<int64_t> shape;
  std::string_view bytes;  // in row order, little endian
};

using Metadata = std::map<std::string, std::string, std::less<>>;

// Bytes of one element; 0: no such dtype.
int64_t bytes_of_dtype(std::string_view dtype);

class SafetensorsFile {
 public:
  // Throws Error, naming the file and the tensor, unless every header field and offset is right.
  explicit SafetensorsFile(const std::string& path);
  SafetensorsFile(std::string_view bytes, std::string name);  // the caller keeps the bytes

  const std::vector<TensorEntry>& entries() const { return entries_; }  // as they follow in the file
  const Metadata& metadata() const { return metadata_; }                // without the checksums
  const MappedFile& file() const { return file_; }                      // empty when made from bytes
  const TensorEntry* find(std::string_view name) const;                 // null: none
  // Throws Error naming the tensor when its bytes differ from what was written; false: no checksum was written.
  bool verify(const TensorEntry& entry) const;

 private:
  void read();
  void read_metadata(const Json& json);
  MappedFile file_;
  std::string name_;
  std::string_view bytes_;
  std::vector<TensorEntry> entries_;
  std::map<std::string, size_t, std::less<>> index_;
  Metadata metadata_, checksums_;
};

// Writes the entries in their order, atomically; their bytes go straight from memory to the file.
void write_safetensors(const std::string& path, const std::vector<TensorEntry>& entries, const Metadata& metadata = {});

}  // namespace stemma
