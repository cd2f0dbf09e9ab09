/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Index rows: keys under (field, guard), search terms under (term, guard, updated). They go to the fresh ones (fresh.h) and
 * from there into the tables. What a record has is also kept as one run of bytes (index_list, in order of writing),
 * sorted, so that the next version replaces exactly what changed and an erasure finds everything.
 *
 * The run: keys, then terms. A key is field (4 bytes, little-endian), length (1 byte), bytes; a term is length, bytes.
 * Between them stands a field 0 with length 0.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "store/inner.h"

struct item {                       /* a key, or a term with field 0 */
    field_id field;
    const void *bytes;
    size_t len;
};
struct list { struct item *items; size_t n; };

static int compare(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    if (x->field != y->field) {
        return x->field < y->field ? -1 : 1;
    }
    int order = memcmp(x->bytes, y->bytes, x->len < y->len ? x->len : y->len);
    return order ? order : (x->len > y->len) - (x->len < y->len);
}

static void sort_unique(struct list *l)
{
    if (l->n) {
        qsort(l->items, l->n, sizeof *l->items, compare);
        size_t kept = 1;
        for (size_t i = 1; i < l->n; i++) {
            if (compare(&l->items[kept - 1], &l->items[i]) != 0) {
                l->items[kept++] = l->items[i];
            }
        }
        l->n = kept;
    }
}

static void write_items(struct buf *out, const struct list *l, bool keys)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct item *it = &l->items[i];
        if (keys) {
            uint32_t f = (uint32_t)it->field;
            uint8_t bytes[4] = {(uint8_t)f, (uint8_t)(f >> 8), (uint8_t)(f >> 16), (uint8_t)(f >> 24)};
            buf_add(out, bytes, 4);
        }
        buf_addc(out, (char)it->len);
        buf_add(out, it->bytes, it->len);
    }
}

/* How many items a run can hold at most, by the lengths that stand in it. */
static size_t count_items(const uint8_t *at, const uint8_t *end, bool keys)
{
    size_t n = 0, head = keys ? 5 : 1;
    for (; (size_t)(end - at) >= head; n++) {
        size_t len = head + at[head - 1];
        if ((size_t)(end - at) < len) {
            break;
        }
        at += len;
    }
    return n;
}

static bool read_items(struct arena *arena, const uint8_t **at, const uint8_t *end, bool keys, struct list *ret)
{
    struct list l = {ARENA_ARRAY(arena, struct item, count_items(*at, end, keys) + 1), 0};
    while (*at < end) {
        struct item it = {0};
        if (keys) {
            if (end - *at < 5) {
                return false;
            }
            const uint8_t *b = *at;
            it.field = (field_id)(b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24);
            *at += 4;
        }
        it.len = *(*at)++;
        if ((size_t)(end - *at) < it.len) {
            return false;
        }
        it.bytes = *at;
        *at += it.len;
        if (keys && it.field == 0) {
            break;
        }
        l.items[l.n++] = it;
    }
    *ret = l;
    return true;
}

static enum status put_one(struct txn *txn, bool put, record_id id, guard_id guard, moment updated, bool keys,
                           const struct item *it)
{
    uint8_t time[TIME_KEY];
    field_id field = it->field;
    struct fresh_name name = {'p', guard, it->bytes, it->len};
    struct fresh_row row = {time, sizeof time, id};
    if (keys) {
        name = fresh_value(&field, guard);
        row = (struct fresh_row){it->bytes, it->len, id};
    } else {
        time_key(updated, time);
    }
    enum status status = fresh_put(txn->store->fresh, name, row, put);
    if (status != OK) {
        txn->db->fault = status;
    }
    return status;
}

struct place { record_id id; guard_id guard; moment updated; int64_t list; };

/* From one sorted list to another: takes away what is only in `old`, adds what is only in `new`; all of both when
 * `moved` (another guard, or for terms another time). */
static enum status replace(struct txn *txn, const struct place *was, const struct list *old, const struct place *is,
                           const struct list *new, bool keys, bool moved)
{
    size_t i = 0, j = 0;
    enum status status = OK;
    while (status == OK && (i < old->n || j < new->n)) {
        int order = i == old->n ? 1 : j == new->n ? -1 : compare(&old->items[i], &new->items[j]);
        if (order == 0 && !moved) {
            i++, j++;
        } else if (order <= 0) {
            status = put_one(txn, false, was->id, was->guard, was->updated, keys, &old->items[i++]);
            if (order == 0 && status == OK) {
                status = put_one(txn, true, is->id, is->guard, is->updated, keys, &new->items[j++]);
            }
        } else {
            status = put_one(txn, true, is->id, is->guard, is->updated, keys, &new->items[j++]);
        }
    }
    return status;
}

static enum status read_list(struct txn *txn, record_id id, int64_t listed, struct arena *arena, struct place *ret,
                             struct list *ret_keys, struct list *ret_terms)
{
    enum status status = OK;
    *ret_keys = *ret_terms = (struct list){0};
    *ret = (struct place){.id = id, .list = listed};
    if (!listed) {
        return OK;
    }
    struct rows r = QUERY(txn->db, SQL_GET_LIST, INT(ret->list));
    if (db_step(&r)) {
        ret->guard = (guard_id)col_int(&r, 0);
        ret->updated = col_int(&r, 1);
        size_t len = col_len(&r, 2);
        const uint8_t *at = arena_memdup(arena, col_blob(&r, 2), len), *end = at + len;
        if (!read_items(arena, &at, end, true, ret_keys) || !read_items(arena, &at, end, false, ret_terms)) {
            status = DAMAGED;
        }
    } else {
        status = r.status != OK ? r.status : DAMAGED;
    }
    db_done(&r);
    return status;
}

bool index_list_items(struct arena *arena, const void *run, size_t len, struct listed_item *item,
                      bool (*each)(void *, const struct listed_item *), void *arg)
{
    struct list lists[2];
    if (!run) {
        return false;
    }
    const uint8_t *at = arena_memdup(arena, run, len), *end = at + len;
    if (!read_items(arena, &at, end, true, &lists[0]) || !read_items(arena, &at, end, false, &lists[1])) {
        return false;
    }
    for (size_t l = 0; l < 2; l++) {
        for (size_t i = 0; i < lists[l].n; i++) {
            item->field = lists[l].items[i].field;
            item->bytes = lists[l].items[i].bytes;
            item->len = lists[l].items[i].len;
            if (!each(arg, item)) {
                return false;
            }
        }
    }
    return true;
}

static enum status put_list(struct txn *txn, int64_t old, const struct place *is, const struct buf *list)
{
    enum status status = old ? RUN(txn->db, SQL_DROP_LIST, INT(old)) : OK;
    if (status == OK && is->list) {
        status = RUN(txn->db, SQL_PUT_LIST, INT(is->list), INT(is->id), INT(is->guard), INT(is->updated),
                     BLOB(list->data, list->len));
    }
    return status;
}

static enum status take_lists(struct arena *arena, const struct index_key *keys, size_t n, const char *const *terms,
                              size_t n_terms, struct list *k, struct list *t)
{
    if (n > KEYS_LIMIT || n_terms > TERMS_LIMIT) {
        return TOO_LARGE;
    }
    k->items = ARENA_ARRAY(arena, struct item, n + 1);
    t->items = ARENA_ARRAY(arena, struct item, n_terms + 1);
    for (size_t i = 0; i < n; i++) {
        if (keys[i].len > KEY_LIMIT) {
            return TOO_LARGE;
        }
        if (keys[i].field <= 0) {
            return BAD_INPUT;
        }
        k->items[k->n++] = (struct item){keys[i].field, keys[i].len ? keys[i].key : "", keys[i].len};
    }
    for (size_t i = 0; i < n_terms; i++) {
        size_t len = strlen(terms[i]);
        if (len == 0 || len > TERM_LIMIT) {
            return len ? TOO_LARGE : BAD_INPUT;
        }
        t->items[t->n++] = (struct item){0, terms[i], len};
    }
    sort_unique(k);
    sort_unique(t);
    return OK;
}

/* `listed`: where the list was; is->list: where it shall be, 0 nowhere. */
static enum status put_index(struct txn *txn, struct arena *arena, int64_t listed, const struct place *is,
                             const struct list *keys, const struct list *terms)
{
    struct place was;
    struct list old_keys, old_terms;
    enum status status = read_list(txn, is->id, listed, arena, &was, &old_keys, &old_terms);
    if (status != OK) {
        return status;
    }
    bool moved = was.guard != is->guard;
    fresh_edit(txn->store->fresh);
    status = replace(txn, &was, &old_keys, is, keys, true, moved);
    if (status == OK) {
        status = replace(txn, &was, &old_terms, is, terms, false, moved || was.updated != is->updated);
    }
    fresh_edited(txn->store->fresh);
    if (status != OK) {
        return status;
    }
    struct buf out;
    buf_init(&out, 1u << 20);
    write_items(&out, keys, true);
    buf_add(&out, "\0\0\0\0\0", 5);
    write_items(&out, terms, false);
    if (out.failed) {
        txn->db->fault = status = NO_MEMORY;
    } else {
        status = put_list(txn, listed, is, &out);
    }
    buf_free(&out);
    return status;
}

static int64_t next_place(struct txn *txn, const struct list *keys, const struct list *terms)
{
    return keys->n || terms->n ? ++txn->store->last_list : 0;
}

enum status txn_put_index(struct txn *txn, record_id id, guard_id guard, moment updated, const struct index_key *keys,
                          size_t n, const char *const *terms, size_t n_terms)
{
    struct arena *arena = arena_new(16u << 20);
    if (!arena) {
        txn->db->fault = NO_MEMORY;
        return NO_MEMORY;
    }
    struct list k = {0}, t = {0};
    struct place is = {.id = id, .guard = guard, .updated = updated};
    struct record_head head;
    enum status status = take_lists(arena, keys, n, terms, n_terms, &k, &t);
    if (status == OK) {
        status = record_head(txn, id, &head);
    }
    if (status == OK && head.position < 0) {
        status = ABSENT;
    }
    if (status == OK) {
        is.list = next_place(txn, &k, &t);
        status = put_index(txn, arena, head.listed, &is, &k, &t);
    }
    if (status == OK && is.list != head.listed) {
        status = RUN(txn->db, SQL_SET_LISTED, INT(is.list), INT(id));
    }
    arena_free(arena);
    return status;
}

enum status txn_put_indexed(struct txn *txn, const struct stored_record *x, const struct index_key *keys, size_t n,
                            const char *const *terms, size_t n_terms)
{
    struct arena *arena = arena_new(16u << 20);
    if (!arena) {
        txn->db->fault = NO_MEMORY;
        return NO_MEMORY;
    }
    struct list k = {0}, t = {0};
    struct place is = {.id = x->id, .guard = x->guard, .updated = x->updated};
    struct record_head head;
    enum status status = take_lists(arena, keys, n, terms, n_terms, &k, &t);
    if (status == OK) {
        status = record_head(txn, x->id, &head);
    }
    if (status == OK) {
        status = record_check(x, &head);
    }
    if (status == OK) {
        is.list = next_place(txn, &k, &t);
        status = record_put(txn, x, &head, is.list);
    }
    if (status == OK) {
        status = put_index(txn, arena, head.listed, &is, &k, &t);
    }
    arena_free(arena);
    return status;
}

enum status index_drop(struct txn *txn, record_id id)
{
    return txn_put_index(txn, id, 0, 0, NULL, 0, NULL, 0);
}

enum status txn_each_key(struct txn *txn, field_id field, const void *key, size_t len, bool (*each)(void *, record_id),
                         void *arg)
{
    if (len > KEY_LIMIT) {
        return OK;
    }
    struct rows r = QUERY(txn->db, SQL_HOLDERS_OF_KEY, INT(field), BLOB(len ? key : "", len));
    bool go = true;
    while (go && db_step(&r)) {
        struct fresh_row row = {key, len, col_int(&r, 1)};
        if (!fresh_gone_now(txn->store->fresh, fresh_value(&field, (guard_id)col_int(&r, 0)), row)) {
            go = each(arg, row.record);
        }
    }
    db_done(&r);
    if (go && r.status == OK) {
        fresh_each_holder(txn->store->fresh, field, (struct fresh_row){key, len, 0}, each, arg);
    }
    return r.status;
}
