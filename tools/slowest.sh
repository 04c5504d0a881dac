#!/bin/bash
# The ten files that took longest to compile, by ninja's log. Those over 10 s are compiled once more and fail when the
# compiler itself needs over 10 s: the clock alone would blame a busy machine.
#   tools/slowest.sh [BUILD]
set -euo pipefail
cd "$(dirname "$0")/../${1:-build}"
limit=10 status=0
export CCACHE_DISABLE=1 TIMEFORMAT=%U

while read -r seconds object; do
  name=$(sed -E 's|CMakeFiles/[^/]*\.dir/||; s|\.o$||' <<< "$object")
  note=
  if ((${seconds%.*} >= limit)); then
    command=$(ninja -t commands "$object" | tail -n 1)
    used=$({ time bash -c "$command" > /dev/null 2>&1; } 2>&1)
    note="  ($used s of CPU)"
    if ((${used%.*} >= limit)); then note+="  TOO SLOW, split it" && status=1; fi
  fi
  printf '%6.1f s  %s%s\n' "$seconds" "$name" "$note"
done < <(awk -F '\t' '
  !/^#/ && $4 ~ /\.o$/ { seconds[$4] = ($2 - $1) / 1000 }
  END { for (object in seconds) printf "%.1f %s\n", seconds[object], object }' .ninja_log | sort -rn | head -n 10)
exit $status
