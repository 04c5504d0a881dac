#!/bin/bash
# The layer check must let good includes pass and refuse each kind of bad one.
set -euo pipefail
tools=$(cd "$(dirname "$0")/../tools" && pwd)
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
mkdir -p "$here"/stemma/{base,nn,ops,train,rooms}

refused() {  # refused FILE LINE: a tree with this one line is refused, and the message names the file
  echo "$2" > "$here/stemma/$1"
  if "$tools/layers.sh" "$here" > "$here/out"; then echo "accepted in $1: $2"; exit 1; fi
  grep -q "^stemma/$1:1: " "$here/out"
  rm "$here/stemma/$1"
}

printf '#include <vector>\n#include "stemma/ops/ops.h"\n' > "$here/stemma/nn/good.h"
printf '#include <nlohmann/json.hpp>\n' > "$here/stemma/base/good.cc"
"$tools/layers.sh" "$here"
refused base/bad.cc '#include "stemma/tensor/tensor.h"'
refused train/bad.h '#include "stemma/data/shards.h"'
refused nn/bad.cc '#include "linear.h"'
refused nn/bad.h '#include <iostream>'
refused nn/bad.cc '#include <dnnl.h>'
refused ops/bad.h '#include <hwy/highway.h>'
refused rooms/bad.h '#include <vector>'
