// Tables about classes that reports of several tasks hold: of texts, of tags.
#pragma once
#include "stemma/metrics/classification.h"
#include "stemma/tasks/text_task.h"

namespace stemma {

// Precision, recall and F1 of each class, then of all. `what` a class is: "label"; what is counted of it: "texts".
ReportTable class_table(const ClassScores& scores, const std::string& title, const std::string& what,
                        const std::string& counted);
inline constexpr const char* confusions_title = "what is taken for what";
// How often each class (row) got each answer (column). Of many classes, more than `most_classes`, the most frequent
// confusions alone.
ReportTable confusion_table(const ClassificationScore& score, const std::string& what, size_t most_classes = 12);

}  // namespace stemma
