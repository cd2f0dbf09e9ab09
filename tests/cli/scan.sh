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

# ---- what cannot be read ----
printf '{"EventID": 4624,\n{"Channel":"Security","EventID":4624}\n' >"$dir/faulty.json"
not_ok "a faulty line: exit status 1" "$program" scan --rules "$dir/rules" "$dir/faulty.json"
has "its place is named" "$dir/out" 'faulty.json: 2:1: '
has "the others count" "$dir/out" '"title":"A logon"'
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
