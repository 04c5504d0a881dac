#!/bin/bash
# Installs the build into a prefix of its own, builds a program there with find_package(stemma), and runs it.
#   tests/install_test.sh BUILD
set -euo pipefail
source=$(cd "$(dirname "$0")" && pwd)
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT

cmake --install "$1" --prefix "$here/prefix" > "$here/install.log"
cmake -S "$source/install" -B "$here/build" -G Ninja -DCMAKE_PREFIX_PATH="$here/prefix" -DCMAKE_BUILD_TYPE=Release
cmake --build "$here/build"
[ "$("$here/build/main")" = 你好 ]
[ "$("$here/build/whole")" = 你好 ]
