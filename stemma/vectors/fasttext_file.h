// fastText's own files, version 11 and 12: .bin, and .ftz with quantised tables. What we write, fastText and gensim
// read. Numbers are little-endian; nothing is allocated that the file does not hold.
#pragma once
#include <string>
#include <string_view>

#include "stemma/base/files.h"
#include "stemma/vectors/vector_model.h"

namespace stemma {

bool is_fasttext(std::string_view bytes);  // begins as such a file
struct FastTextFile {
  VectorModel model;
  std::string_view rest;  // bytes behind the model
};
// Error "WHERE: ..." when the bytes are cut short or do not agree with themselves.
FastTextFile read_fasttext(std::string_view bytes, const std::string& where);
void write_fasttext(const VectorModel& model, AtomicFile& file);

}  // namespace stemma
