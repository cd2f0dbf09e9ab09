#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Logs through a served office, end to end: a followed file becomes events, by the demonstration's rules alerts, and segments that a hunt looks
# into by terms and by a rule's id; a source counts only once it is approved; nothing is lost or doubled when the server is killed.
set -u
program=$1
make_token=$2
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$dir"' EXIT
. "$SOURCE_ROOT/tests/cli/tap.sh"
export LC_ALL=C
unset CASTELLAN_TOKEN CASTELLAN_URL
label='{"categories":[],"class":"2","policy":"1.3.26.1.3.1"}' cleared=5e0c7a10-0000-4000-8000-000000000003

event() { printf '{"Channel":"Security","EventID":1102,"Computer":"%s","EventTime":"2026-11-23 00:30:%02d","Message":"The audit log was cleared."}\n' "$1" "$2" >>"$dir/logs/app.log"; }
serve() {
    : >"$dir/log"
    "$program" serve "$dir/office" --listen 127.0.0.1:0 >"$dir/log" 2>>"$dir/err" &
    server=$!
    CASTELLAN_URL=$(address "$dir/log")
    export CASTELLAN_URL
}
number() { sed -n 's/.*"numbers":\["\([^"]*\)".*/\1/p' "$dir/out"; }
# So many alerts on a host, with so many events; twenty seconds at most.
alerts_of() {
    for _ in $(seq 100); do
        "$program" register list alert --json --token "$ism" >"$dir/alerts" 2>&1
        grep -qE "\"entity\":\"$2\",[^}]*\"events\":$3[,}]" "$dir/alerts" && break
        sleep 0.2
    done
    has "$1" "$dir/alerts" "\"entity\":\"$2\",[^}]*\"events\":$3[,}]"
}

ok "an office" "$program" demo "$dir/office" --seed 3 --persons 60
mkdir "$dir/logs"
: >"$dir/logs/app.log"
printf 'ports:\n  - name: lab\n    kind: file\n    path: %s\n' "$dir/logs/app.log" >"$dir/office/ports.yaml"
ism=$("$make_token" "$dir/office" ism) ict=$("$make_token" "$dir/office" ict) ssl=$("$make_token" "$dir/office" ssl)
event WS-BEFORE 1
serve
me=$("$program" account --json --token "$ict" | grep -o 'PER-[0-9A-Z]*' | head -n 1)
system=$("$program" register list system --json --token "$ism" | grep -o 'SYS-[0-9A-Z-]*' | head -n 1)
ok "a source is proposed" "$program" register create log-source --json --label "$label" --token "$ism" --fields "{\"name\":\"Lab\",\"system\":\"$system\",\"format\":\"json\",\"port\":\"lab\",\"keeper\":\"$me\",\"personal-data\":\"not-involved\",\"purpose\":\"Detection.\",\"keep-for\":\"90d\"}"
source=$(number)
ok "and approved by another" "$program" register step log-source "$source" approve --token "$ssl" --fields '{"approved-on":"2026-11-23"}'
sleep 2
for second in 2 3 4; do event WS-0417 "$second"; done
alerts_of "what its file then brings becomes one alert" WS-0417 3
has "by the rule" "$dir/alerts" "\"rule-id\":\"$cleared\""
has "under the source's label" "$dir/alerts" '"marking":"NATO RESTRICTED"'
lacks "what came before the approval is not kept" "$dir/alerts" "WS-BEFORE"
kill -9 "$server"
wait "$server" 2>/dev/null
serve
event WS-0418 5
alerts_of "killed and served anew, it goes on" WS-0418 1
kill "$server"
wait "$server"
serve
ok "a hunt is proposed" "$program" register create hunt --json --label "$label" --token "$ict" --fields "{\"title\":\"Cleared\",\"hypothesis\":\"Logs were cleared.\",\"trigger\":\"intelligence\",\"hunter\":\"$me\",\"looked-for\":\"Computer: WS-041*\n$cleared\n5e0c7a10-0000-4000-8000-0000000000ff\"}"
hunt=$(number)
ok "approved" "$program" register step hunt "$hunt" approve --token "$ism"
ok "begun" "$program" register step hunt "$hunt" begin --token "$ict"
ok "and run" "$program" hunt run "$hunt" --token "$ict"
has "over what the archive holds: each event once" "$dir/out" "4 events looked at, 4 found"
ok "its facts as JSON" "$program" hunt show "$hunt" --token "$ict" --json
has "name the rule that there is not" "$dir/out" "0000000000ff"
ok "by the rule alone" "$program" register create hunt --json --label "$label" --token "$ict" --fields "{\"title\":\"By rule\",\"hypothesis\":\"Logs were cleared.\",\"trigger\":\"new-rule\",\"hunter\":\"$me\",\"looked-for\":\"$cleared\"}"
hunt=$(number)
"$program" register step hunt "$hunt" approve --token "$ism" >/dev/null 2>&1
"$program" register step hunt "$hunt" begin --token "$ict" >/dev/null 2>&1
ok "a hunt is run" "$program" hunt run "$hunt" --token "$ict"
has "and finds what live detection found" "$dir/out" "4 events looked at, 4 found"
kill "$server"
wait "$server"
server=
ok "and the office verifies" "$program" verify "$dir/office"
done_testing
