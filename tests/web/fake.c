/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The invented office of the web's tests; see fake.h.
 */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake fake = {.lock = PTHREAD_MUTEX_INITIALIZER};
const uint8_t FAKE_SEED[TOTP_SEED] = "aaaaaaaaaaaaaaaaaaaa";

/* A reader is account and appointment; what they may read is even guards for account 1, all for account 2. */
struct fake_reader { int64_t account, appointment; };

bool reader_has_right(const struct reader *reader, const char *right)
{
    const struct fake_reader *r = (const void *)reader;
    return strcmp(right, "second-post") == 0 && r->appointment == 22;
}

bool reader_may(const struct reader *reader, guard_id guard)
{
    const struct fake_reader *r = (const void *)reader;
    return r->account == 2 || guard % 2 == 0;
}

moment fake_clock(void *arg) { return __atomic_load_n(&fake.now, __ATOMIC_SEQ_CST); }

static enum status find(void *arg, const char *login, int64_t *ret_account, bool *ret_active)
{
    static const char *const LOGINS[] = {"anna", "bert", "carl", "dora"};
    for (int i = 0; i < 4; i++) {
        if (strcasecmp(login, LOGINS[i]) == 0) {
            *ret_account = i + 1;
            *ret_active = i != 2;
            return OK;
        }
    }
    return ABSENT;
}

static int row_of(const char *table, int64_t account, const char *key)
{
    for (int i = 0; i < 256; i++) {
        if (fake.rows[i].used && strcmp(fake.rows[i].table, table) == 0 && fake.rows[i].account == account && strcmp(fake.rows[i].key, key) == 0) return i;
    }
    return -1;
}

static enum status get(void *arg, const char *table, int64_t account, const char *key, struct arena *arena, const void **ret, size_t *ret_len)
{
    pthread_mutex_lock(&fake.lock);
    int i = row_of(table, account, key);
    if (i >= 0) {
        *ret = arena_memdup(arena, fake.rows[i].data, fake.rows[i].len);
        *ret_len = fake.rows[i].len;
    }
    pthread_mutex_unlock(&fake.lock);
    return i >= 0 ? OK : ABSENT;
}

static enum status put(void *arg, const char *table, int64_t account, const char *key, const void *data, size_t len)
{
    pthread_mutex_lock(&fake.lock);
    int i = row_of(table, account, key);
    for (int k = 0; i < 0 && k < 256; k++) {
        if (!fake.rows[k].used) i = k;
    }
    enum status status = i < 0 || len > sizeof fake.rows[i].data ? TOO_LARGE : OK;
    if (status == OK) {
        fake.rows[i].used = true;
        snprintf(fake.rows[i].table, sizeof fake.rows[i].table, "%s", table);
        snprintf(fake.rows[i].key, sizeof fake.rows[i].key, "%s", key);
        fake.rows[i].account = account;
        memcpy(fake.rows[i].data, data, len);
        fake.rows[i].len = len;
    }
    pthread_mutex_unlock(&fake.lock);
    return status;
}

static enum status drop(void *arg, const char *table, int64_t account, const char *key)
{
    pthread_mutex_lock(&fake.lock);
    int i = row_of(table, account, key);
    if (i >= 0) fake.rows[i].used = false;
    pthread_mutex_unlock(&fake.lock);
    return i >= 0 ? OK : ABSENT;
}

static enum status each(void *arg, const char *table, int64_t account, bool (*one)(void *, const char *, const void *, size_t), void *one_arg)
{
    pthread_mutex_lock(&fake.lock);
    for (int i = 0; i < 256; i++) {
        if (fake.rows[i].used && fake.rows[i].account == account && strcmp(fake.rows[i].table, table) == 0 &&
            !one(one_arg, fake.rows[i].key, fake.rows[i].data, fake.rows[i].len)) {
            break;
        }
    }
    pthread_mutex_unlock(&fake.lock);
    return OK;
}

static size_t seats(void *arg, int64_t account, moment now, enum lang lang, struct arena *arena, struct seat_info **ret)
{
    struct seat_info *list = ARENA_ARRAY(arena, struct seat_info, 2);
    size_t n = 0;
    if (account == 1 && !fake.ended[1]) list[n++] = (struct seat_info){11, "Security officer", 0, MOMENT_EVER, false};
    if (account == 2) {
        list[n++] = (struct seat_info){21, "Duty officer", 0, now + DAY, false};
        list[n++] = (struct seat_info){22, "Registrar <b>", 0, MOMENT_EVER, true};
    }
    *ret = list;
    return n;
}

static enum status open_reader(void *arg, int64_t account, int64_t appointment, moment now, struct reasons *why, const struct reader **ret)
{
    if (appointment / 10 != account || fake.ended[account]) return REFUSED;
    struct fake_reader *r = malloc(sizeof *r);
    *r = (struct fake_reader){account, appointment};
    __atomic_fetch_add(&fake.open_readers, 1, __ATOMIC_SEQ_CST);
    *ret = (const void *)r;
    return OK;
}

static void close_reader(void *arg, const struct reader *reader)
{
    __atomic_fetch_sub(&fake.open_readers, 1, __ATOMIC_SEQ_CST);
    free((void *)(uintptr_t)reader);
}

static enum status note(void *arg, int64_t account, int64_t appointment, const char *kind, const char *reason, moment now)
{
    if (fake.journal_fails) return FAILED_IO;
    pthread_mutex_lock(&fake.lock);
    snprintf(fake.journal[fake.n_journal++ % 64], sizeof fake.journal[0], "%s %lld %s", kind, (long long)account, reason);
    pthread_mutex_unlock(&fake.lock);
    return OK;
}

const char *fake_last_note(void) { return fake.n_journal ? fake.journal[(fake.n_journal - 1) % 64] : ""; }

struct identity fake_identity(void)
{
    return (struct identity){.find = find, .get = get, .put = put, .drop = drop, .each = each, .seats = seats, .open = open_reader,
                             .close = close_reader, .note = note, .totp_allowed = true, .fast_secrets = true};
}

void fake_start(void)
{
    struct identity id = fake_identity();
    struct arena *arena = arena_new(0);
    struct reasons why;
    reasons_init(&why, arena);
    memset(fake.rows, 0, sizeof fake.rows);
    memset(fake.ended, 0, sizeof fake.ended);
    fake.now = INT64_C(1795352700000);
    if (!secret_start(&id)) abort();
    for (int64_t account = 1; account <= 4; account++) {
        if (secret_set_password(&id, account, FAKE_PASSWORD, fake.now, &why) != OK) abort();
        if (secret_set_totp(&id, account, FAKE_SEED, fake.now) != OK) abort();
    }
    fake.n_journal = 0;
    arena_free(arena);
}

/* ---- pages that show what came --------------------------------------------------------------------------------- */

static enum status home(const struct request *q, struct answer *a)
{
    const struct fake_reader *r = (const void *)q->reader;
    a->status = 200;
    a->media_type = "text/plain";
    buf_addf(a->body, "account %lld appointment %lld csrf=\"%s\" lang %s", (long long)r->account, (long long)r->appointment, q->csrf ? q->csrf : "", lang_code(q->lang));
    return OK;
}

static enum status echo(const struct request *q, struct answer *a)
{
    struct val *data = val_object(q->arena);
    for (size_t i = 0; i < q->n_form; i++) val_set_str(q->arena, data, q->form[i].name, q->form[i].value);
    for (size_t i = 0; i < q->n_uploads; i++) val_set_int(q->arena, data, q->uploads[i].file_name, (int64_t)q->uploads[i].len);
    if (q->raw) val_set(q->arena, data, "raw", val_strn(q->arena, q->raw, q->raw_len));
    if (q->json) val_set(q->arena, data, "json", val_copy(q->arena, q->json));
    answer_json(q, a, data);
    return OK;
}

static enum status big(const struct request *q, struct answer *a)
{
    a->status = 200;
    a->media_type = "text/plain";
    for (int i = 0; i < 100000; i++) buf_adds(a->body, "0123456789");
    return OK;
}

static enum status hungry(const struct request *q, struct answer *a)
{
    for (size_t i = 0; i < 100000; i++) arena_alloc(q->arena, 1 << 20);
    return OK;
}

static enum status slow(const struct request *q, struct answer *a)
{
    struct timespec nap = {0, 400000000};
    nanosleep(&nap, NULL);
    a->status = 200;
    buf_adds(a->body, "slow but sure");
    return OK;
}

static enum status small(const struct request *q, struct answer *a)
{
    a->status = 200;
    buf_adds(a->body, "small");
    return OK;
}

static enum status etag(const struct request *q, struct answer *a)
{
    if (answer_not_modified(q, a, "seen", 4)) return OK;
    a->status = 200;
    buf_adds(a->body, "seen");
    return OK;
}

const struct page fake_pages[] = {
    {METHOD_GET, "/", "", "home", home},
    {METHOD_POST, "/echo", "", "echo", echo},
    {METHOD_POST, "/api/echo", "", "api-echo", echo},
    {METHOD_GET, "/second", "second-post", "second", home},
    {METHOD_POST, "/proof", "", "proof", echo, .needs_proof = "x"},
    {METHOD_GET, "/big", "", "big", big},
    {METHOD_GET, "/hungry", "", "hungry", hungry},
    {METHOD_GET, "/slow", NULL, "slow", slow, .slow = true},
    {METHOD_GET, "/small", NULL, "small", small},
    {METHOD_GET, "/etag", "", "etag", etag},
    {0}};
static const struct page *const TABLES[] = {fake_pages, NULL};

struct web *fake_web(void (*change)(struct web_config *))
{
    static struct web_listen listen;
    listen = (struct web_listen){.address = "127.0.0.1"};
    struct web_config config = {.listens = &listen, .n_listens = 1, .pages = TABLES, .identity = fake_identity(), .clock = fake_clock,
                                .workers = 4, .connections = 2000};
    struct arena *arena = arena_new(0);
    struct reasons why;
    struct web *web = NULL;
    reasons_init(&why, arena);
    if (change) change(&config);
    if (web_start(&config, &why, &web) != OK) printf("# %s\n", reasons_text(&why, LANG_EN));
    arena_free(arena);
    return web;
}
