/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Side tables: what is kept but not journalled (personal notes, sign-in secrets, counters). Each row carries a MAC under
 * the office's side key, bound to table, owner, key, label and bytes: a row that was edited, or copied to another
 * owner or key, reads as DAMAGED. Replaying an old row of the same place is not caught (the threat model says so).
 */
#include <string.h>

#include "base/buf.h"
#include "store/inner.h"

#define SIDE_LIMIT (4u << 20)

static void add_number(struct buf *b, uint64_t n)
{
    for (int i = 0; i < 8; i++) {
        buf_addc(b, (char)(n >> (8 * i)));
    }
}

static void add_bytes(struct buf *b, const void *bytes, size_t len)
{
    add_number(b, len);
    if (len) {
        buf_add(b, bytes, len);
    }
}

bool side_mac(const struct store *s, const char *name, record_id owner, const char *key, label_id label, const void *data,
              size_t len, struct hash *ret)
{
    struct buf b;
    buf_init(&b, SIDE_LIMIT + 4096);
    add_bytes(&b, name, strlen(name));
    add_number(&b, (uint64_t)owner);
    add_bytes(&b, key, strlen(key));
    add_number(&b, (uint64_t)label);
    add_bytes(&b, data, len);
    bool good = !b.failed;
    if (good) {
        *ret = hmac_sha256(s->side_key, SIDE_KEY_BYTES, b.data, b.len);
        wipe(b.data, b.len);
    }
    buf_free(&b);
    return good;
}

/* The row's columns: key, label, mac, data. */
static enum status check(const struct store *s, struct rows *r, const char *name, record_id owner)
{
    struct hash want, have;
    const char *key = col_text(r, 0);
    if (!key || !col_copy(r, 2, have.bytes, HASH_BYTES)) {
        return DAMAGED;
    }
    if (!side_mac(s, name, owner, key, (label_id)col_int(r, 1), col_blob(r, 3), col_len(r, 3), &want)) {
        return NO_MEMORY;
    }
    return hash_equal(&want, &have) ? OK : DAMAGED;
}

enum status txn_put_side(struct txn *txn, const char *table, record_id owner, const char *key, label_id label,
                         const void *data, size_t len)
{
    struct hash mac;
    if (len > SIDE_LIMIT || strlen(table) > 100 || strlen(key) > 1000) {
        return TOO_LARGE;
    }
    const void *bytes = len ? data : "";
    if (!side_mac(txn->store, table, owner, key, label, bytes, len, &mac)) {
        txn->db->fault = NO_MEMORY;
        return NO_MEMORY;
    }
    return RUN(txn->db, SQL_PUT_SIDE, TEXT(table), INT(owner), TEXT(key), INT(label), BLOB(mac.bytes, HASH_BYTES),
               BLOB(bytes, len));
}

enum status txn_drop_side(struct txn *txn, const char *table, record_id owner, const char *key)
{
    return RUN(txn->db, SQL_DROP_SIDE, TEXT(table), INT(owner), TEXT(key));
}

static enum status read_one(struct store *s, struct rows *r, const char *table, record_id owner, struct arena *arena,
                            const void **ret, size_t *ret_len, label_id *ret_label)
{
    enum status status = ABSENT;
    if (db_step(r)) {
        status = check(s, r, table, owner);
        if (status == OK) {
            size_t len = col_len(r, 3);
            *ret = arena_strndup(arena, len ? col_blob(r, 3) : "", len);
            *ret_len = len;
            if (ret_label) {
                *ret_label = (label_id)col_int(r, 1);
            }
        }
    } else if (r->status != OK) {
        status = r->status;
    }
    db_done(r);
    return status;
}

enum status txn_get_side(struct txn *txn, const char *table, record_id owner, const char *key, struct arena *arena,
                         const void **ret, size_t *ret_len, label_id *ret_label)
{
    struct rows r = QUERY(txn->db, SQL_GET_SIDE, TEXT(table), INT(owner), TEXT(key));
    return read_one(txn->store, &r, table, owner, arena, ret, ret_len, ret_label);
}

enum status view_side(struct view *v, const char *table, record_id owner, const char *key, struct arena *arena,
                      const void **ret, size_t *ret_len, label_id *ret_label)
{
    struct rows r = QUERY(&v->db, VIEW_SIDE, TEXT(table), INT(owner), TEXT(key));
    return read_one(v->store, &r, table, owner, arena, ret, ret_len, ret_label);
}

enum status view_side_each(struct view *v, const char *table, record_id owner,
                           bool (*each)(void *, const char *, label_id, const void *, size_t), void *arg)
{
    struct rows r = QUERY(&v->db, VIEW_SIDE_EACH, TEXT(table), INT(owner));
    enum status status = OK;
    while (db_step(&r)) {
        enum status row = check(v->store, &r, table, owner);
        if (row != OK) {
            status = row;               /* the good ones are still given; the answer says that one was not */
        } else if (!each(arg, col_text(&r, 0), (label_id)col_int(&r, 1), col_len(&r, 3) ? col_blob(&r, 3) : "",
                         col_len(&r, 3))) {
            break;
        }
    }
    db_done(&r);
    return r.status != OK ? r.status : status;
}

enum status store_each_side(struct store *s, bool (*each)(void *, const char *, record_id, const char *, bool), void *arg)
{
    pthread_mutex_lock(&s->whole_lock);
    struct rows r = QUERY_ALL(&s->whole, SQL_EACH_SIDE);
    while (db_step(&r)) {
        struct hash want, have;
        const char *name = col_text(&r, 0), *key = col_text(&r, 2);
        bool good = name && key && col_copy(&r, 4, have.bytes, HASH_BYTES)
                    && side_mac(s, name, col_int(&r, 1), key, (label_id)col_int(&r, 3), col_blob(&r, 5), col_len(&r, 5),
                                &want)
                    && hash_equal(&want, &have);
        if (!each(arg, name ? name : "", col_int(&r, 1), key ? key : "", good)) {
            break;
        }
    }
    db_done(&r);
    pthread_mutex_unlock(&s->whole_lock);
    return r.status;
}
