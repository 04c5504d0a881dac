#include "stemma/tasks/text_task.h"

#include <gmock/gmock.h>

namespace stemma {
namespace {

void add_keys(const Json& data, const std::string& before, std::vector<std::string>& keys) {
  for (const auto& [key, value] : data.object())
    value.is_object() ? add_keys(value, before + key + ".", keys) : keys.push_back(before + key);
}

TEST(TextTasks, EveryKeyOfTheirFilesIsExplained) {
  for (const auto& task : text_tasks()) {
    std::vector<std::string> keys, explained;
    add_keys(task.recipe("lstm").data, "", keys);
    for (const auto& [key, meaning] : task.keys) explained.push_back(key);
    EXPECT_THAT(explained, testing::UnorderedElementsAreArray(keys)) << task.name;
  }
}

}  // namespace
}  // namespace stemma
