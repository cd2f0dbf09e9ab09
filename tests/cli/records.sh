#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Commands that speak to the running office, and definitions put in force by two persons.
set -u
program=$1
make_token=$2
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$dir"' EXIT
. "$SOURCE_ROOT/tests/cli/tap.sh"
export LC_ALL=C
unset CASTELLAN_TOKEN CASTELLAN_URL

sed -n '/^```yaml$/,/^```$/p' "$SOURCE_ROOT/docs/founding-deed.md" | sed '1d;$d' >"$dir/deed.yaml"
ok "an office" "$program" init "$dir/office" --deed "$dir/deed.yaml"
lefevre=$("$make_token" "$dir/office" lefevre)
keller=$("$make_token" "$dir/office" keller)

# ---- definitions ----
ok "no other definitions are at hand" "$program" pack "$dir/office"
not_ok "what is in force is not proposed" "$program" pack "$dir/office" --propose --token "$lefevre"
mkdir -p "$dir/office/pack/duties/incidents"
sed 's/value: 24h/value: 23h/; s/within: 24h/within: 23h/' "$SOURCE_ROOT/duties/incidents/rules.yaml" >"$dir/office/pack/duties/incidents/rules.yaml"
not_ok "a candidate in the office's folder" "$program" pack "$dir/office"
has "its difference in words" "$dir/out" "incident\."
hash=$(sed -n 's/^candidate  //p' "$dir/out")
not_ok "nobody confirms what nobody proposed" "$program" pack "$dir/office" --confirm "$hash" --token "$keller"
not_ok "an unknown token proposes nothing" "$program" pack "$dir/office" --propose --token cst.none.none
ok "one person proposes" "$program" pack "$dir/office" --propose --token "$lefevre"
not_ok "the same person does not confirm" "$program" pack "$dir/office" --confirm "$hash" --token "$lefevre"
has "in words" "$dir/out" "another person"
not_ok "nor another hash" "$program" pack "$dir/office" --confirm 0000 --token "$keller"
ok "another person confirms" "$program" pack "$dir/office" --confirm "$hash" --token "$keller"
ok "it is in force" "$program" pack "$dir/office"
has "under the hash that was confirmed" "$dir/out" "in force   $hash"
ok "and the office verifies" "$program" verify "$dir/office"

# ---- a running office ----
: >"$dir/log"                               # else the address of the one before might be read
"$program" serve "$dir/office" --listen 127.0.0.1:0 >"$dir/log" 2>"$dir/err" &
server=$!
CASTELLAN_URL=$(address "$dir/log")
export CASTELLAN_URL
not_ok "without a token nothing is asked" "$program" account
has "and it says how to get one" "$dir/out" "CASTELLAN_TOKEN"
not_ok "a wrong token is refused" "$program" account --token cst.none.none
export CASTELLAN_TOKEN="$lefevre"
ok "who am I" "$program" account
has "person and post" "$dir/out" "post: headquarters-security-officer"
ok "a list" "$program" register list organisation --json
ok "a record is made" "$program" register create organisation --json --fields '{"name":"Delegation of the example","kind":"delegation"}'
number=$(sed -n 's/.*"numbers":\["\([^"]*\)".*/\1/p' "$dir/out")
ok "and shown" "$program" register show organisation "$number"
has "with its fields" "$dir/out" "Delegation of the example"
ok "listed" "$program" register list organisation
has "by number and title" "$dir/out" "^$number"
not_ok "an absent one" "$program" register show organisation ORG-0000000000
not_ok "and faults are named" "$program" register create organisation --fields '{}'
has "by field" "$dir/out" "^name|name:"
ok "who may read it" "$program" who-may "$number"
has "persons and posts" "$dir/out" "security-section-leader"
ok "why may keller read it" "$program" explain "$number" keller
has "it says that" "$dir/out" "keller: may read it"
not_ok "who may read an absent one" "$program" who-may ORG-0000000000

# ---- import and export ----
printf 'Name,kind\nFirst,delegation\nSecond,no-such-kind\nThird,delegation\n,delegation\n' >"$dir/bad.csv"
not_ok "a file with bad rows imports nothing" "$program" import organisation "$dir/bad.csv"
has "each bad row and cell is listed" "$dir/out" "^B3: "
has "every one of them" "$dir/out" "^A5: "
has "and what would have been imported" "$dir/out" "would have been: 2, faulty: 2"
"$program" register list organisation >"$dir/list"
lacks "nothing was" "$dir/list" "First"
printf 'Nom,nonsense\nFirst,x\n' >"$dir/column.csv"
not_ok "an unknown column" "$program" import organisation "$dir/column.csv"
has "is named by its cell" "$dir/out" "^B1: .*nonsense"
printf 'Name,kind,nonsense\nTwice,delegation,\nOnce,no-such-kind,\n' >"$dir/rows.csv"
not_ok "an unknown column hides no fault below it" "$program" import organisation "$dir/rows.csv"
has "in a row" "$dir/out" "^B3: "
printf 'Name,kind\nFirst,delegation\n"Second, with a comma",delegation\n' >"$dir/good.csv"
ok "a good file" "$program" import organisation "$dir/good.csv"
has "is imported" "$dir/out" "Imported: 2"
ok "again" "$program" import organisation "$dir/good.csv"
"$program" register list organisation >"$dir/list"
code=0; [ "$(grep -c First "$dir/list")" = 1 ] || code=1
tap_say $code "makes nothing twice" "$dir/list"
ok "an export" "$program" export organisation --to "$dir/out.csv"
has "holds what was imported" "$dir/out.csv" "Second, with a comma"
ok "as XLSX" "$program" export organisation --to "$dir/out.xlsx"
has "is one" "$dir/out.xlsx" "^PK"
kill "$server"; wait "$server"; server=
not_ok "an office that is gone" "$program" account
has "is told" "$dir/out" "does not answer"
done_testing
