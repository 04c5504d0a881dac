// Where a run writes: a directory that goes again when the run is refused.
#pragma once
#include <string>
#include <vector>

namespace stemma {

// The directory is there from now on. A run that is refused before config.json says that it is one leaves nothing: with
// this object go the directories that it made, if they hold no more than files named in `scratch`, since a text may
// need its place before it is known whether it is good enough. What was there before stays.
class PlaceOfRun {
 public:
  explicit PlaceOfRun(const std::string& directory, std::vector<std::string> scratch = {});
  ~PlaceOfRun();
  PlaceOfRun(const PlaceOfRun&) = delete;
  PlaceOfRun& operator=(const PlaceOfRun&) = delete;

 private:
  std::string directory_;
  std::vector<std::string> scratch_, made_;  // made: the innermost first
};

}  // namespace stemma
