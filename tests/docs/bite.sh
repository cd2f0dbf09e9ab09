#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The checks of documents can fail: a copy of them with one fault of each kind is looked at, and each must be found.
#   usage, from meson: bite.sh DOCS_SH CASTELLAN, with SOURCE_ROOT and BUILD_ROOT
set -eu
docs_sh=$1 castellan=$2
cd "$SOURCE_ROOT"
. tools/check/tap.sh
copy=$(mktemp -d)
trap 'rm -rf "$copy" "$state"' EXIT
for entry in *; do
    case $entry in README.md | HACKING.md | docs | var | build*) ;; *) ln -s "$SOURCE_ROOT/$entry" "$copy/$entry" ;; esac
done
cp -R README.md HACKING.md docs "$copy"
sed '/^| `castellan verify`/d' README.md >"$copy/README.md"
{
    echo 'Type `castellan prophesy`, read `src/office/oracle.c`, see [there](nowhere.md), run `test-office-oracle`, or `make coffee`.'
} >>"$copy/HACKING.md"
echo '# An orphan' >"$copy/docs/orphan.md"
rm "$copy/docs/posts/guard.md"
DOCS_ROOT=$copy sh "$docs_sh" "$castellan" >"$copy.out" 2>&1 && echo "it found nothing" >"$copy.none"
trap 'rm -rf "$copy" "$copy.out" "$copy.none" "$state"' EXIT
cat "$copy.none" 2>/dev/null | check "documents with faults fail"
for words in 'no command "prophesy"' 'commands lacks "verify"' 'no src/office/oracle.c' 'leads nowhere: nowhere.md' 'no test program test-office-oracle' \
    'make knows no coffee' 'no page docs/posts/guard.md' 'documents lacks docs/orphan.md'; do
    grep -q "$words" "$copy.out" || echo "not found: $words"
done | check "each of eight faults is named"
done_checks
