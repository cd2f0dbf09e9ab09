/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rules over a block: each distinct value is held against the predicates of its field once, so that an event becomes a short row of
 * numbers: its *plan* (skeleton, and what its values say about the log source) and, for each value that the rules of that log source
 * read, the number of its list of predicates. Events with the same row match the same rules; so for each row that is new one event is
 * put together and given to sigma_match(). The answer is that of live matching because it is live matching.
 */
#include <stdlib.h>

#include "watch/archive/build.h"
#include "watch/archive/terms.h"
#include "watch/sigma/values.h"

#define ROW_MOST 4096                            /* numbers of a row; an event with more is matched for itself */

struct reads { uint32_t cell, index; };          /* the cell's value under this index of predicates */
struct plan { struct reads *reads; uint32_t n; uint8_t *read; bool always; };      /* read: by cell */
struct result { uint32_t *rules, n; bool referred; };
/* An index of predicates. whole: none of them can hold for a text that was cut, but for one of its parts (cut.c); then lists of literals
 * and of pieces are kept, too. */
struct look { uint32_t index; bool whole; uint32_t *pieces, **forms; };
struct memo_lane { uint32_t *says; uint32_t **holding; };       /* by code, + 1; holding: by number of the index */
struct matching {
    struct archive *a;
    struct sigma_matcher *matcher;
    struct arena *arena, *scratch;
    struct event event;
    struct memo_lane *lanes;
    struct look *looks; uint32_t n_looks;        /* indexes of predicates that are asked, by number */
    struct table says, lists, plans, rows;       /* texts of what was said, lists of predicates, plans by their key, rows */
    struct plan *plan; uint32_t plan_room;
    struct result *results; uint32_t result_room;
    bool *deciding;                              /* by field */
    struct result now;
    archive_hit *hit; void *arg;
    bool damaged;
};

static void take_rule(void *arg, size_t rule)
{
    struct matching *m = arg;
    if ((m->now.n & (m->now.n - 1)) == 0)
        m->now.rules = grown(m->arena, m->now.rules, m->now.n, m->now.n ? 2 * m->now.n : 1, sizeof *m->now.rules);
    m->now.rules[m->now.n++] = (uint32_t)rule;
}

/* The event itself, through the matcher. Without its raw text, which is looked at only where there is no value; with escapes left alone,
 * since the matcher undoes those that it needs; and with nothing put together that the plan does not read. */
static bool light_event(struct matching *m, uint32_t row, const uint8_t *read)
{
    const struct bone *bone = &m->a->bones[m->a->bone_of[row]];
    event_clear(&m->event);
    if (bone->n == 0)
        return event_of(m->a, row, &m->event) == OK;
    m->event.format = bone->format;
    for (uint32_t c = 0; c < bone->n; c++) {
        struct lane *lane = &m->a->lanes[bone->cells[c].lane];
        struct text text = {"null", 4, VALUE_NULL};
        if (!(bone->cells[c].flags & CELL_NULL)) {
            if (!lane_open(m->a, lane))
                return false;
            if (read && !read[c] && lane->codes[bone->cells[c].base + m->a->rank[row]] >= lane->dict.n)
                text = (struct text){"", 0, VALUE_TEXT};
            else if (!cell_text(m->a, bone, c, m->a->rank[row], m->scratch, &text))
                return false;
        }
        if (event_add(&m->event, lane->field, (enum value_kind)(text.mark & MARK_KIND), text.at, text.len))
            m->event.values[m->event.n - 1].escaped = text.mark & MARK_ESCAPED;
    }
    return true;
}

static void match_event(struct matching *m, uint32_t row, const uint8_t *read)
{
    m->now = (struct result){0};
    if (!light_event(m, row, read)) {
        m->damaged = true;
        return;
    }
    sigma_match(m->matcher, &m->event, take_rule, m);
    m->now.referred = sigma_referred(m->matcher);
    if (m->now.referred && read)
        match_event(m, row, NULL);
}

/* A value as the matcher sees it. */
static bool value_of(struct matching *m, const struct bone *bone, uint32_t cell, uint32_t rank, struct event_value *ret)
{
    struct lane *lane = &m->a->lanes[bone->cells[cell].lane];
    struct text text = {"null", 4, VALUE_NULL};
    if (!(bone->cells[cell].flags & CELL_NULL) && !cell_text(m->a, bone, cell, rank, m->scratch, &text)) {
        m->damaged = true;
        return false;
    }
    text = text_plain(m->scratch, text);
    *ret = (struct event_value){.field = lane->field, .kind = (enum value_kind)(text.mark & MARK_KIND), .text = text.at, .len = text.len};
    return true;
}

/* ---- plans -------------------------------------------------------------------------------------------------- */

/* What the cell says about the log source, as a number; 0: nothing. UINT32_MAX: too much, or damaged. */
static uint32_t says_of(struct matching *m, const struct bone *bone, uint32_t cell, uint32_t rank)
{
    const struct node_cell *at = &bone->cells[cell];
    struct lane *lane = &m->a->lanes[at->lane];
    struct memo_lane *memo = &m->lanes[at->lane];
    uint32_t code = UINT32_MAX;
    if (!(at->flags & CELL_NULL)) {
        if (!lane_open(m->a, lane)) {
            m->damaged = true;
            return UINT32_MAX;
        }
        code = lane->codes[at->base + rank];
        if (!memo->says)
            memo->says = ARENA_ARRAY(m->arena, uint32_t, lane->dict.n + 1);
        if (code < lane->dict.n && memo->says[code])
            return memo->says[code] - 1;
    }
    struct event_value value;
    const void *bytes;
    size_t len;
    if (!value_of(m, bone, cell, rank, &value) || !sigma_says(m->matcher, &m->event, &value, &bytes, &len))
        return UINT32_MAX;
    uint32_t says = len ? table_code(&m->says, bytes, len, 0) + 1 : 0;
    if (code < lane->dict.n)
        memo->says[code] = says + 1;
    return says;
}

static uint32_t index_number(struct matching *m, uint32_t index)
{
    for (uint32_t i = 0; i < m->n_looks; i++)
        if (m->looks[i].index == index)
            return i;
    m->looks = grown(m->arena, m->looks, m->n_looks, m->n_looks + 1, sizeof *m->looks);
    m->looks[m->n_looks] = (struct look){.index = index, .whole = sigma_only_contains(m->matcher, index, term_is_whole),
                                         .pieces = ARENA_ARRAY(m->arena, uint32_t, (size_t)m->a->pieces.n + 1),
                                         .forms = ARENA_ARRAY(m->arena, uint32_t *, (size_t)m->a->n_lanes + 1)};
    for (uint32_t i = 0; i < m->a->n_lanes; i++)
        m->lanes[i].holding = grown(m->arena, m->lanes[i].holding, m->n_looks, m->n_looks + 1, sizeof *m->lanes[i].holding);
    return m->n_looks++;
}

static void plan_make(struct matching *m, const struct bone *bone, uint32_t row, struct plan *plan)
{
    if (!light_event(m, row, NULL)) {
        m->damaged = true;
        return;
    }
    struct sigma_wants wants = sigma_wants(m->matcher, &m->event);
    *plan = (struct plan){.always = wants.plainly, .read = ARENA_ARRAY(m->arena, uint8_t, (size_t)bone->n + 1)};
    for (uint32_t c = 0; c < bone->n; c++)
        plan->read[c] = m->deciding[m->a->lanes[bone->cells[c].lane].field];
    if (wants.plainly || wants.nothing)
        return;
    plan->reads = ARENA_ARRAY(m->arena, struct reads, (size_t)bone->n * (1 + wants.n_keywords) + 1);
    for (uint32_t c = 0; c < bone->n; c++) {
        field_id field = m->a->lanes[bone->cells[c].lane].field;
        if (bone->cells[c].flags & CELL_NULL)
            continue;
        if (field && field < wants.n_fields && (wants.fields[field / 64] >> field % 64 & 1))
            plan->reads[plan->n++] = (struct reads){c, index_number(m, field)};
        for (uint32_t k = 0; k < wants.n_keywords; k++)
            plan->reads[plan->n++] = (struct reads){c, index_number(m, wants.keywords[k])};
        plan->read[c] = m->deciding[field] || wants.n_keywords || (plan->n && plan->reads[plan->n - 1].cell == c);
    }
    plan->always = plan->n >= ROW_MOST;
}

/* The plan's number; UINT32_MAX: none, the event is matched for itself. */
static uint32_t plan_of(struct matching *m, uint32_t row)
{
    uint32_t key[ROW_MOST], n = 0, id = m->a->bone_of[row];
    const struct bone *bone = &m->a->bones[id];
    key[n++] = id;
    for (uint32_t c = 0; c < bone->n; c++) {
        field_id field = m->a->lanes[bone->cells[c].lane].field;
        if (!field || !m->deciding[field])
            continue;
        uint32_t says = says_of(m, bone, c, m->a->rank[row]);
        if (says == UINT32_MAX || n == ROW_MOST)
            return UINT32_MAX;
        key[n++] = says;
    }
    uint32_t before = m->plans.n, plan = table_code(&m->plans, (const char *)key, n * sizeof *key, 0);
    if (plan < before)
        return plan;
    if (plan >= m->plan_room) {
        uint32_t room = 2 * plan + 64;
        m->plan = grown(m->arena, m->plan, plan, room, sizeof *m->plan);
        m->plan_room = room;
    }
    plan_make(m, bone, row, &m->plan[plan]);
    return plan;
}

/* ---- rows --------------------------------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static uint32_t list_of(struct matching *m, uint32_t index, const char *text, size_t len)
{
    const uint32_t *found;
    size_t n = sigma_holding(m->matcher, index, text, len, &found);
    if (n == 0)
        return 0;
    uint32_t *sorted = arena_memdup(m->scratch, found, n * sizeof *found);
    if (n)
        qsort(sorted, n, sizeof *sorted, by_number);
    return table_code(&m->lists, (const char *)sorted, n * sizeof *sorted, 0) + 1;
}

static uint32_t list_of_text(struct matching *m, uint32_t index, struct text text)
{
    text = text_plain(m->scratch, text);
    return list_of(m, index, text.at, text.len);
}

/* The list of an entry of the column's dictionary. */
static uint32_t list_of_code(struct matching *m, uint32_t lane_id, uint32_t code, uint32_t number)
{
    struct lane *lane = &m->a->lanes[lane_id];
    uint32_t **memo = &m->lanes[lane_id].holding[number];
    if (!*memo)
        *memo = ARENA_ARRAY(m->arena, uint32_t, lane->dict.n + 1);
    if (!(*memo)[code])
        (*memo)[code] = list_of_text(m, m->looks[number].index, dict_text(&lane->dict, code)) + 1;
    return (*memo)[code] - 1;
}

/* Whether some literal of a template has something. */
static bool form_has(struct matching *m, uint32_t lane_id, uint32_t id, uint32_t number)
{
    const struct lane *lane = &m->a->lanes[lane_id];
    uint32_t **memo = &m->looks[number].forms[lane_id];
    if (!*memo)
        *memo = ARENA_ARRAY(m->arena, uint32_t, lane->n_forms + 1);
    if (!(*memo)[id]) {
        const struct form *form = &lane->forms[id];
        const char *literal = form->text;
        uint32_t has = 0;
        for (uint32_t k = 0; k <= form->n && !has; literal += form->lens[k++])
            has = list_of_text(m, m->looks[number].index, (struct text){literal, form->lens[k], form->mark}) != 0;
        (*memo)[id] = has + 1;
    }
    return (*memo)[id] - 1;
}

/* Whether any part of a text that was cut has something. */
static bool parts_have(struct matching *m, const struct bone *bone, uint32_t cell, uint32_t rank, uint32_t number)
{
    const struct node_cell *at = &bone->cells[cell];
    struct lane *lane = &m->a->lanes[at->lane];
    uint32_t id = lane->codes[at->base + rank] - lane->dict.n, piece = 0;
    const struct form *form = &lane->forms[id];
    bool has = form_has(m, at->lane, id, number);
    for (uint32_t k = 0; k < form->n && !has; k++) {
        if (form->parts[k] == PART_PIECE) {
            uint32_t code = m->a->piece_codes[form->first + piece++ * form->uses + lane->use[at->base + rank]], *memo = &m->looks[number].pieces[code];
            if (!*memo)
                *memo = list_of_text(m, m->looks[number].index, dict_text(&m->a->pieces, code)) + 1;
            has = *memo != 1;
            continue;
        }
        const struct node_cell *other = form->parts[k] < bone->n ? &bone->cells[form->parts[k]] : NULL;
        struct lane *lent = other ? &m->a->lanes[other->lane] : NULL;
        if (!other || other->flags & CELL_NULL || !lane_open(m->a, lent) || lent->codes[other->base + rank] >= lent->dict.n)
            return true;                               /* damaged: putting it together tells */
        has = list_of_code(m, other->lane, lent->codes[other->base + rank], number) != 0;
    }
    return has;
}

static uint32_t holding_of(struct matching *m, const struct bone *bone, const struct reads *reads, uint32_t rank)
{
    const struct node_cell *at = &bone->cells[reads->cell];
    struct lane *lane = &m->a->lanes[at->lane];
    if (!lane_open(m->a, lane)) {
        m->damaged = true;
        return 0;
    }
    uint32_t code = lane->codes[at->base + rank];
    if (code < lane->dict.n)
        return list_of_code(m, at->lane, code, reads->index);
    if (m->looks[reads->index].whole && !parts_have(m, bone, reads->cell, rank, reads->index))
        return 0;
    struct event_value value;
    return value_of(m, bone, reads->cell, rank, &value) ? list_of(m, m->looks[reads->index].index, value.text, value.len) : 0;
}

static void match_row(struct matching *m, uint32_t row)
{
    uint32_t key[ROW_MOST + 1], n = 0, plan = plan_of(m, row);
    const struct bone *bone = &m->a->bones[m->a->bone_of[row]];
    if (m->damaged)
        return;
    if (plan == UINT32_MAX || m->plan[plan].always) {
        match_event(m, row, NULL);
        return;
    }
    key[n++] = plan;
    for (uint32_t i = 0; i < m->plan[plan].n && !m->damaged; i++)
        key[n++] = holding_of(m, bone, &m->plan[plan].reads[i], m->a->rank[row]);
    uint32_t before = m->rows.n, number = table_code(&m->rows, (const char *)key, n * sizeof *key, 0);
    if (number < before && !m->results[number].referred) {
        m->now = m->results[number];
        return;
    }
    match_event(m, row, m->plan[plan].read);
    if (number < before)
        return;
    if (number >= m->result_room) {
        uint32_t room = 2 * number + 256;
        m->results = grown(m->arena, m->results, number, room, sizeof *m->results);
        m->result_room = room;
    }
    m->results[number] = m->now;
}

/* Which fields decide about log sources: by field id. */
static void decide(struct matching *m)
{
    uint32_t highest = 0;
    for (uint32_t i = 0; i < m->a->n_lanes; i++) {
        struct lane *lane = &m->a->lanes[i];
        lane->field = fields_find(sigma_fields(m->matcher), lane->name, lane->name_len);
        highest = lane->field > highest ? lane->field : highest;
    }
    m->deciding = ARENA_ARRAY(m->arena, bool, highest + 1);
    for (uint32_t i = 0; i < m->a->n_lanes; i++)
        m->deciding[m->a->lanes[i].field] = sigma_decides(m->matcher, m->a->lanes[i].field);
}

static void match_all(struct matching *m, struct archive_range range)
{
    decide(m);
    for (uint32_t row = 0; row < m->a->info.items && !m->damaged; row++) {
        if (!row_in_range(m->a, range, row))
            continue;
        match_row(m, row);
        if (m->event.n || arena_used(m->scratch) > (1u << 20))
            event_clear(&m->event);
        for (uint32_t i = 0; i < m->now.n && !m->damaged; i++)
            if (!m->hit(m->arg, row, m->now.rules[i]))
                return;
    }
}

enum status archive_match(struct archive *a, struct sigma_matcher *matcher, struct archive_range range, archive_hit *hit, void *arg)
{
    bool nothing;
    if (!range_open(a, &range, &nothing))
        return DAMAGED;
    if (nothing)
        return OK;
    struct matching m = {.a = a, .matcher = matcher, .hit = hit, .arg = arg, .arena = arena_new((size_t)1 << 30), .scratch = arena_new((size_t)256 << 20)};
    if (!m.arena || !m.scratch) {
        arena_free(m.arena);
        arena_free(m.scratch);
        return NO_MEMORY;
    }
    event_init(&m.event, m.scratch);
    table_init(&m.says, m.arena);
    table_init(&m.lists, m.arena);
    table_init(&m.plans, m.arena);
    table_init(&m.rows, m.arena);
    m.lanes = ARENA_ARRAY(m.arena, struct memo_lane, a->n_lanes + 1);
    match_all(&m, range);
    arena_free(m.scratch);
    arena_free(m.arena);
    return m.damaged ? DAMAGED : OK;
}
