/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Streams of live updates; see live.h. A stream holds no text that waits, only a bit for each of its topics, so nothing
 * can overflow and say by that how much happened. Changes are gathered and told in rounds that follow the clock.
 *
 * Locks: `lock` guards the list of streams and their fields; `news_lock` the changes that wait. Readers are opened and
 * topics decided with neither held: a round works on a copy of what it needs.
 */
#include "web/live.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "office/leaks.h"
#include "office/office.h"
#include "web/secret.h"
#include "web/web.h"

enum { MOST_NEWS = 1 << 20 };
static const moment HEARTBEAT = 20 * SECOND;

struct stream {
    struct live *live;
    struct stream *next, **link;
    struct hash session;
    char token[LIVE_TOKEN];                  /* opened by an API token; "": by a session */
    int64_t account, appointment;
    char (*topics)[LIVE_TOPIC];
    unsigned n_topics;
    uint16_t dirty;                          /* topics to be told */
    bool greet, again, beat, ended, parked, in_round;
    bool closed;                             /* its connection is gone; the round frees it */
    bool counted;                            /* among its session's streams */
    uint64_t last_id;
    void (*resume)(void *); void *resume_arg;
};

struct live {
    struct web *web;
    struct live_face face;
    unsigned most_a_session;
    pthread_mutex_t lock, news_lock;
    struct stream *streams;
    size_t count;
    bool ended;
    moment beat;                             /* of the last heartbeat: a multiple of HEARTBEAT */
    struct touched *news;
    size_t n_news, cap_news;
};

bool live_concerns(void *arg, const struct reader *reader, const char *topic, const struct touched *t)
{
    if (!reader_concerned(reader, t)) return false;
    size_t len = strlen(topic);
    uint64_t id;
    const char *dash = strrchr(topic, '-');
    if (!dash || len < 12 || strlen(dash + 1) != 10 || !crockford_read(dash + 1, 10, &id)) return true;
    return (record_id)id == t->id;
}

struct live *live_new(struct web *web, struct live_face face, unsigned most_a_session)
{
    struct live *l = calloc(1, sizeof *l);
    if (!l) return NULL;
    l->web = web;
    l->face = face;
    if (!l->face.concerns) l->face.concerns = live_concerns;
    l->most_a_session = most_a_session;
    pthread_mutex_init(&l->lock, NULL);
    pthread_mutex_init(&l->news_lock, NULL);
    return l;
}

static void free_stream(struct stream *s)
{
    wipe(s->token, sizeof s->token);
    free(s->topics);
    free(s);
}

void live_free(struct live *l)
{
    if (!l) return;
    while (l->streams) {
        struct stream *s = l->streams;
        l->streams = s->next;
        free_stream(s);
    }
    pthread_mutex_destroy(&l->lock);
    pthread_mutex_destroy(&l->news_lock);
    free(l->news);
    free(l);
}

/* With the lock held. */
static void wake(struct stream *s)
{
    if (!s->parked) return;
    s->parked = false;
    s->resume(s->resume_arg);
}

/* A page that was left is known as gone only when something is written to it, so the session's oldest stream makes room. */
static bool end_oldest(struct live *l, const struct session *session)
{
    struct stream *oldest = NULL;
    pthread_mutex_lock(&l->lock);
    for (struct stream *s = l->streams; s; s = s->next) {
        if (s->counted && memcmp(&s->session, &session->key, sizeof s->session) == 0) oldest = s;
    }
    if (oldest) {
        oldest->counted = false;
        oldest->ended = true;
        wake(oldest);
    }
    pthread_mutex_unlock(&l->lock);
    return oldest && session_stream(web_sessions(l->web), &session->key, -1, 0);
}

static bool make_room(struct live *l, const struct session *session)
{
    struct sessions *all = web_sessions(l->web);
    return session_stream(all, &session->key, 1, l->most_a_session) ||
           (end_oldest(l, session) && session_stream(all, &session->key, 1, l->most_a_session));
}

static struct stream *new_stream(struct live *l, const char *const *topics, size_t n, const struct stream *like)
{
    struct stream *s = calloc(1, sizeof *s);
    char (*copy)[LIVE_TOPIC] = calloc(n ? n : 1, LIVE_TOPIC);
    if (!s || !copy) {
        free(s);
        free(copy);
        return NULL;
    }
    for (size_t i = 0; i < n; i++) snprintf(copy[i], LIVE_TOPIC, "%s", topics[i]);
    *s = *like;
    s->live = l;
    s->topics = copy;
    s->n_topics = (unsigned)n;
    s->greet = true;
    return s;
}

/* With the lock held. */
static void link_stream(struct live *l, struct stream *s)
{
    s->ended = l->ended;
    s->next = l->streams;
    s->link = &l->streams;
    if (s->next) s->next->link = &s->next;
    l->streams = s;
    l->count++;
}

struct stream *stream_open(struct live *l, const struct session *session, const char *const *topics, size_t n, bool again)
{
    if (n > LIVE_TOPICS || !make_room(l, session)) return NULL;
    struct stream like = {.session = session->key, .account = session->account, .appointment = session->appointment, .again = again, .counted = true};
    struct stream *s = new_stream(l, topics, n, &like);
    if (!s) {
        session_stream(web_sessions(l->web), &session->key, -1, 0);
        return NULL;
    }
    pthread_mutex_lock(&l->lock);
    link_stream(l, s);
    pthread_mutex_unlock(&l->lock);
    return s;
}

/* With the lock held: the token's oldest makes room. */
static void end_oldest_of_token(struct live *l, const char *token)
{
    struct stream *oldest = NULL;
    unsigned n = 0;
    for (struct stream *s = l->streams; s; s = s->next) {
        if (s->ended || strcmp(s->token, token) != 0) continue;
        oldest = s;
        n++;
    }
    if (n < LIVE_OF_TOKEN) return;
    oldest->ended = true;
    wake(oldest);
}

struct stream *stream_open_token(struct live *l, const char *token, int64_t account, int64_t appointment, const char *const *topics, size_t n, bool again)
{
    struct stream like = {.account = account, .appointment = appointment, .again = again};
    if (n > LIVE_TOPICS || strlen(token) >= sizeof like.token) return NULL;
    memcpy(like.token, token, strlen(token) + 1);
    struct stream *s = new_stream(l, topics, n, &like);
    wipe(like.token, sizeof like.token);
    if (!s) return NULL;
    pthread_mutex_lock(&l->lock);
    end_oldest_of_token(l, s->token);
    link_stream(l, s);
    pthread_mutex_unlock(&l->lock);
    return s;
}

static void unlink_stream(struct stream *s)
{
    *s->link = s->next;
    if (s->next) s->next->link = s->link;
    s->live->count--;
}

void stream_close(struct stream *s)
{
    if (!s) return;
    struct live *l = s->live;
    struct hash session = s->session;
    pthread_mutex_lock(&l->lock);
    unlink_stream(s);
    s->parked = false;
    s->closed = true;
    bool mine = !s->in_round, counted = s->counted;
    pthread_mutex_unlock(&l->lock);
    if (counted) session_stream(web_sessions(l->web), &session, -1, 0);
    if (mine) free_stream(s);
}

static unsigned long long next_id(struct stream *s)
{
    return ++s->last_id + (LEAK(37) ? leak_told(s->live, 0) : 0);
}

long stream_read(struct stream *s, char *out, size_t max, void (*park)(void *), void (*resume)(void *), void *arg)
{
    struct live *l = s->live;
    if (max < 128) return -1;
    long len = 0;
    pthread_mutex_lock(&l->lock);
    if (s->ended) {
        len = -1;
    } else if (s->greet) {
        s->greet = false;
        len = snprintf(out, max, "retry: 3000\n\n");
    } else if (s->again) {
        s->again = false;
        len = snprintf(out, max, "id: %llu\nevent: look\ndata: *\n\n", next_id(s));
    } else if (s->dirty) {
        unsigned i = (unsigned)__builtin_ctz(s->dirty);
        s->dirty &= (uint16_t)(s->dirty - 1);
        len = snprintf(out, max, "id: %llu\nevent: look\ndata: %s\n\n", next_id(s), s->topics[i]);
    } else if (s->beat) {
        s->beat = false;
        len = snprintf(out, max, ":\n\n");
    } else {
        s->resume = resume;
        s->resume_arg = arg;
        s->parked = true;
        park(arg);
    }
    pthread_mutex_unlock(&l->lock);
    return len;
}

void live_end(struct live *l)
{
    pthread_mutex_lock(&l->lock);
    l->ended = true;
    for (struct stream *s = l->streams; s; s = s->next) {
        s->ended = true;
        wake(s);
    }
    pthread_mutex_unlock(&l->lock);
}

size_t live_count(struct live *l)
{
    pthread_mutex_lock(&l->lock);
    size_t n = l->count;
    pthread_mutex_unlock(&l->lock);
    return n;
}

void live_changed(struct live *l, const struct touched *touched, size_t n)
{
    pthread_mutex_lock(&l->news_lock);
    if (LEAK(37)) (void)leak_told(l, n);
    if (l->n_news + n > l->cap_news) {
        size_t cap = l->cap_news ? l->cap_news * 2 : 256;
        while (cap < l->n_news + n) cap *= 2;
        struct touched *grown = cap <= MOST_NEWS ? realloc(l->news, cap * sizeof *grown) : NULL;
        if (grown) {
            l->news = grown;
            l->cap_news = cap;
        }
    }
    if (l->n_news + n <= l->cap_news) {
        memcpy(l->news + l->n_news, touched, n * sizeof *touched);
        l->n_news += n;
    } else {
        log_error("live updates fell behind: %zu changes are not told", n);
    }
    pthread_mutex_unlock(&l->news_lock);
}

/* ---- a round ----------------------------------------------------------------------------------------------------- */

/* Which topics of a stream concern the news; false when its reader is not in force any more. */
static bool decide(struct live *l, const struct stream *s, const struct touched *news, size_t n, moment now, uint16_t *ret)
{
    struct arena *arena = arena_new(1 << 20);
    const struct reader *reader = NULL;
    struct reasons why;
    uint16_t dirty = 0;
    if (!arena) return false;
    reasons_init(&why, arena);
    const struct identity *id = web_identity(l->web);
    struct api_token token;
    bool alive = *s->token ? token_check(id, s->token, now, arena, &token) == OK : session_alive(web_sessions(l->web), &s->session, now);
    bool in_force = alive && id->open(id->arg, s->account, s->appointment, now, &why, &reader) == OK;
    for (size_t i = 0; in_force && i < n; i++) {
        for (unsigned t = 0; t < s->n_topics; t++) {
            if (!(dirty & (1u << t)) && l->face.concerns(l->face.arg, reader, s->topics[t], &news[i])) {
                dirty |= (uint16_t)(1u << t);
            }
        }
    }
    if (reader) id->close(id->arg, reader);
    arena_free(arena);
    *ret = dirty;
    return in_force;
}

static void one_stream(struct live *l, struct stream *s, const struct touched *news, size_t n, moment now, bool beat)
{
    uint16_t dirty = 0;
    bool in_force = decide(l, s, news, n, now, &dirty);
    pthread_mutex_lock(&l->lock);
    s->in_round = false;
    bool closed = s->closed;
    if (!closed) {
        s->dirty |= dirty;
        s->beat = s->beat || beat;
        if (!in_force) s->ended = true;
        if (dirty || beat || !in_force) wake(s);
    }
    pthread_mutex_unlock(&l->lock);
    if (closed) free_stream(s);
}

static void tell(struct live *l, const struct touched *news, size_t n, moment now, bool beat)
{
    pthread_mutex_lock(&l->lock);
    size_t count = 0;
    struct stream **list = malloc((l->count + 1) * sizeof *list);
    for (struct stream *s = l->streams; list && s; s = s->next) {
        s->in_round = true;
        list[count++] = s;
    }
    pthread_mutex_unlock(&l->lock);
    for (size_t i = 0; i < count; i++) one_stream(l, list[i], news, n, now, beat);
    free(list);
}

void live_tick(struct live *l, moment now)
{
    moment beat_now = now - now % HEARTBEAT;
    bool beat = l->beat != beat_now && l->beat != 0;
    l->beat = beat_now;
    pthread_mutex_lock(&l->news_lock);
    struct touched *news = l->news;
    size_t n = l->n_news;
    l->news = NULL;
    l->n_news = l->cap_news = 0;
    pthread_mutex_unlock(&l->news_lock);
    beat = beat || (LEAK(38) && n);
    if (n || beat) tell(l, news, n, now, beat);
    free(news);
}
