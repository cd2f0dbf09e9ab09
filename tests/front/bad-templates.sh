#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Each template in tests/front/bad stops the build, with the words in its .want file; nothing is written then.
# Usage: bad-templates.sh TEMPLATE-COMPILER FOLDER
compiler=$1 folder=$2 n=0 bad=0
out=$(mktemp) || exit 1
trap 'rm -f "$out" "$out.c"' EXIT
for file in "$folder"/*.html; do
    n=$((n + 1))
    name=$(basename "$file" .html)
    if "$compiler" --out "$out.c" "$file" >"$out" 2>&1; then
        echo "not ok $n - $name stops the build"; bad=1
    elif [ -e "$out.c" ] || ! grep -qF "$(cat "${file%.html}.want")" "$out" || ! grep -q "$name.html:[0-9]*: error:" "$out"; then
        echo "not ok $n - $name stops the build with file, line and reason"; sed 's/^/# /' "$out"; bad=1
    else
        echo "ok $n - $name stops the build with file, line and reason"
    fi
    rm -f "$out.c"
done
echo "1..$n"
exit $bad
