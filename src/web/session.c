/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The table of sessions: open addressing by the token's hash, one lock. See session.h. Only hashes of tokens are kept,
 * so a core dump gives nobody a session; comparing hashes needs no constant time.
 */
#include "web/session.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct sessions {
    pthread_mutex_t lock;
    struct session_limits limits;
    struct session **slots;
    size_t n_slots, count;
};

static void or_else(int64_t *value, int64_t otherwise)
{
    if (!*value) *value = otherwise;
}

struct sessions *sessions_new(struct session_limits limits)
{
    struct sessions *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    or_else(&limits.idle, 15 * MINUTE);
    or_else(&limits.absolute, 10 * HOUR);
    or_else(&limits.pending, 5 * MINUTE);
    if (!limits.most) limits.most = 20000;
    if (!limits.most_an_account) limits.most_an_account = 8;
    s->limits = limits;
    for (s->n_slots = 64; s->n_slots < limits.most * 2;) s->n_slots *= 2;
    s->slots = calloc(s->n_slots, sizeof *s->slots);
    if (!s->slots) {
        free(s);
        return NULL;
    }
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

static void release(struct session *one)
{
    wipe(one, sizeof *one);
    free(one);
}

void sessions_free(struct sessions *s)
{
    if (!s) return;
    for (size_t i = 0; i < s->n_slots; i++) {
        if (s->slots[i]) release(s->slots[i]);
    }
    pthread_mutex_destroy(&s->lock);
    free(s->slots);
    free(s);
}

static size_t home(const struct sessions *s, const struct hash *key)
{
    size_t at;
    memcpy(&at, key->bytes, sizeof at);
    return at & (s->n_slots - 1);
}

static struct session **slot_of(struct sessions *s, const struct hash *key)
{
    size_t at = home(s, key);
    while (s->slots[at] && memcmp(&s->slots[at]->key, key, sizeof *key) != 0) at = (at + 1) & (s->n_slots - 1);
    return &s->slots[at];
}

/* Takes one out and moves those behind it up, so that searches need no marks of the dead. */
static void take_out(struct sessions *s, struct session **slot)
{
    release(*slot);
    *slot = NULL;
    s->count--;
    size_t hole = (size_t)(slot - s->slots), mask = s->n_slots - 1;
    for (size_t at = (hole + 1) & mask; s->slots[at]; at = (at + 1) & mask) {
        size_t want = home(s, &s->slots[at]->key);
        if (((at - want) & mask) >= ((at - hole) & mask)) {
            s->slots[hole] = s->slots[at];
            s->slots[at] = NULL;
            hole = at;
        }
    }
}

static bool expired(const struct sessions *s, const struct session *one, moment now)
{
    if (one->stage != STAGE_OPEN) return now - one->made >= s->limits.pending || now < one->made;
    return now - one->used >= s->limits.idle || now - one->began >= s->limits.absolute || now < one->made;
}

static void sweep(struct sessions *s, moment now)
{
    for (size_t i = 0; i < s->n_slots; i++) {
        while (s->slots[i] && expired(s, s->slots[i], now)) take_out(s, &s->slots[i]);
    }
}

/* Makes room among an account's own sessions: the oldest goes. */
static void trim_account(struct sessions *s, int64_t account)
{
    size_t n = 0;
    struct session **oldest = NULL;
    for (size_t i = 0; i < s->n_slots; i++) {
        if (!s->slots[i] || s->slots[i]->account != account) continue;
        n++;
        if (!oldest || s->slots[i]->made < (*oldest)->made) oldest = &s->slots[i];
    }
    if (n >= s->limits.most_an_account && oldest) take_out(s, oldest);
}

bool session_begin(struct sessions *s, const struct session *like, moment now, char token[SESSION_TOKEN], struct session *ret)
{
    struct session *one = malloc(sizeof *one);
    if (!one) return false;
    uint8_t random[32];
    char text[SESSION_TOKEN];
    *one = *like;
    random_bytes(random, sizeof random);
    base64url_write(random, sizeof random, text);
    one->key = sha256(text, strlen(text));
    random_bytes(random, sizeof random);
    base64url_write(random, sizeof random, one->csrf);
    wipe(random, sizeof random);
    one->made = one->used = now;
    if (!one->began) one->began = now;
    one->has_challenge = false;
    one->streams = 0;
    pthread_mutex_lock(&s->lock);
    if (s->count + 1 >= s->limits.most) sweep(s, now);
    trim_account(s, one->account);
    bool room = s->count < s->limits.most;
    if (room) {
        *slot_of(s, &one->key) = one;
        s->count++;
        *ret = *one;
        memcpy(token, text, sizeof text);
    }
    pthread_mutex_unlock(&s->lock);
    if (!room) release(one);
    return room;
}

static bool bond_fits(const struct session_bond *a, const struct session_bond *b)
{
    return a->family == b->family && a->has_certificate == b->has_certificate && hash_equal(&a->agent, &b->agent) &&
           (!a->has_certificate || bytes_equal(a->certificate, b->certificate, sizeof a->certificate));
}

bool session_find(struct sessions *s, const char *token, const struct session_bond *bond, moment now, struct session *ret)
{
    if (!token || strlen(token) != 43) return false;
    struct hash key = sha256(token, 43);
    pthread_mutex_lock(&s->lock);
    struct session **slot = slot_of(s, &key);
    bool found = *slot && !expired(s, *slot, now);
    if (*slot && (!found || !bond_fits(&(*slot)->bond, bond))) {
        take_out(s, slot);
        found = false;
    }
    if (found) {
        if (now > (*slot)->used) (*slot)->used = now;
        *ret = **slot;
    }
    pthread_mutex_unlock(&s->lock);
    return found;
}

bool session_alive(struct sessions *s, const struct hash *key, moment now)
{
    pthread_mutex_lock(&s->lock);
    struct session *one = *slot_of(s, key);
    bool alive = one && !expired(s, one, now);
    pthread_mutex_unlock(&s->lock);
    return alive;
}

void session_end(struct sessions *s, const struct hash *key)
{
    pthread_mutex_lock(&s->lock);
    struct session **slot = slot_of(s, key);
    if (*slot) take_out(s, slot);
    pthread_mutex_unlock(&s->lock);
}

void session_end_account(struct sessions *s, int64_t account)
{
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->n_slots; i++) {
        while (s->slots[i] && s->slots[i]->account == account) take_out(s, &s->slots[i]);
    }
    pthread_mutex_unlock(&s->lock);
}

bool session_keep(struct sessions *s, const struct session *copy)
{
    pthread_mutex_lock(&s->lock);
    struct session *one = *slot_of(s, &copy->key);
    if (one) {
        memcpy(one->challenge, copy->challenge, sizeof one->challenge);
        one->has_challenge = copy->has_challenge;
        one->proved = copy->proved;
        one->lang = copy->lang;
    }
    pthread_mutex_unlock(&s->lock);
    return one != NULL;
}

bool session_stream(struct sessions *s, const struct hash *key, int change, unsigned most)
{
    pthread_mutex_lock(&s->lock);
    struct session *one = *slot_of(s, key);
    bool good = one && (change < 0 ? one->streams > 0 : one->streams < most);
    if (good) one->streams = change < 0 ? one->streams - 1 : one->streams + 1;
    pthread_mutex_unlock(&s->lock);
    return good;
}

size_t sessions_count(struct sessions *s)
{
    pthread_mutex_lock(&s->lock);
    size_t n = s->count;
    pthread_mutex_unlock(&s->lock);
    return n;
}
