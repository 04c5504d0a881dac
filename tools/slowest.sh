#!/bin/bash
# The ten files that took longest to compile, by ninja's log. Those over 10 s are compiled once more, since the clock
# alone would blame a busy machine, and marked when the compiler itself needs over 10 s. It only tells: what passes
# must not depend on how fast a machine is.
#   tools/slowest.sh [BUILD]
set -euo pipefail
cd "$(dirname "$0")/../${1:-build}"
limit=10
export CCACHE_DISABLE=1 TIMEFORMAT=%U

while read -r seconds object; do
  name=$(sed -E 's|CMakeFiles/[^/]*\.dir/||; s|\.o$||' <<< "$object")
  note=
  if ((${seconds%.*} >= limit)); then
    command=$(ninja -t commands "$object" | tail -n 1 | sed "s|-o $object|-o /dev/null|")
    used=$({ time bash -c "$command" > /dev/null 2>&1; } 2>&1)
    note="  ($used s of CPU)"
    if ((${used%.*} >= limit)); then note+="  TOO SLOW, split it"; fi
  fi
  printf '%6.1f s  %s%s\n' "$seconds" "$name" "$note"
done < <(awk -F '\t' '
  !/^#/ && $4 ~ /\.o$/ { seconds[$4] = ($2 - $1) / 1000 }
  END { for (object in seconds) printf "%.1f %s\n", seconds[object], object }' .ninja_log | sort -rn | head -n 10)
