#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What only some may do: SQL lies in the store alone; the wall clock is read by main, web, wire and cli alone; the
# unguarded walks over the store are for opening and verifying an office alone; duties touch no socket and no file.
set -eu
cd "$SOURCE_ROOT"
. tools/check/tap.sh
# Lines of C that are not comments of a whole line.
grep_c() { pattern=$1; shift; "$@" | xargs grep -nE "$pattern" /dev/null | grep -vE '^[^:]*:[0-9]*:[[:space:]]*(/?\*|//)' || true; }
outside() { sources | grep -vE "$1"; }

grep_c '"[^"]*(SELECT .* FROM |INSERT INTO |UPDATE [a-z_]+ SET |DELETE FROM |CREATE (TABLE|INDEX|VIEW)|PRAGMA )|sqlite3_[a-z]+ *\(' \
    outside '^src/store/' | check "no SQL outside the store"
grep_c 'sqlite3_(mprintf|vmprintf|snprintf|str_|get_table)' sources | check "no SQL is put together while running"
grep_c '\<(moment_now|gettimeofday|time|localtime|localtime_r|gmtime|gmtime_r|mktime|strftime) *\(|CLOCK_REALTIME' \
    outside '^src/(main\.c|web/|wire/|cli/|base/moment\.[ch])' | check "the wall clock is read by main, web, wire and cli alone"
grep_c '\<store_each_(label|guard|field|record|link|entry|value|posting|version|version_row|body_place|list|attachment) *\(' outside '^src/store/|^src/office/(office|open|verify|load|rebuild|restore|auditor)[a-z_]*\.[ch]' |
    check "store_each_* is called by office open, verify, restore and the auditor's page alone"
if [ -d duties ]; then
    grep_c '#include <(sys/socket|netinet|arpa|netdb|dirent|sqlite3|microhttpd|sys/stat)|\<(fopen|open|openat|socket|connect|opendir) *\(' \
        find duties -name '*.[ch]' -type f | check "duties touch no socket and no file"
fi
grep_c '\<(malloc|calloc|realloc|free) *\(' find duties -name '*.c' -type f | check "duties allocate in arenas"
done_checks
