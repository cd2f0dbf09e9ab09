/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What readers, and the writer's own checks, see of the items.
 */
#include <string.h>

#include "store/fresh_inner.h"

void fresh_enter(struct fresh *f, struct fresh_reader *r)
{
    pthread_rwlock_wrlock(&f->lock);
    r->least = f->committed;
    r->next = f->readers;
    f->readers = r;
    pthread_rwlock_unlock(&f->lock);
}

void fresh_leave(struct fresh *f, struct fresh_reader *r)
{
    pthread_rwlock_wrlock(&f->lock);
    for (struct fresh_reader **at = &f->readers; *at; at = &(*at)->next) {
        if (*at == r) {
            *at = r->next;
            break;
        }
    }
    pthread_rwlock_unlock(&f->lock);
}

bool fresh_any(struct fresh *f, struct fresh_name name)
{
    pthread_rwlock_rdlock(&f->lock);
    bool any = fresh_bucket(f, name, false) != NULL;
    pthread_rwlock_unlock(&f->lock);
    return any;
}

static bool gone(struct fresh *f, uint64_t snapshot, struct fresh_name name, struct fresh_row row)
{
    bool hidden = false;
    pthread_rwlock_rdlock(&f->lock);
    const struct bucket *b = fresh_bucket(f, name, false);
    for (size_t i = b ? fresh_lower(b, row) : 0; b && i < b->n && row_order(row_of(b->items[i]), row) == 0; i++) {
        hidden = hidden || (b->items[i]->gone && item_seen(b->items[i], snapshot));
    }
    pthread_rwlock_unlock(&f->lock);
    return hidden;
}

bool fresh_hides(struct fresh *f, uint64_t snapshot, struct fresh_name name, struct fresh_row row)
{
    return gone(f, snapshot, name, row);
}

bool fresh_gone_now(struct fresh *f, struct fresh_name name, struct fresh_row row)
{
    return gone(f, f->batch, name, row);
}

/* No arena here: its hook may not return when it fails, and the lock is held. */
size_t fresh_rows(struct fresh *f, uint64_t snapshot, struct fresh_name name, struct fresh_row start, struct fresh_row stop,
                  bool down, uint8_t *room, size_t stride, struct fresh_row *rows, size_t most)
{
    struct item *found[64];
    size_t n = 0;
    pthread_rwlock_rdlock(&f->lock);
    const struct bucket *b = fresh_bucket(f, name, false);
    if (b) {
        size_t at = fresh_lower(b, start);
        if (!down) {
            for (; at < b->n && n < most && n < 64; at++) {
                struct item *i = b->items[at];
                if (key_order(i->key, i->len, stop.key, stop.len) >= 0) {
                    break;
                }
                if (!i->gone && item_seen(i, snapshot) && row_order(row_of(i), start) > 0) {
                    found[n++] = i;
                }
            }
        } else {
            while (at > 0 && n < most && n < 64) {
                struct item *i = b->items[--at];
                if (key_order(i->key, i->len, stop.key, stop.len) < 0) {
                    break;
                }
                if (!i->gone && item_seen(i, snapshot)) {
                    found[n++] = i;
                }
            }
        }
        for (size_t i = 0; i < n; i++) {
            memcpy(room + stride * i, found[i]->key, found[i]->len);
            rows[i] = (struct fresh_row){room + stride * i, found[i]->len, found[i]->record};
        }
    }
    pthread_rwlock_unlock(&f->lock);
    return n;
}

void fresh_tally(struct fresh *f, uint64_t snapshot, struct fresh_name name, struct fresh_row low, struct fresh_row high,
                 size_t *ret_added, size_t *ret_gone)
{
    *ret_added = *ret_gone = 0;
    pthread_rwlock_rdlock(&f->lock);
    const struct bucket *b = fresh_bucket(f, name, false);
    for (size_t i = b ? fresh_lower(b, low) : 0; b && i < b->n; i++) {
        const struct item *item = b->items[i];
        if (key_order(item->key, item->len, high.key, high.len) >= 0) {
            break;
        }
        if (item_seen(item, snapshot)) {
            ++*(item->gone ? ret_gone : ret_added);
        }
    }
    pthread_rwlock_unlock(&f->lock);
}

/* The writer is the only one that changes items, so it reads without the lock. */
void fresh_each_holder(struct fresh *f, field_id field, struct fresh_row key, bool (*each)(void *, record_id), void *arg)
{
    struct fresh_at at = fresh_from(f, fresh_value(&field, INT32_MIN));
    for (const struct bucket *b; (b = fresh_next(f, &at)); ) {
        if (b->kind != 'v' || b->len != sizeof field || memcmp(b->name, &field, sizeof field) != 0) {
            return;
        }
        for (size_t i = fresh_lower(b, (struct fresh_row){key.key, key.len, 0}); i < b->n; i++) {
            const struct item *item = b->items[i];
            if (key_order(item->key, item->len, key.key, key.len) != 0) {
                break;
            }
            if (item_live(item) && !item->gone && !each(arg, item->record)) {
                return;
            }
        }
    }
}
