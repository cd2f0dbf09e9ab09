/* SPDX-License-Identifier: GPL-3.0-or-later
 * See posting.h.
 */
#include "store/posting.h"

#include <string.h>

#define PLACE_BYTES 16
#define REST_MOST ((PACK_MOST - 1) * PLACE_BYTES)

struct pack { struct posting places[PACK_MOST + 1]; size_t n; };        /* n 0: none */

static void write_place(struct posting p, uint8_t out[PLACE_BYTES])
{
    time_key(p.updated, out);
    time_key(p.record, out + TIME_KEY);
}

bool posting_read(struct posting first, const void *rest, size_t len, struct posting out[PACK_MOST], size_t *ret_n)
{
    const uint8_t *at = rest;
    size_t n = 1;
    if (len % PLACE_BYTES != 0 || len > REST_MOST) {
        return false;
    }
    out[0] = first;
    for (; len; len -= PLACE_BYTES, at += PLACE_BYTES, n++) {
        out[n] = (struct posting){key_time(at), key_time(at + TIME_KEY)};
        if (posting_order(out[n - 1], out[n]) >= 0) {
            return false;
        }
    }
    *ret_n = n;
    return true;
}

/* The row whose places could hold this one: the newest that begins at or before it. */
static enum status look(struct db *db, struct fresh_name name, struct posting at, struct pack *ret)
{
    struct rows r = QUERY(db, SQL_POSTING_AT, BLOB(name.name, name.len), INT(name.guard), INT(at.updated), INT(at.record));
    bool good = true;
    ret->n = 0;
    if (db_step(&r)) {
        good = posting_read((struct posting){col_int(&r, 0), col_int(&r, 1)}, col_blob(&r, 2), col_len(&r, 2), ret->places, &ret->n);
    }
    enum status status = r.status == OK && !good ? DAMAGED : r.status;
    db_done(&r);
    return status;
}

/* The first place at or behind `at`. */
static size_t find(const struct pack *pack, struct posting at)
{
    size_t i = 0;
    while (i < pack->n && posting_order(pack->places[i], at) < 0) {
        i++;
    }
    return i;
}

static bool holds(const struct pack *pack, size_t i, struct posting at)
{
    return i < pack->n && posting_order(pack->places[i], at) == 0;
}

static enum status write_row(struct db *db, struct fresh_name name, const struct posting *places, size_t n)
{
    uint8_t rest[REST_MOST];
    for (size_t i = 1; i < n; i++) {
        write_place(places[i], rest + (i - 1) * PLACE_BYTES);
    }
    return RUN(db, SQL_PUT_PACK, BLOB(name.name, name.len), INT(name.guard), INT(places[0].updated), INT(places[0].record),
               BLOB(n > 1 ? rest : NULL, (n - 1) * PLACE_BYTES));
}

static enum status put_single(struct db *db, struct fresh_name name, struct posting at)
{
    return RUN(db, SQL_PUT_POSTING, BLOB(name.name, name.len), INT(name.guard), INT(at.updated), INT(at.record));
}

static enum status drop_row(struct db *db, struct fresh_name name, struct posting at)
{
    return RUN(db, SQL_DROP_POSTING, BLOB(name.name, name.len), INT(name.guard), INT(at.updated), INT(at.record));
}

/* Into a pack that it lies inside of; one that grows too large becomes two. */
static enum status put_inside(struct db *db, struct fresh_name name, struct posting at, struct pack *pack, size_t i)
{
    memmove(pack->places + i + 1, pack->places + i, (pack->n - i) * sizeof *pack->places);
    pack->places[i] = at;
    pack->n++;
    size_t half = pack->n <= PACK_MOST ? pack->n : pack->n / 2;
    enum status status = write_row(db, name, pack->places, half);
    return status == OK && half < pack->n ? write_row(db, name, pack->places + half, pack->n - half) : status;
}

enum status posting_put(struct db *db, struct fresh_name name, struct posting at, moment packed)
{
    struct pack pack;
    if (at.updated > packed) {
        return put_single(db, name, at);
    }
    enum status status = look(db, name, at, &pack);
    if (status != OK) {
        return status;
    }
    size_t i = find(&pack, at);
    if (holds(&pack, i, at)) {
        return OK;
    }
    return i == pack.n ? put_single(db, name, at) : put_inside(db, name, at, &pack, i);
}

enum status posting_drop(struct db *db, struct fresh_name name, struct posting at, moment packed)
{
    struct pack pack;
    if (at.updated > packed) {
        return drop_row(db, name, at);
    }
    enum status status = look(db, name, at, &pack);
    size_t i = status == OK ? find(&pack, at) : 0;
    if (status != OK || !holds(&pack, i, at)) {
        return status;
    }
    if (i == 0) {
        status = drop_row(db, name, at);
    }
    memmove(pack.places + i, pack.places + i + 1, (pack.n - i - 1) * sizeof *pack.places);
    pack.n--;
    return status == OK && pack.n ? write_row(db, name, pack.places, pack.n) : status;
}

enum status posting_put_all(struct db *db, struct fresh_name name, const struct posting *places, size_t n)
{
    struct pack before;
    enum status status = look(db, name, places[n - 1], &before);
    if (status == OK && (!before.n || posting_order(before.places[before.n - 1], places[0]) < 0)) {
        return write_row(db, name, places, n);
    }
    for (size_t i = 0; status == OK && i < n; i++) {
        status = posting_put(db, name, places[i], INT64_MAX);
    }
    return status;
}

enum status posting_has(struct db *db, struct fresh_name name, struct posting at, bool *ret)
{
    struct pack pack;
    enum status status = look(db, name, at, &pack);
    *ret = status == OK && holds(&pack, find(&pack, at), at);
    return status;
}
