#!/bin/bash
# What the compiler does not check: the format, the layers, no file over 400 lines. Reports all, then fails.
set -uo pipefail
cd "$(dirname "$0")/.."
status=0

git ls-files -z '*.h' '*.cc' | xargs -0 -r clang-format --dry-run -Werror || { echo "run: make format"; status=1; }
tools/layers.sh || status=1
while read -r lines file; do
  [ "$lines" -le 400 ] || [ "$file" = total ] || { echo "$file: $lines lines, more than 400"; status=1; }
done < <(git ls-files -z '*.h' '*.cc' '*.py' '*.sh' '*.cmake' '*CMakeLists.txt' Makefile .ci/run | xargs -0 wc -l)
exit $status
