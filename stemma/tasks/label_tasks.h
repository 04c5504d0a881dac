// classify: a text has one label, or any number of them. pair: two texts have a label, or a score.
#pragma once
#include "stemma/tasks/text_task.h"

namespace stemma {

TextTask classify_task();
TextTask pair_task();

}  // namespace stemma
