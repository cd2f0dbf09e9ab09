# SPDX-License-Identifier: GPL-3.0-or-later
# For scripts that test commands: . tap.sh; ok "name" COMMAND...; has "name" FILE PATTERN; not_ok "name" COMMAND...; done_testing
tap_count=0 tap_failed=0
tap_say() {
    tap_count=$((tap_count + 1))
    if [ "$1" = 0 ]; then
        echo "ok $tap_count - $2"
    else
        echo "not ok $tap_count - $2"
        tap_failed=1
        [ -z "${3:-}" ] || sed 's/^/# /' "$3"
    fi
}
ok() { name=$1; shift; code=0; "$@" >"$dir/out" 2>&1 || code=$?; tap_say "$code" "$name" "$dir/out"; }
not_ok() { name=$1; shift; code=0; "$@" >"$dir/out" 2>&1 || code=$?; [ "$code" = 1 ] && code=0 || code=1; tap_say "$code" "$name" "$dir/out"; }
usage() { name=$1; shift; code=0; "$@" >"$dir/out" 2>&1 || code=$?; [ "$code" = 2 ] && code=0 || code=1; tap_say "$code" "$name" "$dir/out"; }
has() { code=0; grep -qE -- "$3" "$2" || code=1; tap_say "$code" "$1" "$2"; }
lacks() { code=0; ! grep -qE -- "$3" "$2" || code=1; tap_say "$code" "$1" "$2"; }
done_testing() { echo "1..$tap_count"; exit "$tap_failed"; }
# The address that a server printed, once it has.
address() {
    for _ in $(seq 200); do
        found=$(sed -n 's/^\(https*:\/\/[^ ]*\)\/$/\1/p' "$1" | head -n 1)
        [ -z "$found" ] || { echo "$found"; return 0; }
        sleep 0.1
    done
    return 1
}
