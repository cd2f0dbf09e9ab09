#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Form: licence lines, sizes of files and functions, nothing of one machine. Files over 900 lines and functions over 120
# fail; what comes near is listed. tools/check/exceptions names what may be larger, with the reason.
set -eu
cd "$SOURCE_ROOT"
. tools/check/tap.sh
excepted() { awk '!/^#/ && NF { print $1 }' tools/check/exceptions 2>/dev/null; }
without_exceptions() {
    while read -r line; do
        case " $(excepted | tr '\n' ' ') " in *" ${line%%:*} "*) ;; *) printf '%s\n' "$line" ;; esac
    done
}
all_code() { find src duties tests tools fuzz bench -name '*.[ch]' -type f 2>/dev/null | grep -v node_modules | LC_ALL=C sort; }
scripts() { find run test .ci tools bench -type f ! -name '*.[ch]' ! -name '*.txt' ! -name '*.md' ! -name exceptions 2>/dev/null | LC_ALL=C sort; }

{ all_code; scripts; } | while read -r file; do
    head -n 3 "$file" | grep -q 'SPDX-License-Identifier: GPL-3.0-or-later' || echo "$file:1: no SPDX line"
done | check "every file names its licence"
all_code | xargs wc -l | awk '$2 != "total" && $1 > 900 { print $2 ": " $1 " lines" }' | without_exceptions |
    check "no file has more than 900 lines"
all_code | xargs wc -l | sort -rn | awk '$2 != "total" && $1 > 500 { print "long file: " $2 ": " $1 " lines" }' | head -n 12 | note
# A function: from a line that begins with a letter and ends behind ")" up to the closing brace in column one.
lengths() {
    all_code | xargs awk '
        FNR == 1 { open = 0 }
        /^[a-zA-Z_].*\(/ && !/;[[:space:]]*$/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
        /^\{/ { open = FNR }
        /^\}/ && open { if (FNR - open > 40) print FNR - open - 1, FILENAME ":" open ": " name; open = 0 }'
}
lengths | awk '$1 > 120 { n = $1; $1 = ""; print substr($0, 2) ": " n " lines" }' | without_exceptions |
    check "no function has more than 120 lines"
echo "# functions over 40 lines: $(lengths | wc -l); over 60: $(lengths | awk '$1 > 60' | wc -l)"
lengths | sort -rn | head -n 12 | sed 's/^/long function: /' | note

# Put together here, so that this file is not found.
machine="/wo""rk/|/ro""ot/|/home/[a-z]+/|/tmp/b-[a-z]|\"reso""lved\": *\"http"
find . -type f \( -path './build*' -o -path ./.git -o -path '*/node_modules/*' -o -path './var/*' -o -name '*.png' \) -prune -o \
    -type f -size -2000k -print | grep -vE '^\./(build[^/]*|\.git|var|artefacts)(/|$)|node_modules' | xargs grep -nIE "$machine" |
    check "nothing names a place on one machine"
all_code | xargs grep -nE '\<(TODO|FIXME|XXX|HACK)\>' | check "nothing is left to do in the code"
done_checks
