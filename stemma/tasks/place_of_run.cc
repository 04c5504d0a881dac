#include "stemma/tasks/place_of_run.h"

#include <unistd.h>

#include <utility>

#include "stemma/base/files.h"

namespace stemma {

PlaceOfRun::PlaceOfRun(const std::string& directory, std::vector<std::string> scratch)
    : directory_(directory), scratch_(std::move(scratch)) {
  for (std::string part = directory; !part.empty() && !exists(part);) {
    made_.push_back(part);
    const size_t slash = part.find_last_of('/');
    part.resize(slash == part.npos ? 0 : slash);
  }
  make_directories(directory);
}

PlaceOfRun::~PlaceOfRun() {
  if (made_.empty() || exists(join_path(directory_, "config.json"))) return;
  for (const auto& name : scratch_) ::unlink(join_path(directory_, name).c_str());
  for (const auto& path : made_)
    if (::rmdir(path.c_str()) != 0) return;  // holds something
}

}  // namespace stemma
