#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A room includes itself and rooms below it; duties never include each other; no header includes itself in a circle.
# Floors, upwards: base; label, journal; store, wire; office; report; front; duties; web; cli; main.
set -eu
cd "$SOURCE_ROOT"
. tools/check/tap.sh
includes() { sources | xargs grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]+"' /dev/null | sed 's/[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/'; }

includes | awk -F: '
    BEGIN {
        split("base 0,label 1,journal 1,store 2,wire 2,office 3,report 4,front 5,duties 6,web 7,cli 8", floors, ",")
        for (i in floors) { split(floors[i], pair, " "); floor[pair[1]] = pair[2] }
    }
    {
        n = split($1, from, "/"); m = split($3, to, "/")
        if (from[1] == "src" && from[2] == "verify") {      # castellan-verify shares the hash, and nothing else
            if (m > 1 && to[1] != "verify" && $3 != "base/hash.h")
                print $1 ":" $2 ": castellan-verify includes " $3 "; it shares only base/hash.h"
            next
        }
        room = from[1] == "duties" ? "duties" : (n > 2 ? from[2] : "main")
        if (m == 1) next                                  # beside it in the same folder
        target = to[1]
        if (target == "duties") {
            if (room == "duties" && to[2] != from[2]) print $1 ":" $2 ": a duty includes another duty: " $3
            else if (room != "duties" && room != "main" && floor[room] <= 6) print $1 ":" $2 ": " room " may not know duties: " $3
            next
        }
        if (!(target in floor)) {
            if (room == "duties" && target == from[2]) next
            if (floor[room] > 6 && target == "watch") next     # the detection engine is a library that commands use without an office
            if (target != "tests") print $1 ":" $2 ": unknown room: " $3
            next
        }
        if (room == "main" || room == target) next
        if (!(room in floor)) { print $1 ":" $2 ": the folder is no known room: " room; next }
        if (floor[target] >= floor[room]) print $1 ":" $2 ": " room " includes " target ", which is not below it"
    }' | check "every room includes only rooms below it, and duties never each other"

includes | awk -F: '$1 ~ /\.h$/ { from = $1; sub(/^src\//, "", from); to = $3
        if (to !~ /\//) { dir = from; sub(/[^\/]*$/, "", dir); to = dir to }
        print from, to }' | tsort 2>&1 >/dev/null | grep -v '^tsort: -: input contains a loop' | sed 's/^tsort: //' |
    check "no header includes itself in a circle"
done_checks
