#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every text of a template stands in a French catalogue. Usage: template-words.sh TEMPLATE-COMPILER ROOT
compiler=$1 root=$2
texts=$(mktemp) || exit 1
trap 'rm -f "$texts"' EXIT
if ! "$compiler" --texts --root "$root" ui/templates duties >"$texts"; then
    echo "not ok 1 - the templates' texts can be listed"; echo 1..1; exit 1
fi
missing=$(grep '^msgid ' "$texts" | sort -u | while read -r line; do
    cat "$root"/locale/fr/*.po | grep -qxF -- "$line" || printf '# no French: %s\n' "$line"
done)
if [ -n "$missing" ]; then
    echo "not ok 1 - every template's text has its French"; printf '%s\n' "$missing"; echo 1..1; exit 1
fi
echo "ok 1 - every template's text has its French ($(grep -c '^msgid ' "$texts") texts)"
echo 1..1
