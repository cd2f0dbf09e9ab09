#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Lists and searches over an office of RECORDS records, then `castellan verify` of that office against copying its
# database row by row.
set -eu
records=${1:-20000}
work=$(mktemp -d "${TMPDIR:-/tmp}/castellan-bench-find-XXXXXX")
trap 'rm -rf "$work"' EXIT
"$BUILD_ROOT/bench/bench-find" "$records" "$work/office"
"$CASTELLAN" checkpoint "$work/office" >/dev/null 2>&1 || true
all=''
for round in 1 2 3; do
    copy=$("$BUILD_ROOT/bench/bench-bare" copy "$work/office/office.db" "$work/copy.db")
    rm -f "$work"/copy.db*
    began=$(date +%s.%N)
    "$CASTELLAN" verify "$work/office" >"$work/said" 2>&1 || { cat "$work/said"; exit 1; }
    took=$(awk -v a="$(date +%s.%N)" -v b="$began" 'BEGIN { print a - b }')
    all="$all $(awk -v a="$took" -v b="$copy" 'BEGIN { print a / b }')"
done
# shellcheck disable=SC2086
printf '%s\n' $all | sort -g | awk -v t="$took" -v c="$copy" -v r="$records" '{ v[NR] = $1 }
    END { printf "@\tfull verify / copying the database row by row\t<= 5\t%.3g\t%.3g\t%.3g\t%s records; %.2f s against %.2f s\n", v[1], v[2], v[3], r, t, c }'
