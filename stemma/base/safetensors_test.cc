#include "stemma/base/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <utility>

#include "stemma/base/testing.h"

namespace stemma {
namespace {

using testing::HasSubstr;

template <class T>
std::string_view bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

// A file in memory: the header as given, then the data.
std::string file_of(std::string_view header, std::string_view data = "") {
  const uint64_t length = header.size();
  return str(std::string_view(reinterpret_cast<const char*>(&length), sizeof length), header, data);
}
std::string error_in(std::string_view bytes) {
  return error_of([&] { SafetensorsFile(bytes, "m"); });
}

class Safetensors : public testing::Test {
 protected:
  TemporaryDirectory directory_;
  std::string path_ = directory_.file("model.safetensors");
  std::vector<float> a_ = {1, -2, 3.5f, 0, 5, 6};
  std::vector<int64_t> b_ = {1, -1};
  std::vector<TensorEntry> entries_ = {{"b.weight", "I64", {2}, bytes_of(b_)},
                                       {"empty", "F32", {3, 0}, {}},
                                       {"a.weight", "F32", {2, 3}, bytes_of(a_)},
                                       {"scalar", "U8", {}, std::string_view("\x07", 1)}};
};

TEST_F(Safetensors, GoThereAndBack) {
  write_safetensors(path_, entries_, {{"format", "pt"}, {"step", "10"}});
  const SafetensorsFile file(path_);
  EXPECT_EQ(file.metadata(), (Metadata{{"format", "pt"}, {"step", "10"}}));
  ASSERT_EQ(file.entries().size(), entries_.size());
  for (const auto& expected : entries_) {
    const TensorEntry* entry = file.find(expected.name);
    ASSERT_TRUE(entry) << expected.name;
    EXPECT_EQ(entry->dtype, expected.dtype);
    EXPECT_EQ(entry->shape, expected.shape);
    EXPECT_EQ(entry->bytes, expected.bytes);
    EXPECT_TRUE(file.verify(*entry));
  }
  EXPECT_EQ(file.find("a"), nullptr);
  EXPECT_EQ(file.entries()[0].name, "b.weight");
  EXPECT_EQ(uintptr_t(file.entries()[0].bytes.data()) % 64, 0u);
}

TEST_F(Safetensors, AnEmptyFileHasNoTensors) {
  write_safetensors(path_, {});
  EXPECT_TRUE(SafetensorsFile(path_).entries().empty());
}

TEST_F(Safetensors, WritingRefusesWhatCannotBeReadBack) {
  const auto error = [&](TensorEntry entry) {
    return error_of([&] { write_safetensors(path_, {entries_[0], std::move(entry)}); });
  };
  EXPECT_EQ(error({"x", "F32", {2}, "abc"}), str(path_, ": tensor \"x\": F32 [2] does not fill 3 bytes"));
  EXPECT_THAT(error({"x", "F31", {0}, ""}), HasSubstr("unknown dtype \"F31\""));
  EXPECT_THAT(error({"b.weight", "U8", {0}, ""}), HasSubstr("tensor \"b.weight\": its name is taken"));
  EXPECT_THAT(error({"__metadata__", "U8", {0}, ""}), HasSubstr("its name is taken"));
  EXPECT_FALSE(exists(path_));
}

// Every length that the file could have been cut to is an error.
TEST_F(Safetensors, EveryTruncationIsFound) {
  write_safetensors(path_, entries_);
  const auto bytes = read_file(path_);
  EXPECT_EQ(error_in(bytes), "no error");
  for (size_t length = 0; length < bytes.size(); ++length) EXPECT_NE(error_in(bytes.substr(0, length)), "no error");
  EXPECT_EQ(error_in(bytes.substr(0, bytes.size() - 1 - 3)),
            "m: tensor \"a.weight\": truncated: it ends at byte 40 of the data, which has 37");
  EXPECT_EQ(error_in(bytes + "x"), "m: 1 bytes after the last tensor");
}

// Every flipped bit of the data is found, and the tensor that has it is named.
TEST_F(Safetensors, EveryDamagedBitIsFound) {
  write_safetensors(path_, entries_);
  auto bytes = read_file(path_);
  const size_t data = bytes.size() - 8 * b_.size() - 4 * a_.size() - 1;
  for (size_t i = data; i < bytes.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      bytes[i] ^= char(1 << bit);
      const SafetensorsFile file(bytes, "m");
      std::string found;
      for (const auto& entry : file.entries())
        if (const auto error = error_of([&] { file.verify(entry); }); error != "no error") found += error;
      const char* name = i < data + 16 ? "b.weight" : i < data + 40 ? "a.weight" : "scalar";
      EXPECT_THAT(found, testing::StartsWith(str("m: tensor \"", name, "\": damaged: its checksum is ")));
      bytes[i] ^= char(1 << bit);
    }
}

// A flipped bit of the header is an error, or shows as another name, dtype or note, or is harmless: never a crash.
TEST_F(Safetensors, ADamagedHeaderIsReadOrRefused) {
  write_safetensors(path_, entries_);
  auto bytes = read_file(path_);
  int refused = 0, total = 0;
  for (size_t i = 0; i < bytes.size() - 41; ++i)
    for (int bit = 0; bit < 8; ++bit, ++total) {
      bytes[i] ^= char(1 << bit);
      refused += error_in(bytes) != "no error";
      bytes[i] ^= char(1 << bit);
    }
  EXPECT_GT(refused, total / 2);
}

TEST(SafetensorsHeader, IsChecked) {
  const auto one = [](std::string_view tensor, std::string_view data = "") {
    return error_in(file_of(str("{\"t\": ", tensor, "}"), data));
  };
  EXPECT_EQ(error_in(""), "m: truncated: only 0 bytes");
  EXPECT_EQ(error_in(std::string(8, '\xFF')),
            "m: not a safetensors file, or damaged: a header of 18446744073709551615 bytes");
  EXPECT_EQ(error_in(file_of("{}").substr(0, 9)), "m: truncated inside its header");
  EXPECT_EQ(error_in(file_of("[]")), "m: the header is not a JSON object");
  EXPECT_THAT(error_in(file_of("{")), HasSubstr("m:1:2: not valid JSON"));
  EXPECT_EQ(error_in(file_of("{}   ")), "no error");
  EXPECT_EQ(error_in(file_of(R"({"__metadata__": {"a": 1}})")), "m: __metadata__: the value of \"a\" is not text");
  EXPECT_EQ(error_in(file_of(R"({"__metadata__": []})")), "m: __metadata__ is not an object");
  EXPECT_EQ(one("1"), "m: tensor \"t\": expected an object, found 1");
  EXPECT_EQ(one("{}"), "m: tensor \"t\": data_offsets must be [begin, end]");
  EXPECT_EQ(one(R"({"dtype": "F31", "shape": [0], "data_offsets": [0, 0]})"), "m: tensor \"t\": unknown dtype \"F31\"");
  EXPECT_EQ(one(R"({"dtype": "F32", "shape": [1], "offsets": []})"),
            "m: tensor \"t\": unknown key 'offsets' (did you mean 'data_offsets'?)");
  EXPECT_EQ(one(R"({"dtype": "F32", "shape": [1]})"), "m: tensor \"t\": data_offsets must be [begin, end]");
  EXPECT_EQ(one(R"({"dtype": "U8", "shape": [1], "data_offsets": [1, 0]})"),
            "m: tensor \"t\": data_offsets [1, 0] are not a range");
  EXPECT_EQ(one(R"({"dtype": "U8", "shape": [-1], "data_offsets": [0, 0]})"),
            "m: tensor \"t\": U8 [-1] does not fill 0 bytes");
  EXPECT_EQ(one(R"({"dtype": "F32", "shape": [4611686018427387904], "data_offsets": [0, 0]})"),
            "m: tensor \"t\": F32 [4611686018427387904] does not fill 0 bytes");
  EXPECT_EQ(one(R"({"dtype": "U8", "shape": [1], "data_offsets": [1, 2]})", "ab"),
            "m: tensor \"t\": begins at byte 1 of the data, not at 0");
  EXPECT_EQ(one(R"({"dtype": "U8", "shape": [9223372036854775807], "data_offsets": [0, 9223372036854775807]})", "ab"),
            "m: tensor \"t\": truncated: it ends at byte 9223372036854775807 of the data, which has 2");
}

TEST(SafetensorsHeader, RefusesOverlapsGapsAndRepeats) {
  const auto two = [](std::string_view first, std::string_view second, std::string_view name) {
    const auto tensor = [](std::string_view offsets) {
      return str("{\"dtype\": \"U8\", \"shape\": [2], \"data_offsets\": ", offsets, "}");
    };
    return error_in(file_of(str("{\"a\": ", tensor(first), ", \"", name, "\": ", tensor(second), "}"), "wxyz"));
  };
  EXPECT_EQ(two("[0, 2]", "[2, 4]", "b"), "no error");
  EXPECT_EQ(two("[2, 4]", "[0, 2]", "b"), "no error");
  EXPECT_EQ(two("[0, 2]", "[1, 3]", "b"), "m: tensor \"b\": begins at byte 1 of the data, not at 2");
  EXPECT_EQ(two("[0, 2]", "[0, 2]", "b"), "m: tensor \"b\": begins at byte 0 of the data, not at 2");
  EXPECT_EQ(two("[0, 2]", "[3, 5]", "b"), "m: tensor \"b\": begins at byte 3 of the data, not at 2");
  EXPECT_EQ(two("[0, 2]", "[2, 4]", "a"), "m: key \"a\" appears twice");
}

// Written by the safetensors package of Python (tools/golden/safetensors_file.py): it knows no checksums.
TEST(SafetensorsGolden, ReadsWhatPythonWrote) {
  const SafetensorsFile file(STEMMA_SOURCE_DIR "/tests/golden/python.safetensors");
  EXPECT_EQ(file.metadata(), (Metadata{{"format", "pt"}, {"写", "α"}}));
  ASSERT_EQ(file.entries().size(), 5u);
  const auto* a = file.find("encoder.weight");
  ASSERT_TRUE(a);
  EXPECT_EQ(a->dtype, "F32");
  EXPECT_EQ(a->shape, (std::vector<int64_t>{2, 3}));
  std::vector<float> values(6);
  std::memcpy(values.data(), a->bytes.data(), a->bytes.size());
  EXPECT_EQ(values, (std::vector<float>{0, 0.5, 1, 1.5, 2, 2.5}));
  EXPECT_FALSE(file.verify(*a));
  EXPECT_EQ(file.find("ids")->dtype, "I32");
  EXPECT_EQ(file.find("half")->dtype, "F16");
  EXPECT_EQ(file.find("none")->bytes.size(), 0u);
  EXPECT_EQ(file.find("名")->shape, (std::vector<int64_t>{}));
}

}  // namespace
}  // namespace stemma
