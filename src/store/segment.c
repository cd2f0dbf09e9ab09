/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See segment.h. A file is a run of blocks, each a head of 72 bytes and the sealed bytes:
 *
 *     0 "BLK1"   4 sealed length   8 plain length   12 items   16 from   24 to   32 chain (32 bytes)   64 number
 *
 * numbers little-endian. The plain bytes are compressed with zstd and sealed under the segment's key; the nonce is the
 * block's number, the head without its chain is bound in. chain = SHA-256(chain before || head without chain || sealed),
 * beginning with SHA-256 of the segment's id and source. A torn tail fails its chain and ends an open segment.
 */
#include "store/segment.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "store/disk.h"
#include "store/inner.h"

#define HEAD 72
#define SECRET crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG crypto_aead_xchacha20poly1305_ietf_ABYTES

struct tally { struct segment_info info; uint64_t blocks, at; };

struct segment_writer {
    struct store *store;
    int fd;
    uint8_t secret[SECRET];
    struct tally t;
    uint8_t *room;              /* sealed block, then compressed bytes */
    enum status failed;         /* after a failure nothing more is appended */
    char path[];
};

static void put_number(uint8_t *at, uint64_t n, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(n >> (8 * i));
    }
}

static uint64_t get_number(const uint8_t *at, int bytes)
{
    uint64_t n = 0;
    for (int i = 0; i < bytes; i++) {
        n |= (uint64_t)at[i] << (8 * i);
    }
    return n;
}

static struct hash first_link(record_id id, const char *source)
{
    uint8_t number[8];
    put_number(number, (uint64_t)id, 8);
    return sha256_two(number, sizeof number, source, strlen(source));
}

static struct hash next_link(const struct hash *chain, const uint8_t head[HEAD], const void *sealed, size_t len)
{
    uint8_t both[HASH_BYTES + HEAD];
    memcpy(both, chain->bytes, HASH_BYTES);
    memcpy(both + HASH_BYTES, head, HEAD);
    memset(both + HASH_BYTES + 32, 0, HASH_BYTES);
    return sha256_two(both, sizeof both, sealed, len);
}

static void count_block(struct tally *t, size_t plain, uint32_t items, moment from, moment to, size_t sealed)
{
    bool first = t->blocks == 0;
    t->info.from = first || from < t->info.from ? from : t->info.from;
    t->info.to = first || to > t->info.to ? to : t->info.to;
    t->info.items += items;
    t->info.bytes += plain;
    t->blocks++;
    t->at += HEAD + sealed;
}

static bool path_of(const struct store *s, record_id id, char *out, size_t cap)
{
    int n = snprintf(out, cap, "%s/segments/%llx", s->folder, (unsigned long long)id);
    return n > 0 && (size_t)n < cap;
}

static enum status fault(struct reasons *why, enum status status)
{
    if (why && status != OK && status != ABSENT) {
        reason_add(why, "segment.disk", NULL, status == DAMAGED ? T_("the segment's file does not verify")
                   : status == CONFLICT ? T_("a segment of this number is there already")
                   : T_("the segment could not be read or written"));
    }
    return status;
}

/* ---- rows ---- */

struct row { struct segment_info info; uint8_t secret[SECRET]; char *source; };

static bool row_from(struct rows *r, struct arena *arena, struct row *ret)
{
    struct segment_info *i = &ret->info;
    *i = (struct segment_info){.id = col_int(r, 0), .guard = (guard_id)col_int(r, 1),
                               .source = col_dup_text(r, 2, arena), .from = col_int(r, 4), .to = col_int(r, 5),
                               .items = (uint64_t)col_int(r, 6), .bytes = (uint64_t)col_int(r, 7),
                               .closed = col_int(r, 9) != 0, .erased = col_int(r, 10) != 0};
    if (!i->items && !i->bytes) {
        i->from = i->to = MOMENT_NONE;
    }
    return col_copy(r, 8, i->chain.bytes, HASH_BYTES) && (i->erased || col_copy(r, 3, ret->secret, SECRET));
}

static enum status find(struct store *s, record_id id, struct arena *arena, struct row *ret)
{
    pthread_mutex_lock(&s->whole_lock);
    struct rows r = QUERY(&s->whole, SQL_GET_SEGMENT, INT(id));
    enum status status = ABSENT;
    if (db_step(&r)) {
        status = row_from(&r, arena, ret) ? OK : DAMAGED;
    } else if (r.status != OK) {
        status = r.status;
    }
    db_done(&r);
    pthread_mutex_unlock(&s->whole_lock);
    return status;
}

struct row_job { struct job job; record_id id; guard_id guard; const char *source; const uint8_t *secret;
                 const struct segment_info *info; struct hash chain; enum status status; };

static bool run_create(struct job *job, struct txn *txn)
{
    struct row_job *j = (struct row_job *)job;
    j->status = RUN(txn->db, SQL_PUT_SEGMENT, INT(j->id), INT(j->guard), TEXT(j->source), BLOB(j->secret, SECRET),
                    BLOB(j->chain.bytes, HASH_BYTES));
    return j->status == OK;
}

static bool run_close(struct job *job, struct txn *txn)
{
    struct row_job *j = (struct row_job *)job;
    bool empty = j->info->from == MOMENT_NONE;
    j->status = RUN(txn->db, SQL_CLOSE_SEGMENT, INT(empty ? 0 : j->info->from), INT(empty ? 0 : j->info->to),
                    INT((int64_t)j->info->items), INT((int64_t)j->info->bytes), BLOB(j->info->chain.bytes, HASH_BYTES),
                    INT(j->info->id));
    return j->status == OK;
}

static void no_settled(struct job *job, bool committed) {}

static enum status perform(struct store *s, struct row_job *j, bool (*run)(struct job *, struct txn *))
{
    bool committed = false;
    j->job = (struct job){.run = run, .settled = no_settled};
    enum status status = store_perform(s, &j->job, &committed);
    return status != OK ? status : committed ? OK : j->status != OK ? j->status : FAILED_IO;
}

/* ---- writing ---- */

static struct segment_writer *new_writer(struct store *s)
{
    struct segment_writer *w = calloc(1, sizeof *w + PATH_LIMIT);
    if (w) {
        w->store = s;
        w->fd = -1;
        w->room = malloc(2 * ZSTD_compressBound(SEGMENT_BLOCK_LIMIT) + TAG);
        w->t.info.from = w->t.info.to = MOMENT_NONE;
    }
    return w;
}

static void free_writer(struct segment_writer *w)
{
    if (w) {
        if (w->fd >= 0) {
            close(w->fd);
        }
        wipe(w->secret, sizeof w->secret);
        free(w->room);
        free(w);
    }
}

enum status segment_create(struct store *s, record_id id, guard_id guard, const char *source, struct reasons *why,
                           struct segment_writer **ret)
{
    char folder[PATH_LIMIT];
    struct segment_writer *w = sodium_init() < 0 ? NULL : new_writer(s);
    if (!w || !w->room) {
        free_writer(w);
        return fault(why, NO_MEMORY);
    }
    w->t.info.id = id;
    w->t.info.guard = guard;
    w->t.info.chain = first_link(id, source);
    random_bytes(w->secret, sizeof w->secret);
    struct row_job j = {.id = id, .guard = guard, .source = source, .secret = w->secret, .chain = w->t.info.chain};
    enum status status = path_of(s, id, w->path, PATH_LIMIT) && store_path(s, "segments", folder, sizeof folder)
                             ? perform(s, &j, run_create) : TOO_LARGE;
    if (status == OK && (w->fd = disk->create(w->path)) < 0) {
        status = FAILED_IO;
    }
    if (status == OK && disk->sync_folder(folder) != 0) {
        status = FAILED_IO;
    }
    if (status != OK) {
        free_writer(w);
        return fault(why, status);
    }
    *ret = w;
    return OK;
}

static void nonce_of(uint64_t number, uint8_t nonce[NONCE])
{
    memset(nonce, 0, NONCE);
    put_number(nonce, number, 8);
}

enum status segment_append(struct segment_writer *w, const void *block, size_t len, uint32_t items, moment from, moment to)
{
    if (w->failed != OK) {
        return w->failed;
    }
    if (len > SEGMENT_BLOCK_LIMIT || from > to) {
        return len > SEGMENT_BLOCK_LIMIT ? TOO_LARGE : BAD_INPUT;
    }
    uint8_t head[HEAD] = "BLK1", nonce[NONCE], *packed = w->room + ZSTD_compressBound(SEGMENT_BLOCK_LIMIT) + TAG;
    size_t n = ZSTD_compress(packed, ZSTD_compressBound(SEGMENT_BLOCK_LIMIT), block, len, 3);
    if (ZSTD_isError(n)) {
        return NO_MEMORY;
    }
    put_number(head + 4, n + TAG, 4);
    put_number(head + 8, len, 4);
    put_number(head + 12, items, 4);
    put_number(head + 16, (uint64_t)from, 8);
    put_number(head + 24, (uint64_t)to, 8);
    put_number(head + 64, w->t.blocks, 8);
    nonce_of(w->t.blocks, nonce);
    unsigned long long sealed;
    crypto_aead_xchacha20poly1305_ietf_encrypt(w->room, &sealed, packed, n, head, HEAD, NULL, nonce, w->secret);
    struct hash chain = next_link(&w->t.info.chain, head, w->room, (size_t)sealed);
    memcpy(head + 32, chain.bytes, HASH_BYTES);
    enum status status = disk_write(w->fd, w->path, w->t.at, head, HEAD);
    if (status == OK) {
        status = disk_write(w->fd, w->path, w->t.at + HEAD, w->room, (size_t)sealed);
    }
    if (status != OK) {
        return status;              /* the next try writes over the torn block */
    }
    w->t.info.chain = chain;
    count_block(&w->t, len, items, from, to, (size_t)sealed);
    return OK;
}

enum status segment_sync(struct segment_writer *w)
{
    if (w->failed == OK && disk->sync(w->fd, w->path) != 0) {
        w->failed = FAILED_IO;      /* what the disk holds is not known any more */
    }
    return w->failed;
}

enum status segment_close(struct segment_writer *w, struct segment_info *ret)
{
    enum status status = segment_sync(w);
    if (status == OK && ftruncate(w->fd, (off_t)w->t.at) != 0) {
        status = FAILED_IO;         /* a torn block behind the last whole one */
    }
    if (status == OK) {
        struct row_job j = {.info = &w->t.info};
        status = perform(w->store, &j, run_close);
    }
    if (status == OK) {
        w->t.info.closed = true;
        *ret = w->t.info;
    }
    free_writer(w);
    return status;
}

void segment_abandon(struct segment_writer *w)
{
    free_writer(w);
}

/* ---- reading ---- */

struct reading {
    int fd;
    const struct row *row;
    struct tally t;
    uint8_t *room;
    bool (*each)(void *, const void *, size_t, uint32_t);
    void *arg;
    bool stopped;
};

/* One block; ABSENT at the end of the file, DAMAGED when it is torn or changed. */
static enum status read_block(struct reading *g)
{
    uint8_t head[HEAD], nonce[NONCE], *plain;
    enum status status = disk_read(g->fd, g->t.at, head, HEAD);
    if (status != OK) {
        return status == ABSENT && disk_size(g->fd) != g->t.at ? DAMAGED : status;
    }
    size_t sealed = (size_t)get_number(head + 4, 4), len = (size_t)get_number(head + 8, 4);
    size_t bound = ZSTD_compressBound(SEGMENT_BLOCK_LIMIT);
    if (memcmp(head, "BLK1", 4) != 0 || sealed < TAG || sealed > bound + TAG || len > SEGMENT_BLOCK_LIMIT
        || get_number(head + 64, 8) != g->t.blocks) {
        return DAMAGED;
    }
    status = disk_read(g->fd, g->t.at + HEAD, g->room, sealed);
    if (status != OK) {
        return status == ABSENT ? DAMAGED : status;
    }
    struct hash chain = next_link(&g->t.info.chain, head, g->room, sealed);
    if (!bytes_equal(chain.bytes, head + 32, HASH_BYTES)) {
        return DAMAGED;
    }
    memset(head + 32, 0, HASH_BYTES);
    nonce_of(g->t.blocks, nonce);
    plain = g->room + bound + TAG;
    unsigned long long packed;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(g->room, &packed, NULL, g->room, sealed, head, HEAD, nonce,
                                                   g->row->secret) != 0
        || ZSTD_decompress(plain, SEGMENT_BLOCK_LIMIT, g->room, (size_t)packed) != len) {
        return DAMAGED;
    }
    g->t.info.chain = chain;
    count_block(&g->t, len, (uint32_t)get_number(head + 12, 4), (moment)get_number(head + 16, 8),
                (moment)get_number(head + 24, 8), sealed);
    g->stopped = g->each && !g->each(g->arg, plain, len, (uint32_t)get_number(head + 12, 4));
    return OK;
}

static enum status read_all(struct store *s, const struct row *row, struct reading *g)
{
    char path[PATH_LIMIT];
    g->row = row;
    g->t.info = (struct segment_info){.id = row->info.id, .guard = row->info.guard, .from = MOMENT_NONE,
                                      .to = MOMENT_NONE, .chain = first_link(row->info.id, row->info.source)};
    g->fd = path_of(s, row->info.id, path, sizeof path) ? disk_open(path) : -1;
    if (g->fd < 0) {
        return DAMAGED;
    }
    g->room = malloc(ZSTD_compressBound(SEGMENT_BLOCK_LIMIT) + TAG + SEGMENT_BLOCK_LIMIT);
    enum status status = g->room ? OK : NO_MEMORY;
    while (status == OK && !g->stopped) {
        status = read_block(g);
    }
    if (status == ABSENT || (status == DAMAGED && !row->info.closed)) {
        status = OK;                    /* the end, or of an open segment the last whole block */
    }
    if (status == OK && row->info.closed && !g->stopped && !hash_equal(&g->t.info.chain, &row->info.chain)) {
        status = DAMAGED;               /* cut at a block's border */
    }
    free(g->room);
    close(g->fd);
    return status;
}

enum status segment_read(struct store *s, const struct guards *guards, record_id id,
                         bool (*each)(void *, const void *, size_t, uint32_t), void *arg, struct reasons *why)
{
    struct arena *arena = arena_new(1u << 20);
    struct row row;
    struct reading g = {.each = each, .arg = arg};
    if (!arena) {
        return fault(why, NO_MEMORY);
    }
    enum status status = find(s, id, arena, &row);
    if (status == OK && (row.info.erased || !guards_have(guards, row.info.guard))) {
        status = ABSENT;
    }
    if (status == OK) {
        status = read_all(s, &row, &g);
    }
    wipe(&row, sizeof row);
    arena_free(arena);
    return fault(why, status);
}

enum status segment_look(struct store *s, const struct guards *guards, record_id id, struct arena *arena, struct segment_info *ret)
{
    struct row row;
    enum status status = find(s, id, arena, &row);
    if (status == OK && (row.info.erased || !guards_have(guards, row.info.guard))) {
        status = ABSENT;
    }
    if (status == OK) {
        *ret = row.info;
    }
    wipe(row.secret, sizeof row.secret);
    return status;
}

enum status segment_verify(struct store *s, record_id id)
{
    struct arena *arena = arena_new(1u << 20);
    struct row row;
    struct reading g = {0};
    if (!arena) {
        return NO_MEMORY;
    }
    enum status status = find(s, id, arena, &row);
    if (status == OK && !row.info.erased) {
        status = read_all(s, &row, &g);
    }
    wipe(&row, sizeof row);
    arena_free(arena);
    return status;
}

enum status segment_recover(struct store *s, record_id id, struct reasons *why, struct segment_info *ret)
{
    char path[PATH_LIMIT];
    struct arena *arena = arena_new(1u << 20);
    struct row row;
    struct reading g = {0};
    if (!arena) {
        return fault(why, NO_MEMORY);
    }
    enum status status = find(s, id, arena, &row);
    if (status == OK && (row.info.closed || row.info.erased)) {
        status = REFUSED;
    }
    if (status == OK && path_of(s, id, path, sizeof path) && access(path, F_OK) != 0) {
        int fd = disk->create(path);    /* lost before its folder was synced: an empty segment */
        status = fd < 0 || close(fd) != 0 ? FAILED_IO : OK;
    }
    if (status == OK) {
        status = read_all(s, &row, &g);
    }
    if (status == OK && truncate(path, (off_t)g.t.at) != 0) {
        status = FAILED_IO;
    }
    if (status == OK) {
        struct row_job j = {.info = &g.t.info};
        status = perform(s, &j, run_close);
    }
    if (status == OK) {
        g.t.info.closed = true;
        *ret = g.t.info;
    }
    wipe(&row, sizeof row);
    arena_free(arena);
    return status == REFUSED ? REFUSED : fault(why, status);
}

/* ---- erasing, listing ---- */

enum status segment_erase(struct txn *txn, record_id id, uint64_t position)
{
    static const uint8_t none[1];
    char name[32];
    struct rows r = QUERY(txn->db, SQL_ERASE_SEGMENT, BLOB(none, 0), INT(id));
    bool there = false;
    while (db_step(&r)) {
        there = true;
    }
    db_done(&r);
    if (r.status != OK || !there) {
        return r.status != OK ? r.status : ABSENT;
    }
    snprintf(name, sizeof name, "%lld", (long long)id);
    enum status status = RUN(txn->db, SQL_PUT_TOMBSTONE, TEXT("segment"), TEXT(name), INT((int64_t)position));
    snprintf(name, sizeof name, "%llx", (unsigned long long)id);
    return status == OK ? txn_remove_file(txn, "segments", name) : status;
}

enum status segment_each(struct store *s, bool (*each)(void *, const struct segment_info *), void *arg)
{
    struct arena *arena = arena_new(1u << 20);
    if (!arena) {
        return NO_MEMORY;
    }
    pthread_mutex_lock(&s->whole_lock);
    struct rows r = QUERY_ALL(&s->whole, SQL_EACH_SEGMENT);
    bool good = true, go = true;
    while (go && db_step(&r)) {
        struct row row;
        arena_clear(arena);
        good = row_from(&r, arena, &row);
        go = good && each(arg, &row.info);
        wipe(row.secret, sizeof row.secret);
    }
    db_done(&r);
    pthread_mutex_unlock(&s->whole_lock);
    arena_free(arena);
    return r.status != OK ? r.status : good ? OK : DAMAGED;
}
