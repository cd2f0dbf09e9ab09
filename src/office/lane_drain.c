/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What comes from a lane's worker, looked at as from a stranger: it may have been taken over by what it reads. It can name only slots of its own
 * lane, see only messages that it was given, and lay down blocks under its own lane's label and file.
 *
 * A block: what it has seen must be durable in the spool; a note says into which segment it goes and how many items that has then; then it is
 * appended and synced. At the next start the segment's own count tells whether it got there. So a block is kept once, wherever the power fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "office/intake_inner.h"

/* ---- at the start: what is covered ---- */

struct looking { record_id id; bool found; uint64_t items; };
static bool look(void *arg, const struct segment_info *info)
{
    struct looking *looking = arg;
    if (info->id != looking->id)
        return true;
    looking->found = true;
    looking->items = info->erased ? UINT64_MAX : info->items;
    return false;
}

static void take_note(void *arg, int64_t key, const void *bytes, size_t len)
{
    struct lane *lane = arg;
    struct mark mark;
    unsigned n = atomic_load(&lane->n_slots);
    if (key == NOTE_LANE || len != sizeof mark || n == LANE_SLOTS)
        return;
    memcpy(&mark, bytes, sizeof mark);
    struct lane_slot *slot = &lane->slots[n];
    slot->source = key;
    slot->mark = mark;
    memcpy(slot->number, mark.number, sizeof slot->number);
    memcpy(slot->format, mark.format, sizeof slot->format);
    slot->facts.last_received = slot->facts.newest = MOMENT_NONE;
    atomic_store(&lane->n_slots, n + 1);
}

void lane_recover_marks(struct lane *lane)
{
    const void *bytes;
    size_t len;
    spool_note_each(lane->spool, take_note, lane);
    for (unsigned i = 0; i < atomic_load(&lane->n_slots); i++) {
        struct mark *mark = &lane->slots[i].mark;
        struct looking looking = {.id = mark->segment};
        if (mark->segment && segment_each(office_store(lane->intake->office), look, &looking) != OK)
            log_error("segments could not be listed; what is read again may be kept twice");
        if (mark->segment && (!looking.found || looking.items < mark->items))
            mark->after = mark->before;      /* the block did not get there */
        mark->segment = 0;
        mark->before = mark->after;
    }
    arena_clear(lane->scratch);
    if (spool_get_state(lane->spool, lane->scratch, &bytes, &len) == OK && len >= sizeof lane->state_cover) {
        memcpy(&lane->state_cover, bytes, sizeof lane->state_cover);
        buf_add(&lane->state, (const char *)bytes + sizeof lane->state_cover, len - sizeof lane->state_cover);
    }
    arena_clear(lane->scratch);
}

/* ---- what may be forgotten ---- */

static uint64_t first_open(const struct lane_cover *cover, uint64_t last)
{
    uint64_t first = cover->through < last ? cover->through + 1 : UINT64_MAX;
    for (uint32_t i = 0; i < cover->n && i < LANE_HOLES; i++)
        first = cover->holes[i] < first ? cover->holes[i] : first;
    return first;
}

void lane_forget(struct lane *lane)
{
    uint64_t below = spool_durable(lane->spool) + 1, last = atomic_load(&lane->fed);
    if (atomic_load(&lane->behind) && last < below)
        below = last + 1;
    pthread_mutex_lock(&lane->lock);
    for (unsigned i = 0; i < atomic_load(&lane->n_slots); i++) {
        uint64_t open = first_open(&lane->slots[i].mark.after, lane->slots[i].last);
        below = open < below ? open : below;
    }
    uint64_t open = first_open(&lane->state_cover, last);
    below = open < below ? open : below;
    pthread_mutex_unlock(&lane->lock);
    if (lane->duty && lane->intake->stream->keep && lane->intake->stream->keep(lane->duty, true, intake_now(lane->intake), lane->scratch) != OK)
        return;
    if (below > 1 && spool_forget(lane->spool, below) != OK)
        log_error("files of a spool could not be removed");
}

/* ---- segments ---- */

static bool failed(struct lane *lane, const char *what)
{
    log_error("%s: nothing of these sources is laid down until the office is started anew; what comes is kept in the spool", what);
    atomic_store(&lane->failed, true);
    return false;
}

static bool end_segment(struct lane *lane, struct lane_slot *slot)
{
    struct reasons reasons;
    struct holding *holding = slot->holding;
    slot->holding = NULL;
    atomic_store(&slot->rotate, false);
    if (!holding)
        return true;
    reasons_init(&reasons, lane->scratch);
    if (office_hold_end(holding, intake_now(lane->intake), lane->scratch, &reasons) == OK)
        return true;
    log_error("a segment of events could not be closed: %s", reasons_text(&reasons, LANG_EN));
    return false;
}

static bool begin_segment(struct lane *lane, struct lane_slot *slot)
{
    struct arena *arena = lane->scratch;
    struct val *fields = val_object(arena);
    struct reasons reasons;
    reasons_init(&reasons, arena);
    val_set_str(arena, fields, "log-source", slot->number);
    const struct op create = {.kind = OP_CREATE, .register_ = lane->intake->stream->segments, .label = lane->view.label, .file = lane->view.file ? lane->view.file : "", .fields = fields};
    enum status status = office_hold(lane->intake->office, lane->intake->stream->hold_rule, slot->number, &create, intake_now(lane->intake), arena, &reasons, &slot->holding);
    if (status != OK) {
        log_error("no segment of events could be opened: %s", reasons_text(&reasons, LANG_EN));
        return false;
    }
    slot->segment = number_id(holding_number(slot->holding));
    slot->items = slot->bytes = 0;
    slot->opened = intake_now(lane->intake);
    return true;
}

static bool keep_mark(struct lane *lane, struct lane_slot *slot, const struct lane_block *block, bool lies_down)
{
    struct mark mark = slot->mark;
    mark.before = slot->mark.after;
    mark.after = lane_cover_join(&slot->mark.after, &block->cover);
    mark.segment = lies_down ? slot->segment : 0;
    mark.items = lies_down ? slot->items + block->items : 0;
    return spool_note(lane->spool, slot->source, &mark, sizeof mark) == OK && (!lies_down || spool_sync(lane->spool) == OK);
}

static bool take_block(struct lane *lane, const char *message, size_t len)
{
    struct lane_block block;
    if (len < sizeof block)
        return false;
    memcpy(&block, message, sizeof block);
    const char *bytes = message + sizeof block;
    len -= sizeof block;
    if (block.slot >= atomic_load(&lane->n_slots) || block.cover.n > LANE_HOLES || block.cover.through > atomic_load(&lane->fed) || !len != !block.items || len > SEGMENT_BLOCK_LIMIT ||
        block.from > block.to)
        return false;
    struct lane_slot *slot = &lane->slots[block.slot];
    if (spool_durable(lane->spool) < block.cover.through && spool_sync(lane->spool) != OK)
        return failed(lane, "the spool cannot be written");
    if (len && !slot->holding && !begin_segment(lane, slot))
        return failed(lane, "no segment can be opened");
    if (!keep_mark(lane, slot, &block, len))
        return failed(lane, "the spool cannot be written");
    if (len && (segment_append(holding_writer(slot->holding), bytes, len, block.items, block.from, block.to) != OK || segment_sync(holding_writer(slot->holding)) != OK))
        return failed(lane, "a segment cannot be written");
    slot->items += block.items;
    slot->bytes += len;
    pthread_mutex_lock(&lane->lock);
    slot->mark.after = lane_cover_join(&slot->mark.after, &block.cover);
    slot->facts.blocks += block.items > 0;
    pthread_mutex_unlock(&lane->lock);
    if (slot->holding && (int64_t)slot->bytes >= lane->intake->size_most)
        (void)end_segment(lane, slot);
    return true;
}

/* ---- state and counts ---- */

static bool take_state(struct lane *lane, const char *message, size_t len)
{
    struct lane_part part;
    struct buf whole;
    if (len < sizeof part)
        return false;
    memcpy(&part, message, sizeof part);
    len -= sizeof part;
    if (part.cover.n > LANE_HOLES || part.cover.through > atomic_load(&lane->fed) || part.size > SPOOL_STATE_MOST - sizeof part.cover || len > part.size - (part.at < part.size ? part.at : part.size))
        return false;
    if (part.at == 0) {
        buf_clear(&lane->coming);
        lane->coming_size = part.size;
    }
    if (part.at != lane->coming.len || part.size != lane->coming_size)
        return false;
    if (len)
        buf_add(&lane->coming, message + sizeof part, len);
    if (lane->coming.failed || lane->coming.len < part.size)
        return !lane->coming.failed;
    if (spool_durable(lane->spool) < part.cover.through && spool_sync(lane->spool) != OK)
        return failed(lane, "the spool cannot be written");
    buf_init(&whole, SPOOL_STATE_MOST);
    buf_add(&whole, &part.cover, sizeof part.cover);
    if (lane->coming.len)
        buf_add(&whole, lane->coming.data, lane->coming.len);
    bool good = !whole.failed && spool_put_state(lane->spool, whole.data, whole.len) == OK;
    buf_free(&whole);
    if (!good)
        return failed(lane, "the state of correlations cannot be written");
    pthread_mutex_lock(&lane->lock);
    struct buf old = lane->state;
    lane->state = lane->coming;
    lane->coming = old;
    lane->state_cover = part.cover;
    pthread_mutex_unlock(&lane->lock);
    lane_forget(lane);
    return true;
}

static bool take_counts(struct lane *lane, const char *message, size_t len)
{
    struct lane_counts counts;
    if (len != sizeof counts)
        return false;
    memcpy(&counts, message, sizeof counts);
    if (counts.slot >= atomic_load(&lane->n_slots))
        return false;
    pthread_mutex_lock(&lane->lock);
    struct lane_slot *slot = &lane->slots[counts.slot];
    slot->facts.events = slot->base_events + counts.events;
    slot->facts.raw = slot->base_raw + counts.raw;
    slot->facts.faulty = slot->base_faulty + counts.faulty;
    if (counts.newest != MOMENT_NONE)
        slot->facts.newest = counts.newest;
    pthread_mutex_unlock(&lane->lock);
    return true;
}

/* ---- the duty's own ---- */

static const char *number_of(void *arg, uint32_t slot)
{
    struct lane *lane = arg;
    return slot < atomic_load(&lane->n_slots) ? lane->slots[slot].number : NULL;
}

static bool said(struct lane *lane, uint32_t kind, const char *message, size_t len)
{
    const struct stream_def *stream = lane->intake->stream;
    enum status status = OK;
    for (unsigned tries = 0; lane->duty && tries < 5; tries++) {
        arena_clear(lane->scratch);
        status = stream->said(lane->duty, kind, message, len, number_of, lane, intake_now(lane->intake), lane->scratch);
        if (status == OK || status == DAMAGED)
            break;
    }
    if (status != OK && status != DAMAGED)
        return failed(lane, "what was detected cannot be recorded");
    return status == OK;
}

static bool take(struct lane *lane, const char *message, size_t len)
{
    uint32_t kind = 0;
    if (len < 4)
        return false;
    memcpy(&kind, message, 4);
    arena_clear(lane->scratch);
    switch (kind) {
    case LANE_BLOCK:
        return take_block(lane, message, len);
    case LANE_STATE:
        return take_state(lane, message, len);
    case LANE_COUNTS:
        return take_counts(lane, message, len);
    case LANE_FLUSHED:
        atomic_store(&lane->flushed, true);
        return true;
    default:
        return kind >= LANE_SAID && said(lane, kind, message, len);
    }
}

static void rotate(struct lane *lane, bool all)
{
    moment now = intake_now(lane->intake);
    for (unsigned i = 0; i < atomic_load(&lane->n_slots); i++)
        if (lane->slots[i].holding && (all || now - lane->slots[i].opened >= lane->intake->span_most)) {
            arena_clear(lane->scratch);
            (void)end_segment(lane, &lane->slots[i]);
        }
}

void *lane_drain(void *arg)
{
    struct lane *lane = arg;
    struct intake *intake = lane->intake;
    char *message = malloc(DRAIN_MOST);
    bool good = message;
    while (good && !atomic_load(&intake->abandoned)) {
        long len = ring_take(lane->out, message, DRAIN_MOST, 200);
        if (len == -1) {
            rotate(lane, false);
            arena_clear(lane->scratch);
            if (lane->duty && intake->stream->keep && intake->stream->keep(lane->duty, false, intake_now(intake), lane->scratch) != OK)
                log_error("what was detected could not be written; it is tried again");
            continue;
        }
        if (len <= 0)
            break;
        good = take(lane, message, (size_t)len);
        if (!good && !atomic_load(&lane->failed))
            log_error("a log worker said what no honest one says; it is ended");
    }
    bool closing = atomic_load(&lane->closing) && good && !atomic_load(&intake->abandoned);
    if (closing) {
        rotate(lane, true);
        lane_forget(lane);
    }
    for (unsigned i = 0; i < atomic_load(&lane->n_slots) && (atomic_load(&intake->abandoned) || atomic_load(&lane->failed)); i++) {
        office_hold_abandon(lane->slots[i].holding);
        lane->slots[i].holding = NULL;
    }
    free(message);
    atomic_store(&lane->up, false);
    return NULL;
}
