#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The worked examples of HACKING.md are carried out on a copy of the tree's definitions and templates. A fenced block whose
# first line is "```yaml PATH", "```c PATH" or "```html PATH" is a new file; "```append PATH" goes to the end of a file;
# "```diff PATH" replaces lines, each "-line" by the "+line" behind it, and the line must be there exactly once.
#   usage, from meson: hacking.sh CHECK_PACK TEMPLATE CHECK_WORDS, with SOURCE_ROOT
set -eu
check_pack=$1 template=$2 check_words=$3
cd "$SOURCE_ROOT"
. tools/check/tap.sh
copy=$(mktemp -d)
trap 'rm -rf "$copy" "$state"' EXIT
cp -R duties posts profiles policies locale ui "$copy"
mkdir -p "$copy/src/web/pages"

# Numbered files NNN with the block, NNN.what with "yaml duties/systems/seal.yaml".
blocks=$copy/blocks
mkdir "$blocks"
awk -v to="$blocks" '
    /^```[a-z]+ [^ ]+$/ { n++; name = sprintf("%s/%03d", to, n); print substr($0, 4) >(name ".what"); printf "" >name; on = 1; next }
    /^```/ { on = 0; next }
    on { print >name }' HACKING.md

replace() { # file, block: 1 when a line is not there exactly once
    awk -v block="$2" '
        BEGIN {
            while ((getline line <block) > 0)
                if (line ~ /^-/) { old = substr(line, 2); count[old] = 0 } else if (line ~ /^\+/) new[old] = substr(line, 2)
        }
        $0 in new { count[$0]++; print new[$0]; next }
        { print }
        END { for (o in count) if (count[o] != 1) bad = 1; exit bad }' "$1" >"$1.new" && mv "$1.new" "$1"
}
apply() {
    for what in "$blocks"/*.what; do
        read -r kind path <"$what"
        block=${what%.what}
        case $kind in
        diff) replace "$copy/$path" "$block" || echo "HACKING.md: the line to replace in $path is not there once" ;;
        append) cat "$block" >>"$copy/$path" ;;
        *) [ ! -e "$path" ] || echo "HACKING.md: $path exists already"
            mkdir -p "$copy/$(dirname "$path")"
            cp "$block" "$copy/$path" ;;
        esac
    done
}
apply | check "every example finds its place"
ls "$blocks" | wc -l | awk '$1 < 18 { print "HACKING.md: only " $1 / 2 " examples were found" }' | check "all examples are seen"
{ "$check_pack" "$copy" >"$copy/faults" 2>&1 || cat "$copy/faults"; } | check "the definitions with register, rule and duty of the examples load without a fault"
{ "$check_pack" "$SOURCE_ROOT" "$copy" 2>&1 || true; } >"$copy/difference"
{
    for word in Seals Keys; do grep -q "$word" "$copy/difference" || echo "the difference in words does not tell of: $word"; done
} | check "the difference between the two packs is told in words"
{ "$template" --out "$copy/templates.c" --dep "$copy/templates.d" --table examples --root "$copy" ui/templates duties 2>&1 || echo failed; } |
    check "the page's template compiles"
{ "$template" --texts --root "$copy" ui duties | "$check_words" "$copy" - | grep 'Newest assets' || true; } | check "its words have their French"
{ "$template" --texts --root "$copy" ui duties | "$check_words" "$SOURCE_ROOT" - | grep -q 'newest\.html.*Newest assets' ||
    echo "the words of the example were French before"; } | check "which they have by the example alone"
for file in $(cd "$copy" && find src -name '*.c'); do
    ${CC:-cc} -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wmissing-prototypes -Wno-unused-parameter -Wno-missing-field-initializers -Werror -fsyntax-only -Isrc "$copy/$file" 2>&1 || true
done | check "its handler compiles"
sed '/^rights:/s/keep-keys/keep-kees/' "$copy/posts/guard.yaml" >"$copy/guard" && mv "$copy/guard" "$copy/posts/guard.yaml"
{ "$check_pack" "$copy" 2>&1 || true; } | grep -q 'posts/guard.yaml:[0-9]*' || echo "a misspelt right was not found" >"$copy/missed"
cat "$copy/missed" 2>/dev/null | check "a slip in an example is named with file and line"
done_checks
