/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Records, their versions and erasure. A record's row is its header with the position of the current version; versions
 * lie in journal order and are chained from the newest backwards.
 */
#include <stdio.h>
#include <string.h>

#include "store/inner.h"

bool record_from(struct rows *r, struct arena *arena, struct stored_record *ret)
{
    struct stored_record x = {
        .id = col_int(r, 0), .register_ = col_dup_text(r, 1, arena), .number = col_dup_text(r, 2, arena),
        .guard = (guard_id)col_int(r, 3), .label = (label_id)col_int(r, 4), .file = col_int(r, 5),
        .state = col_dup_text(r, 6, arena), .version = col_int(r, 7), .created = col_int(r, 8),
        .updated = col_int(r, 9), .position = (uint64_t)col_int(r, 10),
    };
    const void *body = col_blob(r, 12);
    if (body) {
        x.body_len = col_len(r, 12);
        x.body = arena_strndup(arena, body, x.body_len);
        if (!col_copy(r, 11, x.salt, SALT_BYTES)) {
            return false;
        }
    }
    *ret = x;
    return true;
}

enum status record_head(struct txn *txn, record_id id, struct record_head *ret)
{
    struct rows r = QUERY(txn->db, SQL_RECORD_POSITION, INT(id));
    struct record_head head = {.position = -1};
    if (db_step(&r)) {
        head = (struct record_head){col_int(&r, 0), col_int(&r, 1), col_int(&r, 2)};
    }
    enum status status = r.status;
    db_done(&r);
    if (status == OK) {
        *ret = head;
    }
    return status;
}

enum status record_check(const struct stored_record *x, const struct record_head *head)
{
    if (x->id <= 0 || x->guard <= 0 || x->version < 1 || !x->register_ || !x->number || !x->state) {
        return BAD_INPUT;
    }
    if (x->body_len > BODY_LIMIT) {
        return TOO_LARGE;
    }
    return x->version == head->version + 1 ? OK : CONFLICT;
}

enum status record_put(struct txn *txn, const struct stored_record *x, const struct record_head *head, int64_t listed)
{
    enum status status = RUN(txn->db, SQL_PUT_VERSION, INT((int64_t)x->position), INT(x->id), INT(x->version),
                             INT(head->position), INT(x->guard), INT(x->label), INT(x->file), TEXT(x->state),
                             INT(x->updated), BLOB(x->body ? x->salt : NULL, SALT_BYTES), BLOB(x->body, x->body_len));
    if (status != OK) {
        return status;
    }
    return RUN(txn->db, SQL_PUT_RECORD, INT(x->id), TEXT(x->register_), TEXT(x->number), INT(x->guard), INT(x->label),
               INT(x->file), TEXT(x->state), INT(x->version), INT(x->created), INT(x->updated),
               INT((int64_t)x->position), INT(listed));
}

enum status txn_put_record(struct txn *txn, const struct stored_record *x)
{
    struct record_head head;
    enum status status = record_head(txn, x->id, &head);
    if (status == OK) {
        status = record_check(x, &head);
    }
    return status == OK ? record_put(txn, x, &head, head.listed) : status;
}

enum status txn_get_record(struct txn *txn, record_id id, struct arena *arena, struct stored_record *ret)
{
    struct rows r = QUERY(txn->db, SQL_GET_RECORD, INT(id));
    enum status status = ABSENT;
    if (db_step(&r)) {
        status = record_from(&r, arena, ret) ? OK : DAMAGED;
    } else if (r.status != OK) {
        status = r.status;
    }
    db_done(&r);
    return status;
}

static enum status erase_chain(struct txn *txn, int64_t position)
{
    while (position >= 0) {
        enum status status = RUN(txn->db, SQL_ERASE_VERSION, INT(position));
        if (status != OK) {
            return status;
        }
        struct rows r = QUERY(txn->db, SQL_PREVIOUS_VERSION, INT(position));
        int64_t previous = db_step(&r) ? col_int(&r, 0) : -1;
        status = r.status;
        db_done(&r);
        if (status != OK) {
            return status;
        }
        if (previous >= position) {
            return DAMAGED;             /* the chain only leads backwards */
        }
        position = previous;
    }
    return OK;
}

enum status txn_erase_record(struct txn *txn, record_id id, uint64_t position)
{
    struct rows r = QUERY(txn->db, SQL_RECORD_POSITION, INT(id));
    int64_t newest = db_step(&r) ? col_int(&r, 0) : -1;
    enum status status = r.status;
    db_done(&r);
    if (status == OK && newest < 0) {
        return ABSENT;
    }
    if (status == OK) {
        status = erase_chain(txn, newest);
    }
    if (status == OK) {
        status = index_drop(txn, id);
    }
    if (status == OK) {
        char name[24];
        snprintf(name, sizeof name, "%lld", (long long)id);
        status = RUN(txn->db, SQL_PUT_TOMBSTONE, TEXT("record"), TEXT(name), INT((int64_t)position));
    }
    txn->erased = true;
    return status;
}

/* ---- interning ---- */

enum status txn_put_label(struct txn *txn, label_id id, const char *text)
{
    return RUN(txn->db, SQL_PUT_LABEL, INT(id), TEXT(text));
}

enum status txn_put_guard(struct txn *txn, const struct stored_guard *g)
{
    return RUN(txn->db, SQL_PUT_GUARD, INT(g->id), INT(g->register_), INT(g->label), INT(g->file), INT(g->party));
}

enum status txn_put_field(struct txn *txn, field_id id, const char *register_, const char *field)
{
    return RUN(txn->db, SQL_PUT_FIELD, INT(id), TEXT(register_), TEXT(field));
}

/* ---- change keys ---- */

enum status txn_get_key(struct txn *txn, record_id account, const char *key, struct arena *arena, const char **ret_answer)
{
    struct rows r = QUERY(txn->db, SQL_GET_KEY, INT(account), TEXT(key));
    enum status status = ABSENT;
    if (db_step(&r)) {
        *ret_answer = col_dup_text(&r, 0, arena);
        status = OK;
    } else if (r.status != OK) {
        status = r.status;
    }
    db_done(&r);
    return status;
}

enum status txn_put_key(struct txn *txn, record_id account, const char *key, const char *answer)
{
    return RUN(txn->db, SQL_PUT_KEY, INT(account), TEXT(key), TEXT(answer));
}
