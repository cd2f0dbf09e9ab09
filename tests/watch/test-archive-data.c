/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All public events through the archive and back, bit by bit; and how many bytes an event takes there.
 */
#include <zstd.h>

#include "tap.h"

#include "archive-check.h"
#include "both.h"

static char *whole(const char *folder, const char *name, size_t *ret_len)
{
    char path[1200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    char *text = file_read(path, ret_len);
    unsigned long long size = text && *ret_len > 4 && memcmp(text, "\x28\xb5\x2f\xfd", 4) == 0 ? ZSTD_getFrameContentSize(text, *ret_len) : 0;
    if (size == 0 || size > (1u << 30))
        return text;
    char *out = malloc((size_t)size + 1);
    *ret_len = ZSTD_decompress(out, (size_t)size, text, *ret_len);
    free(text);
    return out;
}

static void test_events(const char *folder)
{
    size_t len;
    char *text = whole(folder, "events/windows-events.jsonl.zst", &len);
    if (!text)
        return tap_skip("the public events come back", "windows-events.jsonl.zst is not there");
    for (int how = EVENT_JSON_WHOLE; how <= EVENT_JSON_LAZY; how++) {
        struct check check;
        check_open(&check, 14000);
        size_t some = how ? len : len / 3;
        while (some < len && some && text[some - 1] != '\n')
            some--;
        check_json(&check, text, some, (enum event_json_how)how);
        ok(check.items > 10000 && check.bytes < 40 * check.items, "%zu events lie in %.1f bytes each", check.items, (double)check.bytes / (double)check.items);
        is_int(check_close(&check), 0, how ? "and come back with their escapes as they were written" : "and come back");
    }
    free(text);
}

static void test_logs(const char *folder)
{
    static const struct { const char *name, *format; } logs[] = {
        {"events/loghub/Apache_2k.log", "apache"}, {"events/loghub/Linux_2k.log", "syslog"}, {"events/loghub/OpenSSH_2k.log", "syslog"}, {"events/loghub/Linux_2k.log", "raw"},
    };
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
        size_t len;
        char *text = whole(folder, logs[i].name, &len);
        if (!text) {
            tap_skip(logs[i].name, "it is not there");
            continue;
        }
        struct check check;
        check_open(&check, 700);
        check_log(&check, text, len, logs[i].format);
        ok(check.items > 1000 && check.bad == 0, "%s as %s: %zu lines come back, %.1f bytes each", logs[i].name, logs[i].format, check.items,
           (double)check.bytes / (double)check.items);
        check_close(&check);
        free(text);
    }
}

static void test_regression(const char *folder)
{
    struct arena *arena = arena_new((size_t)512 << 20);
    struct sigma_text *files;
    size_t n = files_below(arena, arena_printf(arena, "%s/sigma/regression_data", folder), ".json", &files), bad = 0, events = 0;
    if (n == 0)
        tap_skip("events of the regression cases come back", "there are none");
    struct check check;
    check_open(&check, 500);
    for (size_t i = 0; i < n; i++) {
        check_json(&check, files[i].text, files[i].len, EVENT_JSON_WHOLE);
        events = check.items;
    }
    bad = check_close(&check);
    if (n)
        ok(bad == 0 && events > 0, "%zu events of %zu regression cases come back", events, n);
    arena_free(arena);
}

int main(void)
{
    const char *folder = data_folder();
    if (!folder) {
        tap_skip("public events come back from the archive", "CASTELLAN_DATA names no folder");
        return tap_done();
    }
    test_events(folder);
    test_logs(folder);
    test_regression(folder);
    return tap_done();
}
