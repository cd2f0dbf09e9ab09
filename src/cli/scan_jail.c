/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See scan_jail.h. Text is read through a window, so memory stays the same for an input of any size; an uncompressed EVTX file is mapped
 * and given back as it is read, a compressed one must fit into memory.
 */
#include "cli/scan_jail.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/text.h"
#include "watch/evtx/evtx.h"
#include "watch/logs/logs.h"

enum { WINDOW = 8 << 20, PIECE = 1 << 18, WHOLE_MOST = 192 << 20, LOOKED_AT = 64 << 10 };

enum packing { PLAIN, GZIP, ZSTD };
/* Bytes of an input, unpacked. */
struct source {
    struct stream_jail *jail;
    enum packing packing;
    size_t at;                             /* in the packed input */
    unsigned char *piece;                  /* packed bytes, not yet unpacked: used to filled */
    size_t used, filled;
    z_stream gzip;
    ZSTD_DStream *zstd;
    bool end, torn, between;               /* between: at the end of one packed part; another may follow */
};

static bool refill(struct source *source)
{
    if (source->used == source->filled) {
        long got = stream_take(source->jail, &source->at, source->piece, PIECE);
        source->used = 0;
        source->filled = got > 0 ? (size_t)got : 0;
        source->torn |= got < 0;
    }
    return source->filled > source->used;
}

static size_t unpack_gzip(struct source *source, char *to, size_t len)
{
    source->gzip.next_in = source->piece + source->used;
    source->gzip.avail_in = (uInt)(source->filled - source->used);
    source->gzip.next_out = (unsigned char *)to;
    source->gzip.avail_out = (uInt)len;
    int code = inflate(&source->gzip, Z_NO_FLUSH);
    source->used = source->filled - source->gzip.avail_in;
    source->between = code == Z_STREAM_END;
    if (code == Z_STREAM_END)
        (void)inflateReset(&source->gzip);
    else if (code != Z_OK && code != Z_BUF_ERROR)
        source->end = source->torn = true;
    return len - source->gzip.avail_out;
}

static size_t unpack_zstd(struct source *source, char *to, size_t len)
{
    ZSTD_inBuffer in = {source->piece, source->filled, source->used};
    ZSTD_outBuffer out = {to, len, 0};
    size_t code = ZSTD_decompressStream(source->zstd, &out, &in);
    source->used = in.pos;
    source->between = code == 0;
    if (ZSTD_isError(code))
        source->end = source->torn = true;
    return out.pos;
}

static size_t copy_plain(struct source *source, char *to, size_t len)
{
    size_t n = source->filled - source->used < len ? source->filled - source->used : len;
    memcpy(to, source->piece + source->used, n);
    source->used += n;
    return n;
}

/* More bytes, up to `len`; 0 at the end. */
static size_t source_read(struct source *source, char *to, size_t len)
{
    static size_t (*const unpack[])(struct source *, char *, size_t) = {copy_plain, unpack_gzip, unpack_zstd};
    size_t got = 0;
    while (!got && !source->end) {
        bool more = refill(source);
        if (!more && (source->packing == PLAIN || source->between)) {
            source->end = true;
            break;
        }
        size_t used = source->used;
        got = unpack[source->packing](source, to, len);
        if (!more && !got && source->used == used) {
            source->end = source->torn = true;         /* ends inside a packed part */
            break;
        }
    }
    return got;
}

static enum packing packing_of(const unsigned char *bytes, size_t len)
{
    if (len >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b)
        return GZIP;
    return len >= 4 && memcmp(bytes, "\x28\xb5\x2f\xfd", 4) == 0 ? ZSTD : PLAIN;
}

static bool source_open(struct source *source, struct stream_jail *jail, struct arena *arena)
{
    *source = (struct source){.jail = jail, .piece = arena_alloc(arena, PIECE)};
    (void)refill(source);
    source->packing = packing_of(source->piece, source->filled);
    if (source->packing == GZIP)
        return inflateInit2(&source->gzip, 15 + 16) == Z_OK;
    return source->packing != ZSTD || (source->zstd = ZSTD_createDStream()) != NULL;
}

/* ---- what it is ---- */

static bool looks_like_evtx(const char *path, const char *text, size_t len)
{
    return (len >= 8 && (memcmp(text, "ElfFile", 8) == 0 || memcmp(text, "ElfChnk", 8) == 0)) || str_ends(path, ".evtx");
}

/* ---- reading ---- */

static enum status read_evtx(struct stream_jail *jail, const struct scan_events *events, const char *bytes, size_t len, bool mapped, struct arena *arena,
                             struct reasons *reasons, struct scan_counts *counts)
{
    struct evtx *evtx;
    struct event event;
    enum status status = evtx_open(arena, events->fields, bytes, len, reasons, &evtx);
    if (status != OK)
        return status;
    event_init(&event, arena_new(64 << 20));
    while (evtx_next(evtx, &event) == OK) {
        counts->events++;
        if (!events->took(events->arg, &event))
            break;
        event_clear(&event);
        if (mapped)
            stream_done(jail, evtx_place(evtx));
    }
    struct evtx_counts found = evtx_counts(evtx);
    counts->lost = found.damaged_records;
    if (found.damaged_records) {
        char number[24];
        snprintf(number, sizeof number, "%llu", (unsigned long long)found.damaged_records);
        reason_add(reasons, "evtx.lost", NULL, T_("%1$s damaged records could not be read."), number);
    }
    if (mapped)
        stream_done(jail, len);
    return found.damaged_records ? DAMAGED : OK;
}

static enum status torn(struct reasons *reasons)
{
    reason_add(reasons, "scan.torn", NULL, T_("The input breaks off, or what is packed in it is damaged: what came before was read."));
    return DAMAGED;
}

static enum status read_packed_evtx(struct source *source, const struct scan_events *events, const char *begin, size_t begun, struct arena *arena,
                                    struct reasons *reasons, struct scan_counts *counts)
{
    struct buf all;
    char *piece = arena_alloc(arena, PIECE);
    buf_init(&all, WHOLE_MOST);
    buf_add(&all, begin, begun);
    for (size_t got; !all.failed && (got = source_read(source, piece, PIECE)) > 0;)
        buf_add(&all, piece, got);
    if (all.failed) {
        reason_add(reasons, "scan.size", NULL, T_("A packed event log may have at most 192 MiB; unpack it first."));
        return TOO_LARGE;
    }
    enum status status = read_evtx(source->jail, events, all.data, all.len, false, arena, reasons, counts);
    return status == OK && source->torn ? torn(reasons) : status;
}

/* lines: ends of lines in what has left the window; column: bytes that have left it of the line at its beginning. */
struct window { char *text; size_t len, at, lines, column; bool last; };

/* Passes over the text from `from` to `to`. */
static void count_lines(const char *from, const char *to, size_t *lines, size_t *column)
{
    for (const char *end; (end = memchr(from, '\n', (size_t)(to - from))) != NULL; from = end + 1) {
        ++*lines;
        *column = 0;
    }
    *column += (size_t)(to - from);
}

/* Readers say where in the window a fault lies ("line:column", "+bytes" from where the event began, or nothing); told is where in the file. */
static void place_in_file(const struct window *window, size_t at, struct reasons *reasons, struct reason *reason)
{
    size_t lines = window->lines, column = window->column, line, within, ahead = 0;
    if (reason->where && sscanf(reason->where, "%zu:%zu", &line, &within) == 2) {
        column = line == 1 ? column + within : within;
        lines += line;
    } else {
        if (reason->where && sscanf(reason->where, "+%zu", &ahead) == 1)
            at = ahead < window->len - at ? at + ahead : window->len;
        count_lines(window->text, window->text + at, &lines, &column);
        lines++;
        column++;
    }
    reason->where = arena_printf(reasons->arena, "%zu:%zu", lines, column);
}

/* Moves what is left to the front and fills up. False when the window is full of one event. */
static bool window_fill(struct window *window, struct source *source)
{
    if (window->at == 0 && window->len == WINDOW)
        return false;
    count_lines(window->text, window->text + window->at, &window->lines, &window->column);
    window->len -= window->at;
    memmove(window->text, window->text + window->at, window->len);
    window->at = 0;
    while (window->len < WINDOW && !window->last) {
        size_t got = source_read(source, window->text + window->len, WINDOW - window->len);
        window->len += got;
        window->last = !got;
    }
    return true;
}

static enum status read_text(struct source *source, const struct scan_events *events, struct window *window, struct arena *arena, struct reasons *reasons,
                             struct scan_counts *counts)
{
    struct log_reader *reader = log_reader_new(arena, events->fields, log_format_of(window->text, window->len < LOOKED_AT ? window->len : LOOKED_AT), events->now);
    struct event event;
    event_init(&event, arena_new(64 << 20));
    reasons->limit = 5;
    for (;;) {
        size_t end = window->at;
        struct reason *before = reasons->last;
        enum status status = log_read(reader, &event, window->text, window->len, window->at, window->last, reasons, &end);
        for (struct reason *reason = before ? before->after : reasons->first; reason; reason = reason->after)
            place_in_file(window, window->at, reasons, reason);
        window->at = end;
        if (status == ABSENT && window->last)
            break;
        if (status == ABSENT && !window_fill(window, source)) {
            window->at = window->len;      /* no event is as long as a window */
            counts->lost++;
        }
        if (status == OK && !events->took(events->arg, &event))
            break;
        event_clear(&event);
    }
    struct log_counts found = log_counts(reader);
    counts->events = found.events;
    counts->faulty = found.faulty;
    counts->raw = found.raw > found.faulty ? found.raw - found.faulty : 0;
    return source->torn ? torn(reasons) : found.faulty || counts->lost ? DAMAGED : OK;
}

enum status scan_read(struct stream_jail *jail, const struct scan_events *events, struct arena *arena, struct reasons *reasons, struct scan_counts *ret)
{
    struct source source;
    struct window window = {0};
    *ret = (struct scan_counts){0};
    if (jail->bytes && packing_of((const unsigned char *)jail->bytes, jail->len) == PLAIN && looks_like_evtx(jail->path, jail->bytes, jail->len))
        return read_evtx(jail, events, jail->bytes, jail->len, true, arena, reasons, ret);
    if (!source_open(&source, jail, arena))
        return NO_MEMORY;
    window.text = arena_alloc(arena, WINDOW);
    if (!window_fill(&window, &source))
        return NO_MEMORY;
    if (looks_like_evtx("", window.text, window.len))
        return read_packed_evtx(&source, events, window.text, window.len, arena, reasons, ret);
    if (!window.len)
        return source.torn ? torn(reasons) : OK;
    if (memchr(window.text, 0, window.len < LOOKED_AT ? window.len : LOOKED_AT)) {
        reason_add(reasons, "scan.form", NULL, T_("The form of the file is not known: EVTX and text logs are read, also packed with gzip or zstd."));
        return BAD_INPUT;
    }
    return read_text(&source, events, &window, arena, reasons, ret);
}
