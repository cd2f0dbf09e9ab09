#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The checks can fail: a small tree that breaks each rule is made, and each check must find what was put there.
set -eu
cd "$SOURCE_ROOT"
. tools/check/tap.sh
bad=$(mktemp -d)
trap 'rm -rf "$bad" "$state"' EXIT
mkdir -p "$bad/src/base" "$bad/src/label" "$bad/duties/a" "$bad/duties/b" "$bad/tools" "$bad/locale/fr" "$bad/build/src"
cp -r tools/check "$bad/tools/"
cat >"$bad/src/base/x.c" <<'END'
#include "label/c.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>
const char *q = "SELECT a FROM b";
void f(char *a, char *b);
void f(char *a, char *b) { strcpy(a, b); (void)!system(a); time(0); moment_now(); store_each_record(0); }
END
printf '#include "duties/b/b.h"\nvoid g(void) { malloc(3); socket(1, 2, 3); reason_add(r, "a", 0, "bare"); T_("untold"); }\n' >"$bad/duties/a/a.c"
printf '#include "label/b.h"\n' >"$bad/src/label/a.h"
printf '#include "label/a.h"\n/* see /%s/x, %s */\n' "ro""ot" "TO""DO" >"$bad/src/label/b.h"
: >"$bad/src/label/c.h"
cc -O0 -fno-builtin -w -I"$bad/src" -c "$bad/src/base/x.c" -o "$bad/build/src/x.o"
bites() { # script, then what must be among its findings
    found=$(SOURCE_ROOT=$bad BUILD_ROOT=$bad/build sh "tools/check/$1.sh" 2>&1 || true)
    shift
    for what in "$@"; do
        case $found in *"$what"*) ;; *) echo "not found: $what" ;; esac
    done | check "the check finds: $*"
}
bites rooms "duties/a/a.c:1: a duty includes another" "base includes label" "label/b.h"
bites symbols "x.o: calls system" "x.o: calls strcpy"
bites doors "x.c:5:" "time(0)" "store_each_record" "socket" "malloc"
bites form "no SPDX line" "/ro""ot/x" "b.h:2:"
{ "$CHECK_WORDS" "$bad" | grep -q 'not ok 1' || echo "an untranslated text was not found"; } | check "an untranslated text is found"
{ "$CHECK_WORDS" "$bad" | grep -q 'not ok 2' || echo "a bare reason was not found"; } | check "a reason without T_ is found"
done_checks
