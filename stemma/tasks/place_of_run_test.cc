#include "stemma/tasks/place_of_run.h"

#include <gtest/gtest.h>

#include "stemma/base/files.h"
#include "stemma/base/testing.h"

namespace stemma {
namespace {

TEST(PlaceOfRun, GoesWithARunThatIsRefused) {
  const TemporaryDirectory here;
  const std::string out = here.file("a/b/c");
  {
    const PlaceOfRun place(out, {"train.stream"});
    write_file(join_path(out, "train.stream"), "numbers");
  }
  EXPECT_FALSE(exists(here.file("a")));
}

TEST(PlaceOfRun, StaysWhenItHoldsARunOrWasThereBefore) {
  const TemporaryDirectory here;
  const std::string out = here.file("a/b");
  {
    const PlaceOfRun place(out, {"train.stream"});
    write_file(join_path(out, "config.json"), "{}"), write_file(join_path(out, "train.stream"), "numbers");
  }
  EXPECT_TRUE(exists(join_path(out, "train.stream")));
  remove_file(join_path(out, "config.json"));
  { const PlaceOfRun place(out, {"train.stream"}); }
  EXPECT_TRUE(exists(join_path(out, "train.stream")));
  {
    const PlaceOfRun place(here.file("c/d"));
    write_file(here.file("c/mine"), "kept");
  }
  EXPECT_FALSE(exists(here.file("c/d")));
  EXPECT_TRUE(exists(here.file("c/mine")));
}

}  // namespace
}  // namespace stemma
