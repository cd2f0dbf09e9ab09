/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * EVTX read into flat events, and written as JSON: the full chunks of the files in a folder, one behind the other until they are a large
 * log. Processor time, beside a plain copy of the same bytes in the same run.
 *
 *     bench-evtx FOLDER
 */
#include <dirent.h>
#include <string.h>

#include "figure.h"
#include "watch/evtx/evtx.h"

enum { LOG_BYTES = 96 << 20, ROUNDS = 5 };
static char *logged;
static size_t len;

static void add_file(const char *path)
{
    static char chunk[65536];
    unsigned used;
    FILE *file = fopen(path, "rb");
    if (!file)
        return;
    size_t got = fread(chunk, 1, 4096, file);
    while (got && fread(chunk, 1, sizeof chunk, file) == sizeof chunk) {
        memcpy(&used, chunk + 0x30, 4);
        if (memcmp(chunk, "ElfChnk", 8) == 0 && used > 40000 && len + sizeof chunk <= LOG_BYTES) {
            memcpy(logged + len, chunk, sizeof chunk);
            len += sizeof chunk;
        }
    }
    fclose(file);
}

static double copy(void)
{
    char *to = malloc(len);
    memset(to, 1, len);
    double start = clock_of(CLOCK_PROCESS_CPUTIME_ID);
    memcpy(to, logged, len);
    double took = clock_of(CLOCK_PROCESS_CPUTIME_ID) - start;
    volatile char seen = to[len / 2];
    (void)seen;
    free(to);
    return took;
}

static double read_log(int json, size_t *ret_records)
{
    struct arena *arena = arena_new((size_t)64 << 20), *scratch = arena_new((size_t)64 << 20);
    struct reasons reasons;
    struct evtx *evtx;
    struct event event;
    struct buf text;
    reasons_init(&reasons, arena);
    buf_init(&text, 16 << 20);
    event_init(&event, scratch);
    double start = clock_of(CLOCK_PROCESS_CPUTIME_ID);
    if (evtx_open(arena, fields_new(arena), logged, len, &reasons, &evtx) != OK)
        exit(1);
    while (evtx_next(evtx, &event) == OK) {
        buf_clear(&text);
        if (json && evtx_json(evtx, &text) != OK)
            exit(1);
        event_clear(&event);
    }
    double took = clock_of(CLOCK_PROCESS_CPUTIME_ID) - start;
    *ret_records = (size_t)evtx_counts(evtx).records;
    buf_free(&text);
    arena_free(arena);
    arena_free(scratch);
    return took;
}

int main(int argc, char **argv)
{
    double copied[ROUNDS], flat[ROUNDS], written[ROUNDS];
    char path[1024], remark[200];
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    logged = calloc(1, LOG_BYTES);
    for (struct dirent *entry; dir && logged && (entry = readdir(dir)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        if (strstr(entry->d_name, ".evtx"))
            add_file(path);
    }
    if (!len) {
        fprintf(stderr, "bench-evtx: no EVTX files in the folder\n");
        return 1;
    }
    for (size_t once = len; len + once <= LOG_BYTES; len += once)
        memcpy(logged + len, logged, once);
    size_t records = 0;
    for (int i = 0; i < ROUNDS; i++) {
        copied[i] = (double)len / 1e6 / copy();
        flat[i] = (double)len / 1e6 / read_log(0, &records);
        written[i] = (double)len / 1e6 / read_log(1, &records);
    }
    double plain = centile_of(copied, ROUNDS, 0.5), middle = centile_of(flat, ROUNDS, 0.5), json = centile_of(written, ROUNDS, 0.5);
    snprintf(remark, sizeof remark, "%zu records in %zu MB; 1/%.0f of a copy in memory (%.0f MB/s)", records, len / 1000000, plain / middle, plain);
    figure("EVTX read into events", ">= 300 MB/s", flat[0], middle, flat[ROUNDS - 1], " MB/s", remark);
    snprintf(remark, sizeof remark, "events and JSON; 1/%.0f of a copy", plain / json);
    figure("EVTX written as JSON", "", written[0], json, written[ROUNDS - 1], " MB/s", remark);
    return 0;
}
