/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See batch.h. A text is a stretch of the batch, without copying; only where a head has to stand before it, it is made anew.
 */
#include <string.h>

#include "watch/logs/batch.h"
#include "watch/logs/unpack.h"

#define HEAD_MOST ((size_t)16 << 10)

struct cutting {
    struct arena *arena;
    const char *text;
    size_t len, head, start, end;              /* head: bytes of it; start, end: of the text that is being gathered */
    uint32_t line, first, events;              /* line: of what comes next */
    size_t cap;
    struct batch *batch;
};

bool batch_packed(const char *bytes, size_t len) { return unpack_looks(bytes, len) != UNPACK_PLAIN; }

/* ---- texts ---- */

static void give(struct cutting *c)
{
    struct batch *batch = c->batch;
    const char *bytes = c->text + c->start;
    size_t len = c->end - c->start;
    if (c->events) {
        if (batch->n == c->cap) {
            c->cap = c->cap ? 2 * c->cap : 16;
            struct batch_text *grown = ARENA_ARRAY(c->arena, struct batch_text, c->cap);
            if (batch->n)
                memcpy(grown, batch->texts, batch->n * sizeof *grown);
            batch->texts = grown;
        }
        if (c->head && c->start) {
            char *with = arena_alloc(c->arena, c->head + len);
            memcpy(with, c->text, c->head);
            memcpy(with + c->head, bytes, len);
            bytes = with;
            len += c->head;
        }
        batch->texts[batch->n++] = (struct batch_text){bytes, len, c->first, c->events};
    }
    c->start = c->end;
    c->events = 0;
}

/* The audit event of a record: "audit(1600000000.123:45)". */
static const char *audit_of(const char *line, size_t len, size_t *ret)
{
    const char *at = memmem(line, len < 256 ? len : 256, "audit(", 6), *end = at ? memchr(at, ')', len - (size_t)(at - line)) : NULL;
    *ret = end ? (size_t)(end - at) : 0;
    return at;
}

/* Whether what was gathered last and what comes next are records of one audit event. */
static bool belongs(const struct cutting *c, size_t next, size_t next_len)
{
    size_t last = c->end, a_len, b_len;
    while (last > c->start && c->text[last - 1] == '\n')
        last--;
    size_t end = last;
    while (last > c->start && c->text[last - 1] != '\n')
        last--;
    const char *a = audit_of(c->text + last, end - last, &a_len), *b = audit_of(c->text + next, next_len, &b_len);
    return a_len && a_len == b_len && memcmp(a, b, a_len) == 0;
}

/* ---- what an event is ---- */

static bool blank(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r' && text[i] != '\n')
            return false;
    return true;
}

static size_t unit_end(const struct cutting *c, size_t at, bool elements)
{
    if (elements) {
        const char *end = memmem(c->text + at, c->len - at, "</Event>", 8);
        return end ? (size_t)(end - c->text) + 8 : c->len;
    }
    const char *lf = memchr(c->text + at, '\n', c->len - at);
    return lf ? (size_t)(lf - c->text) + 1 : c->len;
}

static uint32_t lines_in(const char *text, size_t len)
{
    uint32_t n = 0;
    for (const char *at = text, *end = text + len; (at = memchr(at, '\n', (size_t)(end - at))); at++)
        n++;
    return n;
}

static size_t head_of(const char *text, size_t len)
{
    size_t at = 0;
    while (at < len && text[at] == '#') {
        const char *lf = memchr(text + at, '\n', len - at);
        if (!lf || (size_t)(lf - text) + 1 > HEAD_MOST)
            return 0;
        at = (size_t)(lf - text) + 1;
    }
    return at;
}

void batch_cut(const char *text, size_t len, struct arena *arena, struct batch *ret)
{
    struct cutting c = {.arena = arena, .text = text, .len = len, .line = 1, .first = 1, .batch = ret, .head = head_of(text, len)};
    size_t first = 0;
    *ret = (struct batch){0};
    while (first < len && (text[first] == ' ' || text[first] == '\n' || text[first] == '\r' || text[first] == '\t'))
        first++;
    bool elements = first < len && text[first] == '<' && memmem(text, len, "</Event>", 8);
    for (size_t at = 0, end; at < len; at = end) {
        end = unit_end(&c, at, elements);
        uint32_t lines = lines_in(text + at, end - at);
        bool head = end <= c.head, empty = head || blank(text + at, end - at);
        if (end - at > BATCH_TEXT_MOST - HEAD_MOST) {
            give(&c);
            c.start = c.end = end;
            ret->too_long_at = ret->too_long++ ? ret->too_long_at : c.line;
        } else {
            size_t with = end - c.start;
            if (c.events && with > BATCH_TEXT && (with > BATCH_TEXT_MOST - HEAD_MOST || !belongs(&c, at, end - at)))
                give(&c);
            if (!c.events && !empty)
                c.first = c.line;
            if (!c.events && empty && !head)
                c.start = end;                 /* blank lines before a text are no part of it */
            c.end = end;
            c.events += !empty;
        }
        c.line += lines;
    }
    give(&c);
}

/* ---- the jail ---- */

static enum status run(struct arena *arena, const char *input, size_t len, const char *argument, struct reasons *reasons, struct buf *answer)
{
    enum { room = 65536 };
    char *piece = arena_alloc(arena, room);
    struct unpack *unpack = unpack_new(arena, unpack_looks(input, len));
    size_t at = 0, used = 0, got = 1;
    enum status status = unpack ? OK : NO_MEMORY;
    while (status == OK && (at < len || got)) {
        status = unpack_some(unpack, input + at, len - at, true, piece, room, reasons, &used, &got);
        if (status != OK)
            break;
        at += used;
        if (answer->len + got > BATCH_PLAIN_MOST) {
            reason_add(reasons, "batch.size", NULL, T_("The batch unpacks to more than %1$s bytes."), arena_printf(arena, "%zu", BATCH_PLAIN_MOST));
            status = TOO_LARGE;
        } else {
            buf_add(answer, piece, got);
        }
    }
    unpack_free(unpack);
    return status == OK && answer->failed ? TOO_LARGE : status;
}

const struct jailer unpack_jailer = {.name = "unpack", .run = run, .max_input = BATCH_MOST + 1, .max_answer = BATCH_PLAIN_MOST + (1 << 16), .max_seconds = 30};
