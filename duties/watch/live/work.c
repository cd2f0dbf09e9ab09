/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See live.h and inside.h: the worker's life. One message after the other; whatever is due by the time that is handed in follows a tick.
 */
#include "inside.h"

#include <string.h>
#include <unistd.h>

enum { MESSAGE_MOST = (4 << 20) + 65536 };

static _Noreturn void out_of_memory(void *arg) { _exit(41); }

bool live_send(struct live *live, const void *bytes, size_t len)
{
    live->gone |= !ring_put(live->out, bytes, len, -1);
    return !live->gone;
}

/* ---- blocks, counts, state ---- */

void live_give_block(struct live *live, uint32_t index)
{
    struct slot *slot = &live->slots[index];
    struct lane_block head = {.kind = LANE_BLOCK, .slot = index, .from = slot->received, .to = slot->received};
    const void *bytes = NULL;
    size_t len = 0;
    if (slot->block && block_items(slot->block) && !block_finish(slot->block, &bytes, &len, &head.items, &head.from, &head.to))
        return;                              /* it stays; nothing is called seen */
    if (!bytes && slot->told == slot->seen)
        return;
    live_cover(live, index, slot->seen, &head.cover);
    buf_clear(&live->message);
    buf_add(&live->message, &head, sizeof head);
    if (len)
        buf_add(&live->message, bytes, len);
    if (!live->message.failed && live_send(live, live->message.data, live->message.len))
        slot->told = slot->seen;
}

static void tell_counts(struct live *live)
{
    for (uint32_t i = 0; i < LANE_SLOTS; i++)
        if (live->slots[i].used && live->slots[i].counted) {
            live->slots[i].counted = false;
            live_send(live, &live->slots[i].counts, sizeof live->slots[i].counts);
        }
    live->counted = live->now;
}

static void tell_state(struct live *live)
{
    struct buf state;
    struct lane_part part = {.kind = LANE_STATE};
    if (live->changed) {
        buf_init(&state, (size_t)120 << 20);
        if (live->rules)
            correlator_write(live->rules->correlator, &state);
        else if (live->kept.len)
            buf_add(&state, live->kept.data, live->kept.len);
        live_cover(live, LANE_SLOTS, live->last, &part.cover);
        part.cover = lane_cover_join(&part.cover, &live->base);
        part.size = state.len;
        do {
            size_t len = part.size - part.at < LANE_PART ? (size_t)(part.size - part.at) : LANE_PART;
            buf_clear(&live->message);
            buf_add(&live->message, &part, sizeof part);
            if (len)
                buf_add(&live->message, state.data + part.at, len);
            live_send(live, live->message.data, live->message.len);
            part.at += LANE_PART;
        } while (!state.failed && part.at < part.size && !live->gone);
        live->changed = false;
        buf_free(&state);
    }
    live->stated = live->now;
}

/* Whether so long has passed; the office's word for the time is taken as it comes. */
static bool passed(moment now, moment since, int64_t span)
{
    int64_t gone;
    return __builtin_sub_overflow(now, since, &gone) ? now > since : gone >= span;
}

static void tick(struct live *live, moment now)
{
    moment patience;
    size_t weights = 0;
    uint32_t heaviest = LANE_SLOTS;
    live->now = now;
    live_close_groups(live, LANE_SLOTS, __builtin_sub_overflow(now, LIVE_PATIENCE, &patience) ? now : patience);
    for (uint32_t i = 0; i < LANE_SLOTS; i++) {
        struct slot *slot = &live->slots[i];
        int64_t age = live->rules && live->rules->with.block_age ? live->rules->with.block_age : 10 * SECOND;
        bool items = slot->block && block_items(slot->block);
        if (slot->used && ((items && passed(now, block_begun(slot->block), age)) || (!items && slot->told != slot->seen && passed(now, slot->received, age))))
            live_give_block(live, i);
        if (!slot->block)
            continue;
        weights += block_weight(slot->block);
        if (heaviest == LANE_SLOTS || block_weight(slot->block) > block_weight(live->slots[heaviest].block))
            heaviest = i;
    }
    if (weights > LIVE_WEIGHTS_MOST)
        live_give_block(live, heaviest);
    if (passed(now, live->counted, LIVE_COUNTS_EVERY))
        tell_counts(live);
    if (passed(now, live->stated, LIVE_STATE_EVERY))
        tell_state(live);
}

static void flush(struct live *live, const struct lane_tick *order)
{
    struct lane_tick answer = *order;
    live->now = order->now;
    live_close_groups(live, LANE_SLOTS, MOMENT_EVER);
    for (uint32_t i = 0; i < LANE_SLOTS; i++)
        if (live->slots[i].used)
            live_give_block(live, i);
    tell_counts(live);
    tell_state(live);
    answer.kind = LANE_FLUSHED;
    live_send(live, &answer, sizeof answer);
}

/* ---- what comes ---- */

static void take_source(struct live *live, const char *bytes, size_t len)
{
    struct lane_source source;
    uint16_t name;
    if (len < sizeof source + 2)
        return;
    memcpy(&source, bytes, sizeof source);
    memcpy(&name, bytes + sizeof source, 2);
    if (source.slot >= LANE_SLOTS || name > len - sizeof source - 2 || name >= sizeof live->slots->format)
        return;
    struct slot *slot = &live->slots[source.slot];
    live_close_groups(live, source.slot, MOMENT_EVER);
    slot->used = true;
    slot->counts.kind = LANE_COUNTS;
    slot->counts.slot = source.slot;
    if (!slot->counts.events)
        slot->counts.newest = MOMENT_NONE;
    memcpy(slot->format, bytes + sizeof source + 2, name);
    slot->format[name] = 0;
}

static void whole(struct live *live)
{
    struct parts *parts = &live->parts;
    if (parts->kind == LANE_CONFIGURE) {
        live_configure(live, parts->bytes.data ? parts->bytes.data : "", parts->bytes.len, parts->generation);
        return;
    }
    live->base = parts->cover;
    size_t groups;
    if (!parts->bytes.len)
        return;
    if (live->rules)
        (void)!correlator_read(live->rules->correlator, parts->bytes.data, parts->bytes.len, &groups);
    else
        buf_add(&live->kept, parts->bytes.data, parts->bytes.len);
}

static void take_part(struct live *live, const char *bytes, size_t len)
{
    struct lane_part part;
    struct parts *parts = &live->parts;
    if (len < sizeof part)
        return;
    memcpy(&part, bytes, sizeof part);
    if (part.at == 0) {
        buf_clear(&parts->bytes);
        parts->size = part.size;
        parts->kind = part.kind;
        parts->generation = part.generation;
        parts->cover = part.cover;
    }
    if (part.kind != parts->kind || part.size != parts->size || part.at != parts->bytes.len || len - sizeof part > part.size - part.at)
        return;
    buf_add(&parts->bytes, bytes + sizeof part, len - sizeof part);
    if (parts->bytes.len == parts->size && !parts->bytes.failed) {
        whole(live);
        buf_free(&parts->bytes);
        buf_init(&parts->bytes, LIVE_CONFIGURATION_MOST + LANE_PART);
    }
}

static void take(struct live *live, const char *bytes, size_t len)
{
    struct lane_message message;
    struct lane_tick order;
    uint32_t kind = 0;
    memcpy(&kind, bytes, len < 4 ? len : 4);
    switch (kind) {
    case LANE_SOURCE:
        take_source(live, bytes, len);
        break;
    case LANE_CONFIGURE:
    case LANE_RESUME:
        take_part(live, bytes, len);
        break;
    case LANE_MESSAGE:
        if (len < sizeof message)
            break;
        memcpy(&message, bytes, sizeof message);
        live_message(live, &message, bytes + sizeof message, len - sizeof message);
        break;
    case LANE_TICK:
    case LANE_FLUSH:
        if (len < sizeof order)
            break;
        memcpy(&order, bytes, sizeof order);
        if (kind == LANE_TICK)
            tick(live, order.now);
        else
            flush(live, &order);
        break;
    default:
        break;
    }
}

static struct arena *memory(size_t most)
{
    struct arena *arena = arena_new(most);
    if (!arena)
        _exit(41);
    arena_on_failure(arena, out_of_memory, NULL);
    return arena;
}

int live_work(struct ring *in, struct ring *out)
{
    struct arena *arena = memory((size_t)256 << 20);
    struct live *live = ARENA_NEW(arena, struct live);
    char *message = arena_alloc(arena, MESSAGE_MOST);
    *live = (struct live){.in = in, .out = out, .arena = arena, .scratch = memory((size_t)64 << 20), .words = memory((size_t)16 << 20), .fields = fields_new(arena),
                          .slots = ARENA_ARRAY(arena, struct slot, LANE_SLOTS)};
    buf_init(&live->parts.bytes, LIVE_CONFIGURATION_MOST + LANE_PART);
    buf_init(&live->kept, (size_t)128 << 20);
    buf_init(&live->json, 4 * LIVE_EVENT_MOST);
    buf_init(&live->message, (size_t)20 << 20);
    event_init(&live->event, live->scratch);
    long len;
    while (!live->gone && (len = ring_take(in, message, MESSAGE_MOST, -1)) > 0)
        take(live, message, (size_t)len);
    ring_end(out);
    live_rules_free(live->rules);
    for (uint32_t i = 0; i < LANE_SLOTS; i++) {
        block_free(live->slots[i].block);
        for (struct sender *sender = live->slots[i].senders, *next; sender; sender = next) {
            next = sender->next;             /* it lies in its own arena */
            buf_free(&sender->pending);
            arena_free(sender->arena);
        }
    }
    buf_free(&live->parts.bytes);
    buf_free(&live->kept);
    buf_free(&live->json);
    buf_free(&live->message);
    arena_free(live->words);
    arena_free(live->scratch);
    arena_free(arena);
    return 0;
}
