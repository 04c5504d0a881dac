#include "stemma/base/safetensors.h"

#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <cstring>
#include <set>
#include <utility>

#include "stemma/base/json.h"

namespace stemma {

namespace {

static_assert(std::endian::native == std::endian::little);

constexpr uint64_t max_header = 100'000'000;  // the format's own bound
constexpr uint64_t alignment = 64;            // where our data begins
constexpr std::string_view metadata_key = "__metadata__", checksum_prefix = "crc32:";

constexpr std::array<std::pair<std::string_view, int64_t>, 15> dtypes = {{{"F32", 4},
                                                                          {"BF16", 2},
                                                                          {"F16", 2},
                                                                          {"F64", 8},
                                                                          {"I64", 8},
                                                                          {"I32", 4},
                                                                          {"I16", 2},
                                                                          {"I8", 1},
                                                                          {"U64", 8},
                                                                          {"U32", 4},
                                                                          {"U16", 2},
                                                                          {"U8", 1},
                                                                          {"BOOL", 1},
                                                                          {"F8_E4M3", 1},
                                                                          {"F8_E5M2", 1}}};

struct Header {  // of one tensor
  std::string dtype;
  std::vector<int64_t> shape, data_offsets;
  FIELDS(dtype, shape, data_offsets)
};

// "model.safetensors: tensor "x": "
std::string in(const std::string& file, const std::string& name) { return str(file, ": tensor ", Json(name), ": "); }

// Throws unless arrays of this dtype and shape have this many bytes.
void check_size(const std::string& where, const std::string& dtype, const std::vector<int64_t>& shape, int64_t bytes) {
  int64_t expected = bytes_of_dtype(dtype);
  check(expected > 0, where, "unknown dtype ", Json(dtype));
  bool fits = true;
  for (const int64_t length : shape) fits = fits && length >= 0 && !__builtin_mul_overflow(expected, length, &expected);
  check(fits && expected == bytes, where, dtype, " ", Json(shape), " does not fill ", bytes, " bytes");
}

struct Placed {
  TensorEntry entry;
  int64_t begin, end;
};

Placed read_entry(const std::string& file, const std::string& name, const Json& json) {
  const auto where = in(file, name);
  const auto h = from_json<Header>(json, str(file, ": tensor ", Json(name)));
  check(h.data_offsets.size() == 2, where, "data_offsets must be [begin, end]");
  const auto begin = h.data_offsets[0], end = h.data_offsets[1];
  check(0 <= begin && begin <= end, where, "data_offsets [", begin, ", ", end, "] are not a range");
  check_size(where, h.dtype, h.shape, end - begin);
  return {{name, h.dtype, h.shape, {}}, begin, end};
}

std::string crc32_of(std::string_view bytes) {
  const auto crc = libdeflate_crc32(0, bytes.data(), bytes.size());
  char text[9];
  std::snprintf(text, sizeof text, "%08x", crc);
  return text;
}

}  // namespace

int64_t bytes_of_dtype(std::string_view dtype) {
  const auto found = std::find_if(dtypes.begin(), dtypes.end(), [&](const auto& row) { return row.first == dtype; });
  return found == dtypes.end() ? 0 : found->second;
}

SafetensorsFile::SafetensorsFile(const std::string& path) : file_(path), name_(path), bytes_(file_.bytes()) { read(); }

SafetensorsFile::SafetensorsFile(std::string_view bytes, std::string name) : name_(std::move(name)), bytes_(bytes) {
  read();
}

void SafetensorsFile::read() {
  uint64_t length = 0;
  check(bytes_.size() >= sizeof length, name_, ": truncated: only ", bytes_.size(), " bytes");
  std::memcpy(&length, bytes_.data(), sizeof length);
  check(length <= max_header, name_, ": not a safetensors file, or damaged: a header of ", length, " bytes");
  check(length <= bytes_.size() - sizeof length, name_, ": truncated inside its header");
  const auto header = Json::parse(bytes_.substr(sizeof length, length), name_);
  check(header.is_object(), name_, ": the header is not a JSON object");

  std::vector<Placed> placed;
  for (const auto& [key, value] : header.object())
    key == metadata_key ? read_metadata(value) : placed.push_back(read_entry(name_, key, value));
  std::stable_sort(placed.begin(), placed.end(), [](const Placed& a, const Placed& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });

  const auto data = bytes_.substr(sizeof length + length);
  int64_t position = 0;
  for (auto& [entry, begin, end] : placed) {
    check(begin == position, in(name_, entry.name), "begins at byte ", begin, " of the data, not at ", position);
    check(end <= int64_t(data.size()), in(name_, entry.name), "truncated: it ends at byte ", end,
          " of the data, which has ", data.size());
    entry.bytes = data.substr(size_t(begin), size_t(end - begin));
    index_.emplace(entry.name, entries_.size());
    entries_.push_back(std::move(entry));
    position = end;
  }
  check(position == int64_t(data.size()), name_, ": ", int64_t(data.size()) - position, " bytes after the last tensor");
}

void SafetensorsFile::read_metadata(const Json& json) {
  check(json.is_object(), name_, ": ", metadata_key, " is not an object");
  for (const auto& [key, value] : json.object()) {
    check(value.is_string(), name_, ": ", metadata_key, ": the value of ", Json(key), " is not text");
    if (key.starts_with(checksum_prefix))
      checksums_.emplace(key.substr(checksum_prefix.size()), value.text());
    else
      metadata_.emplace(key, value.text());
  }
}

const TensorEntry* SafetensorsFile::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &entries_[found->second];
}

bool SafetensorsFile::verify(const TensorEntry& entry) const {
  const auto expected = checksums_.find(entry.name);
  if (expected == checksums_.end()) return false;
  const auto found = crc32_of(entry.bytes);
  check(found == expected->second, in(name_, entry.name), "damaged: its checksum is ", found, ", it was written with ",
        expected->second, "; take another copy or an earlier checkpoint");
  return true;
}

void write_safetensors(const std::string& path, const std::vector<TensorEntry>& entries, const Metadata& metadata) {
  Json::Object notes(metadata.begin(), metadata.end()), header;
  std::set<std::string_view> names = {metadata_key};
  int64_t position = 0;
  for (const auto& entry : entries) {
    check(names.insert(entry.name).second, in(path, entry.name), "its name is taken");
    const int64_t end = position + int64_t(entry.bytes.size());
    check_size(in(path, entry.name), entry.dtype, entry.shape, end - position);
    header.emplace_back(entry.name, to_json(Header{entry.dtype, entry.shape, {position, end}}));
    notes.emplace_back(str(checksum_prefix, entry.name), crc32_of(entry.bytes));
    position = end;
  }
  header.emplace_back(metadata_key, std::move(notes));

  std::string text = Json(std::move(header)).dump();
  uint64_t length = text.size();
  length += (alignment - (sizeof length + length) % alignment) % alignment;
  text.resize(length, ' ');
  AtomicFile file(path);
  file.write(&length, sizeof length);
  file.write(text);
  for (const auto& entry : entries) file.write(entry.bytes);
  file.commit();
}

}  // namespace stemma
