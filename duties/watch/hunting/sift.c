/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Blocks of segments through jails. The office decrypts; a jail of the nursery looks: one jail for as many blocks as fit, of whatever segments,
 * which one reader may read for one asker. A jail that dies over its blocks is journalled and told, and the rest goes on.
 */
#include <string.h>

#include "base/jail.h"
#include "base/log.h"
#include "base/text.h"
#include "hunting.h"

void sift_begin(struct sift *sift, struct arena *arena)
{
    buf_init(&sift->in, HUNT_INPUT_MOST);
    sift->blocks = ARENA_ARRAY(arena, struct sift_block, SIFT_BLOCKS_MOST);
}
void sift_end(struct sift *sift) { buf_free(&sift->in); }

static void note_death(struct sift *sift, const struct reasons *why)
{
    sift->died++;
    if (office_note_event(sift->office, reader_account(sift->reader), reader_appointment(sift->reader), "jail",
                          arena_printf(sift->scratch, "hunt: %s", why->last ? why->last->rule : "jail"), sift->now) != OK)
        log_error("the death of a jail could not be journalled");
}

/* What waits goes to a jail. */
enum status sift_flush(struct sift *sift, struct reasons *reasons)
{
    const char *text;
    size_t len;
    struct reasons why;
    struct hunt_answer answer;
    if (!sift->n_blocks || sift->ended)
        return OK;
    if (!nursery_shared()) {
        reason_add(reasons, "hunt.nursery", NULL, T_("The archive is looked at in a jail only, and this program runs without a nursery."));
        return REFUSED;
    }
    arena_clear(sift->scratch);
    reasons_init(&why, sift->scratch);
    sift->jails++;
    enum status status = nursery_run(nursery_shared(), hunt_jailer.name, NULL, sift->in.data, sift->in.len, sift->scratch, &why, &text, &len);
    if (status == OK && hunt_found(text, len, sift->scratch, &answer) != OK)
        status = FAILED_IO;
    if (status == OK) {
        for (size_t i = 0; i < answer.n_hits; i++)
            if (answer.hits[i].block >= sift->n_blocks)
                status = FAILED_IO;
    }
    if (status == BAD_INPUT || status == NO_MEMORY) {
        reasons_join(reasons, &why);
        return status;
    }
    if (status != OK) {
        note_death(sift, &why);
        answer = (struct hunt_answer){.damaged = sift->n_blocks};
        reasons_init(&answer.refused, sift->scratch);
    }
    sift->ended = !sift->took(sift->arg, &answer, sift->blocks);
    buf_clear(&sift->in);
    sift->n_blocks = 0;
    return OK;
}

struct feeding { struct sift *sift; const struct scope_segment *segment; uint32_t base; struct reasons *reasons; enum status status; };
static bool feed(void *arg, const void *block, size_t len, uint32_t items)
{
    struct feeding *f = arg;
    struct sift *sift = f->sift;
    if (sift->ended || (sift->stop && sift->stop(sift->arg))) {
        sift->ended = true;
        return false;
    }
    for (int again = 0; again < 2; again++) {
        if (!sift->n_blocks && !sift->in.len)
            hunt_input(&sift->in, &sift->query, sift->texts, sift->n_texts, sift->options);
        if (sift->n_blocks < SIFT_BLOCKS_MOST && hunt_input_block(&sift->in, block, len, items)) {
            sift->blocks[sift->n_blocks++] = (struct sift_block){f->segment, f->base};
            sift->bytes += len;
            f->base += items;
            return true;
        }
        f->status = sift->n_blocks ? sift_flush(sift, f->reasons) : TOO_LARGE;
        if (f->status != OK || sift->ended)
            return false;
    }
    return false;
}

enum status sift_segment(struct sift *sift, const struct scope_segment *segment, struct reasons *reasons)
{
    struct feeding f = {sift, segment, 0, reasons, OK};
    struct reasons ignored;
    struct arena *arena = arena_new(0);
    reasons_init(&ignored, arena);
    enum status status = office_segment(sift->office, sift->reader, segment->number, sift->asking, feed, &f, arena, &ignored);
    arena_free(arena);
    return f.status != OK ? f.status : status;
}

/* ---- single events ---- */

/* A block at a time: a place names an item of the segment, and the jail one of its block. */
struct picking { struct sift *sift; const struct scope_segment *segment; const struct sift_place *places; size_t n; uint32_t base; struct reasons *reasons; enum status status; };
static bool pick(void *arg, const void *block, size_t len, uint32_t items)
{
    struct picking *p = arg;
    struct sift *sift = p->sift;
    struct hunt_place inside[HUNT_PLACES_MOST];
    size_t n = 0;
    while (p->n && p->places->item < p->base + items && n < HUNT_PLACES_MOST) {
        inside[n++] = (struct hunt_place){0, p->places->item - p->base};
        p->places++;
        p->n--;
    }
    if (n) {
        sift->query = (struct hunt_query){.places = inside, .n_places = n, .from = MOMENT_NONE, .to = MOMENT_NONE};
        buf_clear(&sift->in);
        hunt_input(&sift->in, &sift->query, NULL, 0, NULL);
        sift->blocks[0] = (struct sift_block){p->segment, p->base};
        p->status = hunt_input_block(&sift->in, block, len, items) ? OK : TOO_LARGE;
        sift->n_blocks = p->status == OK;
        if (p->status == OK)
            p->status = sift_flush(sift, p->reasons);
    }
    p->base += items;
    return p->n && p->status == OK && !sift->ended;
}

enum status sift_places(struct sift *sift, const struct sift_place *places, size_t n, struct arena *arena, struct reasons *reasons)
{
    struct reasons ignored;
    reasons_init(&ignored, arena);
    for (size_t at = 0; at < n;) {
        size_t end = at;
        struct record_view *record = ARENA_NEW(arena, struct record_view);
        struct scope_segment *segment = ARENA_NEW(arena, struct scope_segment);
        while (end < n && str_eq(places[end].segment, places[at].segment))
            end++;
        enum status status = office_get(sift->office, sift->reader, "event-segment", places[at].segment, arena, record);
        if (status != OK)
            return status;
        *segment = (struct scope_segment){.number = record->number, .source = record->title, .record = record};
        struct picking p = {sift, segment, places + at, end - at, 0, reasons, OK};
        status = office_segment(sift->office, sift->reader, segment->number, sift->asking, pick, &p, arena, &ignored);
        if (p.status != OK || status != OK)
            return p.status != OK ? p.status : status;
        if (p.n)
            return ABSENT;
        at = end;
    }
    return OK;
}
