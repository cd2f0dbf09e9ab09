/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A hit as bytes: a head, then texts one after the other. Whoever reads it takes nothing on trust.
 */
#include "inside.h"

#include <string.h>

#include "base/text.h"

enum { ID_MOST = 200, TITLE_MOST = 500, TAG_MOST = 100 };

struct head {
    uint32_t kind, slot, generation, text;
    uint64_t seq;
    int64_t time;
    uint32_t level, correlation, n_tags, event;
    uint16_t id, title, entity, tags[LIVE_TAGS_MOST];
};

/* So many bytes of a text, not inside a character. */
static uint16_t upto(const char *text, size_t most)
{
    size_t len = strlen(text);
    if (len > most)
        for (len = most; len && ((unsigned char)text[len] & 0xc0) == 0x80; len--)
            continue;
    return (uint16_t)len;
}

bool live_say_hit(struct live *live, const struct live_hit *hit)
{
    struct head head = {.kind = LIVE_HIT, .slot = hit->slot, .generation = hit->generation, .text = hit->text, .seq = hit->seq, .time = hit->time, .level = hit->level,
        .correlation = hit->correlation, .event = (uint32_t)hit->event_len, .id = upto(hit->rule_id, ID_MOST), .title = upto(hit->rule_title, TITLE_MOST),
        .entity = upto(hit->entity, ENTITY_MOST)};
    struct buf *out = &live->message;
    for (; head.n_tags < hit->n_tags && head.n_tags < LIVE_TAGS_MOST; head.n_tags++)
        head.tags[head.n_tags] = upto(hit->tags[head.n_tags], TAG_MOST);
    buf_clear(out);
    buf_add(out, &head, sizeof head);
    buf_add(out, hit->rule_id, head.id);
    buf_add(out, hit->rule_title, head.title);
    buf_add(out, hit->entity, head.entity);
    for (uint32_t i = 0; i < head.n_tags; i++)
        buf_add(out, hit->tags[i], head.tags[i]);
    buf_add(out, hit->event, hit->event_len);
    return !out->failed && live_send(live, out->data, out->len);
}

/* ---- in the office ---- */

struct reading { const char *at; size_t left; bool bad; };
static const char *take_words(struct reading *in, size_t len, size_t most, struct arena *arena)
{
    in->bad |= len > in->left || len > most || !utf8_valid(in->at, len);
    for (size_t i = 0; !in->bad && i < len; i++)
        in->bad |= (unsigned char)in->at[i] < 0x20 || in->at[i] == 0x7f;
    if (in->bad)
        return "";
    const char *text = arena_strndup(arena, in->at, len);
    in->at += len;
    in->left -= len;
    return text;
}

enum status live_hit_read(const char *message, size_t len, struct arena *arena, struct live_hit *ret)
{
    struct head head;
    struct val *event;
    if (len < sizeof head)
        return DAMAGED;
    memcpy(&head, message, sizeof head);
    struct reading in = {message + sizeof head, len - sizeof head, head.kind != LIVE_HIT || head.n_tags > LIVE_TAGS_MOST || head.level > SIGMA_CRITICAL || head.slot >= LANE_SLOTS};
    if (in.bad)
        return DAMAGED;
    struct live_hit hit = {.slot = head.slot, .generation = head.generation, .text = head.text, .seq = head.seq, .time = head.time, .correlation = head.correlation != 0,
                           .level = (enum sigma_level)head.level, .n_tags = head.n_tags};
    hit.rule_id = take_words(&in, head.id, ID_MOST, arena);
    hit.rule_title = take_words(&in, head.title, TITLE_MOST, arena);
    hit.entity = take_words(&in, head.entity, ENTITY_MOST, arena);
    const char **tags = ARENA_ARRAY(arena, const char *, LIVE_TAGS_MOST);
    for (uint32_t i = 0; i < head.n_tags; i++)
        tags[i] = take_words(&in, head.tags[i], TAG_MOST, arena);
    hit.tags = tags;
    if (in.bad || head.event != in.left || head.event > LIVE_EVENT_MOST)
        return DAMAGED;
    hit.event = arena_strndup(arena, in.at, in.left);
    hit.event_len = in.left;
    struct reasons ignored;
    reasons_init(&ignored, arena);
    if (hit.event_len && (json_read(arena, hit.event, hit.event_len, (struct json_limits){LIVE_EVENT_MOST, 8}, &ignored, &event) != OK || event->kind != VAL_OBJECT))
        return DAMAGED;
    *ret = hit;
    return OK;
}
