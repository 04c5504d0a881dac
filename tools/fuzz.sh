#!/bin/bash
# Runs every fuzz target of a build for some seconds, starting from tests/fuzz/seeds; a finding fails and stays in BUILD.
#   tools/fuzz.sh BUILD SECONDS
set -uo pipefail
build=$1 seconds=$2 status=0
source=$(cd "$(dirname "$0")/.." && pwd)

for target in "$build"/fuzz_*; do
  [ -x "$target" ] && [ -f "$target" ] || continue
  name=$(basename "$target") && name=${name#fuzz_}
  seeds=$source/tests/fuzz/seeds/$name corpus=$build/corpus/$name
  mkdir -p "$corpus"
  "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 \
    -artifact_prefix="$build/finding-$name-" "$corpus" "$seeds" > "$build/$name.log" 2>&1
  result=$?
  runs=$(awk '/stat::number_of_executed_units/ { print $2 }' "$build/$name.log")
  if ((result == 0)); then
    echo "$name: ${runs} runs in $seconds s, nothing found"
  else
    tail -n 40 "$build/$name.log"
    echo "$name: FOUND something, see $build/finding-$name-*"
    status=1
  fi
done
exit $status
