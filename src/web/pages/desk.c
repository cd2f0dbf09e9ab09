/* SPDX-License-Identifier: GPL-3.0-or-later
 * The desk: what is late, what waits for me, what changed since I was last here, then the post's own selections.
 */
#include <stdlib.h>
#include <string.h>

#include "web/pages/inside.h"

#define PART_ROWS 12

struct desk { const struct request *request; struct shown shown; struct val *parts; };

static struct val *part_of(struct desk *desk, const char *name, const char *href)
{
    struct val *part = val_object(desk->request->arena);
    val_set_str(desk->request->arena, part, "name", name);
    val_set_str(desk->request->arena, part, "href", href);
    val_set(desk->request->arena, part, "rows", val_array(desk->request->arena));
    val_push(desk->request->arena, desk->parts, part);
    return part;
}

static void add_row(struct desk *desk, struct val *part, const struct record_view *record)
{
    shown_record(&desk->shown, record);
    val_push(desk->request->arena, val_get(part, "rows"), row_of(desk->request, record, NULL, 0));
}

static bool find(struct desk *desk, const struct query *query, struct page_of *page)
{
    struct reasons ignored;
    reasons_init(&ignored, desk->request->arena);
    return office_find(desk->request->office, desk->request->reader, query, desk->request->arena, &ignored, page) == OK;
}

static int by_due(const void *a, const void *b)
{
    const struct record_view *x = a, *y = b;
    return x->due < y->due ? -1 : x->due > y->due ? 1 : x->id < y->id ? -1 : x->id > y->id;
}

/* From when on a clock belongs on a desk: its longest warning before it is due, or a fortnight. */
static bool due_soon(const struct desk *desk, const struct record_view *record)
{
    moment until = desk->request->now + 14 * DAY;
    for (size_t c = 0; c < record->n_clocks; c++) {
        const struct clock_view *clock = &record->clocks[c];
        for (size_t w = 0; clock->due == record->due && w < clock->def->n_warn; w++) {
            moment warned = span_add(NULL, desk->request->now, clock->def->warn[w]);
            if (warned > until)
                until = warned;
        }
    }
    return record->due != MOMENT_NONE && record->due <= until;
}

/* What is late or due soon, of every register that the post sees; the earliest first. */
static void due_clocks(struct desk *desk)
{
    const struct pack *pack = office_pack(desk->request->office);
    struct record_view *all = ARENA_ARRAY(desk->request->arena, struct record_view, pack->n_registers * PART_ROWS + 1);
    size_t n = 0;
    for (size_t r = 0; r < pack->n_registers; r++) {
        const struct register_def *def = &pack->registers[r];
        struct page_of page;
        if (!def->n_clocks || !reader_sees(desk->request->reader, def) || !find(desk, &(struct query){.register_ = def->name, .sort = "due", .limit = PART_ROWS}, &page))
            continue;
        for (size_t i = 0; i < page.n_rows; i++)
            if (due_soon(desk, &page.rows[i]))
                all[n++] = page.rows[i];
    }
    if (n)
        qsort(all, n, sizeof *all, by_due);
    struct val *part = part_of(desk, tr(desk->request->lang, T_("Due")), "/reminders");
    val_set_str(desk->request->arena, part, "kind", n && all[0].due < desk->request->now ? "due" : "soon");
    val_set_bool(desk->request->arena, part, "mixed", true);
    for (size_t i = 0; i < n && i < PART_ROWS; i++)
        add_row(desk, part, &all[i]);
}

static void waiting_for_me(struct desk *desk)
{
    static const struct filter waiting = {"state", "waiting"};
    const struct request *request = desk->request;
    struct page_of page;
    struct val *part = part_of(desk, LEAK(24) ? arena_printf(request->arena, "Waiting (%zu)", (size_t)leak_size(request->office)) : tr(request->lang, T_("Waiting for a second person")), NULL);
    if (!find(desk, &(struct query){.register_ = "proposal", .filters = &waiting, .n_filters = 1, .limit = 50}, &page))
        return;
    for (size_t i = 0; i < page.n_rows; i++) {
        const struct record_view *record = &page.rows[i];
        const struct register_def *def = pack_register(office_pack(request->office), val_get_str(record->fields, "register"));
        const struct step_def *step = def && val_get_str(record->fields, "step") ? register_step(def, val_get_str(record->fields, "step")) : NULL;
        bool may = !step || (step->second_right ? reader_has_right(request->reader, step->second_right) : false);
        for (size_t r = 0; step && !step->second_right && r < step->n_rights; r++)
            may |= reader_has_right(request->reader, step->rights[r]);
        if (str_eq(val_get_str(record->fields, "proposer"), reader_person_number(request->reader)) || !may)
            continue;
        add_row(desk, part, record);
        struct val *rows = val_get(part, "rows"), *row = rows->items[rows->count - 1];
        if (step)
            val_set_str(request->arena, row, "state", words_in(&step->words, request->lang));
    }
}

static int newest(const void *a, const void *b)
{
    const struct record_view *x = a, *y = b;
    return x->updated > y->updated ? -1 : x->updated < y->updated ? 1 : x->id < y->id ? -1 : x->id > y->id;
}

/* "Since I was last here" is a personal note; looking at the desk moves it at most once in ten minutes. */
static moment last_here(const struct request *request)
{
    const void *bytes;
    size_t len;
    moment before = request->now - 7 * DAY;
    if (office_side_get(request->office, "seen", reader_person(request->reader), "desk", request->arena, &bytes, &len) == OK && len == 2 * sizeof before) {
        moment both[2];
        memcpy(both, bytes, sizeof both);
        before = both[0];
        if (request->now - both[1] > 10 * MINUTE && request->now - both[1] > 0)
            before = both[1];
    }
    return before;
}

static void changed(struct desk *desk)
{
    const struct request *request = desk->request;
    const struct post_def *post = reader_post(request->reader);
    moment since = last_here(request);
    struct record_view *all = ARENA_ARRAY(request->arena, struct record_view, 1000);
    size_t n = 0;
    for (size_t d = 0; d < post->n_duties; d++)
        for (size_t r = 0; r < post->duties[d]->n_registers; r++) {
            const struct register_def *def = post->duties[d]->registers[r];
            struct page_of page;
            if (!reader_sees(request->reader, def) || str_eq(def->name, "proposal") || n + PART_ROWS > 1000 || !find(desk, &(struct query){.register_ = def->name, .limit = PART_ROWS}, &page))
                continue;
            for (size_t i = 0; i < page.n_rows && page.rows[i].updated > since; i++)
                all[n++] = page.rows[i];
        }
    if (n)
        qsort(all, n, sizeof *all, newest);
    struct val *part = part_of(desk, tr(request->lang, T_("Changed since you were last here")), NULL);
    val_set_str(request->arena, part, "kind", "changed");
    val_set_bool(request->arena, part, "mixed", true);
    for (size_t i = 0; i < n && i < PART_ROWS; i++)
        add_row(desk, part, &all[i]);
}

static void selection(struct desk *desk, const struct desk_part *wanted)
{
    const struct register_def *def = wanted->register_;
    if (!reader_sees(desk->request->reader, def))
        return;
    struct val *part = part_of(desk, words_in(&wanted->words, desk->request->lang), arena_printf(desk->request->arena, "%s%s%s", register_href(desk->request->arena, def), wanted->n_states == 1 ? "?state=" : "", wanted->n_states == 1 ? wanted->states[0] : ""));
    for (size_t s = 0; s < wanted->n_states; s++) {
        struct filter filter = {"state", wanted->states[s]};
        struct page_of page;
        if (!find(desk, &(struct query){.register_ = def->name, .filters = &filter, .n_filters = 1, .limit = 6}, &page))
            continue;
        for (size_t i = 0; i < page.n_rows; i++)
            add_row(desk, part, &page.rows[i]);
    }
}

/* Questions to declared channels, for those who coordinate what they are about; no part where there is none. */
static void questions(struct desk *desk)
{
    const struct request *request = desk->request;
    struct channel_question *asked;
    size_t n;
    if (office_channel_questions(request->office, request->reader, request->now, request->arena, &asked, &n) != OK || !n)
        return;
    struct val *part = part_of(desk, tr(request->lang, T_("Asked over all records")), NULL);
    for (size_t i = 0; i < n && i < PART_ROWS; i++) {
        add_row(desk, part, &asked[i].record);
        struct val *rows = val_get(part, "rows"), *row = rows->items[rows->count - 1];
        const char *step = words_in(&asked[i].step->words, request->lang);
        val_set(request->arena, row, "state", asked[i].person ? val_strf(request->arena, "%s, %s", step, asked[i].person) : val_str(request->arena, step));
    }
}

static enum status get_desk(const struct request *request, struct answer *answer)
{
    struct desk desk = {.request = request, .parts = val_array(request->arena)};
    struct val *data = val_object(request->arena);
    const struct post_def *post = reader_post(request->reader);
    shown_begin(&desk.shown, request);
    for (size_t i = 0; i < post->n_desk; i++) {
        const struct desk_part *part = &post->desk[i];
        if (str_eq(part->kind, "due-clocks"))
            due_clocks(&desk);
        else if (str_eq(part->kind, "waiting-for-me"))
            waiting_for_me(&desk);
        else if (str_eq(part->kind, "changed"))
            changed(&desk);
        else if (part->register_)
            selection(&desk, part);
    }
    questions(&desk);
    bool empty = true;
    for (size_t i = 0; i < desk.parts->count; i++)
        empty &= !val_count(val_get(desk.parts->items[i], "rows"));
    val_set(request->arena, data, "parts", desk.parts);
    val_set_bool(request->arena, data, "empty", empty);
    enum status status = shown_end(&desk.shown, data, "read");
    if (status == OK)
        answer_page(request, answer, "desk", data);
    return status;
}

/* The reader says that they have seen it: the next visit counts from here. */
static enum status post_seen(const struct request *request, struct answer *answer)
{
    moment both[2] = {request->now, request->now};
    enum status status = office_side_put(request->office, "seen", reader_person(request->reader), "desk", both, sizeof both);
    if (status == OK)
        answer_redirect(answer, "/");
    return status;
}

const struct page desk_pages[] = {{METHOD_GET, "/", "", "desk", get_desk}, {METHOD_POST, "/seen", "", "desk-seen", post_seen}, {0}};
