/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Live streams as they go out: each compared reader has one open through the day, over the program's own src/web/live.c, with sessions of
 * its own and no socket. What is compared is every byte (ids, order, heartbeats), and in which round of the clock it comes: a round is
 * after the hidden half of the day, when only one of the two offices has news, and after every few requests.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"
#include "web/live.h"
#include "web/web.h"

enum { MOST_LINES = 12 };
struct line { const char *login; struct stream *stream; struct hash session; bool woken; };
struct wire { struct web web; struct live *live; struct line lines[MOST_LINES]; size_t n; };

static void park(void *arg) { ((struct line *)arg)->woken = false; }
static void resume(void *arg) { ((struct line *)arg)->woken = true; }

struct wire *wire_open(struct world *world)
{
    struct wire *wire = calloc(1, sizeof *wire);
    if (!wire)
        abort();
    wire->web.identity = identity_of_office(world->office);
    wire->web.sessions = sessions_new((struct session_limits){0});
    wire->live = live_new(&wire->web, (struct live_face){0}, 6);
    if (!wire->web.sessions || !wire->live)
        abort();
    return wire;
}
static void hang_up(struct wire *wire)
{
    for (size_t i = 0; i < wire->n; i++) {
        stream_close(wire->lines[i].stream);
        session_end(wire->web.sessions, &wire->lines[i].session);
    }
    wire->n = 0;
}
void wire_close(struct wire *wire)
{
    hang_up(wire);
    live_free(wire->live);
    sessions_free(wire->web.sessions);
    free(wire);
}
void wire_heard(struct wire *wire, const struct touched *items, size_t n) { live_changed(wire->live, items, n); }

/* A stream for each reader; every second one comes back after a break. */
static void pick_up(struct running *r, struct world *world)
{
    struct wire *wire = world->wire;
    const struct base *base = r->base;
    const char *topics[] = {"desk", "incident", "asset", "system", "proposal", base->incident, base->low_incident, base->waiting, base->half, base->system,
                            base->spare, base->hidden_system, base->closed_file};
    hang_up(wire);
    for (size_t i = 0; i < r->n_who && i < MOST_LINES; i++) {
        struct arena *arena = arena_new(0);
        const struct reader *reader = world_reader(world, r->who[i], r->now, arena);
        struct line *line = &wire->lines[wire->n];
        struct session session;
        char token[SESSION_TOKEN];
        struct session like = {.stage = STAGE_OPEN, .account = reader ? reader_account(reader) : 0, .appointment = reader ? reader_appointment(reader) : 0};
        if (reader && session_begin(wire->web.sessions, &like, r->now, token, &session)) {
            *line = (struct line){.login = r->who[i], .session = session.key, .woken = true};
            line->stream = stream_open(wire->live, &session, topics, sizeof topics / sizeof *topics, i % 2);
            wire->n += line->stream != NULL;
        }
        reader_free(reader);
        arena_free(arena);
    }
}

static void read_all(struct wire *wire, struct buf *out)
{
    char bytes[512];
    for (size_t i = 0; i < wire->n; i++) {
        struct line *line = &wire->lines[i];
        buf_addf(out, "== %s %s\n", line->login, line->woken ? "is told" : "");
        while (line->woken) {
            long len = stream_read(line->stream, bytes, sizeof bytes, park, resume, line);
            if (len > 0)
                buf_add(out, bytes, (size_t)len);
            if (len < 0) {
                buf_adds(out, "the end\n");
                line->woken = false;
            }
        }
    }
}

void wires_day(struct running *r)
{
    for (unsigned w = 0; w < 2; w++)
        pick_up(r, &r->worlds[w]);
    r->rounds = 0;
}
void wires_round(struct running *r)
{
    struct buf out[2];
    char what[80];
    for (unsigned w = 0; w < 2; w++) {
        struct wire *wire = r->worlds[w].wire;
        buf_init(&out[w], 16 << 20);
        live_tick(wire->live, r->now + (moment)r->rounds * 7 * SECOND);
        read_all(wire, &out[w]);
        buf_addc(&out[w], 0);
    }
    snprintf(what, sizeof what, "live streams, round %u", r->rounds++);
    r->run->answers++;
    r->run->told += strstr(out[0].data, "event: look") != NULL;
    if (strcmp(out[0].data, out[1].data) != 0)
        differs(r, what, out[0].data, out[1].data);
    buf_free(&out[0]);
    buf_free(&out[1]);
}
