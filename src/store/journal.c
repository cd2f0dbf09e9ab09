/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Entries and the tree's nodes. Each entry's row holds its leaf hash; beside these only the roots of complete subtrees
 * of 2^8, 2^16, ... leaves are stored, and a node in between is folded from at most 128 of the level below. So the
 * tree costs one row more in 256, and any node of any tree is some hundred hashes away.
 */
#include "store/inner.h"

enum status txn_append(struct txn *txn, const void *leaf, size_t len, uint64_t *ret_position)
{
    struct tree_edge *edge = &txn->edge;
    uint64_t position = edge->size;
    const struct hash first = tree_leaf(leaf, len);
    struct hash hash = first;
    enum status status = RUN(txn->db, SQL_PUT_ENTRY, INT((int64_t)position), BLOB(hash.bytes, HASH_BYTES),
                             BLOB(leaf, len));
    for (unsigned level = 0; status == OK && (position >> level & 1); ) {
        hash = tree_node(&edge->peak[level], &hash);
        level++;
        if (level % NODE_STEP == 0) {
            status = RUN(txn->db, SQL_PUT_NODE, INT(level), INT((int64_t)(position >> level)),
                         BLOB(hash.bytes, HASH_BYTES));
        }
    }
    if (status != OK) {
        return status;
    }
    tree_append(edge, &first);
    *ret_position = position;
    return OK;
}

uint64_t txn_journal_size(struct txn *txn)
{
    return txn->edge.size;
}

enum status txn_put_body(struct txn *txn, uint64_t position, const uint8_t salt[SALT_BYTES], const void *body, size_t len)
{
    if (len > BODY_LIMIT) {
        return TOO_LARGE;
    }
    return RUN(txn->db, SQL_PUT_BODY, INT((int64_t)position), BLOB(salt, SALT_BYTES), BLOB(body, len));
}

/* ---- the tree ---- */

static enum status node_of(struct db *db, unsigned level, uint64_t place, struct hash *ret)
{
    unsigned base = level - level % NODE_STEP, up = level - base;
    int64_t from = (int64_t)(place << up), to = (int64_t)((place + 1) << up);
    struct hash fold[NODE_STEP + 1];    /* as a small edge: fold[i] waits for its right brother */
    uint64_t n = 0;
    struct rows r = base == 0 ? QUERY(db, SQL_LEAF_HASHES, INT(from), INT(to))
                              : QUERY(db, SQL_NODE_HASHES, INT(base), INT(from), INT(to));
    bool good = true;
    while (good && db_step(&r)) {
        struct hash h;
        good = col_int(&r, 0) == from + (int64_t)n && col_copy(&r, 1, h.bytes, HASH_BYTES);
        unsigned i = 0;
        for (; good && (n >> i & 1); i++) {
            h = tree_node(&fold[i], &h);
        }
        fold[i] = h;
        n++;
    }
    enum status status = r.status;
    db_done(&r);
    if (status == OK && (!good || n != UINT64_C(1) << up)) {
        status = n == 0 && good ? ABSENT : DAMAGED;
    }
    if (status == OK) {
        *ret = fold[up];
    }
    return status;
}

static enum status tree_node_at(void *arg, unsigned level, uint64_t place, struct hash *ret)
{
    struct store *s = arg;
    if (level >= TREE_LEVELS || place > (UINT64_C(1) << 62) >> level) {
        return ABSENT;
    }
    pthread_mutex_lock(&s->whole_lock);
    enum status status = node_of(&s->whole, level, place, ret);
    pthread_mutex_unlock(&s->whole_lock);
    return status;
}

struct tree_source store_tree(struct store *s)
{
    return (struct tree_source){.node = tree_node_at, .arg = s};
}

enum status journal_load(struct store *s)
{
    struct rows r = QUERY_ALL(&s->whole, SQL_JOURNAL_SIZE);
    uint64_t size = 0;
    if (db_step(&r) && sqlite3_column_type(r.s, 0) == SQLITE_INTEGER) {
        size = (uint64_t)col_int(&r, 0) + 1;
    }
    enum status status = r.status;
    db_done(&r);
    struct tree_edge edge = {.size = size};
    for (unsigned level = 0; level < TREE_LEVELS && status == OK; level++) {
        if (size >> level & 1) {
            status = node_of(&s->whole, level, (size >> level) - 1, &edge.peak[level]);
        }
    }
    if (status == ABSENT) {
        status = DAMAGED;
    }
    if (status == OK) {
        s->edge = edge;
    }
    return status;
}

uint64_t store_journal_size(struct store *s)
{
    pthread_mutex_lock(&s->edge_lock);
    uint64_t size = s->edge.size;
    pthread_mutex_unlock(&s->edge_lock);
    return size;
}

enum status store_journal_edge(struct store *s, struct tree_edge *ret)
{
    pthread_mutex_lock(&s->edge_lock);
    *ret = s->edge;
    pthread_mutex_unlock(&s->edge_lock);
    return OK;
}
