/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See census.h. Reading cuts one copy of the text at its tabs and line ends; a line that has not exactly its fields spoils the whole.
 */
#include "watch/bundle/census.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { FIELDS = 18 };

/* ---- reading ---- */

static bool read_letter(const char *text, const char *letters, unsigned *ret)
{
    const char *at = text[0] && !text[1] ? strchr(letters, text[0]) : NULL;
    if (!at)
        return false;
    *ret = (unsigned)(at - letters);
    return true;
}

static bool read_fields(char *const *f, struct census_rule *ret)
{
    unsigned kind, ready, level;
    char *end;
    if (!read_letter(f[0], "rcf", &kind) || !read_letter(f[1], "-+", &ready) || !read_letter(f[2], "ilmhc", &level))
        return false;
    unsigned long line = strtoul(f[3], &end, 10);
    if (end == f[3] || *end || line > 100000000 || !*f[4] || !bundle_path(f[12]) || strlen(f[13]) != HASH_BYTES || strlen(f[14]) != HASH_BYTES)
        return false;
    for (char *c = f[11]; *c; c++)
        if (*c == ' ')
            *c = '_';
    for (char *c = f[11]; *c; c++)
        if (*c == ',')
            *c = ' ';
    *ret = (struct census_rule){.kind = (enum census_kind)kind, .ready = ready, .level = (enum sigma_level)level, .line = (unsigned)line, .id = f[4], .title = f[5], .status = f[6],
        .product = f[7], .category = f[8], .service = f[9], .tags = f[10], .placeholders = f[11], .path = f[12], .hash = f[13], .logic = f[14], .where = f[15], .why = {f[16], f[17]}};
    return true;
}

static void count(struct census *census, const struct census_rule *rule)
{
    census->ready += rule->ready;
    census->refused += !rule->ready;
    census->correlations += rule->kind == CENSUS_CORRELATION;
    census->filters += rule->kind == CENSUS_FILTER;
}

enum status census_read(const char *text, size_t len, struct arena *arena, struct census *ret)
{
    struct census census = {0};
    size_t lines = 0;
    if (len > CENSUS_MOST || memchr(text, 0, len) || !utf8_valid(text, len) || (len && text[len - 1] != '\n'))
        return DAMAGED;
    char *at = arena_strndup(arena, text, len), *end = at + len;
    for (const char *c = text; c < text + len; c++) {
        lines += *c == '\n';
        if ((unsigned char)*c < 0x20 && *c != '\n' && *c != '\t')
            return DAMAGED;
    }
    if (lines > SIGMA_RULES_MOST)
        return DAMAGED;
    struct census_rule *rules = ARENA_ARRAY(arena, struct census_rule, lines + 1);
    for (size_t i = 0; i < lines; i++) {
        char *fields[FIELDS], *stop = memchr(at, '\n', (size_t)(end - at));
        *stop = 0;
        for (size_t f = 0; f < FIELDS; f++) {
            char *tab = f + 1 < FIELDS ? strchr(at, '\t') : NULL;
            if ((!tab && f + 1 < FIELDS) || (!tab && strchr(at, '\t')))
                return DAMAGED;
            fields[f] = at;
            if (tab) {
                *tab = 0;
                at = tab + 1;
            }
        }
        at = stop + 1;
        if (!read_fields(fields, &rules[i]))
            return DAMAGED;
        count(&census, &rules[i]);
    }
    census.rules = rules;
    census.n = lines;
    *ret = census;
    return OK;
}

const struct census_rule *census_find(const struct census *census, const char *id)
{
    for (size_t i = 0; i < census->n; i++)
        if (strcmp(census->rules[i].id, id) == 0)
            return &census->rules[i];
    return NULL;
}

/* ---- what differs ---- */

static int by_id(const void *a, const void *b)
{
    const struct census_rule *x = *(const struct census_rule *const *)a, *y = *(const struct census_rule *const *)b;
    int order = strcmp(x->id, y->id);
    return order ? order : strcmp(x->hash, y->hash);
}
static int by_title(const void *a, const void *b)
{
    const struct census_change *x = a, *y = b;
    const struct census_rule *p = x->now ? x->now : x->before, *q = y->now ? y->now : y->before;
    int order = strcmp(p->title, q->title);
    return order ? order : strcmp(p->id, q->id);
}

static const struct census_rule **sorted(const struct census *census, struct arena *arena)
{
    const struct census_rule **list = ARENA_ARRAY(arena, const struct census_rule *, census->n + 1);
    for (size_t i = 0; i < census->n; i++)
        list[i] = &census->rules[i];
    if (census->n)
        qsort(list, census->n, sizeof *list, by_id);
    return list;
}

void census_compare(const struct census *before, const struct census *now, struct arena *arena, struct census_difference *ret)
{
    static const struct census nothing;
    const struct census *was = before ? before : &nothing;
    const struct census_rule **old = sorted(was, arena), **new = sorted(now, arena);
    struct census_difference all = {.added = ARENA_ARRAY(arena, struct census_change, now->n + 1), .changed = ARENA_ARRAY(arena, struct census_change, now->n + 1),
                                    .retired = ARENA_ARRAY(arena, struct census_change, was->n + 1)};
    for (size_t a = 0, b = 0; a < was->n || b < now->n;) {
        int order = a == was->n ? 1 : b == now->n ? -1 : strcmp(old[a]->id, new[b]->id);
        if (order < 0) {
            all.retired[all.n_retired++] = (struct census_change){old[a++], NULL};
        } else if (order > 0) {
            all.added[all.n_added++] = (struct census_change){NULL, new[b++]};
        } else {
            if (strcmp(old[a]->hash, new[b]->hash) != 0)
                all.changed[all.n_changed++] = (struct census_change){old[a], new[b]};
            a++;
            b++;
        }
    }
    if (all.n_added)
        qsort(all.added, all.n_added, sizeof *all.added, by_title);
    if (all.n_changed)
        qsort(all.changed, all.n_changed, sizeof *all.changed, by_title);
    if (all.n_retired)
        qsort(all.retired, all.n_retired, sizeof *all.retired, by_title);
    *ret = all;
}

/* ---- in words ---- */

static const char *const levels[] = {T_("informational"), T_("low"), T_("medium"), T_("high"), T_("critical")};

static void add(struct words *words, struct arena *arena, struct words more)
{
    for (unsigned l = 0; l < LANG_COUNT; l++)
        words->in[l] = words->in[l] ? arena_printf(arena, "%s; %s", words->in[l], more.in[l]) : more.in[l];
}

static void add_if(struct words *words, struct arena *arena, bool differs, const char *english) { if (differs) add(words, arena, words_format(arena, english)); }

struct words census_words(const struct census_change *change, struct arena *arena)
{
    const struct census_rule *a = change->before, *b = change->now;
    struct words words = {{NULL}};
    if (!a || !b)
        return words_format(arena, a ? T_("retired") : T_("new"));
    if (a->level != b->level) {
        struct words level = {{NULL}};
        for (unsigned l = 0; l < LANG_COUNT; l++)
            level.in[l] = words_format(arena, T_("level: %1$s, now %2$s"), tr((enum lang)l, levels[a->level]), tr((enum lang)l, levels[b->level])).in[l];
        add(&words, arena, level);
    }
    if (strcmp(a->title, b->title) != 0)
        add(&words, arena, words_format(arena, T_("title, before: “%1$s”"), a->title));
    if (strcmp(a->status, b->status) != 0)
        add(&words, arena, words_format(arena, T_("status: %1$s, now %2$s"), *a->status ? a->status : "-", *b->status ? b->status : "-"));
    bool source = strcmp(a->product, b->product) || strcmp(a->category, b->category) || strcmp(a->service, b->service);
    add_if(&words, arena, source, T_("log source"));
    add_if(&words, arena, !source && strcmp(a->logic, b->logic) != 0, T_("what it looks for"));
    add_if(&words, arena, strcmp(a->tags, b->tags) != 0, T_("techniques"));
    add_if(&words, arena, a->ready && !b->ready, T_("now refused"));
    add_if(&words, arena, !a->ready && b->ready, T_("no longer refused"));
    add_if(&words, arena, strcmp(a->path, b->path) != 0, T_("its file"));
    return words.in[0] ? words : words_format(arena, T_("description or references"));
}
