// tag: every word of a sentence has a tag: part of speech, named entity, slot; and sentences may have an intent.
#pragma once
#include "stemma/tasks/text_task.h"

namespace stemma {

TextTask tag_task();

}  // namespace stemma
