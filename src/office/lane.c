/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One lane: its spool, its slots, what goes to its worker, and what happens when the worker dies. See intake_inner.h for who does what.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "base/hash.h"
#include "base/text.h"
#include "office/intake_inner.h"

#define TICK_EVERY 200

/* ---- slots ---- */

int lane_slot(struct lane *lane, record_id source)
{
    unsigned n = atomic_load(&lane->n_slots);
    for (unsigned i = 0; i < n; i++)
        if (lane->slots[i].source == source)
            return (int)i;
    return -1;
}

static enum status keep_mark(struct lane *lane, struct lane_slot *slot)
{
    return spool_note(lane->spool, slot->source, &slot->mark, sizeof slot->mark);
}

int lane_add_slot(struct lane *lane, record_id source, const char *number, const char *format, struct reasons *reasons)
{
    int at = lane_slot(lane, source);
    unsigned n = atomic_load(&lane->n_slots);
    if (at < 0 && n == LANE_SLOTS) {
        reason_add(reasons, "intake.slots", number, T_("Too many log sources share one label and file: %1$s is not taken."), number);
        return -1;
    }
    struct lane_slot *slot = &lane->slots[at < 0 ? (int)n : at];
    pthread_mutex_lock(&lane->lock);
    bool same = at >= 0 && str_eq(slot->format, format);
    slot->source = source;
    snprintf(slot->number, sizeof slot->number, "%s", number);
    snprintf(slot->format, sizeof slot->format, "%s", format);
    memcpy(slot->mark.number, slot->number, sizeof slot->number);
    memcpy(slot->mark.format, slot->format, sizeof slot->format);
    if (at < 0 || !slot->facts.active_since) {           /* a slot known from the spool's notes has no facts of this run yet */
        slot->facts.last_received = slot->facts.newest = MOMENT_NONE;
        slot->facts.active_since = intake_now(lane->intake);
    }
    bool good = same || keep_mark(lane, slot) == OK;
    pthread_mutex_unlock(&lane->lock);
    if (at < 0)
        atomic_fetch_add(&lane->n_slots, 1);
    if (!same) {
        pthread_mutex_lock(&lane->order);
        atomic_store(&lane->introduce, true);        /* the feeder tells all slots again */
        atomic_store(&lane->behind, true);
        pthread_cond_signal(&lane->wake);
        pthread_mutex_unlock(&lane->order);
    }
    return good ? at < 0 ? (int)n : at : -1;
}

/* ---- into the ring: while the lane keeps up whoever takes, else the feeder ---- */

static void remember(struct lane *lane, uint64_t seq)
{
    lane->track[lane->n_track % TRACKED].end = ring_put_so_far(lane->in);
    lane->track[lane->n_track++ % TRACKED].seq = seq;
}

static bool is_raw(const struct lane *lane, uint64_t seq)
{
    for (unsigned i = 0; i < lane->n_raw; i++)
        if (lane->raw_from[i] == seq)
            return true;
    return false;
}

enum { SMALL = 2048 };
static bool put_message(struct lane *lane, uint32_t slot, const struct spool_message *message, uint32_t flags, int timeout)
{
    char small[SMALL], *bytes = sizeof(struct lane_message) + message->len <= SMALL ? small : malloc(sizeof(struct lane_message) + message->len);
    const struct lane_message head = {.kind = LANE_MESSAGE, .slot = slot, .seq = message->seq, .peer = message->peer, .received = message->received, .flags = message->flags | flags};
    bool good = false;
    if (bytes) {
        memcpy(bytes, &head, sizeof head);
        memcpy(bytes + sizeof head, message->bytes, message->len);
        good = ring_put(lane->in, bytes, sizeof head + message->len, timeout);
    }
    if (bytes != small)
        free(bytes);
    if (good) {
        remember(lane, message->seq);
        atomic_store(&lane->fed, message->seq);
    }
    return good;
}

enum status lane_take(struct lane *lane, uint32_t slot, const struct spool_message *message, uint64_t token, uint64_t *ret_seq)
{
    struct spool_message mine = *message;
    struct lane_slot *of = &lane->slots[slot];
    pthread_mutex_lock(&lane->order);
    enum status status = atomic_load(&lane->closing) || atomic_load(&lane->failed) ? BUSY : spool_append(lane->spool, &mine, &mine.seq);
    if (status == BUSY && !atomic_load(&lane->closing) && !atomic_load(&lane->failed) && spool_sync(lane->spool) == OK)
        status = spool_append(lane->spool, &mine, &mine.seq);
    if (status == OK) {
        if (!atomic_load(&lane->behind) && (!atomic_load(&lane->up) || !put_message(lane, slot, &mine, 0, 0))) {
            atomic_store(&lane->behind, true);
            pthread_cond_signal(&lane->wake);
        }
        pthread_mutex_lock(&lane->lock);
        if (token) {
            if (lane->n_tokens == lane->cap_tokens) {
                size_t cap = lane->cap_tokens ? 2 * lane->cap_tokens : 256;
                struct pending_token *more = reallocarray(lane->tokens, cap, sizeof *more);
                if (more) {
                    lane->tokens = more;
                    lane->cap_tokens = cap;
                }
            }
            if (lane->n_tokens < lane->cap_tokens)
                lane->tokens[lane->n_tokens++] = (struct pending_token){token, mine.seq};
        }
        int64_t minute = mine.received / MINUTE, behind = minute - of->minute;
        of->last = mine.seq;
        of->facts.messages++;
        of->facts.last_received = mine.received;
        if (behind > 0) {
            if (behind >= 60)
                memset(of->facts.per_minute, 0, sizeof of->facts.per_minute);
            else
                memmove(of->facts.per_minute, of->facts.per_minute + behind, (size_t)(60 - behind) * sizeof *of->facts.per_minute);
            for (int64_t i = behind < 60 ? 60 - behind : 0; i < 60; i++)
                of->facts.per_minute[i] = 0;
            of->minute = minute;
        }
        of->facts.per_minute[59]++;
        pthread_mutex_unlock(&lane->lock);
        *ret_seq = mine.seq;
    }
    pthread_mutex_unlock(&lane->order);
    if (status == OK)
        intake_dirty(lane->intake, lane);
    return status;
}

void lane_settle(struct lane *lane)
{
    if (!atomic_exchange(&lane->dirty, false))
        return;
    uint64_t *tokens = NULL;
    size_t n = 0;
    if (spool_sync(lane->spool) != OK) {
        log_error("logs that came in could not be written to the spool; nothing is acknowledged until they are");
        atomic_store(&lane->dirty, true);
        nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
        return;
    }
    uint64_t durable = spool_durable(lane->spool);
    pthread_mutex_lock(&lane->lock);
    while (n < lane->n_tokens && lane->tokens[n].seq <= durable)
        n++;
    tokens = n ? reallocarray(NULL, n, sizeof *tokens) : NULL;
    for (size_t i = 0; tokens && i < n; i++)
        tokens[i] = lane->tokens[i].token;
    pthread_mutex_unlock(&lane->lock);
    bool settled = tokens && lane->intake->options.settle && lane->intake->options.settle(lane->intake->options.arg, tokens, n) == OK;
    pthread_mutex_lock(&lane->lock);
    if (settled)                             /* others have only put more behind them */
        memmove(lane->tokens, lane->tokens + n, (lane->n_tokens -= n) * sizeof *lane->tokens);
    pthread_mutex_unlock(&lane->lock);
    if (tokens && !settled) {
        log_warn("who sent logs could not be told that they are kept; it is tried again");
        atomic_store(&lane->unsettled, true);
    }
    free(tokens);
}

/* ---- the feeder ---- */

static bool put(struct lane *lane, const void *bytes, size_t len)
{
    while (!ring_put(lane->in, bytes, len, 100))
        if (atomic_load(&lane->stop) || !atomic_load(&lane->up) || ring_broken(lane->in))
            return false;
    return true;
}

static bool put_parts(struct lane *lane, uint32_t kind, const struct lane_cover *cover, const char *bytes, size_t len)
{
    static _Thread_local char message[sizeof(struct lane_part) + LANE_PART];
    struct lane_part part = {.kind = kind, .generation = lane->generation, .size = len};
    if (cover)
        part.cover = *cover;
    do {
        size_t n = len - part.at < LANE_PART ? len - (size_t)part.at : LANE_PART;
        memcpy(message, &part, sizeof part);
        if (n)
            memcpy(message + sizeof part, bytes + part.at, n);
        if (!put(lane, message, sizeof part + n))
            return false;
        part.at += LANE_PART;
    } while (part.at < len);
    return true;
}

static bool introduce(struct lane *lane)
{
    unsigned n = atomic_load(&lane->n_slots);
    for (unsigned i = lane->told; i < n; i++) {
        char bytes[64];
        const struct lane_source head = {LANE_SOURCE, i};
        uint16_t len = (uint16_t)strlen(lane->slots[i].format);
        memcpy(bytes, &head, sizeof head);
        memcpy(bytes + sizeof head, &len, 2);
        memcpy(bytes + sizeof head + 2, lane->slots[i].format, len);
        if (!put(lane, bytes, sizeof head + 2 + len))
            return false;
    }
    lane->told = n;
    return true;
}

static bool configure(struct lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    size_t len = lane->configuration.len;
    char *copy = len ? malloc(len) : NULL;
    if (copy)
        memcpy(copy, lane->configuration.data, len);
    pthread_mutex_unlock(&lane->lock);
    bool good = !copy || put_parts(lane, LANE_CONFIGURE, NULL, copy, len);
    free(copy);
    return good;
}

static bool tick_worker(struct lane *lane, int timeout)
{
    moment now = intake_now(lane->intake);
    const struct lane_tick tick = {LANE_TICK, 0, now};
    if (now != MOMENT_NONE && (now - lane->ticked >= TICK_EVERY || now < lane->ticked) && ring_put(lane->in, &tick, sizeof tick, timeout))
        lane->ticked = now;
    return true;
}

/* One message from the spool, with what was seen of it before. */
static bool feed_one(struct lane *lane, const struct spool_message *message)
{
    int at = lane_slot(lane, message->source);
    uint32_t flags = 0;
    if (at < 0)
        return true;                         /* no slot was ever kept for it */
    pthread_mutex_lock(&lane->lock);
    struct lane_slot *slot = &lane->slots[at];
    flags |= lane_covers(&slot->mark.after, message->seq) ? LANE_ARCHIVED : 0;
    flags |= lane_covers(&lane->state_cover, message->seq) ? LANE_CORRELATED : 0;
    flags |= is_raw(lane, message->seq) ? LANE_RAW : 0;
    slot->last = message->seq > slot->last ? message->seq : slot->last;
    pthread_mutex_unlock(&lane->lock);
    if ((flags & LANE_ARCHIVED) && (flags & LANE_CORRELATED))
        return true;
    while (!put_message(lane, (uint32_t)at, message, flags, 100))
        if (atomic_load(&lane->stop) || !atomic_load(&lane->up) || ring_broken(lane->in))
            return false;
    return true;
}

static void catch_up(struct lane *lane)
{
    struct spool_message message;
    if (!lane->cursor && !(lane->cursor = spool_cursor_new(lane->spool, atomic_load(&lane->fed) + 1)))
        return;
    while (!atomic_load(&lane->stop) && atomic_load(&lane->up)) {
        enum status status = spool_cursor_next(lane->cursor, &message);
        if (status == OK) {
            if (!feed_one(lane, &message))
                return;
            atomic_store(&lane->fed, message.seq);
            tick_worker(lane, 0);
            if (atomic_load(&lane->introduce) || atomic_load(&lane->reconfigure))
                return;
            continue;
        }
        pthread_mutex_lock(&lane->order);
        bool done = atomic_load(&lane->fed) >= spool_last(lane->spool) && !atomic_load(&lane->introduce) && !atomic_load(&lane->reconfigure);
        if (done)
            atomic_store(&lane->behind, false);
        pthread_mutex_unlock(&lane->order);
        if (done) {
            spool_cursor_free(lane->cursor);
            lane->cursor = NULL;
            return;
        }
        if (atomic_load(&lane->introduce) || atomic_load(&lane->reconfigure))
            return;
        intake_dirty(lane->intake, lane);
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
}

static void *feed(void *arg)
{
    struct lane *lane = arg;
    while (!atomic_load(&lane->stop)) {
        pthread_mutex_lock(&lane->rings);
        if (atomic_load(&lane->up)) {
            if (atomic_exchange(&lane->introduce, false)) {
                lane->told = 0;
                if (!introduce(lane))
                    atomic_store(&lane->introduce, true);
            }
            if (atomic_exchange(&lane->reconfigure, false) && !configure(lane))
                atomic_store(&lane->reconfigure, true);
            if (atomic_load(&lane->behind))
                catch_up(lane);
        }
        pthread_mutex_unlock(&lane->rings);
        pthread_mutex_lock(&lane->order);
        if (!atomic_load(&lane->behind) && atomic_load(&lane->up))
            tick_worker(lane, 0);
        if (!atomic_load(&lane->stop) && (!atomic_load(&lane->behind) || !atomic_load(&lane->up))) {
            struct timespec until;
            clock_gettime(CLOCK_MONOTONIC, &until);
            until.tv_nsec += 100000000;
            until.tv_sec += until.tv_nsec / 1000000000;
            until.tv_nsec %= 1000000000;
            pthread_cond_timedwait(&lane->wake, &lane->order, &until);
        }
        pthread_mutex_unlock(&lane->order);
    }
    return NULL;
}

/* ---- the worker ---- */

/* At which message the worker died: the last that it had taken from the ring. */
static uint64_t culprit(const struct lane *lane)
{
    uint64_t taken = ring_taken_so_far(lane->in);
    for (unsigned i = 0; i < TRACKED && i < lane->n_track; i++)
        if (lane->track[i].end == taken)
            return lane->track[i].seq;
    return 0;
}

static bool start_worker(struct lane *lane)
{
    pthread_mutex_lock(&lane->rings);
    pthread_mutex_lock(&lane->order);
    bool good = keeper_begin(lane->intake->options.workers, (unsigned)lane->worker, &lane->in, &lane->out);
    if (good) {
        lane->n_track = 0;
        lane->told = 0;
        lane->ticked = 0;
        spool_cursor_free(lane->cursor);
        lane->cursor = NULL;
        atomic_store(&lane->fed, 0);
        atomic_store(&lane->behind, true);
        atomic_store(&lane->introduce, true);
        atomic_store(&lane->reconfigure, true);
        for (unsigned i = 0; i < atomic_load(&lane->n_slots); i++) {
            struct lane_slot *slot = &lane->slots[i];
            slot->base_events = slot->facts.events;
            slot->base_raw = slot->facts.raw;
            slot->base_faulty = slot->facts.faulty;
        }
        lane->begun_at = intake_now(lane->intake);
        atomic_store(&lane->up, true);
        /* Sent here, before anything else can be: the ring is empty and takes it at once, or the worker reads on. */
        if (lane->state_cover.through || lane->state_cover.n)
            good = put_parts(lane, LANE_RESUME, &lane->state_cover, lane->state.data, lane->state.len);
    }
    pthread_cond_signal(&lane->wake);
    pthread_mutex_unlock(&lane->order);
    pthread_mutex_unlock(&lane->rings);
    if (!good) {
        atomic_store(&lane->up, false);
        return false;
    }
    lane->has_drain = pthread_create(&lane->drain, NULL, lane_drain, lane) == 0;
    return lane->has_drain;
}

bool lane_begin(struct lane *lane, int worker)
{
    lane->worker = worker;
    if (!lane->duty && lane->intake->stream->begin)
        lane->duty = lane->intake->stream->begin(lane->intake->office, &lane->view, lane->arena);
    lane_configure(lane, intake_now(lane->intake));
    lane->has_feeder = pthread_create(&lane->feeder, NULL, feed, lane) == 0;
    return lane->has_feeder && start_worker(lane);
}

void lane_mend(struct lane *lane, moment now)
{
    if (lane->worker < 0 || atomic_load(&lane->up) || atomic_load(&lane->stop) || atomic_load(&lane->failed))
        return;
    if (lane->has_drain) {
        pthread_join(lane->drain, NULL);
        lane->has_drain = false;
        keeper_kill(lane->intake->options.workers, (unsigned)lane->worker);
        uint64_t at = culprit(lane);
        log_error("a log worker ended (status %d) at message %llu; another takes its place", keeper_ended(lane->intake->options.workers, (unsigned)lane->worker), (unsigned long long)at);
        if (now - lane->begun_at > 10 * MINUTE)
            lane->deaths = 0;
        if (at && at == lane->suspect && !is_raw(lane, at) && lane->n_raw < 16) {
            lane->raw_from[lane->n_raw++] = at;
            log_error("message %llu is set aside: it is kept as it is and not looked into", (unsigned long long)at);
            lane->deaths = 0;
            pthread_mutex_lock(&lane->lock);
            for (unsigned i = 0; i < atomic_load(&lane->n_slots); i++)
                if (lane->slots[i].last >= at && !lane_covers(&lane->slots[i].mark.after, at)) {
                    lane->slots[i].facts.set_aside++;
                    break;
                }
            pthread_mutex_unlock(&lane->lock);
        }
        lane->suspect = at;
        lane->deaths++;
        lane->revive_at = lane->deaths > 5 ? now + MINUTE : now;
    }
    if (now >= lane->revive_at && !start_worker(lane))
        lane->revive_at = now + 10 * SECOND;
}

void lane_configure(struct lane *lane, moment now)
{
    struct arena *arena = arena_new((size_t)256 << 20);
    struct reasons reasons;
    struct buf fresh;
    if (!arena)
        return;
    reasons_init(&reasons, arena);
    buf_init(&fresh, (size_t)96 << 20);
    enum status status = lane->intake->stream->configure(lane->intake->office, lane->duty, &lane->view, lane->generation + 1, now, arena, &reasons, &fresh);
    if (status == ABSENT) {
        buf_free(&fresh);
    } else if (status != OK || fresh.failed) {
        log_error("what log workers go by could not be put together: %s", reasons_text(&reasons, LANG_EN));
        buf_free(&fresh);
    } else {
        pthread_mutex_lock(&lane->lock);
        buf_free(&lane->configuration);
        lane->configuration = fresh;
        lane->generation++;
        pthread_mutex_unlock(&lane->lock);
        pthread_mutex_lock(&lane->order);
        atomic_store(&lane->reconfigure, true);
        atomic_store(&lane->behind, true);
        pthread_cond_signal(&lane->wake);
        pthread_mutex_unlock(&lane->order);
    }
    arena_free(arena);
}

/* ---- its life ---- */

static void key_of(struct intake *intake, guard_id guard, uint8_t key[32])
{
    char purpose[40];
    snprintf(purpose, sizeof purpose, "intake.spool.%ld", (long)guard);
    office_key(intake->office, purpose, key);
}

struct lane *lane_new(struct intake *intake, guard_id guard, const char *label, const char *file, struct reasons *reasons)
{
    struct lane *lane = calloc(1, sizeof *lane);
    struct arena *arena = arena_new((size_t)64 << 20), *scratch = arena_new((size_t)128 << 20);
    pthread_condattr_t monotonic;
    if (!lane || !arena || !scratch) {
        arena_free(arena);
        arena_free(scratch);
        free(lane);
        return NULL;
    }
    *lane = (struct lane){.intake = intake, .guard = guard, .arena = arena, .scratch = scratch, .worker = -1};
    pthread_mutex_init(&lane->lock, NULL);
    pthread_mutex_init(&lane->rings, NULL);
    pthread_mutex_init(&lane->order, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&lane->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    buf_init(&lane->configuration, (size_t)96 << 20);
    buf_init(&lane->state, SPOOL_STATE_MOST);
    buf_init(&lane->coming, SPOOL_STATE_MOST);
    lane->slots = ARENA_ARRAY(arena, struct lane_slot, LANE_SLOTS);
    struct spool_options options = {.folder = arena_printf(arena, "%s/spool/%08lx", intake->options.folder, (unsigned long)guard), .most = intake->options.spool_most};
    key_of(intake, guard, options.key);
    enum status status = spool_open(&options, reasons, &lane->spool);
    wipe(options.key, sizeof options.key);
    if (!lane->spool) {
        lane_free(lane);
        return NULL;
    }
    if (status == DAMAGED)
        log_error("a spool of logs is damaged: %s", reasons_text(reasons, LANG_EN));
    const void *bytes;
    size_t len;
    struct val *who = NULL;
    if (!label && spool_note_get(lane->spool, NOTE_LANE, arena, &bytes, &len) == OK &&
        json_read(arena, bytes, len, (struct json_limits){SPOOL_NOTE_MOST, 8}, reasons, &who) == OK) {
        label = val_get_str(who, "label");
        file = val_get_str(who, "file");
    }
    if (!label) {
        lane_free(lane);
        return NULL;
    }
    lane->view = (struct lane_view){.label = arena_strdup(arena, label), .file = file ? arena_strdup(arena, file) : NULL, .index = (int32_t)atomic_load(&intake->n_lanes)};
    if (!who) {
        struct buf note;
        buf_init(&note, SPOOL_NOTE_MOST);
        who = val_object(arena);
        val_set_str(arena, who, "label", label);
        val_set(arena, who, "file", val_str(arena, file));
        json_write(&note, who);
        if (note.failed || spool_note(lane->spool, NOTE_LANE, note.data, note.len) != OK)
            log_error("a spool of logs could not be begun");
        buf_free(&note);
    }
    lane_recover_marks(lane);
    return lane;
}

void lane_free(struct lane *lane)
{
    if (!lane)
        return;
    if (lane->duty && lane->intake->stream->end)
        lane->intake->stream->end(lane->duty);
    spool_cursor_free(lane->cursor);
    spool_close(lane->spool);
    buf_free(&lane->configuration);
    buf_free(&lane->state);
    buf_free(&lane->coming);
    pthread_mutex_destroy(&lane->lock);
    pthread_mutex_destroy(&lane->rings);
    pthread_mutex_destroy(&lane->order);
    pthread_cond_destroy(&lane->wake);
    free(lane->tokens);
    arena_free(lane->scratch);
    arena_free(lane->arena);
    free(lane);
}

static bool wait_for(struct lane *lane, atomic_bool *what, bool wanted, unsigned tenths)
{
    for (unsigned i = 0; i < 10 * tenths && atomic_load(what) != wanted && atomic_load(&lane->up); i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    return atomic_load(what) == wanted;
}

void lane_finish(struct lane *lane, bool flush)
{
    atomic_store(&lane->closing, true);
    if (flush && lane->has_drain && wait_for(lane, &lane->behind, false, 600)) {
        const struct lane_tick order = {LANE_FLUSH, 1, intake_now(lane->intake)};
        atomic_store(&lane->flushed, false);
        pthread_mutex_lock(&lane->order);
        bool asked = ring_put(lane->in, &order, sizeof order, 10000);
        pthread_mutex_unlock(&lane->order);
        if (!asked || !wait_for(lane, &lane->flushed, true, 300))
            log_warn("a log worker did not give back all that it held; it is read again from the spool at the next start");
    }
    atomic_store(&lane->stop, true);
    pthread_mutex_lock(&lane->order);
    pthread_cond_signal(&lane->wake);
    pthread_mutex_unlock(&lane->order);
    if (lane->has_feeder)
        pthread_join(lane->feeder, NULL);
    if (lane->has_drain) {
        if (flush)
            ring_end(lane->in);
        else
            keeper_kill(lane->intake->options.workers, (unsigned)lane->worker);
        pthread_join(lane->drain, NULL);
        keeper_kill(lane->intake->options.workers, (unsigned)lane->worker);
    }
    lane->has_feeder = lane->has_drain = false;
    if (flush)
        (void)!spool_sync(lane->spool);
}
