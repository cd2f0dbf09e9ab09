#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# castellan scan and castellan rules as somebody uses them: folders of rules, each form of log, packed ones, bounds, forms of the answer,
# what cannot be read, and what a hit looks like to a program that reads it.
set -u
program=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
. "$SOURCE_ROOT/tests/cli/tap.sh"
export LC_ALL=C
lines() { [ "$(wc -l <"$2")" = "$3" ]; tap_say $? "$1" "$2"; }

mkdir -p "$dir/rules/deep"
rule() {        # id, title, level, detection lines
    printf 'title: %s\nid: %s\nlevel: %s\nlogsource:\n  product: windows\n  service: security\ndetection:\n%s\n  condition: selection\n' "$2" "$1" "$3" "$4"
}
rule 11111111-0000-4000-8000-000000000001 'A logon' low '  selection:
    EventID: 4624' >"$dir/rules/logon.yml"
rule 11111111-0000-4000-8000-000000000002 '=A privileged "logon"' high '  selection:
    EventID: 4624
    TargetUserName|startswith: adm' >"$dir/rules/deep/privileged.yaml"
rule 11111111-0000-4000-8000-000000000003 'Unbound' high '  selection:
    User|expand: "%%nobody_bound_this%%"' >"$dir/refused.yml"
event() { printf '{"Event":{"System":{"Channel":"Security","Computer":"%s","EventID":%s,"EventRecordID":%s,"TimeCreated":{"#attributes":{"SystemTime":"%s"}}},"EventData":{"TargetUserName":"%s"}}}\n' "$@"; }
{
    event pc1 4624 7 2026-03-01T10:00:00.5Z admin
    event pc2 4624 8 2026-03-02T10:00:00Z '<script>'
    event pc2 4625 9 2026-03-03T10:00:00Z admin
} >"$dir/log.json"
gzip -k "$dir/log.json"

ok "a log of three events" sh -c '"$1" scan --rules "$2" "$3" 2>"$4"' sh "$program" "$dir/rules" "$dir/log.json" "$dir/errors"
lines "has three hits" "$dir/out" 3
has "a hit says rule, title, level, time, file and record" "$dir/out" '^\{"rule":"11111111-0000-4000-8000-000000000001","title":"A logon","level":"low","time":"2026-03-01T10:00:00.500Z","file":"[^"]*log.json","record":7,"computer":"pc1","channel":"Security","event":"4624"\}$'
has "the rest is told on standard error" "$dir/errors" '^3 events of 1 files, 2 rules: 3 hits$'
cp "$dir/out" "$dir/plain"
ok "the same log packed" sh -c '"$1" scan --rules "$2" "$3" 2>/dev/null' sh "$program" "$dir/rules" "$dir/log.json.gz"
sed 's/log.json.gz/log.json/' "$dir/out" | cmp -s - "$dir/plain"
tap_say $? "has the same hits" "$dir/out"
if command -v zstd >/dev/null; then
    zstd -q "$dir/log.json" -o "$dir/log.json.zst"
    ok "the same log packed with zstd" sh -c '"$1" scan --rules "$2" "$3" 2>/dev/null' sh "$program" "$dir/rules" "$dir/log.json.zst"
    sed 's/log.json.zst/log.json/' "$dir/out" | cmp -s - "$dir/plain"
    tap_say $? "has the same hits, too" "$dir/out"
    cat "$dir/log.json.zst" "$dir/log.json.zst" >"$dir/two.zst"
    ok "two frames behind each other" sh -c '"$1" scan --rules "$2" "$3" 2>/dev/null' sh "$program" "$dir/rules" "$dir/two.zst"
    lines "are both read, too" "$dir/out" 6
    head -c 70 "$dir/log.json.zst" >"$dir/cut.zst"
    not_ok "a frame that breaks off" "$program" scan --rules "$dir/rules" "$dir/cut.zst"
    has "is named, too" "$dir/out" 'cut.zst: .*breaks off'
else
    echo "ok $((tap_count += 1)) - zstd # SKIP no zstd program"
fi
ok "the same log through a pipe" sh -c 'cat "$3" | "$1" scan --rules "$2" - 2>/dev/null' sh "$program" "$dir/rules" "$dir/log.json"
lines "has as many" "$dir/out" 3
cat "$dir/log.json.gz" "$dir/log.json.gz" >"$dir/two.gz"
ok "two packed parts behind each other" sh -c '"$1" scan --rules "$2" "$3" 2>/dev/null' sh "$program" "$dir/rules" "$dir/two.gz"
lines "are both read" "$dir/out" 6
ok "only from a level on" sh -c '"$1" scan --rules "$2" --level high "$3" 2>/dev/null' sh "$program" "$dir/rules" "$dir/log.json"
lines "one hit" "$dir/out" 1
ok "only a time" sh -c '"$1" scan --rules "$2" --since 2026-03-01T12:00:00Z --until=2026-03-02T12:00:00Z "$3" 2>/dev/null' sh "$program" "$dir/rules" "$dir/log.json"
has "the second event" "$dir/out" '"record":8'
lines "alone" "$dir/out" 1
ok "several files in their order" sh -c '"$1" scan --rules "$2" "$3" "$4" "$3" 2>/dev/null' sh "$program" "$dir/rules" "$dir/log.json" "$dir/log.json.gz"
lines "nine hits" "$dir/out" 9
[ "$(cut -d'"' -f18 "$dir/out" | uniq | wc -l)" = 3 ] || [ "$(grep -o 'log.json[.gz]*' "$dir/out" | uniq | wc -l)" = 3 ]
tap_say $? "file by file" "$dir/out"

# ---- EVTX ----
printf 'title: Made\nid: made\nlogsource:\n  product: windows\ndetection:\n  selection:\n    Provider_Name: Made\n    d0: t1\n  condition: selection\n' >"$dir/made.yml"
cp "$SOURCE_ROOT/fuzz/corpus/evtx/records" "$dir/records.evtx"
printf 'sources:\n  - product: windows\n    any:\n      - format: evtx\n' >"$dir/map.yaml"
ok "an EVTX file, under another map" sh -c '"$1" scan --rules "$2" --map "$4" "$3" 2>/dev/null' sh "$program" "$dir/made.yml" "$dir/records.evtx" "$dir/map.yaml"
has "is read" "$dir/out" '"rule":"made".*"time":"2020-09-14T00:44:23Z".*"record":2[,}]'
lines "one hit there" "$dir/out" 1
gzip -k "$dir/records.evtx"
ok "packed likewise" sh -c '"$1" scan --rules "$2" --map "$4" "$3" 2>/dev/null' sh "$program" "$dir/made.yml" "$dir/records.evtx.gz" "$dir/map.yaml"
lines "one hit, too" "$dir/out" 1

# ---- text logs ----
printf 'title: Web\nid: web\nlogsource:\n  category: webserver\ndetection:\n  selection:\n    cs-uri-query|contains: passwd\n  condition: selection\n' >"$dir/web.yml"
printf '192.0.2.1 - - [10/Oct/2020:13:55:36 +0000] "GET /a?f=../etc/passwd HTTP/1.1" 200 12 "-" "x"\n192.0.2.1 - - [10/Oct/2020:13:55:37 +0000] "GET /b HTTP/1.1" 200 12 "-" "x"\n' >"$dir/access.log"
ok "an access log" sh -c '"$1" scan --rules "$2" "$3" 2>"$4"' sh "$program" "$dir/web.yml" "$dir/access.log" "$dir/errors"
has "has its hit, with time and line" "$dir/out" '"rule":"web".*"time":"2020-10-10T13:55:36Z".*"record":1[,}]'
lines "alone" "$dir/out" 1
printf 'title: Word\nid: word\nlogsource:\n  product: linux\ndetection:\n  keywords: [opened]\n  condition: keywords\n' >"$dir/word.yml"
printf 'door one opened\ndoor two closed\n' >"$dir/doors.txt"
ok "words in no known form" "$program" scan --rules "$dir/word.yml" "$dir/doors.txt"
has "are counted" "$dir/out" '2 lines are in no known form'

# ---- forms ----
ok "CSV" sh -c '"$1" scan --rules "$2" --format csv "$3" 2>/dev/null' sh "$program" "$dir/rules" "$dir/log.json"
lines "a head and three rows" "$dir/out" 4
has "no cell is a formula" "$dir/out" '"'"'"'=A privileged ""logon"""'
ok "a page" sh -c '"$1" scan --rules "$2" --format html "$3" 2>/dev/null' sh "$program" "$dir/rules" "$dir/log.json"
has "is one" "$dir/out" '^<!DOCTYPE html>|<html'
has "with a timeline" "$dir/out" 'src="data:image/svg'
has "that counts" "$dir/out" '3 hits in 3 events of 1 files'
lacks "and in which no event writes markup" "$dir/out" '<script>'

# ---- correlations ----
mkdir "$dir/chain"
cat >"$dir/chain/c.yml" <<'END'
title: Failed logon
name: failed
logsource: {product: windows, service: security}
detection:
  selection: {EventID: 4625}
  condition: selection
---
title: Logon
name: logon
logsource: {product: windows, service: security}
detection:
  selection: {EventID: 4624}
  condition: selection
---
title: Many failures
name: many
level: low
correlation:
  type: event_count
  rules: [failed]
  group-by: [TargetUserName]
  timespan: 10m
  condition: {gte: 3}
---
title: Guessed
id: 22222222-0000-4000-8000-000000000001
level: high
correlation:
  type: temporal_ordered
  rules: [many, logon]
  group-by: [TargetUserName, Computer]
  timespan: 10m
END
{ event pc1 4625 1 2026-03-01T10:00:00Z bob; event pc1 4625 2 2026-03-01T10:02:00Z BOB; event pc1 4624 3 2026-03-01T10:05:00Z bob; } >"$dir/first.json"
{ event pc1 4625 4 2026-03-01T10:04:00Z bob; event pc1 4624 5 2026-03-01T10:30:00Z bob; event pc1 4625 6 2026-03-01T10:01:00Z eve; } >"$dir/second.json"
ok "a chain of correlations over two files" sh -c '"$1" scan --rules "$2" "$3" "$4" 2>"$5"' sh "$program" "$dir/chain" "$dir/first.json" "$dir/second.json" "$dir/errors"
lines "one hit: rules that are counted are silent" "$dir/out" 1
has "says rule, event, group, count and window" "$dir/out" '^\{"rule":"22222222-0000-4000-8000-000000000001","title":"Guessed","level":"high","time":"2026-03-01T10:05:00Z","file":"[^"]*first.json","record":3,"computer":"pc1","channel":"Security","event":"4624","correlation":"temporal_ordered","group":\{"TargetUserName":"bob","Computer":"pc1"\},"count":2,"from":"2026-03-01T10:04:00Z","until":"2026-03-01T10:05:00Z"\}$'
has "is counted as a hit" "$dir/errors" '^6 events of 2 files, 4 rules: 1 hits$'
cp "$dir/out" "$dir/plain"
ok "the files the other way round" sh -c '"$1" scan --rules "$2" "$4" "$3" 2>"$5"' sh "$program" "$dir/chain" "$dir/first.json" "$dir/second.json" "$dir/errors"
cmp -s "$dir/out" "$dir/plain"
tap_say $? "the same hit: the events' times decide" "$dir/out"
sed 's/^  type: temporal_ordered/  generate: true\n&/' "$dir/chain/c.yml" >"$dir/generate.yml"
ok "generate: the rules below give hits of their own" sh -c '"$1" scan --rules "$2" "$3" "$4" 2>/dev/null' sh "$program" "$dir/generate.yml" "$dir/first.json" "$dir/second.json"
lines "two logons and two correlations" "$dir/out" 4
has "the lower one, with the event that completed it" "$dir/out" '"rule":"many".*"time":"2026-03-01T10:04:00Z","file":"[^"]*second.json","record":4,.*"group":\{"TargetUserName":"bob"\},"count":3,'
lacks "failures stay silent: what counts them does not say generate" "$dir/out" '"rule":"failed"'
ok "only from a level on" sh -c '"$1" scan --rules "$2" --level high "$3" "$4" 2>/dev/null' sh "$program" "$dir/generate.yml" "$dir/first.json" "$dir/second.json"
lines "what is below is counted all the same" "$dir/out" 1
ok "correlations as a table" sh -c '"$1" scan --rules "$2" --format csv "$3" "$4" 2>/dev/null' sh "$program" "$dir/chain" "$dir/first.json" "$dir/second.json"
has "with count and group" "$dir/out" '"2","TargetUserName=bob, Computer=pc1"'
ok "correlations as a page" sh -c '"$1" scan --rules "$2" --format html "$3" "$4" 2>/dev/null' sh "$program" "$dir/chain" "$dir/first.json" "$dir/second.json"
has "with them" "$dir/out" 'TargetUserName=bob, Computer=pc1'
printf '{"Event":{"System":{"Channel":"Security","EventID":4625},"EventData":{"TargetUserName":"x"}}}\n' >"$dir/timeless.json"
ok "an event without a time" "$program" scan --rules "$dir/chain" "$dir/timeless.json"
has "is not counted, and that is said" "$dir/out" '^1 events without a time were not counted by correlations$'
usage "a lateness that is none: usage" "$program" scan --rules "$dir/chain" --lateness soon "$dir/first.json"
ok "rules check knows correlations" "$program" rules check "$dir/chain"
has "counts them" "$dir/out" '^1 files, 4 documents: 4 ready, 0 refused$'
sed 's/rules: .many, logon./rules: [many, nobody]/' "$dir/chain/c.yml" >"$dir/broken.yml"
not_ok "one that names no rule" "$program" rules check "$dir/broken.yml"
has "is refused with its line" "$dir/out" 'broken.yml:3[0-9]: .*nobody'
ok "rules list knows them" "$program" rules list "$dir/chain"
has "by their kind" "$dir/out" '^many	correlation	low	-/-/-	Many failures$'
ok "rules explain" "$program" rules explain many "$dir/first.json" --rules "$dir/chain"
has "says that it counts the event, and in which group" "$dir/out" '^\{"matches":true,"rules":\[\{"rule":"failed","correlation":false,"matches":true,"group":\{"TargetUserName":"bob"\},"lacks":\[\]'
ok "of one that it does not count" "$program" rules explain many "$dir/first.json" --record 3 --rules "$dir/chain"
has "says so" "$dir/out" '"matches":false'

# ---- what cannot be read ----
printf '{"EventID": 4624,\n{"Channel":"Security","EventID":4624}\n' >"$dir/faulty.json"
not_ok "a faulty line: exit status 1" "$program" scan --rules "$dir/rules" "$dir/faulty.json"
has "its place is named" "$dir/out" 'faulty.json: 2:1: '
has "the others count" "$dir/out" '"title":"A logon"'
# More than a window of 8 MiB before the fault: its line is still the file's.
{ awk 'BEGIN { for (i = 0; i < 120000; i++) printf "{\"EventID\":4625,\"A\":\"%099d\"}\n", i }'; printf '{"EventID": 4624,\n{"EventID":4624}\n'; } >"$dir/long.json"
not_ok "a fault far behind" "$program" scan --rules "$dir/rules" "$dir/long.json"
has "has the file's line" "$dir/out" 'long.json: 120002:1: '
{ printf '['; awk 'BEGIN { for (i = 0; i < 120000; i++) printf "{\"EventID\":4625,\"A\":\"%099d\"}, ", i }'; printf '{"EventID": x}]\n'; } >"$dir/array.json"
not_ok "and in one long line" "$program" scan --rules "$dir/rules" "$dir/array.json"
has "the line's column" "$dir/out" "array.json: 1:$(($(wc -c <"$dir/array.json") - 3)): "
head -c 60 "$dir/log.json.gz" >"$dir/cut.gz"
not_ok "a packed file that breaks off" "$program" scan --rules "$dir/rules" "$dir/cut.gz"
has "is named" "$dir/out" 'breaks off'
printf 'no\000text\n' >"$dir/words"
not_ok "no log at all" "$program" scan --rules "$dir/rules" "$dir/words" "$dir/none" "$dir/log.json"
has "is named" "$dir/out" 'words: The form of the file is not known'
has "an absent file is named" "$dir/out" 'none: The file cannot be read'
has "and the others are scanned" "$dir/out" '"record":7'
not_ok "no rule at all" "$program" scan --rules "$dir" "$dir/log.json" --map "$dir/none"
mkdir "$dir/empty"
not_ok "a folder without rules" "$program" scan --rules "$dir/empty" "$dir/log.json"
has "says so" "$dir/out" 'no rule'
usage "no log: usage" "$program" scan --rules "$dir/rules"
usage "no rules: usage" "$program" scan "$dir/log.json"
usage "a level that is none: usage" "$program" scan --rules "$dir/rules" --level loud "$dir/log.json"
: >"$dir/nothing"
ok "an empty log is none" "$program" scan --rules "$dir/rules" "$dir/nothing"

# ---- the rule cache ----
mkdir "$dir/patterns"
printf 'title: Pattern\nid: pattern\nlogsource:\n  product: windows\ndetection:\n  selection:\n    TargetUserName|re: "^(ad|ro)[mo]+[it]n?$"\n  condition: selection\n' >"$dir/patterns/p.yml"
cached() { ok "$1" sh -c '"$1" scan --rules "$2" --rule-cache "$4" "$3" 2>"$5"' sh "$program" "$dir/patterns" "$dir/log.json" "$dir/cache" "$dir/errors"; }
cached "a scan that keeps its patterns"
cp "$dir/out" "$dir/plain"
lines "finds by them" "$dir/out" 2
[ "$(stat -c %a "$dir/cache")" = 600 ]
tap_say $? "the cache is its user's alone" "$dir/out"
cp "$dir/cache" "$dir/kept"
cached "and one that uses it"
cmp -s "$dir/out" "$dir/plain"
tap_say $? "finds the same" "$dir/out"
lacks "and says nothing of it" "$dir/errors" 'cache'
for at in 10 60 200 400; do
    cp "$dir/kept" "$dir/cache"
    printf '\377\376' | dd of="$dir/cache" bs=1 seek="$at" conv=notrunc 2>/dev/null
    cached "a damaged one ($at)"
    cmp -s "$dir/out" "$dir/plain" && cmp -s "$dir/cache" "$dir/kept" && grep -q 'is made anew' "$dir/errors"
    tap_say $? "is said, made anew, and the same is found" "$dir/errors"
done
chmod 620 "$dir/cache"
cached "one that others may write"
has "is not used" "$dir/errors" 'rule cache is not used'
rm -f "$dir/cache"
ln -s "$dir/kept" "$dir/cache"
cached "a link"
[ ! -L "$dir/cache" ]
tap_say $? "is replaced, not followed" "$dir/out"
ok "one that cannot be written" "$program" scan --rules "$dir/patterns" --rule-cache "$dir/none/cache" "$dir/log.json"
has "is said, and the scan goes on" "$dir/out" '"rule":"pattern"'

# ---- rules ----
ok "rules check" "$program" rules check "$dir/rules"
has "counts" "$dir/out" '^2 files, 2 documents: 2 ready, 0 refused$'
not_ok "a rule that is refused" "$program" rules check "$dir/rules" "$dir/refused.yml"
has "is named with file, line and reason" "$dir/out" 'refused.yml:[0-9]+: .*nobody_bound_this'
ok "rules list" "$program" rules list "$dir/rules"
has "has a line for each" "$dir/out" '^11111111-0000-4000-8000-000000000001	rule	low	windows/-/security	A logon$'
event pc1 4624 7 2026-03-01T10:00:00Z guest >"$dir/one.json"
ok "rules explain" "$program" rules explain 11111111-0000-4000-8000-000000000002 "$dir/one.json" --rules "$dir/rules"
has "says that it does not match" "$dir/out" '"matches":false'
has "and which test failed" "$dir/out" 'TargetUserName'
ok "another event of a log" "$program" rules explain "$dir/rules/logon.yml" "$dir/log.json" --record 8
has "by its number" "$dir/out" '"matches":true'
not_ok "no such event" "$program" rules explain "$dir/rules/logon.yml" "$dir/log.json" --record 99
not_ok "no such rule" "$program" rules explain nobody "$dir/one.json" --rules "$dir/rules"
not_ok "a refused rule explains nothing" "$program" rules explain "$dir/refused.yml" "$dir/one.json"
has "but itself" "$dir/out" 'nobody_bound_this'
usage "rules of nothing: usage" "$program" rules check
usage "rules what: usage" "$program" rules conquer "$dir/rules"
done_testing
