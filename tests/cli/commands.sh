#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every command as somebody meets it first: help and man page in both languages, wrong usage; and founding deeds with a fault, each named.
set -u
program=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
. "$SOURCE_ROOT/tests/cli/tap.sh"
export LC_ALL=C
usage() { name=$1; shift; code=0; "$@" >"$dir/out" 2>&1 </dev/null || code=$?; [ "$code" = 2 ] && code=0 || code=1; tap_say "$code" "$name" "$dir/out"; }

# ---- help, man pages, usage ----
usage "no command: usage" "$program"
usage "an unknown command: usage" "$program" conquer
has "which says where the list is" "$dir/out" "castellan help"
ok "help lists the commands" "$program" help
commands=$(sed -n 's/^  \([a-z][a-z-]*\)  *[a-z].*/\1/p' "$dir/out")
[ "$(echo "$commands" | wc -l)" -ge 17 ]
tap_say $? "seventeen and more"
LC_ALL=fr_FR.UTF-8 "$program" help >"$dir/out"
has "in French, too" "$dir/out" "le bureau de sécurité"
for command in $commands; do
    ok "$command --help" "$program" "$command" --help
    cp "$dir/out" "$dir/english"
    has "says how $command is called" "$dir/english" "^Usage: castellan $command"
    LC_ALL=fr_FR.UTF-8 "$program" "$command" --help >"$dir/french" 2>&1
    [ $? = 0 ] && ! cmp -s "$dir/english" "$dir/french" && [ "$(grep -cxFf "$dir/english" "$dir/french")" -le "$(($(grep -c '^$' "$dir/french") + 2))" ]
    tap_say $? "in French, every line of it" "$dir/french"
    for language in C fr_FR.UTF-8; do
        LC_ALL=$language "$program" help --man "$command" >"$dir/out"
        tap_say $? "its man page ($language)"
        lines=$(grep -cE '^[.](TH CASTELLAN-|SH NAME|SH SYNOPSIS|SH DESCRIPTION|SH EXIT STATUS)' "$dir/out")
        [ "$lines" = 5 ]
        tap_say $? "is whole" "$dir/out"
    done
    case $command in account|watch) continue ;; esac
    usage "$command without arguments: usage" "$program" "$command"
done
usage "help of nothing" "$program" help conquer
ok "the version" "$program" --version

# ---- deeds ----
person() {
    cat <<END
  - login: $1
    name: $2
    given-name: $3
    nationality: ${4:-FRA}
    posts:
      - {post: ${5:-headquarters-security-officer}, from: 2026-01-01, until: 2030-01-01}
    clearances:
      - {policy: ${6:-NATO}, class: ${7:-SECRET}, from: 2026-01-01, until: ${8:-2031-01-01}}
END
}
deed() { printf 'name: Test\norigin: castellan/test\nsettings:\n  ceilings:\n    NATO: SECRET\n    OFFICE-PUBLIC: INTERNAL\npersons:\n'; }
second() { person keller Keller Jonas DEU security-section-leader; }
good() { deed; person lefevre "Lefèvre" Anne; second; }
good >"$dir/good.yaml"
faulty() {       # name, words that must be said; of the deed in deed.yaml
    not_ok "$1: refused" "$program" init "$dir/none" --deed "$dir/deed.yaml"
    has "$1: named" "$dir/out" "$2"
    if [ -e "$dir/none/office.db" ]; then code=1; rm -rf "$dir/none"; else code=0; rm -rf "$dir/none"; fi
    tap_say $code "$1: no office is left behind"
}
good | sed 's/^name:.*//' >"$dir/deed.yaml"; faulty "a deed without a name" "name"
good | sed 's/^origin:.*//' >"$dir/deed.yaml"; faulty "a deed without an origin" "origin"
{ deed; person lefevre "Lefèvre" Anne; } >"$dir/deed.yaml"; faulty "a deed of one person" "two persons"
good | sed 's/NATO: SECRET/NATO: PURPLE/' >"$dir/deed.yaml"; faulty "a ceiling of no class" "PURPLE"
good | sed 's/    NATO: SECRET/    MARS: SECRET/' >"$dir/deed.yaml"; faulty "a ceiling of no policy" "MARS"
{ deed; person lefevre "Lefèvre" Anne FRA headquarters-security-officer NATO PURPLE; second; } >"$dir/deed.yaml"; faulty "a clearance of no class" "PURPLE"
{ deed; person lefevre "Lefèvre" Anne FRA court-jester; second; } >"$dir/deed.yaml"; faulty "a post that is none" "court-jester|post"
{ deed; person lefevre "Lefèvre" Anne XYZZY; second; } >"$dir/deed.yaml"; faulty "a nationality that is none" "XYZZY|nationality"
{ deed; person lefevre "Lefèvre" Anne FRA headquarters-security-officer NATO SECRET 2031-02-30; second; } >"$dir/deed.yaml"; faulty "a day that is none" "2031-02-30|until"
{ deed; person lefevre "Lefèvre" Anne; person lefevre Other One; } >"$dir/deed.yaml"; faulty "two persons of one login" "login|lefevre"
good | sed 's/^persons:/persons: [/' >"$dir/deed.yaml"; faulty "no YAML" "deed.yaml:[0-9]"
: >"$dir/deed.yaml"; faulty "an empty deed" "deed"
not_ok "a deed that is not there" "$program" init "$dir/none" --deed "$dir/missing.yaml"
has "by its name" "$dir/out" "missing.yaml"
ok "a good deed founds" "$program" init "$dir/office" --deed "$dir/good.yaml"
not_ok "once" "$program" init "$dir/office" --deed "$dir/good.yaml"
ok "the new office verifies" "$program" verify "$dir/office"

done_testing
