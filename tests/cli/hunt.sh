#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# castellan hunt against a served office: begun, followed, shown, fetched; refused to whoever is not its hunter; ended with the server.
set -u
program=$1
make_token=$2
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$dir"' EXIT
. "$SOURCE_ROOT/tests/cli/tap.sh"
export LC_ALL=C
unset CASTELLAN_TOKEN CASTELLAN_URL

ok "an office" "$program" demo "$dir/office" --seed 3 --persons 60
ict=$("$make_token" "$dir/office" ict)
ism=$("$make_token" "$dir/office" ism)
: >"$dir/log"
"$program" serve "$dir/office" --listen 127.0.0.1:0 >"$dir/log" 2>"$dir/err" &
server=$!
CASTELLAN_URL=$(address "$dir/log")
export CASTELLAN_URL CASTELLAN_TOKEN="$ict"
usage "a verb is needed" "$program" hunt
not_ok "a hunt that there is not" "$program" hunt show HNT-2027-0000000000
me=$("$program" account --json | sed -n 's/.*"person":{[^}]*"number":"\([^"]*\)".*/\1/p')
[ -n "$me" ] || me=$("$program" account | sed -n 's/.*\(PER-[0-9A-Z]*\).*/\1/p' | head -n 1)
label='{"categories":[],"class":"2","policy":"1.3.26.1.3.1"}'
ok "a hunt is proposed" "$program" register create hunt --json --label "$label" \
    --fields "{\"title\":\"Tools\",\"hypothesis\":\"Tools were run.\",\"trigger\":\"intelligence\",\"hunter\":\"$me\",\"looked-for\":\"Image: *calc.exe\"}"
number=$(sed -n 's/.*"numbers":\["\([^"]*\)".*/\1/p' "$dir/out")
not_ok "not yet under way it is not run" "$program" hunt run "$number"
has "in words" "$dir/out" "not under way"
ok "approved" "$program" register step hunt "$number" approve --token "$ism"
ok "begun" "$program" register step hunt "$number" begin
not_ok "another does not run it" "$program" hunt run "$number" --token "$ism"
not_ok "before a run there are no results" "$program" hunt results "$number"
ok "its hunter does" "$program" hunt run "$number"
ok "and is told how far it came" "$program" hunt show "$number"
has "in numbers" "$dir/out" "segments read"
ok "as JSON, too" "$program" hunt show "$number" --json
has "with its state" "$dir/out" '"running":false'
ok "the report is attached" "$program" register show hunt "$number" --json
has "to the hunt" "$dir/out" "run-2"
ok "what has ended can be stopped again without harm" "$program" hunt stop "$number"
kill "$server"
wait "$server"
server=
ok "and the office verifies" "$program" verify "$dir/office"
done_testing
