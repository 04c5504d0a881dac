#!/bin/bash
# The ten files that take longest to compile, by ninja's log. Fails when one takes over 20 s: no file should take 10,
# and twice that is no accident of a busy machine.
#   tools/slowest.sh [BUILD]
set -euo pipefail
cd "$(dirname "$0")/.."

awk -F '\t' '/^#/ { next }
  $4 ~ /\.o$/ { seconds[$4] = ($2 - $1) / 1000 }
  END { for (file in seconds) printf "%6.1f s  %s\n", seconds[file], file }' "${1:-build}/.ninja_log" |
  sed -E 's|CMakeFiles/[^/]*\.dir/||; s|\.o$||' | sort -rn |
  awk 'NR <= 10 { print $0 ($1 > 10 ? "   over 10 s" : "") }
       $1 > 20 { bad = 1 }
       END { exit bad }'
