/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The public Windows events under all live rules: engine (with pattern databases and without) and reference agree on every pair. A seeded
 * sample of 30 events under half of the rules in ./test, and of every twenty-first event the rules that hit; all 39,832 under every rule when soaking (CASTELLAN_SOAK=5: each fifth). Likewise the public text logs of
 * Linux, OpenSSH and Apache. Skipped by name where the data is missing.
 */
#include <stdio.h>
#include <zstd.h>

#include "both.h"
#include "tap.h"
#include "watch/logs/logs.h"

/* The whole of a zstd file, NUL behind it; malloc. */
static char *unpacked(const char *path, size_t *ret_len)
{
    size_t packed, room = (size_t)1 << 27, n = 0;
    char *from = file_read(path, &packed), *to = from ? malloc(room + 1) : NULL;
    ZSTD_DStream *stream = ZSTD_createDStream();
    ZSTD_inBuffer in = {from, packed, 0};
    while (from && in.pos < in.size) {
        ZSTD_outBuffer out = {to + n, room - n, 0};
        size_t left = ZSTD_decompressStream(stream, &out, &in);
        n += out.pos;
        if (ZSTD_isError(left) || n == room)
            break;
    }
    ZSTD_freeDStream(stream);
    free(from);
    if (to)
        to[n] = 0;
    *ret_len = n;
    return to;
}

/* Only the rules that hit with one of the engines. */
static size_t compare_hits(struct both *both, const char *event)
{
    size_t rules[64], n = 0;
    both_match(both);
    for (size_t i = 0; i < both->n && n < 64; i++)
        if (both->hit[0][i] || both->hit[1][i])
            rules[n++] = i;
    return n ? both_compare(both, rules, n, event) : 0;
}

/* A text log, line by line as it is read in use; of the quick run a few of its lines. */
static void text_log(struct both *both, const char *name, size_t every)
{
    size_t len = 0, at = 0, read = 0, compared = 0, differences = 0, hits = 0;
    char *text = file_read(arena_printf(both->arena, "%s/events/loghub/%s", data_folder(), name), &len);
    if (!text) {
        tap_skip(name, "it is not among the public data");
        return;
    }
    struct log_reader *reader = log_reader_new(both->arena, both->fields, log_format_of(text, len), 1772337600000);
    size_t first = tap_below(every);
    for (;; read++) {
        event_clear(&both->event);
        if (log_read(reader, &both->event, text, len, at, true, &both->reasons, &at) == ABSENT)
            break;
        if (read % every != first)
            continue;
        char line[200];
        snprintf(line, sizeof line, "%s, event %zu", name, read + 1);
        differences += both_compare(both, NULL, 0, line);
        compared++;
        for (size_t i = 0; i < both->n; i++)
            hits += both->hit[0][i];
    }
    ok(differences == 0 && compared > 0 && read >= 1900, "%s: %zu of %zu events under every rule; %zu hits", name, compared, read, hits);
    free(text);
}

int main(void)
{
    struct arena *arena = arena_new((size_t)1 << 30);
    struct sigma_text *rules;
    size_t n = live_rules(arena, &rules), len = 0, at = 0, lines = 0, events = 0, others = 0, hits = 0, differences = 0, every = 1320;
    char *text = data_folder() ? unpacked(arena_printf(arena, "%s/events/windows-events.jsonl.zst", data_folder()), &len) : NULL;
    struct both both;
    const char *soak = getenv("CASTELLAN_SOAK");
    if (soak)
        every = strtoul(soak, NULL, 10) > 1 ? strtoul(soak, NULL, 10) : 1;
    tap_seed();
    if (!n || !len) {
        tap_skip("public events under public rules", "the folder of public data (CASTELLAN_DATA) is missing");
        free(text);
        arena_free(arena);
        return tap_done();
    }
    size_t first = tap_below(every), all = n;
    for (size_t i = n = 0; i < all; i++)                /* half of the rules, all when soaking */
        if (soak || tap_below(2))
            rules[n++] = rules[i];
    if (ok(both_open(&both, &(struct both_options){.texts = rules, .n = n, .map = product_map(arena), .memo = (size_t)8 << 20}), "%zu files of live rules", n))
        for (; at < len; lines++) {
            size_t begin = at, end = at + strcspn(text + at, "\n");
            at = end + (end < len);
            bool whole = lines % every == first;
            if (end == begin || (!whole && lines % (every / 66 + 1) != 0))
                continue;
            size_t read = 0;
            char *event = text + begin;
            text[end] = 0;
            if (!both_read(&both, event, end - begin, &read)) {
                ok(false, "line %zu is read", lines + 1);
                continue;
            }
            differences += whole ? both_compare(&both, NULL, 0, event) : compare_hits(&both, event);
            for (size_t i = 0; i < both.n; i++)
                hits += both.hit[0][i];
            *(whole ? &events : &others) += 1;
        }
    static const char *const logs[] = {"Linux_2k.log", "OpenSSH_2k.log", "Apache_2k.log"};
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++)
        text_log(&both, logs[i], soak ? every : 200);
    is_int(differences, 0, "engine and reference agree on every rule and event");
    ok(events > 0 && (hits > 0 || !soak), "%zu events under every rule, %zu under the rules that hit, of %zu lines; %zu hits", events, others, lines, hits);
    both_close(&both);
    free(text);
    arena_free(arena);
    return tap_done();
}
