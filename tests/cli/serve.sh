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

mkdir -p "$dir/office/attachments"
echo stray >"$dir/office/attachments/0123456789abcdef"
echo fresh >"$dir/office/attachments/fedcba9876543210"
touch -d "2 days ago" "$dir/office/attachments/0123456789abcdef"
: >"$dir/log"                               # else the address of the one before might be read
"$program" serve "$dir/office" --listen 127.0.0.1:0 >"$dir/log" 2>"$dir/err" &
server=$!
if address "$dir/log" >"$dir/address"; then code=0; else code=1; fi
tap_say $code "the office is served" "$dir/err"
for _ in $(seq 50); do [ -e "$dir/office/attachments/0123456789abcdef" ] || break; sleep 0.1; done
[ ! -e "$dir/office/attachments/0123456789abcdef" ] && [ -e "$dir/office/attachments/fedcba9876543210" ]
tap_say $? "what an upload that broke off left days ago is swept at the start, what came today is left alone"
rm "$dir/office/attachments/fedcba9876543210"
not_ok "doctor looks at a served office" "$program" doctor "$dir/office"
for name in office signer nursery; do
    has "the $name is a process of its own, its calls and files restricted" "$dir/out" "^$name +pid [0-9]+, uid [0-9]+, seccomp yes [(]mode 2[)], Landlock and limits yes"
done
has "jails are there while a file is read" "$dir/out" "^jails? "
has "where the signer's key lies, beside the office" "$dir/out" "^signer +key in .*/office[.]signer$"
has "that checkpoints lie here alone" "$dir/out" "doctor.second-checkpoints"
has "where it listens" "$dir/out" "listens +127.0.0.1:[0-9]+"
not_ok "and as JSON" "$program" doctor "$dir/office" --json
has "in one object" "$dir/out" '^\{"landlock":.*"findings":\['
LC_ALL=fr_FR.UTF-8 "$program" doctor "$dir/office" >"$dir/french"
has "in French, too" "$dir/french" "clé du signataire"

# ---- a backup of the office while it is served ----
not_ok "a backup to a file that is there" "$program" backup "$dir/office" --key "$dir/public" --to "$dir/backup"
has "is refused in words" "$dir/out" "File exists"
not_ok "a backup to a key that is none" "$program" backup "$dir/office" --key "$dir/deed.yaml" --to "$dir/none"
[ ! -e "$dir/none" ]
tap_say $? "leaves nothing"
ok "a backup of the served office" "$program" backup "$dir/office" --key "$dir/public" --to "$dir/served"
lacks "it is sealed" "$dir/served" "castellan-signer-key|lefevre"
lacks "and leaves nothing of the asking in the folder" "$(ls "$dir/office" >"$dir/ls"; echo "$dir/ls")" "backup[.]"
not_ok "the office answers after" "$program" account --url "$(cat "$dir/address")" --token cst.none.none
lacks "as before" "$dir/out" "does not answer"
kill "$server"
wait "$server"
server=
[ ! -e "$dir/office/processes.json" ]
tap_say $? "a server that stopped leaves no note of processes"

# ---- restore ----
not_ok "a restore with the public key" "$program" restore "$dir/served" --key "$dir/public" --to "$dir/restored"
not_ok "a restore over an office" "$program" restore "$dir/served" --key "$dir/secret" --to "$dir/office"
ok "the office is restored" "$program" restore "$dir/served" --key "$dir/secret" --to "$dir/restored" --erasures "$dir/office/checkpoints"
cp "$dir/out" "$dir/said"
has "its new signer's line is told, to be carried away" "$dir/said" "^castellan/.*[+][0-9a-f]{8}[+]"
not_ok "which is not the line of before" cmp "$dir/office/signer.pub" "$dir/restored/signer.pub"
ok "that one lies with the notes of before" cmp "$dir/office/signer.pub" "$dir"/restored/checkpoints/before-*/signer.pub
ok "with each of them" sh -c "for note in '$dir'/restored/checkpoints/before-*/*.note; do cmp \"\$note\" \"$dir/office/checkpoints/\${note##*/}\" || exit 1; done"
[ -e "$dir/restored.signer/signer.key" ] && ! cmp -s "$dir/office.signer/signer.key" "$dir/restored.signer/signer.key"
tap_say $? "the key is another; no backup holds the one of before"
ok "the restored office verifies" "$program" verify "$dir/restored"
has "under a checkpoint of its own" "$dir/out" "by 1 checkpoints"
not_ok "a second folder for checkpoints that is not there" "$program" serve "$dir/restored" --listen 127.0.0.1:0 --checkpoints "$dir/missing"
mkdir "$dir/second"
: >"$dir/log"                               # else the address of the one before might be read
"$program" serve "$dir/restored" --listen 127.0.0.1:0 --checkpoints "$dir/second" >"$dir/log" 2>"$dir/err" &
server=$!
if address "$dir/log" >"$dir/address"; then code=0; else code=1; fi
tap_say $code "and is served" "$dir/err"
not_ok "doctor looks at it" "$program" doctor "$dir/restored"
lacks "its checkpoints have a second folder" "$dir/out" "doctor.second-checkpoints"
kill "$server"
wait "$server"
server=
ok "every note lies in the second folder, too" sh -c "for note in '$dir'/restored/checkpoints/*.note; do cmp \"\$note\" \"$dir/second/\${note##*/}\" || exit 1; done"
ok "with the key's public line" cmp "$dir/restored/signer.pub" "$dir/second/signer.pub"
ok "and verifies after" "$program" verify "$dir/restored"
ok "the office that was served all the time does so, too" "$program" verify "$dir/office"
head -c 4000 "$dir/served" >"$dir/cut"
not_ok "a backup that was cut" "$program" restore "$dir/cut" --key "$dir/secret" --to "$dir/nowhere"
echo "record 1 2" >"$dir/list.erasures"
echo "nonsense" >>"$dir/list.erasures"
not_ok "a list of erasures that is none stops the restore" "$program" restore "$dir/served" --key "$dir/secret" --to "$dir/nowhere" --erasures "$dir"
has "and is named" "$dir/out" "list.erasures"
[ ! -e "$dir/nowhere" ] && [ ! -e "$dir/nowhere.restoring" ] && [ ! -e "$dir/nowhere.signer" ]
tap_say $? "nothing is left of a restore that failed"

echo '{"processes":[{"name":"office","pid":1,"confined":true}]}' >"$dir/office/processes.json"
chmod 600 "$dir/office/processes.json"
not_ok "a note of a server that was killed" "$program" doctor "$dir/office"
has "is told from a living server" "$dir/out" "killed or crashed"
done_testing
