// What tests of every room share: the message of an error, a directory that vanishes. Included by tests only.
#pragma once
#include <stdlib.h>

#include <string>

#include "stemma/base/check.h"
#include "stemma/base/files.h"

namespace stemma {

// The message of the Error that f() throws; "no error" when it throws none.
template <class F>
std::string error_of(F&& f) {
  try {
    f();
  } catch (const Error& e) { return e.what(); }
  return "no error";
}

// A new directory, removed with the files in it (and their directories) at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory() { check(::mkdtemp(path_.data()) != nullptr, "cannot create ", path_); }
  ~TemporaryDirectory() { [[maybe_unused]] const int status = ::system(str("rm -rf ", path_).c_str()); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }
  std::string file(std::string_view name) const { return join_path(path_, name); }

 private:
  std::string path_ = "/tmp/stemma-test-XXXXXX";
};

}  // namespace stemma
