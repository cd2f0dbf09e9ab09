/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See terms.h.
 */
#include <stdlib.h>

#include "watch/archive/terms.h"
#include "watch/event/json_names.h"

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

/* The longest stretch of folded text that no cut can divide: see the promise of cut.c. */
static void longest(const char *text, size_t len, const char **ret, uint32_t *ret_len)
{
    size_t from = 0;
    for (size_t at = 0; at <= len; at++) {
        char c = at < len ? text[at] : '\n';
        bool ends = c == '\n' || c == '\r' || c == '\t';
        bool behind = c == '=' || (c == ':' && at + 1 < len && is_blank(text[at + 1]));
        if (is_blank(c) && at == from) {
            from = at + 1;
            continue;
        }
        if (!ends && !behind)
            continue;
        if (at + behind - from > *ret_len) {
            *ret = text + from;
            *ret_len = (uint32_t)(at + behind - from);
        }
        from = at + 1;
    }
}

bool term_is_whole(const char *folded, size_t len)
{
    const char *part = NULL;
    uint32_t part_len = 0;
    longest(folded, len, &part, &part_len);
    return len && part_len == len;
}

static void needle_of_pattern(struct arena *arena, struct term *term)
{
    char *literal = ARENA_ARRAY(arena, char, term->like.n + 1);
    size_t n = 0;
    for (size_t i = 0; i <= term->like.n; i++) {
        if (i < term->like.n && term->like.tokens[i] < 256) {
            literal[n++] = (char)term->like.tokens[i];
            continue;
        }
        longest(literal, n, &term->needle, &term->needle_len);
        literal += n;
        n = 0;
    }
}

static void term_make(struct arena *arena, const struct archive_term *from, struct term *term)
{
    bool ascii;
    *term = (struct term){.field = from->field, .field_len = from->field ? strlen(from->field) : 0, .how = from->how};
    if (from->how == ARCHIVE_LIKE) {
        term->like = pattern_fold(arena, pattern_read(arena, from->text, from->len, false));
        needle_of_pattern(arena, term);
        return;
    }
    char *folded = arena_alloc(arena, 2 * from->len + 8);
    term->len = sigma_fold(folded, from->text, from->len, &ascii);
    term->text = folded;
    longest(folded, term->len, &term->needle, &term->needle_len);
    term->all = term->how == ARCHIVE_HAS && term->needle_len == term->len;
}

/* ---- grams ---- */

static uint32_t gram_at(const char *text)
{
    uint32_t value;
    memcpy(&value, text, 4);
    return value;
}
static uint32_t gram_hash(uint32_t gram, uint32_t shift) { return gram * 0x9e3779b1u >> shift; }

static void grams_add(struct grams *g, uint32_t gram, uint32_t term, uint32_t offset)
{
    uint32_t hash = gram_hash(gram, g->shift), *head = &g->heads[hash & (g->n_heads - 1)];
    g->filter[hash / 64] |= UINT64_C(1) << hash % 64;
    g->list[g->n] = (struct gram){gram, *head, (uint16_t)term, (uint16_t)offset};
    *head = ++g->n;
}

static void grams_make(struct archive_terms *t, struct grams *g, uint32_t stride)
{
    *g = (struct grams){.stride = stride, .shift = 32 - 17, .n_heads = 8192};
    g->filter = ARENA_ARRAY(t->arena, uint64_t, (1u << 17) / 64);
    g->heads = ARENA_ARRAY(t->arena, uint32_t, g->n_heads);
    g->list = ARENA_ARRAY(t->arena, struct gram, (size_t)t->n * stride + 1);
    for (uint32_t i = 0; i < t->n; i++) {
        const struct term *term = &t->terms[i];
        bool wide = term->needle_len >= 7;
        if (term->needle_len < 4 || wide != (stride == 4))
            continue;
        for (uint32_t offset = 0; offset < stride; offset++)
            grams_add(g, gram_at(term->needle + offset), i, offset);
    }
}

static void grams_find(const struct archive_terms *t, const struct grams *g, const char *text, size_t len, uint32_t entry, struct founds *founds)
{
    for (size_t at = 0; g->n && at + 4 <= len; at += g->stride) {
        uint32_t gram = gram_at(text + at), hash = gram_hash(gram, g->shift);
        if (!(g->filter[hash / 64] >> hash % 64 & 1))
            continue;
        for (uint32_t i = g->heads[hash & (g->n_heads - 1)]; i; i = g->list[i - 1].next) {
            const struct gram *one = &g->list[i - 1];
            const struct term *term = &t->terms[one->term];
            if (one->value == gram && t->on[one->term] && one->offset <= at && term->needle_len <= len - (at - one->offset) &&
                memcmp(text + at - one->offset, term->needle, term->needle_len) == 0)
                founds_add(founds, entry, one->term);
        }
    }
}

void terms_find(const struct archive_terms *t, const char *folded, size_t len, uint32_t entry, struct founds *founds)
{
    grams_find(t, &t->wide, folded, len, entry, founds);
    grams_find(t, &t->narrow, folded, len, entry, founds);
    for (uint32_t i = 0; i < t->n_tiny; i++)
        if (t->on[t->tiny[i]] && memmem(folded, len, t->terms[t->tiny[i]].needle, t->terms[t->tiny[i]].needle_len))
            founds_add(founds, entry, t->tiny[i]);
    for (uint32_t i = 0; i < t->n_blind; i++)
        if (t->on[t->blind[i]])
            founds_add(founds, entry, t->blind[i]);
}

void founds_add(struct founds *f, uint32_t entry, uint32_t term)
{
    if (f->n && f->list[f->n - 1].entry == entry && f->list[f->n - 1].term == term)
        return;
    if (f->n == f->room) {
        size_t room = f->room ? 2 * f->room : 256;
        struct found *more = ARENA_ARRAY(f->arena, struct found, room);
        if (f->n)
            memcpy(more, f->list, f->n * sizeof *more);
        f->list = more;
        f->room = room;
    }
    f->list[f->n++] = (struct found){entry, (uint16_t)term};
}

static int by_entry(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    return x->entry != y->entry ? (x->entry < y->entry ? -1 : 1) : (x->term > y->term) - (x->term < y->term);
}

void founds_sort(struct founds *f)
{
    size_t kept = 0;
    if (f->n)
        qsort(f->list, f->n, sizeof *f->list, by_entry);
    for (size_t i = 0; i < f->n; i++)
        if (kept == 0 || by_entry(&f->list[kept - 1], &f->list[i]) != 0)
            f->list[kept++] = f->list[i];
    f->n = kept;
}

/* ---- terms ---- */

struct text terms_fold(struct archive_terms *t, struct text text)
{
    bool ascii;
    if (t->room < 3 * (size_t)text.len + 8) {
        t->room = 6 * (size_t)text.len + 4096;
        t->plain = ARENA_ARRAY(t->arena, char, t->room);
        t->folded = ARENA_ARRAY(t->arena, char, 2 * t->room + 8);
    }
    if (text.mark & MARK_ESCAPED) {
        text.len = (uint32_t)json_unescape(text.at, text.len, t->plain);
        text.at = t->plain;
    }
    text.len = (uint32_t)sigma_fold(t->folded, text.at, text.len, &ascii);
    text.at = t->folded;
    return text;
}

bool term_holds(const struct term *term, const char *folded, size_t len)
{
    if (term->how != ARCHIVE_LIKE && len < term->len)
        return false;
    switch (term->how) {
    case ARCHIVE_IS: return len == term->len && memcmp(folded, term->text, len) == 0;
    case ARCHIVE_BEGINS: return memcmp(folded, term->text, term->len) == 0;
    case ARCHIVE_ENDS: return memcmp(folded + len - term->len, term->text, term->len) == 0;
    case ARCHIVE_HAS: return term->len == 0 || memmem(folded, len, term->text, term->len) != NULL;
    case ARCHIVE_LIKE: return pattern_matches(term->like, folded, len);
    }
    return false;
}

enum status archive_terms_new(struct arena *arena, const struct archive_term *list, size_t n, struct archive_terms **ret)
{
    if (n > ARCHIVE_TERMS_MOST)
        return TOO_LARGE;
    struct archive_terms *t = ARENA_NEW(arena, struct archive_terms);
    *t = (struct archive_terms){.arena = arena, .terms = ARENA_ARRAY(arena, struct term, n + 1), .n = (uint32_t)n, .on = ARENA_ARRAY(arena, bool, n + 1),
                                .tiny = ARENA_ARRAY(arena, uint32_t, n + 1), .blind = ARENA_ARRAY(arena, uint32_t, n + 1)};
    for (uint32_t i = 0; i < n; i++) {
        term_make(arena, &list[i], &t->terms[i]);
        if (t->terms[i].needle_len == 0)
            t->blind[t->n_blind++] = i;
        else if (t->terms[i].needle_len < 4)
            t->tiny[t->n_tiny++] = i;
    }
    grams_make(t, &t->wide, 4);
    grams_make(t, &t->narrow, 1);
    *ret = t;
    return OK;
}
