#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The scaffold makes a duty that loads, compiles and passes its case. In a copy of the definitions: the pack is checked, the engine is
# compiled, and the case program is linked once more with a table that has the new duty in it, by the build's own link command.
# CHECK_PACK, CASE, BUILD_ROOT and SOURCE_ROOT come from the build.
set -eu
n=0
check() { # name, then a command
    n=$((n + 1))
    what=$1
    shift
    if "$@" >"$copy/out" 2>&1; then echo "ok $n - $what"; else echo "not ok $n - $what"; sed 's/^/# /' "$copy/out"; fi
}
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r "$SOURCE_ROOT/duties" "$SOURCE_ROOT/posts" "$SOURCE_ROOT/locale" "$copy/"
mkdir "$copy/ui"
cp -r "$SOURCE_ROOT/ui/templates" "$copy/ui/"
duty=$copy/duties/key-safe
compile() {
    # shellcheck disable=SC2086
    ${CC:-cc} -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Wstrict-prototypes -Werror -Wno-unused-parameter -Wno-missing-field-initializers \
        -I"$SOURCE_ROOT/src" -c "$1" -o "$2"
}
table() {
    {
        echo '#include "office/duty.h"'
        for one in $(cd "$copy/duties" && ls -d */); do
            [ ! -f "$copy/duties/${one}engine.c" ] || echo "extern const struct duty duty_${one%/};" | tr - _
        done
        echo 'const struct duty *const duties_all[] = {'
        for one in $(cd "$copy/duties" && ls -d */); do
            [ ! -f "$copy/duties/${one}engine.c" ] || echo "&duty_${one%/}," | tr - _
        done
        echo 'NULL};'
    } >"$copy/table.c"
    compile "$copy/table.c" "$copy/table.o"
}
link() {
    command=$(ninja -C "$BUILD_ROOT" -t commands tests/duties-c/case | tail -n 1)
    out=$(printf '%s' "$command" | sed "s| -o tests/duties-c/case | -o $copy/case $copy/engine.o $copy/table.o |")
    [ "$out" != "$command" ] || { echo "the link command is not understood: $command"; return 1; }
    (cd "$BUILD_ROOT" && sh -c "$out")
}
refuses() { ! sh "$SOURCE_ROOT/tools/new-duty" "$@"; }
not_twice() { refuses key-safe "$copy" && grep -q 'there already' "$copy/out"; }
unknown() { ! CASE_PACK="$copy" "$CASE" "$duty/cases/first.case" && grep -q 'key-safe.too-many' "$copy/out"; }
broken_case() { sed 's/"count":7}/"count":777}/' "$duty/cases/first.case" >"$copy/bad.case" && ! CASE_PACK="$copy" "$copy/case" "$copy/bad.case"; }

echo "1..11"
check "a name with a blank is refused" refuses 'key safe' "$copy"
check "a name that leaves the folder is refused" refuses '../x' "$copy"
check "the scaffold makes a duty" sh "$SOURCE_ROOT/tools/new-duty" key-safe "$copy"
check "not twice" not_twice
check "its definitions load" "$CHECK_PACK" "$copy"
check "its engine compiles without a warning" compile "$duty/engine.c" "$copy/engine.o"
check "a program without the engine refuses the pack and names what is missing" unknown
check "its template compiles" "$TEMPLATE" --out "$copy/t.c" --table t --root "$copy" ui/templates duties
with_table() { table && link; }
check "a program with it is linked" with_table
check "its case passes" env CASE_PACK="$copy" "$copy/case" "$duty/cases/first.case"
check "and can fail" broken_case
