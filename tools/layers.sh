#!/bin/bash
# Checks which room includes which (docs/style.md), and that heavy headers stay inside .cc files.
#   tools/layers.sh [ROOT]
set -euo pipefail
cd "${1:-$(dirname "$0")/..}"

find stemma -name '*.h' -o -name '*.cc' | sort | xargs awk '
  BEGIN {
    reach["base"] = "base"
    reach["text"] = "text base"
    reach["data"] = "data text base"
    reach["sparse"] = "sparse text base"
    reach["metrics"] = "metrics text base"
    reach["tensor"] = "tensor base"
    reach["ops"] = "ops tensor base"
    reach["nn"] = "nn ops tensor base"
    reach["vectors"] = "vectors ops tensor metrics text base"
    reach["models"] = "models nn ops tensor base"
    reach["train"] = "train models nn ops tensor base"
    reach["decode"] = "decode models nn ops tensor base"
    reach["tasks"] = "tasks train decode models nn vectors sparse ops tensor data text metrics base"
    reach["bench"] = "bench " reach["tasks"]
    reach["cli"] = "cli " reach["bench"]
    heavy = "^<(dnnl|oneapi/|nlohmann/|toml\\+\\+|CLI/|sentencepiece|unicode/|filesystem>|regex>|iostream>)"
  }
  function wrong(why) { print FILENAME ":" FNR ": " why; bad = 1 }
  $1 == "#include" {
    split(FILENAME, here, "/"); room = here[2]
    if (!(room in reach)) wrong("no such room: " room)
    if ($2 ~ /^"/) {
      if (split(substr($2, 2), there, "/") < 3 || there[1] != "stemma") wrong("write the include from the root: " $2)
      else if (!index(" " reach[room] " ", " " there[2] " ")) wrong(room " must not include " there[2] ": " $2)
    } else {
      if ($2 ~ /^<(dnnl|oneapi\/|hwy\/)/ && room != "ops") wrong("only ops knows oneDNN and Highway: " $2)
      if (FILENAME !~ /\.h$/) next
      if ($2 ~ heavy) wrong("a heavy header belongs into a .cc: " $2)
      if ($2 ~ /^<hwy\/highway/ && FILENAME !~ /-inl\.h$/) wrong("Highway belongs into a .cc or an -inl.h: " $2)
    }
  }
  END { exit bad }'
