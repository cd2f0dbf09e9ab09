/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Search in the archive of events, newest first, in seconds: what one page may look at is bounded, and it says from where on it did not look. The
 * next page begins there, by a sealed cursor. Work and answer depend on what the reader may read and on nothing else.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "front/seal.h"
#include "front/shown.h"
#include "hunting.h"

#define PAGE 100u
#define BYTES_MOST ((uint64_t)96 << 20)    /* of blocks, a page; one segment is always looked at to its end */
#define SEGMENTS_MOST 300u                 /* read, a page */
#define PURPOSE "events"
#define BARS 60

/* Where a page ends: events at `time` have been shown up to `skip` of them, those later all. */
struct cursor { moment time; uint32_t skip, unused; };

struct found { moment time; const char *segment; uint32_t item; struct val *shown; const struct record_view *record; };
struct searching {
    const struct request *request;
    struct reasons reasons;
    struct scope_wish wish;
    struct hunt_query query;
    struct cursor from; bool goes_on;
    struct found *items; size_t n, room;
    uint64_t events, matched, damaged;
    size_t read, damaged_segments;
    struct hunt_span *spans; size_t n_spans;
    moment boundary;                       /* events before were not looked at; MOMENT_NONE: all were */
    bool more_segments;
};

/* ---- what is asked ---- */

static bool take_time(struct searching *s, const char *name, moment *ret)
{
    const char *text = request_query(s->request, name);
    if (!text || !*text)
        return true;
    if (moment_read(text, ret) == OK)
        return true;
    reason_add(&s->reasons, "events.time", name, T_("“%1$s” is no time; write 2026-11-22 or 2026-11-22T13:05Z."), text);
    return false;
}

static void take_query(struct searching *s)
{
    const struct request *request = s->request;
    const char *terms = request_query(request, "q"), *source = request_query(request, "source"), *after = request_query(request, "after");
    const char **sources = ARENA_ARRAY(request->arena, const char *, 1);
    void *sealed;
    size_t len;
    s->wish.from = s->wish.to = s->query.from = s->query.to = MOMENT_NONE;
    (void)take_time(s, "from", &s->wish.from);
    (void)take_time(s, "to", &s->wish.to);
    if (terms && *terms && hunt_read(terms, strlen(terms), request->arena, &s->reasons, &s->query) == OK && s->query.n_rules)
        reason_next(&s->reasons, reason_add(&s->reasons, "events.rule", "q", T_("A search looks for terms; rules are for a hunt.")), T_("Begin a hunt with this rule."));
    s->query.everything = !s->query.n_terms;
    sources[0] = source;
    s->wish.sources = sources;
    s->wish.n_sources = source && *source;
    if (after && seal_read(request->seal, request->arena, request->account, PURPOSE, after, &sealed, &len) == OK && len == sizeof s->from) {
        memcpy(&s->from, sealed, sizeof s->from);
        s->goes_on = true;
        if (s->from.time != MOMENT_EVER && (s->wish.to == MOMENT_NONE || s->from.time + 1 < s->wish.to))
            s->wish.to = s->from.time + 1;
    } else if (after) {
        reason_add(&s->reasons, "events.after", "after", T_("This address does not go on from a page of yours; begin the search again."));
    }
    s->query.from = s->wish.from;
    s->query.to = s->wish.to;
    s->query.newest = true;
    s->query.most = PAGE + 1 + s->from.skip;
    s->query.step = s->wish.from != MOMENT_NONE && s->wish.to != MOMENT_NONE && s->wish.to - s->wish.from < BARS * DAY ? (s->wish.to - s->wish.from) / BARS + 1 : DAY;
    s->room = 2 * s->query.most;
}

/* ---- looking ---- */

static int newest_first(const void *a, const void *b)
{
    const struct found *one = a, *other = b;
    if (one->time != other->time)
        return one->time < other->time ? 1 : -1;
    int by = strcmp(one->segment, other->segment);
    return by ? -by : one->item < other->item ? 1 : one->item > other->item ? -1 : 0;
}
static void keep_newest(struct searching *s)
{
    if (s->n)
        qsort(s->items, s->n, sizeof *s->items, newest_first);
    s->n = s->n > s->query.most ? s->query.most : s->n;
}

static bool took(void *arg, const struct hunt_answer *answer, const struct sift_block *blocks)
{
    struct searching *s = arg;
    struct arena *arena = s->request->arena;
    s->events += answer->events;
    s->matched += answer->found;
    s->damaged += answer->damaged;
    for (size_t i = 0; i < answer->n_hits; i++) {
        const struct hunt_hit *hit = &answer->hits[i];
        struct found one = {hit->time, blocks[hit->block].segment->number, blocks[hit->block].base + hit->item, NULL, blocks[hit->block].segment->record};
        if (s->n == s->room)
            keep_newest(s);
        if (s->n && s->n >= s->query.most && newest_first(&s->items[s->n - 1], &one) < 0 && s->n == s->room)
            continue;
        one.shown = results_hit(arena, hit, blocks, false);
        s->items[s->n++] = one;
    }
    for (size_t i = 0; i < answer->n_spans; i++) {
        size_t at = 0;
        while (at < s->n_spans && s->spans[at].number != answer->spans[i].number)
            at++;
        if (at < s->n_spans)
            s->spans[at].events += answer->spans[i].events;
        else if (s->n_spans < HUNT_SPANS_MOST)
            s->spans[s->n_spans++] = answer->spans[i];
    }
    return true;
}

/* Whether what is there fills the page with events newer than anything that is left. */
static bool full(struct searching *s, const struct scope_segment *next)
{
    keep_newest(s);
    return s->n == s->query.most && scope_end(next) != MOMENT_EVER && s->items[s->n - 1].time > scope_end(next);
}

static enum status look(struct searching *s)
{
    const struct request *request = s->request;
    struct scope scope;
    struct sift sift = {.office = request->office, .reader = request->reader, .query = s->query, .scratch = arena_new((size_t)512 << 20), .took = took, .arg = s, .now = request->now};
    enum status status = sift.scratch ? scope_find(request->office, request->reader, &s->wish, request->arena, &s->reasons, &scope) : NO_MEMORY;
    s->items = ARENA_ARRAY(request->arena, struct found, s->room + HUNT_HITS_MOST);
    s->spans = ARENA_ARRAY(request->arena, struct hunt_span, HUNT_SPANS_MOST);
    s->boundary = MOMENT_NONE;
    sift_begin(&sift, request->arena);
    for (size_t i = 0; status == OK && i < scope.n; i++) {
        if (s->read && (sift.bytes > BYTES_MOST || s->read >= SEGMENTS_MOST) && scope_end(&scope.items[i]) != MOMENT_EVER) {
            s->boundary = scope_end(&scope.items[i]);
            break;
        }
        if (s->read && full(s, &scope.items[i]))
            break;
        status = sift_segment(&sift, &scope.items[i], &s->reasons);
        if (status == OK)
            status = sift_flush(&sift, &s->reasons);
        s->read += status == OK || status == DAMAGED;
        s->damaged_segments += status == DAMAGED;
        status = status == DAMAGED || status == ABSENT ? OK : status;
    }
    s->more_segments = status == OK && scope.more;
    sift_end(&sift);
    arena_free(sift.scratch);
    keep_newest(s);
    while (s->n && s->boundary != MOMENT_NONE && s->items[s->n - 1].time <= s->boundary)
        s->n--;                            /* may not be whole: the next page has them */
    return status;
}

/* ---- the page ---- */

/* Of events at the cursor's own instant those that were shown before are left out. */
static size_t first_new(const struct searching *s)
{
    size_t at = 0;
    while (at < s->n && at < s->from.skip && s->items[at].time == s->from.time)
        at++;
    return at;
}
static const char *next_of(const struct searching *s, size_t first, size_t end)
{
    struct cursor next = {.time = s->boundary};
    if (end < s->n) {
        next.time = s->items[end - 1].time;
        for (size_t i = end; i-- > 0 && s->items[i].time == next.time;)
            next.skip++;
        (void)first;
    } else if (s->boundary == MOMENT_NONE) {
        return NULL;
    }
    return seal_write(s->request->seal, s->request->arena, s->request->account, PURPOSE, &next, sizeof next);
}

static int by_number(const void *a, const void *b)
{
    int64_t one = ((const struct hunt_span *)a)->number, other = ((const struct hunt_span *)b)->number;
    return one < other ? -1 : one > other;
}

/* Counts over time: a bar for each span in which something was found, and the same as a table. */
static void chart(struct searching *s, struct val *data)
{
    struct arena *arena = s->request->arena;
    struct val *rows = val_array(arena);
    struct buf svg;
    uint64_t most = 1;
    if (s->n_spans)
        qsort(s->spans, s->n_spans, sizeof *s->spans, by_number);
    size_t from = s->n_spans > BARS ? s->n_spans - BARS : 0;
    int64_t first = s->n_spans ? s->spans[from].number : 0, last = s->n_spans ? s->spans[s->n_spans - 1].number : 0;
    if (last - first >= BARS)
        first = last - BARS + 1;
    for (size_t i = from; i < s->n_spans; i++)
        most = s->spans[i].events > most ? s->spans[i].events : most;
    buf_init(&svg, 1 << 16);
    buf_addf(&svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 600 64\" width=\"600\" height=\"64\" role=\"img\" aria-label=\"%s\">", tr(s->request->lang, T_("Events found over time")));
    for (size_t i = from; i < s->n_spans; i++) {
        struct val *row = val_object(arena);
        if (s->spans[i].number < first)
            continue;
        unsigned height = (unsigned)(1 + 61 * s->spans[i].events / most), x = (unsigned)(s->spans[i].number - first) * 10;
        buf_addf(&svg, "<rect class=\"bar\" x=\"%u\" y=\"%u\" width=\"8\" height=\"%u\"/>", x, 63 - height, height);
        val_set_int(arena, row, "time", s->spans[i].number * s->query.step);
        val_set_int(arena, row, "events", (int64_t)s->spans[i].events);
        val_push(arena, rows, row);
    }
    buf_adds(&svg, "<line class=\"axis\" x1=\"0\" y1=\"63\" x2=\"600\" y2=\"63\"/></svg>");
    if (rows->count > 1) {
        val_set(arena, data, "chart", val_strn(arena, svg.data, svg.len));
        val_set(arena, data, "spans", rows);
    }
    buf_free(&svg);
}

static const char *const kept[] = {"q", "from", "to", "source", "view"};

/* The address of the next page, whole. */
static const char *address(const struct searching *s, const char *path, const char *extra)
{
    struct buf out;
    bool first = true;
    buf_init(&out, (size_t)1 << 20);
    buf_adds(&out, path);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        const char *value = request_query(s->request, kept[i]);
        if (!value || !*value)
            continue;
        buf_addf(&out, "%c%s=", first ? '?' : '&', kept[i]);
        first = false;
        for (const unsigned char *c = (const unsigned char *)value; *c; c++)
            (*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') || strchr("-._~", *c) ? buf_addc(&out, (char)*c) : buf_addf(&out, "%%%02X", *c);
    }
    buf_addf(&out, "%cafter=%s", first ? '?' : '&', extra);
    const char *text = out.failed ? path : arena_strndup(s->request->arena, out.data, out.len);
    buf_free(&out);
    return text;
}

static struct val *sources_of(const struct request *request)
{
    struct arena *arena = request->arena;
    struct query query = {.register_ = "log-source", .sort = "name", .limit = 500};
    struct val *list = val_array(arena);
    struct page_of page;
    struct reasons ignored;
    reasons_init(&ignored, arena);
    if (office_find(request->office, request->reader, &query, arena, &ignored, &page) != OK)
        return list;
    for (size_t i = 0; i < page.n_rows; i++) {
        struct val *item = val_object(arena);
        val_set_str(arena, item, "number", page.rows[i].number);
        val_set_str(arena, item, "name", page.rows[i].title);
        val_set_bool(arena, item, "chosen", str_eq(request_query(request, "source"), page.rows[i].number));
        val_push(arena, list, item);
    }
    return list;
}

static void tell(struct searching *s, struct val *data)
{
    struct arena *arena = s->request->arena;
    struct val *faults = val_array(arena);
    for (const struct reason *one = s->reasons.first; one; one = one->after) {
        struct val *item = val_object(arena);
        val_set_str(arena, item, "text", one->text.in[s->request->lang]);
        val_set_str(arena, item, "next", one->next.in[s->request->lang]);
        val_push(arena, faults, item);
    }
    val_set(arena, data, "faults", faults);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        val_set_str(arena, data, kept[i], request_query(s->request, kept[i]));
    val_set(arena, data, "sources", sources_of(s->request));
    val_set_int(arena, data, "events", (int64_t)s->events);
    val_set_int(arena, data, "segments", (int64_t)s->read);
    val_set_int(arena, data, "damaged", (int64_t)(s->damaged + s->damaged_segments));
    val_set_bool(arena, data, "more-segments", s->more_segments);
    if (s->boundary != MOMENT_NONE)
        val_set_int(arena, data, "boundary", s->boundary);
}

enum status events_page(const struct request *request, struct answer *answer)
{
    struct searching s = {.request = request};
    struct arena *arena = request->arena;
    struct val *data = val_object(arena), *rows = val_array(arena);
    const struct register_def *def = pack_register(office_pack(request->office), "event-segment");
    struct shown shown;
    reasons_init(&s.reasons, arena);
    if (!def || !reader_sees(request->reader, def))
        return REFUSED;
    shown_begin(&shown, request);
    take_query(&s);
    bool asked = request->n_query > 0;
    enum status status = asked && !s.reasons.count ? look(&s) : OK;
    if (status != OK && !s.reasons.count)
        return status;
    size_t first = first_new(&s), end = first + PAGE < s.n ? first + PAGE : s.n;
    for (size_t i = first; i < end; i++) {
        shown_record(&shown, s.items[i].record);
        val_push(arena, rows, s.items[i].shown);
    }
    tell(&s, data);
    val_set(arena, data, "rows", rows);
    val_set_bool(arena, data, "asked", asked && !s.reasons.count);
    val_set_bool(arena, data, "fields-view", str_eq(request_query(request, "view"), "fields"));
    val_set_bool(arena, data, "may-hunt", reader_has_right(request->reader, "hunt") || reader_has_right(request->reader, "direct-hunts"));
    chart(&s, data);
    const char *next = asked && !s.reasons.count ? next_of(&s, first, end) : NULL;
    if (next)
        val_set_str(arena, data, "next", address(&s, "/events", next));
    if (s.goes_on)
        val_set_bool(arena, data, "goes-on", true);
    status = shown_end(&shown, data, "read");
    if (status != OK)
        return status;
    if (s.reasons.count)
        answer->status = 422;
    answer_page(request, answer, "watch/events", data);
    return OK;
}
