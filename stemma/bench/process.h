// What a bench asks of the system: memory of this process, and programs run beside it.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace stemma {

// The most memory that this process ever had resident, in MiB (VmHWM of proc(5)).
double peak_mebibytes();

struct ProgramRun {
  std::string output;       // its standard output
  double first_output = 0;  // seconds from its start to its first byte
};
// Runs this very program with other words, gives it `input` and waits. Error when it fails.
ProgramRun run_again(const std::vector<std::string>& words, const std::string& input);

// A new folder for temporary files, removed with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace stemma
