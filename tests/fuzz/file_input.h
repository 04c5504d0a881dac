// For readers that want a path: the bytes as a file in memory.
#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "stemma/base/check.h"

class FileInput {
 public:
  FileInput(const uint8_t* data, size_t size) : file_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    if (file_ < 0 || ::write(file_, data, size) != ssize_t(size)) std::abort();
  }
  ~FileInput() { ::close(file_); }
  FileInput(const FileInput&) = delete;
  FileInput& operator=(const FileInput&) = delete;
  std::string path() const { return stemma::str("/proc/self/fd/", file_); }

 private:
  int file_;
};
