/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Live updates by server-sent events. A stream says only "look again at X" for topics that its page asked for, and only
 * when its reader may read what changed at the moment of saying so. Ids count the stream alone; heartbeats follow the
 * clock; a stream that comes back with any last id gets one "look again" at everything it shows.
 */
#ifndef WEB_LIVE_H
#define WEB_LIVE_H

#include "base/arena.h"
#include "base/moment.h"
#include "web/session.h"

struct touched;
struct reader;
struct web;
struct stream;
struct live;

struct live_face {
    void *arg;
    /* Whether a topic ("INC-2026-7KQ4M2XD0A", "incident", "desk") shows this change to this reader, decided through
     * door two. NULL: live_concerns. */
    bool (*concerns)(void *arg, const struct reader *, const char *topic, const struct touched *);
};
/* The office's own decision: the reader may read the record before or after, and the topic is its number or no number. */
bool live_concerns(void *arg, const struct reader *, const char *topic, const struct touched *);

enum { LIVE_TOPICS = 16, LIVE_TOPIC = 64, LIVE_TOKEN = 96, LIVE_OF_TOKEN = 4 /* streams */ };

struct live *live_new(struct web *, struct live_face, unsigned most_a_session);
/* Ends all streams; they are freed as their connections close. */
void live_end(struct live *);
void live_free(struct live *);
void live_changed(struct live *, const struct touched *, size_t);
/* Heartbeats that are due, and what changed: called by the clock thread a few times a second. */
void live_tick(struct live *, moment now);

/* Ends the session's oldest when it has too many; NULL when none can be had. `again`: the client came back. */
struct stream *stream_open(struct live *, const struct session *, const char *const *topics, size_t n, bool again);
/* The same for an API token (castellan watch): it lives as long as the token is good and the seat in force. The text lies in memory meanwhile. */
struct stream *stream_open_token(struct live *, const char *token, int64_t account, int64_t appointment, const char *const *topics, size_t n, bool again);
void stream_close(struct stream *);
/* The next bytes: > 0 how many, 0 park (stream_park was called), -1 the end. `resume` is called with `arg` when there is more. */
long stream_read(struct stream *, char *out, size_t max, void (*park)(void *), void (*resume)(void *), void *arg);
size_t live_count(struct live *);

#endif
