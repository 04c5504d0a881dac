#!/bin/sh
# code_of_page.sh PAGE.md OUT.cc: the ```cpp blocks of a page, with its line numbers.
awk -v page="$1" '/^```cpp/ { on = 1; printf "#line %d \"%s\"\n", NR + 1, page; next } /^```/ { on = 0 } on' "$1" > "$2"
