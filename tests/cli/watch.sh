#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# castellan watch: lines for what is open, then for what is raised and changes; again after the office was gone; ends in order.
set -u
program=$1
make_token=$2
dir=$(mktemp -d)
server= watcher= other=
trap 'for p in $server $watcher $other; do kill "$p" 2>/dev/null; done; rm -rf "$dir"' EXIT
. "$SOURCE_ROOT/tests/cli/tap.sh"
export LC_ALL=C
unset CASTELLAN_TOKEN CASTELLAN_URL

# Waits until a file holds a line; ten seconds at most.
until_has() {
    for _ in $(seq 200); do
        grep -qE -- "$3" "$2" && break
        sleep 0.05
    done
    has "$1" "$2" "$3"
}
alert() {
    "$program" register create alert --label "$label" --fields "{\"title\":\"$1\",\"level\":\"$2\",\"origin\":\"watch\",\"entity\":\"WS-0417\",\"first-seen\":\"2026-11-01T07:40Z\",\"events\":7,\"risk\":50}" --json
}

sed -n '/^```yaml$/,/^```$/p' "$SOURCE_ROOT/docs/founding-deed.md" | sed '1d;$d' >"$dir/deed.yaml"
ok "an office" "$program" init "$dir/office" --deed "$dir/deed.yaml"
CASTELLAN_TOKEN=$("$make_token" "$dir/office" keller)
stranger=$("$make_token" "$dir/office" lefevre)
export CASTELLAN_TOKEN
label='{"categories":[],"class":"1","policy":"2.999.4774.4"}'
: >"$dir/log"
"$program" serve "$dir/office" --listen 127.0.0.1:0 >"$dir/log" 2>"$dir/err" &
server=$!
CASTELLAN_URL=$(address "$dir/log")
export CASTELLAN_URL
usage "a level that is none" "$program" watch --level loud
not_ok "an unknown token" "$program" watch --token cst.0000000000.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
not_ok "a post that sees no alerts" "$program" watch --token "$stranger"
ok "an alert" alert "Before anybody watched" high
"$program" watch >"$dir/lines" 2>"$dir/words" &
watcher=$!
"$program" watch --json --level high >"$dir/json" 2>/dev/null &
other=$!
until_has "what is open is printed" "$dir/lines" "high .*new .*WS-0417 .*Before anybody watched .* 7 +50 ALR-"
until_has "as JSON, too" "$dir/json" '^\{.*"number":"ALR-.*\}$'
ok "another" alert "While somebody watches" low
until_has "what is raised is printed" "$dir/lines" "low .*While somebody watches"
number=$(sed -n 's/.*Before anybody.*\(ALR-[0-9]*-[0-9A-Z]*\).*/\1/p' "$dir/lines" | head -n 1)
ok "one gets more risk" "$program" register edit alert "$number" --fields '{"risk":90}'
until_has "and what changes" "$dir/lines" "Before anybody watched .* 7 +90 ALR-"
lacks "what lies below the level is left out" "$dir/json" "While somebody"
kill "$server"; wait "$server"; server=
until_has "an office that is gone is told" "$dir/words" "does not answer"
"$program" serve "$dir/office" --listen "${CASTELLAN_URL#http://}" >"$dir/log" 2>"$dir/err" &
server=$!
address "$dir/log" >/dev/null
until_has "and when it is there again" "$dir/words" "answers again"
ok "one more" alert "After the break" medium
until_has "which is printed, too" "$dir/lines" "medium .*After the break"
code=0; [ "$(grep -c 'Before anybody' "$dir/lines")" = 2 ] || code=1
tap_say "$code" "and nothing twice" "$dir/lines"
kill -INT "$watcher" 2>/dev/null || kill "$watcher"; kill "$other"
kill -TERM "$watcher" 2>/dev/null
code=0; wait "$watcher" || code=$?
tap_say "$code" "a signal ends it in order"
code=0; wait "$other" || code=$?
tap_say "$code" "the other, too"
watcher= other=
kill "$server"; wait "$server"; server=
done_testing
