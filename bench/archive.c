/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The archive as processor time of one core: bytes an event, events written, hunts for terms and with all rules, as bytes of the events
 * as they were read (which nobody has to unpack). Beside it, in the same run, the plain way: lines packed by zstd -3, and unpacked again
 * to be searched. Then the same with a number behind every value that does not decide about log sources, so that none occurs twice.
 *
 *     bench-archive LOGSOURCES.yaml EVENTS.jsonl.zst FOLDER-OF-RULES...
 */
#include <ftw.h>
#include <string.h>
#include <zstd.h>

#include "figure.h"
#include "input.h"
#include "watch/archive/archive.h"
#include "watch/event/json.h"

enum { ROUNDS = 5, TEXTS_MOST = 20000, BLOCKS_MOST = 64 };
static struct sigma_text texts[TEXTS_MOST];
static size_t n_texts;

static int take_rule(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    size_t len = strlen(path);
    if (kind == FTW_F && len > 4 && strcmp(path + len - 4, ".yml") == 0 && n_texts < TEXTS_MOST) {
        texts[n_texts].path = strdup(path);
        texts[n_texts].text = whole_file(path, &texts[n_texts].len);
        n_texts++;
    }
    return 0;
}

struct blocks { const void *at[BLOCKS_MOST]; size_t len[BLOCKS_MOST], n, bytes, events; };
static double now(void) { return clock_of(CLOCK_THREAD_CPUTIME_ID); }

static void finish(struct archive_builder *builder, struct arena *out, struct blocks *blocks)
{
    struct archive_info info;
    must(blocks->n < BLOCKS_MOST && archive_finish(builder, out, &blocks->at[blocks->n], &blocks->len[blocks->n], &info) == OK, "no block");
    blocks->bytes += blocks->len[blocks->n++];
    blocks->events += info.items;
}

/* Reads and writes all; the time of both. */
static double write_all(const char *text, size_t len, struct arena *out, struct blocks *blocks)
{
    struct arena *lasting = arena_new((size_t)64 << 20), *scratch = arena_new((size_t)64 << 20), *room = arena_new((size_t)1 << 30);
    struct fields *fields = fields_new(lasting);
    struct event_json *json = event_json_new(lasting, fields, EVENT_JSON_LAZY);
    struct archive_builder *builder = archive_builder_new(lasting, room, fields);
    struct event event;
    size_t at = 0;
    *blocks = (struct blocks){0};
    event_init(&event, scratch);
    double begun = now();
    while (event_json_read(json, &event, text, len, at, true, NULL, &at) != ABSENT) {
        event.format = "json";
        if (!archive_add(builder, &event)) {
            finish(builder, out, blocks);
            must(archive_add(builder, &event), "an event that fits into no block");
        }
        event_clear(&event);
    }
    finish(builder, out, blocks);
    double took = now() - begun;
    archive_builder_free(builder);
    arena_free(room);
    arena_free(scratch);
    arena_free(lasting);
    return took;
}

static void write_figures(const char *lane, const char *text, size_t len, struct arena *out, struct blocks *blocks, const char *goals[2])
{
    double speed[ROUNDS], packing = 1e9, size = 0;
    size_t packed = 0;
    char name[120], remark[200], *room = malloc(ZSTD_compressBound(len));
    for (int round = 0; round < ROUNDS; round++) {
        arena_clear(out);
        speed[round] = write_all(text, len, out, blocks);
        speed[round] = (double)blocks->events / speed[round] / 1e3;
        double begun = now();
        packed = 0;
        for (size_t at = 0; at < len; at += 8u << 20)
            packed += ZSTD_compress(room, ZSTD_compressBound(len), text + at, len - at < 8u << 20 ? len - at : 8u << 20, 3);
        packing = now() - begun < packing ? now() - begun : packing;
    }
    size = (double)blocks->bytes / (double)blocks->events;
    snprintf(name, sizeof name, "Archive%s, bytes an event", lane);
    snprintf(remark, sizeof remark, "%zu events in %zu blocks, %.0f bytes each as read; zstd -3 over lines %.1f", blocks->events, blocks->n,
             (double)len / (double)blocks->events, (double)packed / (double)blocks->events);
    figure(name, goals[0], size, size, size, " B", remark);
    double median = centile_of(speed, ROUNDS, .5);
    snprintf(name, sizeof name, "Archive%s, events read and written", lane);
    snprintf(remark, sizeof remark, "%.2f GB/s; zstd -3 over lines alone %.0f thousand/s", median * 1e3 * (double)len / (double)blocks->events / 1e9,
             (double)blocks->events / packing / 1e3);
    figure(name, goals[1], speed[0], median, speed[ROUNDS - 1], " thousand/s", remark);
    free(room);
}

/* ---- hunts ---- */

static size_t hits;
static bool count_hit(void *arg, uint32_t item, uint32_t which)
{
    hits++;
    return true;
}

static struct archive *open_block(const struct blocks *blocks, size_t i, struct arena *arena)
{
    struct archive *archive = NULL;
    must(archive_open(blocks->at[i], blocks->len[i], arena, &archive) == OK, "a block that cannot be read");
    return archive;
}

/* Every second term stands somewhere in the events, the others are names that do not. */
static void make_terms(struct archive_term *terms, size_t n, const char *text, size_t len, struct arena *arena)
{
    uint64_t seed = 88172645463325252u;
    for (size_t i = 0; i < n;) {
        seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
        if (i % 2 == 0) {
            terms[i] = (struct archive_term){NULL, ARCHIVE_HAS, arena_printf(arena, "tool%08x.exe", (unsigned)(seed >> 20)), 0};
        } else {
            size_t at = seed % (len - 40), size = 12 + seed % 9;
            if (memchr(text + at, '"', size) || memchr(text + at, '\\', size) || memchr(text + at, '\n', size) || memchr(text + at, ':', size))
                continue;
            terms[i] = (struct archive_term){NULL, ARCHIVE_HAS, arena_strndup(arena, text + at, size), 0};
        }
        terms[i].len = strlen(terms[i].text);
        i++;
    }
}

static void hunt_figures(const char *lane, const char *text, size_t len, const struct blocks *blocks, size_t n, const char *goal)
{
    static struct archive_term list[ARCHIVE_TERMS_MOST];
    struct arena *arena = arena_new((size_t)256 << 20), *opened = arena_new((size_t)1 << 30);
    struct archive_terms *terms = NULL;
    double speed[ROUNDS], plain = 1e9;
    char name[120], remark[200];
    make_terms(list, n, text, len, arena);
    must(archive_terms_new(arena, list, n, &terms) == OK, "no terms");
    for (int round = 0; round < ROUNDS; round++) {
        double begun = now();
        hits = 0;
        for (size_t i = 0; i < blocks->n; i++) {
            struct archive *archive = open_block(blocks, i, opened);
            must(archive_hunt(archive, terms, (struct archive_range){MOMENT_NONE, MOMENT_NONE}, count_hit, NULL) == OK, "a hunt that fails");
            archive_close(archive);
            arena_clear(opened);
        }
        speed[round] = (double)len / (now() - begun) / 1e9;
    }
    /* Lines unpacked and searched for the first ten, each for itself. */
    size_t packed_len, bound = ZSTD_compressBound(len);
    char *packed = malloc(bound), *room = malloc(len + 1);
    packed_len = ZSTD_compress(packed, bound, text, len, 3);
    double begun = now();
    must(ZSTD_decompress(room, len, packed, packed_len) == len, "zstd");
    for (size_t i = 0; i < n && i < 10; i++)
        sink = sink + (memmem(room, len, list[i].text, list[i].len) != NULL);
    plain = now() - begun;
    free(room);
    free(packed);
    double median = centile_of(speed, ROUNDS, .5);
    snprintf(name, sizeof name, "Archive%s, hunt for %zu %s", lane, n, n == 1 ? "term" : "terms");
    snprintf(remark, sizeof remark, "%zu hits; lines unpacked and searched for %zu of them, case and all: %.2f GB/s", hits, n < 10 ? n : 10, (double)len / plain / 1e9);
    figure(name, goal, speed[0], median, speed[ROUNDS - 1], " GB/s", remark);
    arena_free(opened);
    arena_free(arena);
}

static void match_figures(const char *lane, const char *map, size_t len, const struct blocks *blocks, const char *goal)
{
    struct arena *arena = arena_new((size_t)1 << 30), *opened = arena_new((size_t)1 << 30);
    struct fields *fields = fields_new(arena);
    struct sigma_options options = {.sources = {.path = map}};
    struct sigma *sigma = NULL;
    struct sigma_matcher *matcher = NULL;
    double speed[ROUNDS];
    char name[120], remark[200];
    options.sources.text = whole_file(map, &options.sources.len);
    must(sigma_compile(arena, fields, texts, n_texts, &options, NULL, &sigma) == OK && sigma_matcher_new(sigma, arena, (size_t)16 << 20, &matcher) == OK, "no rules");
    for (int round = 0; round < ROUNDS; round++) {
        double begun = now();
        hits = 0;
        for (size_t i = 0; i < blocks->n; i++) {
            struct archive *archive = open_block(blocks, i, opened);
            must(archive_match(archive, matcher, (struct archive_range){MOMENT_NONE, MOMENT_NONE}, count_hit, NULL) == OK, "a hunt that fails");
            archive_close(archive);
            arena_clear(opened);
        }
        speed[round] = (double)len / (now() - begun) / 1e9;
    }
    double median = centile_of(speed, ROUNDS, .5);
    snprintf(name, sizeof name, "Archive%s, hunt with all rules", lane);
    snprintf(remark, sizeof remark, "%zu rules, %zu hits", sigma_counts(sigma).ready, hits);
    figure(name, goal, speed[0], median, speed[ROUNDS - 1], " GB/s", remark);
    sigma_matcher_free(matcher);
    sigma_free(sigma);
    free((char *)(uintptr_t)options.sources.text);
    arena_free(opened);
    arena_free(arena);
}

/* ---- every value unique ---- */

static bool decides(const char *name, size_t len)
{
    static const char *const deciding[] = {"Channel", "EventID", "EventType", "SourceName", "Provider_Name", "ProviderName", "log_name", "event_id", "@timestamp"};
    for (size_t i = 0; i < sizeof deciding / sizeof *deciding; i++)
        if (strlen(deciding[i]) == len && memcmp(deciding[i], name, len) == 0)
            return true;
    return false;
}

/* A number behind the text of each member that is a string. */
static char *make_unique(const char *text, size_t len, size_t *ret_len)
{
    char *out = malloc(2 * len + 16), *to = out;
    const char *end = text + len, *name = NULL;
    uint64_t number = 0;
    size_t name_len = 0;
    for (const char *at = text; at < end;) {
        if (*at != '"') {
            *to++ = *at++;
            continue;
        }
        const char *close = at + 1;
        while (close < end && *close != '"')
            close += *close == '\\' ? 2 : 1;
        must(close + 1 < end, "a string without its end");
        memcpy(to, at, (size_t)(close - at));
        to += close - at;
        if (close[1] == ':') {
            name = at + 1;
            name_len = (size_t)(close - name);
        } else if (name && !decides(name, name_len)) {
            number++;
            for (unsigned k = 0; k < 7; k++)
                *to++ = (char)('a' + (number * 0x9e3779b97f4a7c15u >> (60 - 4 * k) & 15));
        }
        *to++ = '"';
        at = close + 1;
    }
    *ret_len = (size_t)(to - out);
    return out;
}

static void lane_figures(const char *lane, const char *map, const char *text, size_t len, const char *const goals[6])
{
    struct arena *out = arena_new((size_t)1 << 30);
    static struct blocks blocks;
    write_figures(lane, text, len, out, &blocks, (const char *[]){goals[0], goals[1]});
    hunt_figures(lane, text, len, &blocks, 1, goals[2]);
    hunt_figures(lane, text, len, &blocks, 10, goals[3]);
    hunt_figures(lane, text, len, &blocks, 1000, goals[4]);
    match_figures(lane, map, len, &blocks, goals[5]);
    arena_free(out);
}

int main(int argc, char **argv)
{
    size_t len, unique_len;
    must(argc >= 4, "usage: bench-archive LOGSOURCES.yaml EVENTS.jsonl.zst FOLDER-OF-RULES...");
    char *text = whole_file(argv[2], &len);
    for (int i = 3; i < argc; i++)
        must(nftw(argv[i], take_rule, 32, FTW_PHYS) == 0, argv[i]);
    lane_figures("", argv[1], text, len, (const char *const[]){"<= 40", ">= 150", ">= 10 GB/s", ">= 10 GB/s", ">= 10 GB/s", ">= 3 GB/s"});
    char *unique = make_unique(text, len, &unique_len);
    free(text);
    lane_figures(", every value unique", argv[1], unique, unique_len, (const char *const[]){"-", "-", "-", "-", "-", "-"});
    free(unique);
    return 0;
}
