#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What the documents name exists: commands, files, test programs, goals of make, links; and what the program has is named:
# every command in README.md, every post with its page. Documents are README.md, HACKING.md and docs/.
#   usage, from meson: docs.sh CASTELLAN, with SOURCE_ROOT and BUILD_ROOT (and DOCS_ROOT, where another tree is looked at)
set -eu
castellan=$1
cd "${DOCS_ROOT:-$SOURCE_ROOT}"
. tools/check/tap.sh
documents() { echo README.md; echo HACKING.md; find docs -name '*.md' -type f | LC_ALL=C sort; }
# "FILE:LINE WORD" for every match of a pattern; the match is cut by sed.
named() { # pattern, sed program
    documents | xargs grep -noE "$1" /dev/null | sed -E 's/^([^:]*:[0-9]+):/\1 /' | sed -E "$2" | LC_ALL=C sort -u
}
# Places that documents invent for their examples, and that the running office makes.
invented() {
    case $1 in
    */NAME* | */ROOM* | */DUTY* | */PATH* | *hello* | ui/templates/record/list.html | duties/incidents/pages/*) return 0 ;;
    src/web/pages/newest.c | ui/templates/newest.html | duties/keys/* | duties/systems/seal.yaml) return 0 ;;
    bench/soak.md) return 0 ;;
    esac
    return 1
}
commands=$("$castellan" help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p')

# What README.md says is not there yet may be named elsewhere.
planned=$(sed -n 's/^- commands not there yet: \([^.]*\)\..*/\1/p' README.md | tr -d '`')
for name in $planned; do
    ! "$castellan" help "$name" >/dev/null 2>&1 || echo "README.md says that there is no command \"$name\" yet, and there is"
done | note

named '(`|build/src/|^    )castellan [a-z][a-z-]*' 's/ .*castellan ([a-z-]+)$/ \1/' | while read -r where name; do
    case " help version $planned " in *" $name "*) continue ;; esac
    "$castellan" help "$name" >/dev/null 2>&1 || echo "$where: there is no command \"$name\""
done | check "every command that is named exists"
[ -n "$commands" ] || echo "the program lists no commands: $castellan" | check "the program lists its commands"
for name in $commands; do
    grep -q "^| \`castellan $name\`" README.md || echo "README.md: the table of commands lacks \"$name\""
    [ "$("$castellan" help "$name" | grep -c .)" -gt 2 ] || echo "castellan help $name says nothing"
    "$castellan" help --man "$name" | grep -q '^\.SH NAME' || echo "castellan help --man $name is no man page"
done | check "every command stands in README.md, and has help and man page"

named '`(src|docs|tests|tools|duties|posts|policies|profiles|ui|locale|fuzz|bench|contrib)/[A-Za-z0-9_./*-]*`' 's/`//g' |
    while read -r where path; do
        invented "$path" && continue
        found=no
        for one in $path; do [ -e "$one" ] && found=yes; done
        [ $found = yes ] || echo "$where: there is no $path"
    done | check "every file that is named exists"
named '\]\([^)#:]+\)' 's/\]\(|\)//g' | while read -r where path; do
    [ -e "$(dirname "${where%%:*}")/$path" ] || echo "$where: the link leads nowhere: $path"
done | check "every link leads somewhere"
named '`(test|check|fuzz|bench)-[a-z0-9_-]+`' 's/`//g' | while read -r where name; do
    case $name in test-data) continue ;; esac
    grep -qE "[\"/]$name(\.sh)?\"" "$BUILD_ROOT/meson-info/intro-tests.json" "$BUILD_ROOT/meson-info/intro-targets.json" ||
        echo "$where: there is no test program $name"
done | check "every test program that is named exists"
named '`make [a-z-]+`' 's/`make |`//g' | while read -r where goal; do
    grep -q "^$goal:" Makefile || echo "$where: make knows no $goal"
done | check "every goal of make that is named exists"
for post in posts/*.yaml; do
    name=$(basename "$post" .yaml)
    [ -s "docs/posts/$name.md" ] || echo "$post: no page docs/posts/$name.md"
    [ -s "docs/posts/$name.fr.md" ] || echo "$post: no page in French docs/posts/$name.fr.md"
    grep -q "($name.md), .français.($name.fr.md)" docs/posts/README.md || echo "docs/posts/README.md: the index lacks $name"
done | check "every post has its page, and stands in the index"
for page in $(find docs -name '*.md' ! -path 'docs/posts/*' | LC_ALL=C sort); do
    grep -q "$page" README.md || echo "README.md: the list of documents lacks $page"
done | check "every document is reached from README.md"
done_checks
