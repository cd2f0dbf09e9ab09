/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A hunt for terms: filters say in which dictionaries a needle may stand; only these are unpacked and looked through, each distinct text
 * once. What is found there are codes; columns of codes say in which events they stand. A text that was cut is put together only where a
 * needle stands in one of its parts and does not say all.
 */
#include "watch/archive/pack.h"
#include "watch/archive/terms.h"

/* What was found in the texts of one column, by code: founds.list[first[code] .. first[code + 1]). */
struct finds { struct founds founds; uint32_t *first, n; };
struct hunt {
    struct archive *a;
    struct archive_terms *t;
    struct arena *arena;
    struct finds *lanes, pieces, *forms;         /* by column; forms: the literals of its templates */
    bool *borrowed;                              /* by column: a template of another column names it */
    uint64_t **rows;                             /* by term: a bit for each event; NULL: none yet */
    bool damaged;
};

static void index_finds(struct hunt *h, struct finds *f, uint32_t n)
{
    founds_sort(&f->founds);
    f->n = n;
    f->first = ARENA_ARRAY(h->arena, uint32_t, (size_t)n + 2);
    for (size_t i = 0; i < f->founds.n; i++)
        f->first[f->founds.list[i].entry + 1]++;
    for (uint32_t i = 0; i < n; i++)
        f->first[i + 1] += f->first[i];
}

static bool is_field(const struct term *term, const struct lane *lane)
{
    return !term->field || (term->field_len == lane->name_len && memcmp(term->field, lane->name, lane->name_len) == 0);
}

/* Turns on the terms that may stand in the texts behind this filter. False: none does. */
static bool turn_on(struct hunt *h, struct place bloom, const struct lane *only)
{
    const uint8_t *bits = (const uint8_t *)place_bytes(h->a, bloom);
    bool any = false;
    h->damaged |= !bits;
    for (uint32_t i = 0; bits && i < h->t->n; i++) {
        const struct term *term = &h->t->terms[i];
        h->t->on[i] = (!only || is_field(term, only)) && bloom_may(bits, bloom.len, term->needle, term->needle_len);
        any |= h->t->on[i];
    }
    return any;
}

static void find_in_dict(struct hunt *h, struct dict *dict, const struct lane *only, struct finds *finds)
{
    if (dict->n == 0 || !turn_on(h, dict->bloom, only))
        return;
    if (!dict_open(h->a, dict)) {
        h->damaged = true;
        return;
    }
    for (uint32_t i = 0; i < dict->n; i++) {
        struct text text = terms_fold(h->t, dict_text(dict, i));
        terms_find(h->t, text.at, text.len, i, &finds->founds);
    }
    if (finds->founds.n)
        index_finds(h, finds, dict->n);
}

static void find_in_forms(struct hunt *h, struct lane *lane, struct finds *finds)
{
    if (!turn_on(h, lane->bloom, lane))
        return;
    if (!lane_codes(h->a, lane)) {
        h->damaged = true;
        return;
    }
    for (uint32_t i = 0; i < lane->n_forms; i++) {
        const struct form *form = &lane->forms[i];
        const char *literal = form->text;
        for (uint32_t k = 0; k <= form->n; literal += form->lens[k++]) {
            struct text text = terms_fold(h->t, (struct text){literal, form->lens[k], form->mark});
            terms_find(h->t, text.at, text.len, i, &finds->founds);
        }
    }
    if (finds->founds.n)
        index_finds(h, finds, lane->n_forms);
}

/* ---- events ---- */

static void found_row(struct hunt *h, uint32_t term, uint32_t row)
{
    if (!h->rows[term])
        h->rows[term] = ARENA_ARRAY(h->arena, uint64_t, h->a->info.items / 64 + 1);
    h->rows[term][row / 64] |= UINT64_C(1) << row % 64;
}
static bool is_found(const struct hunt *h, uint32_t term, uint32_t row)
{
    return h->rows[term] && (h->rows[term][row / 64] >> row % 64 & 1);
}

/* A plain value: its needles were found in its dictionary. What they leave open was asked there, once (settle_dict). */
static void take_codes(struct hunt *h, const struct bone *bone, uint32_t cell, const struct lane *lane, const struct finds *finds)
{
    const uint32_t *codes = lane->codes + bone->cells[cell].base, *rows = h->a->rows_of + bone->first;
    for (uint32_t r = 0; r < bone->rows; r++) {
        uint32_t code = codes[r];
        if (code >= finds->n)
            continue;
        for (uint32_t i = finds->first[code]; i < finds->first[code + 1]; i++)
            if (is_field(&h->t->terms[finds->founds.list[i].term], lane))
                found_row(h, finds->founds.list[i].term, rows[r]);
    }
}

struct asking { struct hunt *h; const struct bone *bone; const struct lane *lane; uint32_t cell, rank, row; bool made; struct text whole; struct arena *scratch; };

/* A needle of the term stands in the text that was cut; the text itself is asked unless that says all. */
static void ask_whole(struct asking *q, uint32_t id)
{
    const struct term *term = &q->h->t->terms[id];
    if (!is_field(term, q->lane) || is_found(q->h, id, q->row))
        return;
    if (!term->all && !q->made) {
        struct text text;
        if (!cell_text(q->h->a, q->bone, q->cell, q->rank, q->scratch, &text)) {
            q->h->damaged = true;
            return;
        }
        q->whole = terms_fold(q->h->t, text);
        q->made = true;
    }
    if (term->all || term_holds(term, q->whole.at, q->whole.len))
        found_row(q->h, id, q->row);
}

static void ask_finds(struct asking *q, const struct finds *finds, uint32_t code)
{
    for (uint32_t i = code < finds->n ? finds->first[code] : 0; code < finds->n && i < finds->first[code + 1]; i++)
        ask_whole(q, finds->founds.list[i].term);
}

/* Needles found in the dictionaries of cells that a template names lie there for good: finds of `raw` are those before settling. */
static void take_forms(struct hunt *h, const struct bone *bone, uint32_t cell, struct lane *lane, const struct finds *forms, const struct finds *raw)
{
    struct asking q = {.h = h, .bone = bone, .lane = lane, .cell = cell, .scratch = arena_new((size_t)256 << 20)};
    for (uint32_t r = 0; r < bone->rows && q.scratch && !h->damaged; r++) {
        uint32_t at = bone->cells[cell].base + r, code = lane->codes[at], piece = 0;
        if (code < lane->dict.n)
            continue;
        const struct form *form = &lane->forms[code - lane->dict.n];
        q.rank = r;
        q.row = h->a->rows_of[bone->first + r];
        q.made = false;
        for (uint32_t i = 0; i < h->t->n_blind; i++)
            ask_whole(&q, h->t->blind[i]);
        ask_finds(&q, forms, code - lane->dict.n);
        for (uint32_t k = 0; k < form->n; k++) {
            if (form->parts[k] == PART_PIECE) {
                ask_finds(&q, &h->pieces, h->a->piece_codes[form->first + piece++ * form->uses + lane->use[at]]);
                continue;
            }
            if (form->parts[k] >= bone->n || bone->cells[form->parts[k]].flags & CELL_NULL) {
                h->damaged = true;
                break;
            }
            const struct node_cell *other = &bone->cells[form->parts[k]];
            if (raw[other->lane].n == 0)
                continue;
            h->damaged |= !lane_codes(h->a, &h->a->lanes[other->lane]);
            if (!h->damaged)
                ask_finds(&q, &raw[other->lane], h->a->lanes[other->lane].codes[other->base + r]);
        }
        if (q.made)
            arena_clear(q.scratch);
    }
    h->damaged |= !q.scratch;
    arena_free(q.scratch);
}

/* Of what was found in a dictionary only what holds. */
static void settle_dict(struct hunt *h, struct lane *lane, const struct finds *raw, struct finds *settled)
{
    struct text text = {0};
    uint32_t have = UINT32_MAX;
    for (size_t i = 0; i < raw->founds.n; i++) {
        struct found one = raw->founds.list[i];
        const struct term *term = &h->t->terms[one.term];
        if (!is_field(term, lane))
            continue;
        if (!term->all && have != one.entry) {
            text = terms_fold(h->t, dict_text(&lane->dict, one.entry));
            have = one.entry;
        }
        if (term->all || term_holds(term, text.at, text.len))
            founds_add(&settled->founds, one.entry, one.term);
    }
    if (settled->founds.n)
        index_finds(h, settled, lane->dict.n);
}

static void borrow(struct hunt *h)
{
    for (uint32_t b = 0; b < h->a->n_bones; b++) {
        const struct bone *bone = &h->a->bones[b];
        for (uint32_t c = 0; c < bone->n; c++) {
            bool cut = h->a->lanes[bone->cells[c].lane].n_forms > 0;
            for (uint32_t k = 0; cut && k < bone->n; k++)
                h->borrowed[bone->cells[k].lane] = true;
        }
    }
}

static void find_all(struct hunt *h, struct finds *raw)
{
    struct archive *a = h->a;
    bool cut = false, named = false, open = h->t->n_blind > 0;
    for (uint32_t i = 0; i < h->t->n; i++) {
        named |= h->t->terms[i].field != NULL;
        open |= !h->t->terms[i].all;
    }
    for (uint32_t i = 0; i < a->n_lanes; i++)
        cut |= a->lanes[i].n_forms > 0;
    if (cut && (named || open))
        borrow(h);
    for (uint32_t i = 0; i < a->n_lanes && !h->damaged; i++) {
        find_in_dict(h, &a->lanes[i].dict, h->borrowed[i] ? NULL : &a->lanes[i], &raw[i]);
        if (raw[i].n)
            settle_dict(h, &a->lanes[i], &raw[i], &h->lanes[i]);
        if (a->lanes[i].n_forms && !h->damaged)
            find_in_forms(h, &a->lanes[i], &h->forms[i]);
    }
    if (cut && !h->damaged)
        find_in_dict(h, &a->pieces, NULL, &h->pieces);
}

static void take_rows(struct hunt *h, struct finds *raw)
{
    struct archive *a = h->a;
    bool all = false;
    for (uint32_t i = 0; i < a->n_lanes; i++)
        all |= h->borrowed[i] && raw[i].n > 0;
    for (uint32_t b = 0; b < a->n_bones && !h->damaged; b++) {
        const struct bone *bone = &a->bones[b];
        for (uint32_t c = 0; c < bone->n && bone->rows && !h->damaged; c++) {
            uint32_t id = bone->cells[c].lane;
            struct lane *lane = &a->lanes[id];
            bool forms = lane->n_forms && (h->forms[id].n || h->pieces.n || all || h->t->n_blind);
            if (bone->cells[c].flags & CELL_NULL || (!h->lanes[id].n && !forms))
                continue;
            if (!lane_codes(a, lane)) {
                h->damaged = true;
                return;
            }
            if (h->lanes[id].n)
                take_codes(h, bone, c, lane, &h->lanes[id]);
            if (forms)
                take_forms(h, bone, c, lane, &h->forms[id], raw);
        }
    }
}

bool row_in_range(struct archive *a, struct archive_range range, uint32_t row)
{
    if (range.from == MOMENT_NONE && range.to == MOMENT_NONE)
        return true;
    moment at = a->times[row];
    return at != MOMENT_NONE && (range.from == MOMENT_NONE || at >= range.from) && (range.to == MOMENT_NONE || at < range.to);
}

bool range_open(struct archive *a, struct archive_range *range, bool *ret_nothing)
{
    moment from = a->info.from, to = a->info.to;
    *ret_nothing = false;
    if (range->from == MOMENT_NONE && range->to == MOMENT_NONE)
        return true;
    *ret_nothing = from == MOMENT_NONE || (range->from != MOMENT_NONE && to < range->from) || (range->to != MOMENT_NONE && from >= range->to);
    return *ret_nothing || stamps_open(a);
}

enum status archive_hunt(struct archive *a, struct archive_terms *t, struct archive_range range, archive_hit *hit, void *arg)
{
    bool nothing;
    if (!range_open(a, &range, &nothing))
        return DAMAGED;
    if (nothing || t->n == 0)
        return OK;
    struct arena *arena = arena_new((size_t)512 << 20);
    if (!arena)
        return NO_MEMORY;
    struct hunt h = {.a = a, .t = t, .arena = arena};
    struct finds *raw = ARENA_ARRAY(arena, struct finds, a->n_lanes + 1);
    h.lanes = ARENA_ARRAY(arena, struct finds, a->n_lanes + 1);
    h.forms = ARENA_ARRAY(arena, struct finds, a->n_lanes + 1);
    h.borrowed = ARENA_ARRAY(arena, bool, a->n_lanes + 1);
    h.rows = ARENA_ARRAY(arena, uint64_t *, t->n + 1);
    h.pieces.founds.arena = arena;
    for (uint32_t i = 0; i < a->n_lanes; i++)
        raw[i].founds.arena = h.lanes[i].founds.arena = h.forms[i].founds.arena = arena;
    find_all(&h, raw);
    if (!h.damaged)
        take_rows(&h, raw);
    bool more = !h.damaged;
    uint32_t *seen = ARENA_ARRAY(arena, uint32_t, t->n + 1), n_seen = 0;
    for (uint32_t i = 0; i < t->n; i++)
        if (h.rows[i])
            seen[n_seen++] = i;
    for (uint32_t row = 0; row < a->info.items && n_seen && more; row++)
        for (uint32_t i = 0; i < n_seen && more; i++)
            if (is_found(&h, seen[i], row) && row_in_range(a, range, row))
                more = hit(arg, row, seen[i]);
    arena_free(arena);
    return h.damaged ? DAMAGED : OK;
}
