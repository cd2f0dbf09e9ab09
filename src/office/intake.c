/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See intake.h: sources and routes, lanes by guard, what comes from ports and posts, the clock, and what pages show.
 */
#include "office/intake.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/text.h"
#include "office/inside.h"
#include "office/intake_inner.h"
#include "office/own.h"

#define TEXT_MOST (256u << 10)
#define CONFIGURE_EVERY (5 * MINUTE)          /* filters end by the clock */

moment intake_now(struct intake *intake) { return intake->options.now ? intake->options.now(intake->options.arg) : atomic_load(&intake->now); }

/* ---- routes ---- */

static uint64_t hash_of(const char *port, const char *sender)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *port; port++)
        hash = (hash ^ (unsigned char)*port) * UINT64_C(0x100000001b3);
    hash = (hash ^ 0xff) * UINT64_C(0x100000001b3);
    for (; *sender; sender++)
        hash = (hash ^ (unsigned char)*sender) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 29;
}

static struct route *route_find(struct intake *intake, const char *port, const char *sender)
{
    for (size_t at = hash_of(port, sender); intake->n_table; at++) {
        uint32_t place = intake->table[at & (intake->n_table - 1)];
        if (!place)
            return NULL;
        struct route *route = &intake->routes[place - 1];
        if (str_eq(route->port, port) && str_eq(route->sender, sender))
            return route;
    }
    return NULL;
}

static void routes_free(struct route *routes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(routes[i].port);
        free(routes[i].sender);
    }
    free(routes);
}

/* Of two that claim the same, the one that was there first. */
static int by_age(const void *a, const void *b)
{
    const struct route *x = a, *y = b;
    return x->made != y->made ? (x->made < y->made ? -1 : 1) : x->source < y->source ? -1 : x->source > y->source;
}

static void routes_put(struct intake *intake, struct route *routes, size_t n)
{
    size_t size = 16;
    while (size < 2 * n + 1)
        size *= 2;
    uint32_t *table = calloc(size, sizeof *table);
    if (!table) {
        routes_free(routes, n);
        return;
    }
    if (n)
        qsort(routes, n, sizeof *routes, by_age);
    pthread_rwlock_wrlock(&intake->lock);
    routes_free(intake->routes, intake->n_routes);
    free(intake->table);
    intake->routes = routes;
    intake->n_routes = n;
    intake->table = table;
    intake->n_table = size;
    for (size_t i = 0; i < n; i++) {
        if (route_find(intake, routes[i].port, routes[i].sender))
            continue;
        size_t at = hash_of(routes[i].port, routes[i].sender);
        while (table[at & (size - 1)])
            at++;
        table[at & (size - 1)] = (uint32_t)i + 1;
    }
    pthread_rwlock_unlock(&intake->lock);
}

/* ---- sources and lanes ---- */

static struct lane *lane_of(struct intake *intake, guard_id guard)
{
    for (unsigned i = 0; i < atomic_load(&intake->n_lanes); i++)
        if (intake->lanes[i]->guard == guard)
            return intake->lanes[i];
    return NULL;
}

static int free_worker(struct intake *intake)
{
    bool used[WORKERS_MOST] = {0};
    for (unsigned i = 0; i < atomic_load(&intake->n_lanes); i++)
        if (intake->lanes[i]->worker >= 0)
            used[intake->lanes[i]->worker] = true;
    for (unsigned i = 0; intake->options.workers && i < keeper_count(intake->options.workers); i++)
        if (!used[i])
            return (int)i;
    return -1;
}

static struct lane *lane_add(struct intake *intake, guard_id guard, const char *label, const char *file, struct reasons *reasons)
{
    unsigned n = atomic_load(&intake->n_lanes);
    if (n == LANES_MOST)
        return NULL;
    struct lane *lane = lane_new(intake, guard, label, file, reasons);
    if (lane) {
        intake->lanes[n] = lane;
        atomic_store(&intake->n_lanes, n + 1);
    }
    return lane;
}

static void wake_lane(struct intake *intake, struct lane *lane)
{
    int worker = lane->worker < 0 && !lane->has_feeder ? free_worker(intake) : -1;
    if (worker < 0)
        return;
    if (!lane_begin(lane, worker))
        log_error("a log worker could not be begun");
}

static bool file_number(struct office *office, record_id id, char out[NUMBER_TEXT])
{
    pthread_rwlock_rdlock(&office->lock);
    const struct m_file *file = idmap_get(&office->published->files, id);
    bool known = file && file->guard;
    if (known)
        snprintf(out, NUMBER_TEXT, "%s", file->number);
    pthread_rwlock_unlock(&office->lock);
    return known;
}

static void read_sources(struct intake *intake)
{
    struct arena *arena = arena_new((size_t)128 << 20);
    const struct image *const *sources;
    struct reasons reasons;
    size_t n = 0, n_routes = 0;
    reasons_init(&reasons, arena);
    if (office_own_records(intake->office, intake->stream->sources, "active", false, arena, &sources, &n) != OK) {
        log_error("log sources could not be read");
        atomic_store(&intake->changed, true);
        arena_free(arena);
        return;
    }
    struct route *routes = calloc(n + 1, sizeof *routes);
    bool known[LANES_MOST][LANE_SLOTS] = {{0}};
    for (size_t i = 0; routes && i < n; i++) {
        const struct image *source = sources[i];
        struct lane *lane = lane_of(intake, source->guard);
        const char *port = image_text(source, "port"), *sender = image_text(source, "sender"), *format = image_text(source, "format");
        char file[NUMBER_TEXT] = "";
        if (source->file && !file_number(intake->office, source->file, file)) {
            log_error("a log source lies in a file that there is not; it is not taken");
            continue;
        }
        if (!lane)
            lane = lane_add(intake, source->guard, office_own_label_text(intake->office, source->label), *file ? file : NULL, &reasons);
        int slot = lane ? lane_add_slot(lane, source->id, source->number, format ? format : "other", &reasons) : -1;
        if (slot < 0) {
            log_error("a log source is not taken");
            continue;
        }
        known[lane->view.index][slot] = true;
        routes[n_routes] = (struct route){.port = strdup(port ? port : ""), .sender = strdup(sender ? sender : ""), .lane = lane, .slot = (uint32_t)slot, .made = source->created, .source = source->id};
        if (routes[n_routes].port && routes[n_routes].sender)
            n_routes++;
    }
    for (unsigned i = 0; i < atomic_load(&intake->n_lanes); i++)
        for (unsigned k = 0; k < atomic_load(&intake->lanes[i]->n_slots); k++)
            intake->lanes[i]->slots[k].active = known[i][k];
    routes_put(intake, routes, n_routes);
    for (unsigned i = 0; i < atomic_load(&intake->n_lanes); i++)
        for (unsigned k = 0; k < atomic_load(&intake->lanes[i]->n_slots); k++)
            if (intake->lanes[i]->slots[k].active) {
                wake_lane(intake, intake->lanes[i]);
                break;
            }
    arena_free(arena);
}

/* Lanes whose sources are all ended may still hold what is to be laid down. */
static void find_lanes(struct intake *intake, struct reasons *reasons)
{
    char path[512];
    snprintf(path, sizeof path, "%s/spool", intake->options.folder);
    DIR *dir = opendir(path);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char *end;
        unsigned long guard = strtoul(entry->d_name, &end, 16);
        if (end == entry->d_name + 8 && !*end && !lane_of(intake, (guard_id)guard) && !lane_add(intake, (guard_id)guard, NULL, NULL, reasons))
            log_warn("a folder of the spool is no lane's");
    }
    closedir(dir);
}

/* ---- the committer ---- */

void intake_dirty(struct intake *intake, struct lane *lane)
{
    if (atomic_exchange(&lane->dirty, true))
        return;
    pthread_mutex_lock(&intake->commit_lock);
    intake->dirty = true;
    pthread_cond_signal(&intake->commit);
    pthread_mutex_unlock(&intake->commit_lock);
}

static void *committing(void *arg)
{
    struct intake *intake = arg;
    while (!atomic_load(&intake->stopping)) {
        pthread_mutex_lock(&intake->commit_lock);
        while (!intake->dirty && !atomic_load(&intake->stopping))
            pthread_cond_wait(&intake->commit, &intake->commit_lock);
        intake->dirty = false;
        pthread_mutex_unlock(&intake->commit_lock);
        nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);       /* what comes together is made durable together */
        for (unsigned i = 0; i < atomic_load(&intake->n_lanes); i++)
            lane_settle(intake->lanes[i]);
    }
    return NULL;
}

/* ---- life ---- */

static void read_rules(struct intake *intake)
{
    const struct pack *pack = office_pack(intake->office);
    struct span span;
    const struct rule *age = pack_rule(pack, intake->stream->span_rule);
    intake->size_most = rule_number(pack_rule(pack, intake->stream->size_rule), 64) << 20;
    intake->span_most = age && rule_span(age, NULL, &span) == OK ? span_add(NULL, 0, span) : DAY;
}

enum status intake_start(const struct intake_options *options, moment now, struct reasons *reasons, struct intake **ret)
{
    struct intake *intake = calloc(1, sizeof *intake);
    struct arena *arena = arena_new((size_t)64 << 20);
    char path[512];
    size_t n;
    if (!intake || !arena) {
        free(intake);
        arena_free(arena);
        return NO_MEMORY;
    }
    *intake = (struct intake){.options = *options, .office = options->office, .stream = options->stream};
    atomic_store(&intake->now, now);
    pthread_rwlock_init(&intake->lock, NULL);
    pthread_mutex_init(&intake->unclaimed_lock, NULL);
    pthread_mutex_init(&intake->commit_lock, NULL);
    pthread_cond_init(&intake->commit, NULL);
    read_rules(intake);
    snprintf(path, sizeof path, "%s/spool", options->folder);
    enum status status = mkdir(path, 0700) != 0 && errno != EEXIST ? FAILED_IO : OK;
    if (status != OK)
        reason_add(reasons, "intake.folder", path, T_("The folder for logs that come in cannot be made: %1$s."), strerror(errno));
    if (status == OK)
        status = office_hold_recover(options->office, options->stream->hold_rule, now, arena, reasons, &n);
    if (status == OK) {
        find_lanes(intake, reasons);
        read_sources(intake);
        for (unsigned i = 0; i < atomic_load(&intake->n_lanes); i++)
            if (spool_last(intake->lanes[i]->spool))
                wake_lane(intake, intake->lanes[i]);
        intake->has_committer = pthread_create(&intake->committer, NULL, committing, intake) == 0;
    }
    arena_free(arena);
    if (status != OK || !intake->has_committer) {
        intake_abandon(intake);
        return status == OK ? NO_MEMORY : status;
    }
    options->office->intake = intake;
    *ret = intake;
    return OK;
}

static void end(struct intake *intake, bool flush)
{
    if (!intake)
        return;
    if (intake->office->intake == intake)
        intake->office->intake = NULL;
    pthread_rwlock_wrlock(&intake->lock);
    routes_free(intake->routes, intake->n_routes);
    free(intake->table);
    intake->routes = NULL;
    intake->table = NULL;
    intake->n_routes = intake->n_table = 0;
    pthread_rwlock_unlock(&intake->lock);
    for (unsigned i = 0; i < atomic_load(&intake->n_lanes); i++)
        lane_finish(intake->lanes[i], flush);
    pthread_mutex_lock(&intake->commit_lock);
    atomic_store(&intake->stopping, true);
    pthread_cond_signal(&intake->commit);
    pthread_mutex_unlock(&intake->commit_lock);
    if (intake->has_committer)
        pthread_join(intake->committer, NULL);
    for (unsigned i = 0; i < atomic_load(&intake->n_lanes); i++) {
        if (flush)
            lane_settle(intake->lanes[i]);
        lane_free(intake->lanes[i]);
    }
    for (size_t i = 0; i < intake->n_unclaimed; i++) {
        free(intake->unclaimed[i].port);
        free(intake->unclaimed[i].sender);
    }
    pthread_rwlock_destroy(&intake->lock);
    pthread_mutex_destroy(&intake->unclaimed_lock);
    pthread_mutex_destroy(&intake->commit_lock);
    pthread_cond_destroy(&intake->commit);
    free(intake);
}

void intake_close(struct intake *intake)
{
    for (unsigned i = 0; i < atomic_load(&intake->n_lanes); i++) {
        struct lane *lane = intake->lanes[i];
        pthread_mutex_lock(&lane->order);        /* whoever is taking has taken */
        atomic_store(&lane->closing, true);
        pthread_mutex_unlock(&lane->order);
        atomic_store(&lane->dirty, true);
        lane_settle(lane);
    }
}

void intake_stop(struct intake *intake, moment now)
{
    if (intake)
        atomic_store(&intake->now, now);
    end(intake, true);
}

void intake_abandon(struct intake *intake)
{
    if (intake)
        atomic_store(&intake->abandoned, true);
    end(intake, false);
}

/* Whose change matters, by the guard's register. */
static bool about(struct intake *intake, guard_id guard, const char *name)
{
    const struct register_def *def = pack_register(intake->office->pack, name);
    if (!def || guard < 1 || guard > intern_guards(intake->office->intern))
        return false;
    const struct index_plan *plan = &intake->office->plans[def->index];
    return intern_guard(intake->office->intern, guard)->register_ == plan->register_;
}

void intake_heard(struct intake *intake, const struct touched *touched, size_t n)
{
    for (size_t i = 0; intake && i < n; i++) {
        guard_id guard = touched[i].after ? touched[i].after : touched[i].before;
        if (about(intake, guard, intake->stream->sources))
            atomic_store(&intake->changed, true);
        for (const char *const *name = intake->stream->configured_by; name && *name; name++)
            if (about(intake, guard, *name))
                atomic_store(&intake->configure, true);
    }
}

void intake_tick(struct intake *intake, moment now)
{
    atomic_store(&intake->now, now);
    if (atomic_exchange(&intake->changed, false))
        read_sources(intake);
    bool configure = atomic_exchange(&intake->configure, false) || now - intake->configured >= CONFIGURE_EVERY;
    intake->configured = configure ? now : intake->configured;
    for (unsigned i = 0; i < atomic_load(&intake->n_lanes); i++) {
        struct lane *lane = intake->lanes[i];
        if (configure && lane->worker >= 0)
            lane_configure(lane, now);
        lane_mend(lane, now);
        if (atomic_exchange(&lane->unsettled, false))
            intake_dirty(intake, lane);
    }
}

/* ---- what comes ---- */

static void not_claimed(struct intake *intake, const char *port, const char *sender, moment now)
{
    struct unclaimed *at = NULL, *oldest = NULL;
    pthread_mutex_lock(&intake->unclaimed_lock);
    for (size_t i = 0; i < intake->n_unclaimed && !at; i++) {
        struct unclaimed *one = &intake->unclaimed[i];
        if (str_eq(one->sender, sender) && str_eq(one->port, port))
            at = one;
        if (!oldest || one->last < oldest->last)
            oldest = one;
    }
    if (!at) {
        char *a = strdup(port), *b = strdup(sender);
        if (a && b) {
            if (intake->n_unclaimed < sizeof intake->unclaimed / sizeof *intake->unclaimed) {
                at = &intake->unclaimed[intake->n_unclaimed++];
            } else {
                at = oldest;
                free(at->port);
                free(at->sender);
            }
            *at = (struct unclaimed){a, b, 0, now};
        } else {
            free(a);
            free(b);
        }
    }
    if (at) {
        at->messages++;
        at->last = now;
    }
    pthread_mutex_unlock(&intake->unclaimed_lock);
}

void intake_took(struct intake *intake, const struct port *port, uint64_t token, const struct port_message *message)
{
    const char *sender = message->sender ? message->sender : message->peer ? message->peer : "";
    uint64_t seq;
    pthread_rwlock_rdlock(&intake->lock);
    struct route *route = route_find(intake, port->name, sender);
    if (!route)
        route = route_find(intake, port->name, "");
    struct route to = route ? *route : (struct route){0};
    pthread_rwlock_unlock(&intake->lock);
    bool taken = to.lane && to.lane->worker >= 0 && message->len;
    /* Not acknowledged: it comes again, from where it can. What nobody claims is acknowledged, or it would come for ever. */
    if (taken) {
        const struct spool_message mine = {.source = to.source, .received = message->received, .bytes = message->bytes, .len = message->len,
                                           .peer = hash_of(port->kind == PORT_UDP ? "" : message->peer ? message->peer : "", sender)};
        if (lane_take(to.lane, to.slot, &mine, token, &seq) != OK)
            log_warn("a log message was not taken: the spool is full or cannot be written");
    } else {
        not_claimed(intake, port->name, sender, message->received);
        if (token && intake->options.settle && intake->options.settle(intake->options.arg, &token, 1) != OK)
            log_warn("offsets of followed files could not be written; they are with the next ones");
    }
}

enum status intake_deliver(struct intake *intake, const struct reader *reader, const char *number, const struct intake_text *texts, size_t n, moment now, struct arena *arena,
                           struct reasons *reasons, size_t *ret_taken)
{
    struct record_view source;
    struct lane *lane = NULL;
    uint64_t seq = 0;
    int slot = -1;
    *ret_taken = 0;
    if (!reader || !reader_has_right(reader, intake->stream->deliver_right) || office_get(intake->office, reader, intake->stream->sources, number, arena, &source) != OK)
        return ABSENT;
    for (unsigned i = 0; i < atomic_load(&intake->n_lanes) && slot < 0; i++)
        if ((slot = lane_slot(intake->lanes[i], source.id)) >= 0 && intake->lanes[i]->slots[slot].active)
            lane = intake->lanes[i];
        else
            slot = -1;
    if (!str_eq(source.state->name, "active") || !lane || lane->worker < 0) {
        struct reason *why = reason_add(reasons, "intake.source", number, str_eq(source.state->name, "active") ? T_("No worker is free for events of this source: nothing of it is taken.")
                                                                                                               : T_("This source is not approved: nothing of it is kept."));
        reason_next(reasons, why, T_("Its page among the log sources says what is missing."));
        return REFUSED;
    }
    for (size_t i = 0; i < n; i++)
        if (!texts[i].len || texts[i].len > TEXT_MOST) {
            reason_add(reasons, "intake.text", number, T_("A part of a batch has from 1 byte to 256 KiB."));
            return TOO_LARGE;
        }
    enum status status = OK;
    for (size_t i = 0; i < n && status == OK; i++) {
        const struct spool_message message = {.source = source.id, .received = now, .bytes = texts[i].bytes, .len = texts[i].len, .flags = LANE_WHOLE};
        status = lane_take(lane, (uint32_t)slot, &message, 0, &seq);
        *ret_taken += status == OK;
    }
    if (*ret_taken && spool_durable(lane->spool) < seq && spool_sync(lane->spool) != OK) {
        *ret_taken = 0;
        status = FAILED_IO;
    }
    if (status != OK)
        reason_add(reasons, "intake.full", number, T_("Events are not taken for the time being: what waits to be laid down fills its room. Deliver them later."));
    return status == OK ? OK : BUSY;
}

/* ---- what pages show ---- */

struct intake *office_intake(const struct office *office) { return office->intake; }

void intake_facts(struct intake *intake, const struct record_view *source, moment now, struct intake_facts *ret)
{
    *ret = (struct intake_facts){.last_received = MOMENT_NONE, .newest = MOMENT_NONE, .active_since = MOMENT_NONE};
    for (unsigned i = 0; i < atomic_load(&intake->n_lanes); i++) {
        struct lane *lane = intake->lanes[i];
        int at = lane_slot(lane, source->id);
        if (at < 0 || !lane->slots[at].active)
            continue;
        pthread_mutex_lock(&lane->lock);
        *ret = lane->slots[at].facts;
        int64_t behind = now / MINUTE - lane->slots[at].minute;
        pthread_mutex_unlock(&lane->lock);
        if (behind >= 60)
            memset(ret->per_minute, 0, sizeof ret->per_minute);
        else if (behind > 0) {
            memmove(ret->per_minute, ret->per_minute + behind, (size_t)(60 - behind) * sizeof *ret->per_minute);
            memset(ret->per_minute + 60 - behind, 0, (size_t)behind * sizeof *ret->per_minute);
        }
        ret->known = true;
        ret->standing = lane->worker < 0 ? INTAKE_NO_WORKER : atomic_load(&lane->failed) ? INTAKE_FAILED : spool_full(lane->spool) ? INTAKE_FULL : lane->deaths > 5 && !atomic_load(&lane->up) ? INTAKE_DEAD : INTAKE_TAKEN;
        return;
    }
}

static int newest_first(const void *a, const void *b)
{
    const struct intake_unclaimed *x = a, *y = b;
    return x->last < y->last ? 1 : x->last > y->last ? -1 : strcmp(x->sender, y->sender);
}

size_t intake_unclaimed(struct intake *intake, struct arena *arena, struct intake_unclaimed **ret)
{
    pthread_mutex_lock(&intake->unclaimed_lock);
    size_t n = intake->n_unclaimed;
    struct intake_unclaimed *list = ARENA_ARRAY(arena, struct intake_unclaimed, n + 1);
    for (size_t i = 0; i < n; i++)
        list[i] = (struct intake_unclaimed){arena_strdup(arena, intake->unclaimed[i].port), arena_strdup(arena, intake->unclaimed[i].sender), intake->unclaimed[i].messages, intake->unclaimed[i].last};
    pthread_mutex_unlock(&intake->unclaimed_lock);
    if (n)
        qsort(list, n, sizeof *list, newest_first);
    *ret = list;
    return n;
}
