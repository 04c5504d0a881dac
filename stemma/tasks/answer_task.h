// answer: a question about a text, answered by a span of the text.
#pragma once
#include "stemma/tasks/text_task.h"

namespace stemma {

TextTask answer_task();

}  // namespace stemma
