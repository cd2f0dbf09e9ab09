#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# An office from the deed in the manual, served and looked at by doctor.
set -u
program=$1
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$dir"' EXIT
. "$SOURCE_ROOT/tests/cli/tap.sh"
export LC_ALL=C

usage "an option that there is not" "$program" verify "$dir" --jurnal
has "is named" "$dir/out" "There is no option --jurnal"
usage "an option without its value" "$program" init "$dir/office" --deed
has "is named, too" "$dir/out" "--deed needs a value"
sed -n '/^```yaml$/,/^```$/p' "$SOURCE_ROOT/docs/founding-deed.md" | sed '1d;$d' >"$dir/deed.yaml"
ok "the deed of the manual founds an office" "$program" init "$dir/office" --deed "$dir/deed.yaml"
cp "$dir/out" "$dir/links"
has "and gives an enrolment link to each person" "$dir/links" "keller +/enrol\?token="
not_ok "doctor finds something in an office that nobody serves" "$program" doctor "$dir/office"
has "that nobody serves it" "$dir/out" "Nobody serves this office"
has "that no checkpoint was signed" "$dir/out" "doctor.checkpoint"
has "that no backup is known" "$dir/out" "doctor.backup"
has "that the signer's key is here" "$dir/out" "doctor.signer-key"
lacks "no open mode" "$dir/out" "doctor.mode"
lacks "no demonstration, no TOTP" "$dir/out" "doctor.(demonstration|totp)"
has "how many rules are assumptions" "$dir/out" "standing is an assumption: [0-9]+"
chmod 755 "$dir/office"
chmod 644 "$dir/office/secret.key"
not_ok "open modes are found" "$program" doctor "$dir/office"
has "of the folder" "$dir/out" "office 0755"
has "and of a key" "$dir/out" "secret.key 0644"
chmod 700 "$dir/office"
chmod 600 "$dir/office/secret.key"
ok "a checkpoint is signed" "$program" checkpoint "$dir/office"
ok "a backup key is made" "$program" backup-key "$dir/public" "$dir/secret"
ok "a backup is written" "$program" backup "$dir/office" --key "$dir/public" --to "$dir/backup"
not_ok "doctor again" "$program" doctor "$dir/office"
lacks "the checkpoint is seen" "$dir/out" "doctor.checkpoint"
lacks "and the backup" "$dir/out" "doctor.backup"

"$program" serve "$dir/office" --listen 127.0.0.1:0 >"$dir/log" 2>"$dir/err" &
server=$!
if address "$dir/log" >"$dir/address"; then code=0; else code=1; fi
tap_say $code "the office is served" "$dir/err"
not_ok "doctor looks at a served office" "$program" doctor "$dir/office"
for name in office signer nursery; do
    has "the $name is a process of its own, its calls restricted" "$dir/out" "^$name +pid [0-9]+, seccomp yes"
done
has "where it listens" "$dir/out" "listens +127.0.0.1:[0-9]+"
not_ok "and as JSON" "$program" doctor "$dir/office" --json
has "in one object" "$dir/out" '^\{"landlock":.*"findings":\['
LC_ALL=fr_FR.UTF-8 "$program" doctor "$dir/office" >"$dir/french"
has "in French, too" "$dir/french" "clé du signataire"
kill "$server"
wait "$server"
server=
[ ! -e "$dir/office/processes.json" ]
tap_say $? "a server that stopped leaves no note of processes"
echo '{"processes":[{"name":"office","pid":1,"confined":true}]}' >"$dir/office/processes.json"
chmod 600 "$dir/office/processes.json"
not_ok "a note of a server that was killed" "$program" doctor "$dir/office"
has "is told from a living server" "$dir/out" "killed or crashed"
done_testing
