#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# castellan evtx over small logs (the fuzzer's seeds): lines, counts, damage, what is no log, standard input, a reader that goes away.
set -u
program=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
. "$SOURCE_ROOT/tests/cli/tap.sh"
export LC_ALL=C
seeds=$SOURCE_ROOT/fuzz/corpus/evtx

ok "a log is read" "$program" evtx "$seeds/records"
[ "$(wc -l <"$dir/out")" = 3 ]
tap_say $? "a line for each of its three records" "$dir/out"
has "in the shape of public converters" "$dir/out" '^\{"Event":\{"#attributes":\{"xmlns":.*"System":\{"Provider":\{"#attributes":\{"Name":"Made"\}\}.*"EventData":\{"d0":"t0"\}\}\}$'
ok "counts of two logs" "$program" evtx --counts "$seeds/records" "$seeds/values"
has "the first" "$dir/out" 'records: 3 records, 0 of them recovered; 1 chunks, 0 damaged; 0 records lost'
has "and the second" "$dir/out" 'values: 1 records'
ok "standard input" sh -c '"$1" evtx - <"$2"' sh "$program" "$seeds/records"
ok "and a pipe" sh -c 'cat "$2" | "$1" evtx -' sh "$program" "$seeds/records"
has "are read, too" "$dir/out" '"d0":"t2"'

# Record 2 loses its head: 512 bytes of chunk, then records.
size=$(od -An -tu4 -j516 -N4 "$seeds/records" | tr -d ' ')
{ head -c $((512 + size)) "$seeds/records"; printf 'XXXXXXXX'; tail -c +$((512 + size + 9)) "$seeds/records"; } >"$dir/damaged"
not_ok "a damaged log: exit status 1" "$program" evtx "$dir/damaged"
has "what can be read is written" "$dir/out" '"d0":"t2"'
has "and what is lost is said" "$dir/out" 'damaged: 2 records, 1 of them recovered; 1 chunks, 1 damaged; 1 records lost'
not_ok "what is no log" "$program" evtx "$seeds/records" "$program" "$seeds/values"
has "is named" "$dir/out" 'no Windows event log'
has "and the others are read" "$dir/out" '"d22":\["a","b"\]'
not_ok "an absent file" "$program" evtx "$dir/none"
has "is named, too" "$dir/out" 'none: The file cannot be read: No such file'
not_ok "a folder likewise" "$program" evtx "$dir"
LC_ALL=fr_FR.UTF-8 "$program" evtx "$dir/none" >"$dir/out" 2>&1
has "in French" "$dir/out" 'ne peut être lu'
"$program" evtx "$seeds/records" 2>"$dir/errors" | head -c 1 >/dev/null
lacks "a reader that goes away is no crash" "$dir/errors" 'jail'
if [ -e /dev/full ]; then
    not_ok "a full disk is a failure" sh -c '"$1" evtx "$2" >/dev/full' sh "$program" "$seeds/records"
fi
# Twice what the command may hold at once: the answers still come in the order of the files.
set --
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do set -- "$@" "$seeds/records" "$seeds/values"; done
"$program" evtx "$@" >"$dir/many" 2>&1
tap_say $? "twenty-four logs"
"$program" evtx "$seeds/records" "$seeds/values" >"$dir/pair"
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do cat "$dir/pair"; done | cmp -s - "$dir/many"
tap_say $? "come out in their order"
done_testing
