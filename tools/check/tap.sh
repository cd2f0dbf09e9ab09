# SPDX-License-Identifier: GPL-3.0-or-later
# For the source checks: each finding is a line "file:line: what"; a check with findings fails and shows them.
#   . tools/check/tap.sh; findings | check "title"; done_checks
# `check` stands at the end of a pipe, in a process of its own, so the count lies in a file.
state=$(mktemp)
trap 'rm -f "$state"' EXIT
check() {
    found=$(cat)
    point=$(($(wc -l <"$state") + 1))
    if [ -z "$found" ]; then
        echo good >>"$state"
        echo "ok $point - $1"
    else
        echo bad >>"$state"
        echo "not ok $point - $1"
        printf '%s\n' "$found" | sed 's/^/#   /'
    fi
}
note() { sed 's/^/# /'; }
done_checks() {
    echo "1..$(wc -l <"$state")"
    ! grep -q bad "$state"
}
# C sources and headers of the product, without tests.
sources() { find src duties -name '*.[ch]' -type f | LC_ALL=C sort; }
