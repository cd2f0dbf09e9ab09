/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The correlator's state as bytes (of this machine's order), so that a restart forgets nothing: the secret of the keys, the newest
 * time, a mark for each correlation, then every group with its events. What is read is checked piece by piece; lengths are never
 * believed.
 */
#include <string.h>

#include "watch/sigma/correlate-inside.h"

static const char magic[8] = "CORREL2";

struct head { char magic[8]; moment newest; uint8_t secret[192]; uint32_t n_watches, n_groups; };
struct group_state { uint64_t low, high; moment last, reported; uint32_t watch, n, holds, pad; };      /* holds: and, in the second bit, trimmed */
struct node_state { moment time; uint64_t value; uint32_t place, pad; };

void correlator_write(const struct correlator *c, struct buf *out)
{
    struct head head = {.newest = c->newest, .n_watches = c->n_watches, .n_groups = (uint32_t)c->counts.groups};
    memcpy(head.magic, magic, sizeof magic);
    memcpy(head.secret, c->secret, sizeof head.secret);
    buf_add(out, &head, sizeof head);
    for (uint32_t w = 0; w < c->n_watches; w++)
        buf_add(out, c->watches[w].mark, sizeof c->watches[w].mark);
    for (uint32_t i = 1; i <= c->n_groups; i++) {
        const struct corr_group *g = &c->groups[i];
        if (!g->watch)
            continue;
        const struct group_state state = {.low = g->low, .high = g->high, .last = g->last, .reported = g->reported, .watch = g->watch - 1, .n = g->n, .holds = g->holds | g->trimmed << 1u};
        buf_add(out, &state, sizeof state);
        for (uint32_t at = g->head; at; at = c->nodes[at].next) {
            const struct node_state node = {.time = CORR_TIME(&c->nodes[at]), .value = c->nodes[at].value, .place = CORR_PLACE(&c->nodes[at])};
            buf_add(out, &node, sizeof node);
        }
    }
}

struct cursor { const char *at; size_t left; };

static bool take(struct cursor *cursor, void *into, size_t n)
{
    if (cursor->left < n)
        return false;
    memcpy(into, cursor->at, n);
    cursor->at += n;
    cursor->left -= n;
    return true;
}

static bool time_fits(moment time) { return time == MOMENT_NONE || (time > -CORR_TIME_MOST && time < CORR_TIME_MOST); }

static bool read_group(struct correlator *c, struct cursor *cursor, const uint32_t *now, uint32_t n_watches)
{
    struct group_state state;
    if (!take(cursor, &state, sizeof state) || state.watch >= n_watches || state.n > CORRELATE_VALUES_MOST || !time_fits(state.last) || !time_fits(state.reported))
        return false;
    uint32_t watch = now[state.watch];
    const uint64_t key[2] = {state.low, state.high};
    struct corr_group *g = watch == UINT32_MAX ? NULL : corr_find(c, key, watch, true);
    if (g && g->last != MOMENT_NONE)                   /* twice the same */
        return false;
    moment before = MOMENT_NONE;
    for (uint32_t i = 0; i < state.n; i++) {
        struct node_state node;
        if (!take(cursor, &node, sizeof node) || node.time < before || !time_fits(node.time) || node.time == MOMENT_NONE || (g && node.place >= c->watches[watch].c->n_rules) || node.time > state.last)
            return false;
        before = node.time;
        if (g)
            (void)corr_insert(c, g, node.time, node.value, node.place, c->watches[watch].most);
    }
    if (g) {
        g->last = state.last;
        g->reported = state.reported;
        g->holds = state.holds & 1;
        g->trimmed = state.holds >> 1 & 1;
    }
    return true;
}


enum status correlator_read(struct correlator *c, const void *bytes, size_t len, size_t *ret_groups)
{
    struct cursor cursor = {bytes, len};
    struct head head;
    corr_empty(c);
    if (!take(&cursor, &head, sizeof head) || memcmp(head.magic, magic, sizeof magic) != 0 || !time_fits(head.newest) ||
        head.n_watches > cursor.left / sizeof c->watches->mark)
        return BAD_INPUT;
    uint32_t *now = ARENA_ARRAY(c->arena, uint32_t, head.n_watches + 1);
    for (uint32_t i = 0; i < head.n_watches; i++) {
        uint64_t mark[2];
        if (!take(&cursor, mark, sizeof mark))
            return BAD_INPUT;
        now[i] = UINT32_MAX;
        for (uint32_t w = 0; w < c->n_watches; w++)
            if (memcmp(mark, c->watches[w].mark, sizeof mark) == 0)
                now[i] = w;
    }
    memcpy(c->secret, head.secret, sizeof c->secret);
    c->newest = head.newest;
    for (uint32_t i = 0; i < head.n_groups; i++)
        if (!read_group(c, &cursor, now, head.n_watches)) {
            corr_empty(c);
            return BAD_INPUT;
        }
    if (cursor.left) {
        corr_empty(c);
        return BAD_INPUT;
    }
    *ret_groups = c->counts.groups;
    return OK;
}
