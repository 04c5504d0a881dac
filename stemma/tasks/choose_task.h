// choose: a question with options, one of which is right.
#pragma once
#include "stemma/tasks/text_task.h"

namespace stemma {

TextTask choose_task();

}  // namespace stemma
