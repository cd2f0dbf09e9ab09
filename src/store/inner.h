/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of this room share and nobody else sees: the store, the writer's transaction, a view.
 *
 * Threads. The writer owns `writer`, the copier `copier`. `whole` is a reading connection for start-up, journal and attachments, under
 * `whole_lock`. The committed edge lies under `edge_lock`. Each view has a connection of its own.
 */
#ifndef STORE_INNER_H
#define STORE_INNER_H

#include <pthread.h>

#include "store/db.h"
#include "store/fresh.h"
#include "store/store.h"

#define QUEUE_LIMIT 4096            /* jobs that may wait */
#define BATCH_LIMIT 512             /* jobs committed together */
#define GATHERED 256                /* patient jobs that are a batch, however long they have waited */
#define CHECKPOINT_PAGES 2000       /* pages of WAL after which the writer copies them into the database */
#define KEY_LIMIT 200               /* bytes of an index key */
#define KEYS_LIMIT 64               /* keys of a record */
#define TERM_LIMIT 64               /* bytes of a term */
#define TERMS_LIMIT 8192            /* terms of a record */
#define BODY_LIMIT (16u << 20)
#define NODE_STEP 8                 /* stored levels of the tree: 0, 8, 16, ... */
#define SIDE_KEY_BYTES 32

struct removal {                    /* a file that goes once the transaction that forgot it is durable */
    struct removal *next;
    char path[];
};
struct txn {
    struct store *store;
    struct db *db;
    struct tree_edge edge;          /* as the batch leaves it */
    struct removal *removals;
    bool erased;                    /* something must not survive in the WAL either */
    bool move_all;                  /* every fresh index row goes into its table with this batch */
};
struct store {
    char *folder;
    int folder_lock;                /* one process at a time */
    struct db writer;
    pthread_t thread;
    bool running;
    struct txn txn;
    bool refused;                   /* before_commit() refused the batch at work */

    pthread_mutex_t queue_lock;
    pthread_cond_t queue_more;
    struct job *first, *last;
    size_t waiting, pressing;       /* jobs; those among them that are not patient */
    bool closing;

    bool (*before_commit)(void *, struct txn *);
    void (*after)(void *, bool);
    void *hook_arg;

    pthread_mutex_t fault_lock;
    struct store_fault fault;
    int wal_pages;
    struct fresh *fresh;            /* index rows on their way into the tables */
    int64_t last_list;              /* the newest place in index_list */
    bool truncate_due;              /* an erasure's WAL could not yet be truncated */

    struct db copier;               /* its thread's alone, see copy.c */
    pthread_t copy_thread;
    bool copying;
    pthread_mutex_t copy_lock;
    pthread_cond_t copy_news;
    int copy_state;
    bool copy_ends;

    pthread_mutex_t edge_lock;
    struct tree_edge edge;          /* committed */

    pthread_mutex_t whole_lock;
    struct db whole;

    uint8_t side_key[SIDE_KEY_BYTES];
};
struct view {
    struct store *store;
    struct db db;
    sqlite3_stmt *begin, *commit;   /* each page takes a snapshot: their texts are read once */
    const struct guards *guards;    /* of the question being answered; what may_read() looks into */
    bool begun;
    uint64_t snapshot;              /* which of the fresh index rows go with it */
    struct fresh_reader reader;
};

char *store_path(const struct store *, const char *name, char *out, size_t cap);
#define PATH_LIMIT 4096

/* view.c: a snapshot for one question, unless one is held already. */
enum status view_enter(struct view *, bool *ret_mine) MUST_CHECK;
void view_leave(struct view *, bool mine);
/* writer.c */
/* A file of the store's folder goes once this change is durable (and with it what it held, from the WAL as well). */
enum status txn_remove_file(struct txn *, const char *folder, const char *name) MUST_CHECK;
enum status writer_start(struct store *) MUST_CHECK;
void writer_stop(struct store *);
/* copy.c: WAL into database; copy_wal() by the writer, between batches. */
enum status copier_start(struct store *) MUST_CHECK;
void copier_stop(struct store *);
void copy_wal(struct store *);
/* journal.c */
enum status journal_load(struct store *) MUST_CHECK;
/* side.c */
bool side_mac(const struct store *, const char *name, record_id owner, const char *key, label_id, const void *data,
              size_t len, struct hash *ret) MUST_CHECK;
/* records.c */
struct record_head { int64_t position, version, listed; };        /* position -1, version 0: none; listed 0: no list */
enum status record_head(struct txn *, record_id, struct record_head *ret) MUST_CHECK;
enum status record_check(const struct stored_record *, const struct record_head *) MUST_CHECK;
enum status record_put(struct txn *, const struct stored_record *, const struct record_head *, int64_t listed) MUST_CHECK;
bool record_from(struct rows *, struct arena *, struct stored_record *ret);      /* columns as in SQL_GET_RECORD */
/* attachment.c: for restore. */
/* index.c: takes a record out of every index. */
enum status index_drop(struct txn *, record_id) MUST_CHECK;
/* The items of a stored run, one call each with `item` filled in; false when it cannot be read or `each` stopped. */
bool index_list_items(struct arena *, const void *run, size_t len, struct listed_item *item,
                      bool (*each)(void *, const struct listed_item *), void *arg);
/* links.c */
struct stored_link link_from(struct rows *);

#endif
