/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The fixed tables, written once for both stores. SCHEMA(I, B, R, S) gives the list of statements; its four arguments
 * are all in which the stores differ: the words for a 64-bit integer and for bytes, and what follows a table that is
 * only an index (R) and a plain table (S). SQLite gets STRICT everywhere and WITHOUT ROWID where the primary key is the
 * order that is walked; PostgreSQL gets plain tables.
 *
 * The views named seen_... are what reading connections may reach: may_read(guard) says whether the reader's list has
 * the guard. It is a C function on SQLite connections (view.c), and on PostgreSQL a function over the session's list.
 *
 * A register's records are found in the order of their making: so a new one goes to the end of its register's range, where
 * the one before it lies, and not to a page of its own.
 *
 * Rows that only grow (entry, version, body) are keyed by journal position, so a batch writes neighbouring pages;
 * the versions of a record form a chain from the newest through `previous`.
 */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#define SCHEMA_FORMAT "4"
#define SCHEMA_FORMER "3"       /* is brought up to it when it is opened, see store.c */

#define SCHEMA(I, B, R, S) \
    "CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, setting TEXT NOT NULL)" S, \
    "CREATE TABLE label (id " I " NOT NULL PRIMARY KEY, text TEXT NOT NULL)" S, \
    "CREATE TABLE guard (id " I " NOT NULL PRIMARY KEY, register " I " NOT NULL, label " I " NOT NULL, file " I \
        " NOT NULL, party " I " NOT NULL, UNIQUE (register, label, file, party))" S, \
    "CREATE TABLE field (id " I " NOT NULL PRIMARY KEY, register TEXT NOT NULL, field TEXT NOT NULL," \
        " UNIQUE (register, field))" S, \
    "CREATE TABLE record (id " I " NOT NULL PRIMARY KEY, register TEXT NOT NULL, number TEXT NOT NULL, guard " I \
        " NOT NULL, label " I " NOT NULL, file " I " NOT NULL, state TEXT NOT NULL, version " I " NOT NULL, created " I \
        " NOT NULL, updated " I " NOT NULL, position " I " NOT NULL, listed " I " NOT NULL)" R, \
    "CREATE INDEX record_register ON record (register, created)", \
    "CREATE TABLE version (position " I " NOT NULL PRIMARY KEY, record " I " NOT NULL, version " I " NOT NULL, previous " \
        I " NOT NULL, guard " I " NOT NULL, label " I " NOT NULL, file " I " NOT NULL, state TEXT NOT NULL, updated " I \
        " NOT NULL, salt " B ", body " B ")" S, \
    "CREATE TABLE body (position " I " NOT NULL PRIMARY KEY, salt " B " NOT NULL, body " B " NOT NULL)" S, \
    "CREATE TABLE index_list (place " I " NOT NULL PRIMARY KEY, record " I " NOT NULL, guard " I " NOT NULL, updated " I \
        " NOT NULL, list " B " NOT NULL)" S, \
    "CREATE TABLE recent (batch " I " NOT NULL PRIMARY KEY, list " B " NOT NULL)" S, \
    "CREATE TABLE progress (id " I " NOT NULL PRIMARY KEY, batch " I " NOT NULL, packed " I ")" S, \
    "CREATE TABLE value (field " I " NOT NULL, guard " I " NOT NULL, key " B " NOT NULL, record " I " NOT NULL," \
        " PRIMARY KEY (field, guard, key, record))" R, \
    "CREATE TABLE posting (term " B " NOT NULL, guard " I " NOT NULL, updated " I " NOT NULL, record " I " NOT NULL," \
        " rest " B ", PRIMARY KEY (term, guard, updated, record))" R, \
    "CREATE TABLE link (id " I " NOT NULL PRIMARY KEY, field " I " NOT NULL, source " I " NOT NULL, target " I \
        " NOT NULL, source_guard " I " NOT NULL, target_guard " I " NOT NULL, made " I " NOT NULL, cut " I \
        " NOT NULL, position " I " NOT NULL)" R, \
    "CREATE INDEX link_source ON link (source, cut, field, target_guard, made, id)", \
    "CREATE INDEX link_target ON link (target, cut, field, source_guard, made, id)", \
    "CREATE TABLE entry (position " I " NOT NULL PRIMARY KEY, hash " B " NOT NULL, leaf " B " NOT NULL)" S, \
    "CREATE TABLE node (level " I " NOT NULL, place " I " NOT NULL, hash " B " NOT NULL, PRIMARY KEY (level, place))" R, \
    "CREATE TABLE change_key (account " I " NOT NULL, key TEXT NOT NULL, answer TEXT NOT NULL," \
        " PRIMARY KEY (account, key))" R, \
    "CREATE TABLE side (name TEXT NOT NULL, owner " I " NOT NULL, key TEXT NOT NULL, label " I " NOT NULL, mac " B \
        " NOT NULL, data " B " NOT NULL, PRIMARY KEY (name, owner, key))" R, \
    "CREATE TABLE tombstone (kind TEXT NOT NULL, name TEXT NOT NULL, position " I " NOT NULL, PRIMARY KEY (kind, name))" \
        R, \
    "CREATE TABLE attachment (address TEXT NOT NULL PRIMARY KEY, label " I " NOT NULL, file " I " NOT NULL, secret " B \
        " NOT NULL, hash " B " NOT NULL, size " I " NOT NULL, uses " I " NOT NULL)" R, \
    "CREATE TABLE segment (id " I " NOT NULL PRIMARY KEY, guard " I " NOT NULL, source TEXT NOT NULL, secret " B \
        " NOT NULL, first " I " NOT NULL, last " I " NOT NULL, items " I " NOT NULL, size " I " NOT NULL, chain " B \
        " NOT NULL, closed " I " NOT NULL, erased " I " NOT NULL)" S, \
    "CREATE VIEW seen_record AS SELECT r.id, r.register, r.number, r.guard, r.label, r.file, r.state, r.version," \
        " r.created, r.updated, r.position, v.salt, v.body FROM record r JOIN version v ON v.position = r.position" \
        " WHERE may_read(r.guard) = 1", \
    "CREATE VIEW seen_version AS SELECT r.id, r.register, r.number, v.guard, v.label, v.file, v.state, v.version," \
        " r.created, v.updated, v.position, v.salt, v.body, v.previous FROM version v JOIN record r ON r.id = v.record" \
        " WHERE may_read(r.guard) = 1", \
    "CREATE VIEW seen_value AS SELECT field, guard, key, record FROM value WHERE may_read(guard) = 1", \
    "CREATE VIEW seen_posting AS SELECT term, guard, updated, record, rest FROM posting WHERE may_read(guard) = 1", \
    "CREATE VIEW seen_link AS SELECT id, field, source, target, source_guard, target_guard, made, cut, position" \
        " FROM link WHERE may_read(source_guard) = 1 AND may_read(target_guard) = 1", \
    "CREATE VIEW link_step AS SELECT field, source, target, source_guard, target_guard, cut FROM link", \
    "CREATE VIEW seen_progress AS SELECT batch FROM progress WHERE id = 1", \
    "CREATE VIEW seen_side AS SELECT name, owner, key, label, mac, data FROM side"

extern const char *const schema_sqlite[];      /* NULL-terminated */
extern const char *const schema_postgres[];    /* with its prefix: may_read() */
extern const char *const views_seen[];         /* the views that a reading connection may use */

#endif
