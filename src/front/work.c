/* SPDX-License-Identifier: GPL-3.0-or-later
 * See work.h. One lock over the table; a work's own thread alone touches its arena, everybody else what lies under the lock.
 */
#include "front/work.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/text.h"
#include "office/office.h"

enum { STACK = 1 << 20, OFFICES = 16 };
enum place { PLACE_FREE, PLACE_WAITING, PLACE_RUNNING, PLACE_ENDED };

struct work {
    struct works *works;
    const struct work_def *def;
    record_id account, appointment;
    char subject[NUMBER_TEXT];
    struct arena *arena, *scratch;
    const struct val *wish;
    /* under the lock */
    enum place place;
    bool stop;
    enum status status;
    moment began, ended;
    char *shown, *why;                       /* JSON */
};

struct works {
    struct works_options options;
    pthread_mutex_t lock;
    pthread_cond_t more;
    bool ending;
    unsigned n_threads;
    pthread_t threads[8];
    struct work items[WORKS_MOST];
};

/* ---- which works are an office's ---- */

static struct { struct office *office; struct works *works; } known[OFFICES];
static pthread_mutex_t known_lock = PTHREAD_MUTEX_INITIALIZER;

void works_of_office(struct office *office, struct works *works)
{
    pthread_mutex_lock(&known_lock);
    int at = -1;
    for (int i = 0; i < OFFICES; i++)
        if (known[i].office == office || (!known[i].office && at < 0))
            at = i;
    if (at >= 0) {
        known[at].office = works ? office : NULL;
        known[at].works = works;
    }
    pthread_mutex_unlock(&known_lock);
}
struct works *office_works(const struct office *office)
{
    struct works *found = NULL;
    pthread_mutex_lock(&known_lock);
    for (int i = 0; i < OFFICES; i++)
        found = known[i].office == office ? known[i].works : found;
    pthread_mutex_unlock(&known_lock);
    return found;
}

/* ---- carrying one out ---- */

static void no_memory(void *arg) { longjmp(*(jmp_buf *)arg, 1); }

static void journal(struct work *work, const char *kind, moment now)
{
    if (office_note_event(work->works->options.office, work->account, work->appointment, kind, work->def->name, now) != OK)
        log_error("that long work began or ended could not be journalled");
}

static enum status carry_out(struct work *work, struct reasons *reasons)
{
    jmp_buf escape;
    enum status volatile status = NO_MEMORY;
    if (setjmp(escape) == 0) {
        arena_on_failure(work->arena, no_memory, &escape);
        arena_on_failure(work->scratch, no_memory, &escape);
        status = work->def->run(work, reasons);
    } else {
        reason_add(reasons, "work.memory", NULL, T_("There is not enough memory for this; ask for less at a time."));
    }
    arena_on_failure(work->arena, NULL, NULL);
    return status;
}

/* Reasons as JSON, so that they need none of the work's memory afterwards. */
static char *kept_reasons(const struct reasons *reasons)
{
    struct arena *arena = arena_new((size_t)16 << 20);
    struct val *list = val_array(arena);
    struct buf text;
    for (const struct reason *one = reasons->first; one; one = one->after) {
        struct val *item = val_array(arena);
        val_push(arena, item, val_str(arena, one->rule));
        val_push(arena, item, val_str(arena, one->where));
        for (int lang = 0; lang < LANG_COUNT; lang++) {
            val_push(arena, item, val_str(arena, one->text.in[lang]));
            val_push(arena, item, val_str(arena, one->next.in[lang]));
        }
        val_push(arena, list, item);
    }
    buf_init(&text, WORK_SHOWN_MOST);
    json_write(&text, list);
    char *kept = text.failed ? NULL : strndup(text.data, text.len);
    buf_free(&text);
    arena_free(arena);
    return kept;
}

static void run_one(struct work *work)
{
    struct works *works = work->works;
    struct arena *words = arena_new((size_t)16 << 20);
    struct reasons reasons;
    enum status status = NO_MEMORY;
    reasons_init(&reasons, words);
    reasons.limit = 200;
    journal(work, "work-begun", work_now(work));
    work->scratch = arena_new(WORK_MEMORY);
    if (work->scratch)
        status = carry_out(work, &reasons);
    arena_free(work->scratch);
    work->scratch = NULL;
    journal(work, "work-ended", work_now(work));
    char *why = kept_reasons(&reasons);
    arena_free(words);
    pthread_mutex_lock(&works->lock);
    work->why = why;
    work->status = status;
    work->ended = work_now(work);
    work->place = PLACE_ENDED;
    arena_free(work->arena);
    work->arena = NULL;
    work->wish = NULL;
    pthread_mutex_unlock(&works->lock);
}

static struct work *waiting(struct works *works)
{
    struct work *first = NULL;
    for (size_t i = 0; i < WORKS_MOST; i++)
        if (works->items[i].place == PLACE_WAITING && (!first || works->items[i].began < first->began))
            first = &works->items[i];
    return first;
}

static void *thread(void *arg)
{
    struct works *works = arg;
    pthread_mutex_lock(&works->lock);
    while (!works->ending) {
        struct work *work = waiting(works);
        if (!work) {
            pthread_cond_wait(&works->more, &works->lock);
            continue;
        }
        work->place = PLACE_RUNNING;
        pthread_mutex_unlock(&works->lock);
        run_one(work);
        pthread_mutex_lock(&works->lock);
    }
    pthread_mutex_unlock(&works->lock);
    return NULL;
}

/* ---- life ---- */

struct works *works_new(const struct works_options *options)
{
    struct works *works = calloc(1, sizeof *works);
    pthread_attr_t attr;
    if (!works)
        return NULL;
    works->options = *options;
    pthread_mutex_init(&works->lock, NULL);
    pthread_cond_init(&works->more, NULL);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK);
    while (works->n_threads < options->threads && works->n_threads < 8 && pthread_create(&works->threads[works->n_threads], &attr, thread, works) == 0)
        works->n_threads++;
    pthread_attr_destroy(&attr);
    if (options->threads && !works->n_threads) {
        works_free(works);
        return NULL;
    }
    return works;
}

static void forget(struct work *work)
{
    free(work->shown);
    free(work->why);
    arena_free(work->arena);
    *work = (struct work){0};
}

void works_free(struct works *works)
{
    if (!works)
        return;
    pthread_mutex_lock(&works->lock);
    works->ending = true;
    for (size_t i = 0; i < WORKS_MOST; i++)
        works->items[i].stop = true;
    pthread_cond_broadcast(&works->more);
    pthread_mutex_unlock(&works->lock);
    for (unsigned i = 0; i < works->n_threads; i++)
        pthread_join(works->threads[i], NULL);
    for (size_t i = 0; i < WORKS_MOST; i++)
        forget(&works->items[i]);
    pthread_mutex_destroy(&works->lock);
    pthread_cond_destroy(&works->more);
    free(works);
}

/* ---- from a page ---- */

static struct work *of_reader(struct works *works, const struct work_def *def, const struct reader *reader, const char *subject)
{
    for (size_t i = 0; i < WORKS_MOST; i++) {
        struct work *work = &works->items[i];
        if (work->place != PLACE_FREE && work->def == def && work->account == reader_account(reader) && work->appointment == reader_appointment(reader) && str_eq(work->subject, subject))
            return work;
    }
    return NULL;
}

/* A place for a new one; of those that have ended the oldest makes room. */
static struct work *room(struct works *works)
{
    struct work *oldest = NULL;
    for (size_t i = 0; i < WORKS_MOST; i++) {
        struct work *work = &works->items[i];
        if (work->place == PLACE_FREE)
            return work;
        if (work->place == PLACE_ENDED && (!oldest || work->ended < oldest->ended))
            oldest = work;
    }
    if (oldest)
        forget(oldest);
    return oldest;
}

static enum status admit(struct works *works, const struct work_def *def, const struct reader *reader, const char *subject, struct reasons *reasons, struct work **ret)
{
    struct work *former = of_reader(works, def, reader, subject);
    unsigned mine = 0;
    if (former && former->place != PLACE_ENDED) {
        reason_add(reasons, "work.again", NULL, T_("This is under way already."));
        return CONFLICT;
    }
    for (size_t i = 0; i < WORKS_MOST; i++)
        mine += works->items[i].account == reader_account(reader) && (works->items[i].place == PLACE_WAITING || works->items[i].place == PLACE_RUNNING);
    if (former)
        forget(former);
    *ret = mine < WORKS_A_PERSON && !works->ending ? room(works) : NULL;
    if (*ret)
        return OK;
    reason_next(reasons, reason_add(reasons, "work.many", NULL, T_("Too much is under way.")), T_("Stop what is no longer needed, or wait until it has ended."));
    return BUSY;
}

enum status work_begin(struct works *works, const struct work_def *def, const struct reader *reader, const char *subject, const struct val *wish, moment now, struct reasons *reasons)
{
    struct work *work = NULL;
    struct arena *arena = strlen(subject) < sizeof work->subject ? arena_new(WORK_MEMORY) : NULL;
    if (!arena)
        return NO_MEMORY;
    pthread_mutex_lock(&works->lock);
    enum status status = admit(works, def, reader, subject, reasons, &work);
    if (status == OK) {
        *work = (struct work){.works = works, .def = def, .account = reader_account(reader), .appointment = reader_appointment(reader), .arena = arena, .began = now,
                              .ended = MOMENT_NONE, .place = works->n_threads ? PLACE_WAITING : PLACE_RUNNING};
        memcpy(work->subject, subject, strlen(subject) + 1);
        work->wish = wish ? val_copy(arena, wish) : NULL;
        pthread_cond_signal(&works->more);
    } else {
        arena_free(arena);
    }
    pthread_mutex_unlock(&works->lock);
    if (status == OK && !works->n_threads)
        run_one(work);
    return status;
}

static void read_reasons(const char *text, struct arena *arena, struct reasons *ret)
{
    struct val *list;
    struct reasons ignored;
    reasons_init(ret, arena);
    reasons_init(&ignored, arena);
    if (!text || json_read(arena, text, strlen(text), (struct json_limits){0}, &ignored, &list) != OK)
        return;
    for (size_t i = 0; i < val_count(list); i++) {
        const struct val *one = val_at(list, i);
        struct reason *reason = reason_add(ret, val_text(val_at(one, 0)), val_text(val_at(one, 1)), "%1$s", val_text(val_at(one, 2)) ? val_text(val_at(one, 2)) : "");
        for (int lang = 0; lang < LANG_COUNT; lang++) {
            reason->text.in[lang] = val_text(val_at(one, 2 + 2 * (size_t)lang));
            reason->next.in[lang] = val_text(val_at(one, 3 + 2 * (size_t)lang));
        }
    }
}

bool work_look(struct works *works, const struct work_def *def, const struct reader *reader, const char *subject, struct arena *arena, struct work_view *ret)
{
    struct reasons ignored;
    const char *shown = NULL, *why = NULL;
    pthread_mutex_lock(&works->lock);
    const struct work *work = of_reader(works, def, reader, subject);
    if (work) {
        *ret = (struct work_view){.running = work->place != PLACE_ENDED, .stopping = work->stop, .status = work->status, .began = work->began, .ended = work->ended};
        shown = work->shown ? arena_strdup(arena, work->shown) : NULL;
        why = work->why ? arena_strdup(arena, work->why) : NULL;
    }
    pthread_mutex_unlock(&works->lock);
    if (!work)
        return false;
    reasons_init(&ignored, arena);
    if (!shown || json_read(arena, shown, strlen(shown), (struct json_limits){0}, &ignored, &ret->shown) != OK)
        ret->shown = NULL;
    read_reasons(why, arena, &ret->reasons);
    return true;
}

bool work_stop(struct works *works, const struct work_def *def, const struct reader *reader, const char *subject)
{
    pthread_mutex_lock(&works->lock);
    struct work *work = of_reader(works, def, reader, subject);
    bool good = work && work->place != PLACE_ENDED;
    if (good)
        work->stop = true;
    pthread_mutex_unlock(&works->lock);
    return good;
}

/* ---- from the work itself ---- */

struct office *work_office(const struct work *work) { return work->works->options.office; }
const char *work_subject(const struct work *work) { return work->subject; }
const struct val *work_wish(const struct work *work) { return work->wish; }
struct arena *work_arena(struct work *work) { return work->arena; }
struct arena *work_scratch(struct work *work) { return work->scratch; }
moment work_now(const struct work *work) { return work->works->options.clock(work->works->options.arg); }
moment work_began(const struct work *work) { return work->began; }
bool work_stopped(struct work *work)
{
    pthread_mutex_lock(&work->works->lock);
    bool stop = work->stop;
    pthread_mutex_unlock(&work->works->lock);
    return stop;
}
enum status work_reader(struct work *work, struct reasons *reasons, const struct reader **ret)
{
    return reader_open(work_office(work), work->account, work->appointment, work_now(work), reasons, ret);
}

void work_show(struct work *work, const struct val *what)
{
    struct buf text;
    buf_init(&text, WORK_SHOWN_MOST);
    json_write(&text, what);
    char *shown = text.failed ? NULL : strndup(text.data, text.len);
    buf_free(&text);
    if (!shown)
        return;
    pthread_mutex_lock(&work->works->lock);
    free(work->shown);
    work->shown = shown;
    pthread_mutex_unlock(&work->works->lock);
}
