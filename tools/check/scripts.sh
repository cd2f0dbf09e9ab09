#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The scripts: each is POSIX shell, ./test counts truthfully, and the packages' list is well-formed.
set -eu
cd "$SOURCE_ROOT"
. tools/check/tap.sh
for script in run test .ci/run tools/install-packages tools/count-tests tools/bench tools/soak tools/fuzz tools/make-deb tools/list.sh tools/check/*.sh; do
    sh -n "$script" 2>&1
    [ -x "$script" ] || case $script in tools/check/*) ;; *) echo "$script:1: not executable" ;; esac
done | check "every script is well-formed shell"
counts() { # name, closing line wanted, TAP on standard input
    got=$(tools/count-tests tap x "${3:-0}" | tools/count-tests sum | tail -n 1)
    [ "$got" = "$2" ] || echo "$1: got “$got”, want “$2”"
}
{
    printf 'ok 1 - a\nok 2 - b # SKIP no data\nnot ok 3 - c\n1..3\n' | counts "mixed" "1 passed, 1 failed, 1 skipped"
    printf 'ok 1 - a\nok 2 - b\n1..2\n' | counts "good" "2 passed, 0 failed"
    printf 'ok 1 - a\n' | counts "no plan" "1 passed, 1 failed"
    printf 'ok 1 - a\n1..2\n' | counts "too few" "1 passed, 1 failed"
    printf 'ok 1 - a\n1..1\n' | counts "died behind the plan" "1 passed, 1 failed" 1
    printf '' | counts "nothing" "0 passed, 1 failed"
    printf '1..0 # SKIP no browser\n' | counts "all skipped" "0 passed, 0 failed, 1 skipped"
} | check "points are counted truthfully"
{
    line='{"name": "castellan:base / x", "stdout": "1..2\nok 1 - say \"hi\" \\n\nnot ok 2 - b\n", "result": "ERROR", "returncode": 1}'
    got=$(printf '%s\n' "$line" | tools/count-tests meson)
    [ "$got" = "x 1 1 0" ] || echo "meson: got “$got”"
    got=$(printf '%s\n' '{"name": "z", "stdout": "# CASTELLAN_SEED=5\nok 1 - a\nnot ok 2 - b\n# got 1\nok 3 - c\n1..3", "result": "ERROR"}' |
        tools/count-tests failures | tr '\n' '|')
    [ "$got" = "# z: ERROR|#   # CASTELLAN_SEED=5|#   not ok 2 - b|#   # got 1|" ] || echo "failures: got “$got”"
    line='{"name": "castellan:base / y", "stdout": "ok 1 - a\n", "result": "TIMEOUT", "returncode": -9}'
    got=$(printf '%s\n' "$line" | tools/count-tests meson)
    [ "$got" = "y 1 1 0" ] || echo "meson: got “$got”"
} | check "meson's log is read rightly"
awk '/^#/ || !NF { next } /^\[/ { if ($0 !~ /^\[(run|build|test|bench|fuzz)\]$/) print FILENAME ":" FNR ": unknown section"; next }
    NF > 2 || $1 !~ /^[a-z0-9][a-z0-9.+-]*$/ { print FILENAME ":" FNR ": a package and at most one command" }' tools/packages.txt |
    check "the list of packages is well-formed"
done_checks
