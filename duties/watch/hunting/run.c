/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A hunt carried out: long work on behalf of the hunter. Segment by segment, newest first; the hunter is asked for anew before each, so what they
 * lose meanwhile is not read. What was found is attached to the hunt's record at the end, also when it was stopped; a server that is killed
 * leaves the record under way, and it can be run again.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "hunting.h"
#include "office/own.h"
#include "report/report.h"

#define RULE "hunt.results"

struct run {
    struct work *work;
    struct office *office;
    struct arena *arena;
    struct record_view hunt;
    struct sift sift;
    struct results results;
    struct scope scope;
    size_t read, damaged;                  /* segments */
    struct val *segments;                  /* [{number, blocks}]: those that were read */
    struct val *refused;                   /* rules that could not be compiled: [[id, words]] */
    bool stopped;
};

/* ---- what it shows ---- */

static struct val *so_far(const struct run *run, struct arena *arena)
{
    struct val *shown = val_object(arena);
    val_set_int(arena, shown, "segments", (int64_t)run->scope.n);
    val_set_int(arena, shown, "read", (int64_t)run->read);
    val_set_int(arena, shown, "damaged-segments", (int64_t)run->damaged);
    val_set_int(arena, shown, "damaged-blocks", (int64_t)run->results.damaged);
    val_set_int(arena, shown, "events", (int64_t)run->results.events);
    val_set_int(arena, shown, "found", (int64_t)run->results.found);
    val_set_int(arena, shown, "kept", (int64_t)run->results.n_rows);
    val_set_bool(arena, shown, "cut", run->results.cut);
    val_set_bool(arena, shown, "stopped", run->stopped);
    val_set_bool(arena, shown, "more-segments", run->scope.more);
    val_set(arena, shown, "refused", run->refused);
    val_set(arena, shown, "hits", run->results.shown);
    return shown;
}
static void show(struct run *run)
{
    struct arena *arena = arena_new((size_t)16 << 20);
    work_show(run->work, so_far(run, arena));
    arena_free(arena);
}

static void take_refused(struct run *run, const struct hunt_answer *answer)
{
    if (run->refused->count)
        return;                            /* every jail compiles the same rules */
    for (const struct reason *one = answer->refused.first; one; one = one->after) {
        struct val *item = val_object(run->arena);
        val_set_str(run->arena, item, "rule", one->where);
        val_set_str(run->arena, item, "en", one->text.in[LANG_EN]);
        val_set_str(run->arena, item, "fr", one->text.in[LANG_FR]);
        val_push(run->arena, run->refused, item);
    }
}
static bool took(void *arg, const struct hunt_answer *answer, const struct sift_block *blocks)
{
    struct run *run = arg;
    results_take(&run->results, answer, blocks);
    take_refused(run, answer);
    show(run);
    return !work_stopped(run->work);
}
static bool asked_to_stop(void *arg) { return work_stopped(((struct run *)arg)->work); }

/* ---- segment by segment ---- */

static enum status one_segment(struct run *run, const struct scope_segment *segment, struct reasons *reasons)
{
    const struct reader *reader;
    enum status status = work_reader(run->work, reasons, &reader);
    if (status != OK)
        return status;
    uint64_t before = run->sift.bytes;
    run->sift.reader = reader;
    run->sift.now = work_now(run->work);
    status = sift_segment(&run->sift, segment, reasons);
    if (status == OK && !run->sift.ended)
        status = sift_flush(&run->sift, reasons);
    if (run->sift.ended)
        run->stopped = true;
    if (status == OK || status == DAMAGED) {
        struct val *item = val_object(run->arena);
        const struct record_view *read[] = {segment->record};
        val_set_str(run->arena, item, "number", segment->number);
        val_set_int(run->arena, item, "bytes", (int64_t)(run->sift.bytes - before));
        val_set_bool(run->arena, item, "whole", status == OK && !run->stopped);
        val_push(run->arena, run->segments, item);
        run->read++;
        run->damaged += status == DAMAGED;
        status = office_note_read(run->office, reader, read, 1, "read", work_now(run->work));
    } else if (status == ABSENT) {
        run->scope.n--;                    /* not the hunter's any more: as if it had never been */
        status = OK;
    }
    run->sift.reader = NULL;
    reader_free(reader);
    return status;
}

static enum status all_segments(struct run *run, struct reasons *reasons)
{
    size_t n = run->scope.n;
    for (size_t i = 0; i < n && !run->stopped; i++) {
        enum status status = one_segment(run, &run->scope.items[i], reasons);
        if (status != OK)
            return status;
        show(run);
        run->stopped |= work_stopped(run->work) && i + 1 < n;
    }
    return OK;
}

/* ---- at the end ---- */

static const char *report_of(struct run *run, size_t *ret_len)
{
    struct val *all = so_far(run, run->arena);
    struct buf text;
    char at[MOMENT_TEXT];
    val_drop(all, "hits");
    val_set_str(run->arena, all, "begun", moment_iso(work_began(run->work), at));
    val_set_str(run->arena, all, "ended", moment_iso(work_now(run->work), at));
    val_set_str(run->arena, all, "looked-for", val_get_str(run->hunt.fields, "looked-for"));
    val_set(run->arena, all, "segments", run->segments);
    buf_init(&text, (size_t)8 << 20);
    json_write(&text, all);
    const char *ret = text.failed ? NULL : arena_strndup(run->arena, text.data, text.len);
    *ret_len = text.len;
    buf_free(&text);
    return ret;
}

static enum status attach(struct run *run, struct reasons *reasons)
{
    struct outcome outcome;
    struct own_file files[3];
    struct buf csv;
    size_t n = 0, len;
    char stamp[MOMENT_TEXT];
    const char *day = moment_iso(work_began(run->work), stamp), *report = report_of(run, &len);
    buf_init(&csv, (size_t)64 << 20);
    if (!report)
        return TOO_LARGE;
    files[n++] = (struct own_file){"results", arena_printf(run->arena, "run-%s.json", day), "application/json", report, len};
    if (run->results.n_rows) {
        files[n++] = (struct own_file){"results", arena_printf(run->arena, "events-%s.jsonl", day), "application/jsonl", run->results.lines.data, run->results.lines.len};
        if (report_csv(run->results.table, &csv) == OK)
            files[n++] = (struct own_file){"results", arena_printf(run->arena, "events-%s.csv", day), "text/csv", csv.data, csv.len};
    }
    enum status status = office_own_attach(run->office, &(struct own_attach){.rule = RULE, .cause = run->hunt.number, .number = run->hunt.number, .files = files, .n_files = n},
                                           work_now(run->work), run->arena, &outcome);
    if (status != OK)
        reasons_join(reasons, &outcome.reasons);
    buf_free(&csv);
    return status;
}

/* ---- the work ---- */

static enum status prepare(struct run *run, const struct reader *reader, struct reasons *reasons)
{
    struct arena *arena = run->arena;
    const struct val *period;
    struct scope_wish wish = {.asking = work_subject(run->work)};
    enum status status = office_get(run->office, reader, "hunt", work_subject(run->work), arena, &run->hunt);
    if (status == OK)
        status = hunting_may(reader, &run->hunt, reasons);
    if (status == OK)
        status = hunting_query(&run->hunt, arena, reasons, &run->sift.query);
    if (status != OK)
        return status;
    struct sigma_options *options = ARENA_NEW(arena, struct sigma_options);
    const char **sources = ARENA_ARRAY(arena, const char *, run->hunt.n_links + 1);
    for (size_t i = 0; i < run->hunt.n_links; i++)
        if (str_eq(run->hunt.links[i].field->name, "sources"))
            sources[wish.n_sources++] = run->hunt.links[i].number;
    period = val_get(run->hunt.fields, "period");
    wish.sources = sources;
    wish.from = run->sift.query.from = val_get_int(period, "from", MOMENT_NONE);
    wish.to = run->sift.query.to = val_get_int(period, "to", MOMENT_NONE);
    if (run->sift.query.n_rules)
        status = hunting_rules(run->office, reader, &run->hunt, &run->sift.query, work_now(run->work), arena, reasons, &run->sift.texts, &run->sift.n_texts, options);
    run->sift.options = options;
    if (status == OK)
        status = scope_find(run->office, reader, &wish, arena, reasons, &run->scope);
    return status;
}

static enum status carry_out(struct work *work, struct reasons *reasons)
{
    struct run run = {.work = work, .office = work_office(work), .arena = work_arena(work)};
    const struct reader *reader;
    run.segments = val_array(run.arena);
    run.refused = val_array(run.arena);
    run.sift = (struct sift){.office = run.office, .asking = work_subject(work), .scratch = work_scratch(work), .took = took, .stop = asked_to_stop, .arg = &run};
    enum status status = work_reader(work, reasons, &reader);
    if (status != OK)
        return status;
    status = prepare(&run, reader, reasons);
    reader_free(reader);
    if (status != OK)
        return status;
    const char *marking = label_marking(office_policies(run.office), run.hunt.label, MARK_PAGE, LANG_EN, run.arena);
    sift_begin(&run.sift, run.arena);
    results_begin(&run.results, run.arena, run.office, run.hunt.number, marking ? marking : "", work_now(work));
    show(&run);
    status = all_segments(&run, reasons);
    show(&run);
    if (status == OK)
        status = attach(&run, reasons);
    results_end(&run.results);
    sift_end(&run.sift);
    return status;
}

const struct work_def hunting_work = {"hunt", carry_out};
