/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From messages to events. Where a format's lines stand alone a message is read as it comes; where they belong together (headers, groups of
 * records) each sender has a reader of its own, and what is begun waits for the rest, for a second of silence, or for a flush. Which messages
 * wait is known by number: they are the holes in what blocks and state say that they have seen.
 */
#include "inside.h"

#include <string.h>

#include "base/text.h"
#include "watch/logs/log.h"

/* The office's words for formats, and ours. */
static const struct log_format *format_named(const char *name)
{
    static const struct { const char *word, *format; } words[] = {{"windows-xml", "winxml"}, {"access", "apache"}, {"siem", NULL}, {"other", "raw"}, {"evtx", NULL}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq(words[i].word, name))
            return words[i].format ? log_format_named(words[i].format) : NULL;
    return log_format_named(name);
}

static bool joined(const struct log_format *format)
{
    static const char *const names[] = {"auditd", "zeek", "w3c", "winxml"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_eq(names[i], format->name))
            return true;
    return false;
}

/* ---- events ---- */

static void take_event(struct live *live, struct event *event, uint32_t flags)
{
    struct slot *slot = &live->slots[live->slot];
    slot->counts.events++;
    slot->counted = true;
    if (event->time != MOMENT_NONE && (slot->counts.newest == MOMENT_NONE || event->time > slot->counts.newest))
        slot->counts.newest = event->time;
    if (!(flags & LANE_ARCHIVED)) {
        if (!slot->block)
            slot->block = block_new(live);
        if (!block_add(slot->block, event, slot->received)) {
            live_give_block(live, live->slot);
            (void)!block_add(slot->block, event, slot->received);
        }
    }
    if (!(flags & (LANE_CORRELATED | LANE_RAW)))
        live_match(live, event);
}

/* Reads what is whole of a text; returns where the rest begins. */
static size_t read_text(struct live *live, struct sender *sender, const char *text, size_t len, bool last, uint32_t flags)
{
    struct slot *slot = &live->slots[sender->slot];
    struct log_counts before = log_counts(sender->reader), after;
    size_t at = 0, end = 0;
    sender->reader->now = slot->received;
    while (at < len) {
        struct reasons reasons;
        event_clear(&live->event);
        arena_clear(live->words);
        reasons_init(&reasons, live->words);
        enum status status = log_read(sender->reader, &live->event, text, len, at, last, &reasons, &end);
        if (status == OK)
            take_event(live, &live->event, flags);
        if (status == ABSENT || end <= at) {
            at = status == ABSENT && !last ? end : len;
            break;
        }
        at = end;
    }
    after = log_counts(sender->reader);
    slot->counts.raw += after.raw - before.raw;
    slot->counts.faulty += after.faulty - before.faulty;
    return at;
}

/* ---- senders ---- */

static void close_group(struct live *live, struct sender *sender)
{
    uint32_t slot = live->slot;
    uint64_t seq = live->seq;
    if (!sender->n_seqs)
        return;
    live->slot = sender->slot;
    live->seq = sender->seqs[sender->n_seqs - 1];
    sender->n_seqs = 0;                      /* from here on these messages count as seen */
    (void)read_text(live, sender, sender->pending.data, sender->pending.len, true, sender->flags);
    buf_clear(&sender->pending);
    live->slot = slot;
    live->seq = seq;
}

void live_close_groups(struct live *live, uint32_t slot, moment older_than)
{
    for (uint32_t i = slot < LANE_SLOTS ? slot : 0; i < (slot < LANE_SLOTS ? slot + 1 : LANE_SLOTS); i++)
        for (struct sender *sender = live->slots[i].senders; sender; sender = sender->next)
            if (sender->n_seqs && sender->touched <= older_than)
                close_group(live, sender);
}

static void drop_sender(struct live *live, struct sender **at)
{
    struct sender *sender = *at;
    close_group(live, sender);
    *at = sender->next;
    buf_free(&sender->pending);
    arena_free(sender->arena);
    live->n_senders--;
}

static void drop_oldest(struct live *live)
{
    struct sender **oldest = NULL;
    for (uint32_t i = 0; i < LANE_SLOTS; i++)
        for (struct sender **at = &live->slots[i].senders; *at; at = &(*at)->next)
            if (!oldest || (*at)->touched < (*oldest)->touched)
                oldest = at;
    if (oldest)
        drop_sender(live, oldest);
}

static struct sender *sender_new(struct live *live, uint32_t slot, uint64_t id, const struct log_format *format)
{
    if (live->n_senders >= LIVE_SENDERS_MOST)
        drop_oldest(live);
    struct arena *arena = arena_new((size_t)64 << 20);
    if (!arena)
        return NULL;
    struct sender *sender = ARENA_NEW(arena, struct sender);
    *sender = (struct sender){.next = live->slots[slot].senders, .id = id, .slot = slot, .arena = arena, .format = format,
                              .reader = log_reader_new(arena, live->fields, format, live->slots[slot].received)};
    buf_init(&sender->pending, (size_t)EVENT_BYTES_MOST + (8u << 20));
    live->slots[slot].senders = sender;
    live->n_senders++;
    return sender;
}

/* The sender's reader; where the slot's format is not one that has a reader here, the first message tells. */
static struct sender *sender_of(struct live *live, const struct lane_message *message, const char *bytes, size_t len)
{
    struct slot *slot = &live->slots[message->slot];
    const struct log_format *format = message->flags & LANE_RAW ? log_format_named("raw") : format_named(slot->format);
    uint64_t id = format && !joined(format) ? 0 : message->peer;
    for (struct sender *sender = slot->senders; sender; sender = sender->next)
        if (sender->id == id && (!format || sender->format == format))
            return sender;
    return sender_new(live, message->slot, id, format ? format : log_format_of(bytes, len));
}

/* ---- messages ---- */

static void append(struct live *live, struct sender *sender, const struct lane_message *message, const char *bytes, size_t len)
{
    size_t before = sender->pending.len;
    if (sender->n_seqs == LANE_HOLES / 2 || before + len > EVENT_BYTES_MOST) {
        close_group(live, sender);
        before = 0;
    }
    buf_add(&sender->pending, bytes, len);
    buf_addc(&sender->pending, '\n');
    sender->flags = message->flags;
    sender->touched = live->now;
    size_t rest = read_text(live, sender, sender->pending.data, sender->pending.len, false, message->flags);
    size_t left = sender->pending.len - rest;
    if (rest && rest != before && left) {    /* messages are seen whole, or not at all: what is left of one that was begun is read now */
        (void)read_text(live, sender, sender->pending.data + rest, left, true, message->flags);
        left = 0;
    }
    if (rest)
        sender->n_seqs = 0;
    if (left)
        sender->seqs[sender->n_seqs++] = message->seq;
    memmove(sender->pending.data, sender->pending.data + (sender->pending.len - left), left);
    sender->pending.len = left;
}

void live_message(struct live *live, const struct lane_message *message, const char *bytes, size_t len)
{
    if (message->slot >= LANE_SLOTS || !live->slots[message->slot].used)
        return;
    struct slot *slot = &live->slots[message->slot];
    if (!len) {
        slot->seen = live->last = message->seq;
        live->changed = true;
        return;
    }
    /* What comes of one message lies in one block, or a crash between two of them would bring it twice. */
    if (slot->block && block_items(slot->block) && !block_has_room(slot->block, len))
        live_give_block(live, message->slot);
    slot->received = message->received;
    live->slot = message->slot;
    live->seq = message->seq;
    struct sender *sender = sender_of(live, message, bytes, len);
    if (!sender)
        return;
    if (message->flags & LANE_RAW) {
        struct cut all = {bytes, bytes + len};
        event_clear(&live->event);
        log_add_raw(sender->reader, &live->event, all);
        live->event.format = "raw";
        slot->counts.raw++;
        take_event(live, &live->event, message->flags);
    } else if (joined(sender->format) && !(message->flags & LANE_WHOLE)) {
        append(live, sender, message, bytes, len);
    } else {
        sender->touched = live->now;
        (void)read_text(live, sender, bytes, len, true, message->flags);
    }
    slot->seen = message->seq;
    live->last = message->seq;
    live->changed = true;
    if (slot->block && block_weight(slot->block) >= LIVE_WEIGHT_MOST)
        live_give_block(live, message->slot);
}

void live_cover(const struct live *live, uint32_t slot, uint64_t through, struct lane_cover *ret)
{
    *ret = (struct lane_cover){.through = through};
    for (uint32_t i = slot < LANE_SLOTS ? slot : 0; i < (slot < LANE_SLOTS ? slot + 1 : LANE_SLOTS); i++)
        for (const struct sender *sender = live->slots[i].senders; sender; sender = sender->next)
            for (uint32_t k = 0; k < sender->n_seqs; k++) {
                if (ret->n < LANE_HOLES)
                    ret->holes[ret->n++] = sender->seqs[k];
                else if (sender->seqs[k] - 1 < ret->through)
                    ret->through = sender->seqs[k] - 1;
            }
}
