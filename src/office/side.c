/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Side tables through the office: personal notes, secrets, counters. Not journalled; each row under the store's MAC.
 */
#include <string.h>

#include "office/inside.h"

struct side_job { struct job job; const char *table; record_id owner; const char *key; const void *bytes; size_t len; bool drop; };

static bool run(struct job *job, struct txn *txn)
{
    struct side_job *side = (struct side_job *)job;
    return (side->drop ? txn_drop_side(txn, side->table, side->owner, side->key)
                       : txn_put_side(txn, side->table, side->owner, side->key, 0, side->bytes, side->len)) == OK;
}
static void settled(struct job *job, bool committed) { (void)job; (void)committed; }

static enum status perform(struct office *office, struct side_job side)
{
    bool committed = false;
    side.job = (struct job){.run = run, .settled = settled};
    enum status status = store_perform(office->store, &side.job, &committed);
    return status == OK && !committed && !side.drop ? FAILED_IO : status;
}

enum status office_side_put(struct office *office, const char *table, record_id owner, const char *key, const void *bytes, size_t len)
{
    if (len > (1 << 20))
        return TOO_LARGE;
    return perform(office, (struct side_job){.table = table, .owner = owner, .key = key, .bytes = bytes, .len = len});
}
/* Nothing there, nothing to write: most forms are sent without a draft, and a change should not wait for a second commit. */
enum status office_side_drop(struct office *office, const char *table, record_id owner, const char *key)
{
    const void *bytes;
    size_t len;
    struct arena *arena = arena_new((size_t)2 << 20);
    if (!arena)
        return NO_MEMORY;
    enum status status = office_side_get(office, table, owner, key, arena, &bytes, &len);
    arena_free(arena);
    if (status == ABSENT)
        return OK;
    return perform(office, (struct side_job){.table = table, .owner = owner, .key = key, .drop = true});
}

enum status office_side_get(struct office *office, const char *table, record_id owner, const char *key, struct arena *arena,
                            const void **ret, size_t *ret_len)
{
    label_id label;
    struct view *view = view_take(office);
    if (!view)
        return FAILED_IO;
    enum status status = view_begin(view);
    if (status == OK) {
        status = view_side(view, table, owner, key, arena, ret, ret_len, &label);
        view_end(view);
    }
    view_give(office, view);
    return status;
}

struct each { bool (*call)(void *, const char *, const void *, size_t); void *arg; };
static bool pass_on(void *arg, const char *key, label_id label, const void *bytes, size_t len)
{
    struct each *each = arg;
    (void)label;
    return each->call(each->arg, key, bytes, len);
}
enum status office_side_each(struct office *office, const char *table, record_id owner,
                             bool (*call)(void *, const char *, const void *, size_t), void *arg)
{
    struct each each = {call, arg};
    struct view *view = view_take(office);
    if (!view)
        return FAILED_IO;
    enum status status = view_begin(view);
    if (status == OK) {
        status = view_side_each(view, table, owner, pass_on, &each);
        view_end(view);
    }
    view_give(office, view);
    return status;
}
