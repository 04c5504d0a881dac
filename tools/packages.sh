#!/bin/bash
# Installs the Debian packages that docs/dependencies.md lists under the given headings; silent when all are there.
#   tools/packages.sh build lint
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t wanted < <(awk -v groups=" $* " '
  /^## / { on = index(groups, " " $2 " ") }
  on && /^\| `/ { gsub("`", "", $2); print $2 }' docs/dependencies.md)
((${#wanted[@]})) || { echo "docs/dependencies.md lists no packages under: $*" >&2; exit 1; }

if ! command -v apt-get > /dev/null; then
  echo "no apt-get here; what these Debian packages hold must be installed already: ${wanted[*]}"
  exit
fi
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2> /dev/null || true)
missing=()
for package in "${wanted[@]}"; do
  grep -qxF "installed $package" <<< "$installed" || missing+=("$package")
done
((${#missing[@]})) || exit 0

echo "installing ${missing[*]}"
root=()
((EUID == 0)) || root=(sudo)
apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 -o Dpkg::Use-Pty=0)
"${apt[@]}" update
"${apt[@]}" install -y --no-install-recommends "${missing[@]}" > /dev/null
