/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * castellan evtx: event logs of Windows as JSON, a record a line, or only counted. Each file is read in a jail of its own.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/jailed_stream.h"
#include "watch/evtx/evtx.h"

enum { LINES = 1, COUNTS = 2 };
enum { LINES_BYTES = 256 << 10, INPUT_MOST = 256 << 20 };
struct asked {
    const char *const *paths;
    bool counts, failed, unwritten;
};

/* ---- in the jail ---- */

/* What is no plain file is read whole. */
static enum status whole(struct stream_jail *jail, struct arena *arena, struct reasons *reasons)
{
    struct buf all;
    char *piece = arena_alloc(arena, 1 << 16);
    size_t at = 0;
    long got;
    buf_init(&all, INPUT_MOST);
    while ((got = stream_take(jail, &at, piece, 1 << 16)) > 0)
        buf_add(&all, piece, (size_t)got);
    if (got < 0 || all.failed) {
        reason_add(reasons, "file", NULL, got < 0 ? T_("The input broke off.") : T_("What is no plain file may have at most 256 MiB here."));
        return got < 0 ? FAILED_IO : TOO_LARGE;
    }
    jail->bytes = all.data ? all.data : "";
    jail->len = all.len;
    return OK;
}

static enum status read_log(struct stream_jail *jail, void *arg, struct arena *arena, struct reasons *reasons)
{
    const struct asked *asked = arg;
    struct arena *scratch = arena_new(64 << 20);
    struct evtx *evtx;
    struct event event;
    struct buf lines;
    bool plain = jail->bytes;
    enum status status = scratch ? plain ? OK : whole(jail, arena, reasons) : NO_MEMORY;
    if (status == OK)
        status = evtx_open(arena, fields_new(arena), jail->bytes, jail->len, reasons, &evtx);
    if (status != OK)
        return status;
    buf_init(&lines, STREAM_MESSAGE_MOST);
    event_init(&event, scratch);
    while (evtx_next(evtx, &event) == OK) {
        size_t before = lines.len;
        if (!asked->counts && evtx_json(evtx, &lines) == OK) {
            buf_addc(&lines, '\n');
        } else if (!asked->counts) {
            lines.len = before;            /* half a line is none */
            status = DAMAGED;
        }
        if (lines.len >= LINES_BYTES) {
            if (!stream_send(jail, LINES, lines.data, lines.len))
                return FAILED_IO;
            buf_clear(&lines);
        }
        event_clear(&event);
        if (plain)
            stream_done(jail, evtx_place(evtx));
    }
    struct evtx_counts counts = evtx_counts(evtx);
    if (plain)
        stream_done(jail, jail->len);
    if (lines.len && !stream_send(jail, LINES, lines.data, lines.len))
        return FAILED_IO;
    (void)stream_send(jail, COUNTS, &counts, sizeof counts);
    return counts.damaged_records ? DAMAGED : status;
}

/* ---- outside ---- */

static void say_counts(FILE *out, const char *path, const struct evtx_counts *counts)
{
    struct arena *arena = arena_new(0);
    const uint64_t numbers[] = {counts->records, counts->recovered_records, counts->chunks, counts->damaged_chunks, counts->damaged_records};
    char text[5][24];
    for (size_t i = 0; i < 5; i++)
        snprintf(text[i], sizeof text[i], "%" PRIu64, numbers[i]);
    struct words words = words_format(arena, T_("%1$s: %2$s records, %3$s of them recovered; %4$s chunks, %5$s damaged; %6$s records lost"), path, text[0], text[1],
                                      text[2], text[3], text[4]);
    fprintf(out, "%s\n", words.in[cli_lang()]);
    arena_free(arena);
}

static bool took(void *arg, size_t input, unsigned kind, const char *bytes, size_t len)
{
    struct asked *asked = arg;
    struct evtx_counts counts;
    if (kind == LINES && !asked->counts)
        asked->unwritten |= fwrite(bytes, 1, len, stdout) != len;
    if (kind == COUNTS && len == sizeof counts) {
        memcpy(&counts, bytes, sizeof counts);
        if (asked->counts || counts.damaged_chunks || counts.damaged_records)
            say_counts(asked->counts ? stdout : stderr, asked->paths[input], &counts);
    }
    return !asked->unwritten;
}

static void ended(void *arg, size_t input, enum status status, const struct reasons *reasons)
{
    struct asked *asked = arg;
    asked->failed |= status != OK;
    if (!reasons->count)
        return;
    fflush(stdout);
    fprintf(stderr, "%s: %s", asked->paths[input], reasons_text(reasons, cli_lang()));
}

int cli_evtx(int argc, char **argv)
{
    struct asked asked = {.counts = cli_flag(argc, argv, "--counts")};
    struct arena *arena = arena_new(0);
    const char **paths = ARENA_ARRAY(arena, const char *, (size_t)argc + 1);
    size_t n = 0;
    while ((paths[n] = cli_argument(argc, argv, (int)n, NULL)) != NULL)
        n++;
    if (!n) {
        arena_free(arena);
        return cli_usage("evtx");
    }
    asked.paths = paths;
    const struct stream_work work = {.run = read_log, .took = took, .ended = ended, .arg = &asked};
    bool good = stream_run(&work, paths, n) && fflush(stdout) == 0;
    if (!good)
        fprintf(stderr, "castellan evtx: %s\n", strerror(errno));
    arena_free(arena);
    return good && !asked.failed ? 0 : 1;
}
