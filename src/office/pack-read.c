/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Readers of single values for the pack loader: each looks at one member of a YAML object, says in words what is wrong
 * with it, where it stands and what would be right, and returns something harmless. Also "did you mean".
 */
#include "office/pack-read.h"

#include <string.h>

#include "base/text.h"

const char *place_in(struct arena *arena, const struct reader_of *r, const struct val *at)
{
    if (!r->l->lines || !at || at->line == 0)
        return r->path;
    return arena_printf(arena, "%s:%u", r->path, (unsigned)at->line);
}

const char *place(const struct reader_of *r, const struct val *at)
{
    return place_in(r->l->reasons->arena, r, at);
}

const void *named_find(const void *array, size_t n, size_t size, const char *name)
{
    for (size_t i = 0; name && i < n; i++) {
        const char *item = (const char *)array + i * size;
        const char *known = *(const char *const *)(const void *)item;
        if (known && strcmp(known, name) == 0)
            return item;
    }
    return NULL;
}

/* Edits (insert, drop, change, swap of neighbours) between two short texts; 99 when either is over-long. */
static unsigned edits(const char *a, const char *b)
{
    enum { MOST = 48 };
    size_t n = strlen(a), m = strlen(b);
    if (n >= MOST || m >= MOST)
        return 99;
    unsigned rows[3][MOST];
    unsigned *before = rows[0], *last = rows[1], *now = rows[2];
    memset(rows, 0, sizeof rows);
    for (size_t j = 0; j <= m; j++)
        last[j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned best = last[j - 1] + (a[i - 1] != b[j - 1]);
            if (last[j] + 1 < best)
                best = last[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
        }
        unsigned *spare = before;
        before = last, last = now, now = spare;
    }
    return last[m];
}

static bool near_enough(unsigned distance, const char *wrong)
{
    size_t len = strlen(wrong);
    return distance <= (len <= 4 ? 1u : len <= 8 ? 2u : 3u);
}

const char *joined(struct arena *arena, const char *const *names, size_t n)
{
    struct buf text;
    buf_init(&text, 4000);
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_adds(&text, ", ");
        buf_adds(&text, names[i]);
    }
    const char *copy = arena_strndup(arena, text.data ? text.data : "", text.len);
    buf_free(&text);
    return copy;
}

/* The one fault list grows to its limit; beyond it nobody reads hints, so none are sought (a hostile pack stays cheap). */
static bool hints_wanted(const struct reader_of *r)
{
    const struct reasons *list = r->l->reasons;
    return list->count <= (list->limit ? list->limit : 1000);
}

static void hint_from(const struct reader_of *r, struct reason *fault, const char *wrong, const char *const *names, size_t n)
{
    const char *best = NULL;
    unsigned least = 99;
    for (size_t i = 0; wrong && i < n; i++) {
        unsigned distance = edits(wrong, names[i]);
        if (distance < least)
            least = distance, best = names[i];
    }
    if (best && near_enough(least, wrong))
        HINT(r, fault, T_("Did you mean “%1$s”?"), best);
    else if (n > 0 && n <= 24)
        HINT(r, fault, T_("There is: %1$s."), joined(r->l->reasons->arena, names, n));
}

void hint_named(const struct reader_of *r, struct reason *fault, const char *wrong, const void *array, size_t n, size_t size)
{
    if (!hints_wanted(r))
        return;
    n = n > 500 ? 500 : n;
    const char **names = ARENA_ARRAY(r->l->reasons->arena, const char *, n + 1);
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        const char *known = *(const char *const *)(const void *)((const char *)array + i * size);
        if (known)
            names[count++] = known;
    }
    hint_from(r, fault, wrong, names, count);
}

void hint_words(const struct reader_of *r, struct reason *fault, const char *wrong, const char *const *names)
{
    size_t n = 0;
    while (names[n])
        n++;
    if (hints_wanted(r))
        hint_from(r, fault, wrong, names, n);
}

/* ---- objects and members ------------------------------------------------------------------------------------ */

static bool in_blanks(const char *known, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = known; len && (at = strstr(at, name)); at += len) {
        bool starts = at == known || at[-1] == ' ';
        if (starts && (at[len] == ' ' || at[len] == 0))
            return true;
    }
    return false;
}

static void unknown_key(const struct reader_of *r, const struct val *at, const char *key, const char *what, const char *known)
{
    struct reason *fault = FAULT(r, at, T_("There is no key “%1$s” here (%2$s)."), key, what);
    if (!hints_wanted(r))
        return;
    struct arena *arena = r->l->reasons->arena;
    const char **names = ARENA_ARRAY(arena, const char *, strlen(known) / 2 + 1);
    size_t n = 0;
    for (const char *one = known; *one;) {
        size_t len = strcspn(one, " ");
        names[n++] = arena_strndup(arena, one, len);
        one += len + (one[len] == ' ');
    }
    hint_from(r, fault, key, names, n);
    if (!fault->next.in[LANG_EN])
        HINT(r, fault, T_("There is: %1$s."), joined(arena, names, n));
}

bool want_object(const struct reader_of *r, const struct val *object, const struct val *at, const char *what, const char *known)
{
    if (!object || object->kind != VAL_OBJECT) {
        struct reason *fault = FAULT(r, object ? object : at, T_("Keys and values are expected here (%1$s)."), what);
        HINT(r, fault, T_("There is: %1$s."), known);
        return false;
    }
    for (uint32_t i = 0; i < object->count; i++)
        if (!in_blanks(known, object->members[i].name))
            unknown_key(r, object->members[i].value, object->members[i].name, what, known);
    return true;
}

const struct val *member(const struct reader_of *r, const struct val *object, const char *key, bool required)
{
    if (!object || object->kind != VAL_OBJECT)
        return NULL;
    for (uint32_t i = 0; i < object->count; i++) {
        if (strcmp(object->members[i].name, key) != 0)
            continue;
        const struct val *value = object->members[i].value;
        if (value->kind == VAL_NULL) {
            FAULT(r, value, T_("The key “%1$s” has no value."), key);
            return NULL;
        }
        return value;
    }
    if (required)
        FAULT(r, object, T_("The key “%1$s” is missing."), key);
    return NULL;
}

const char *item_text(const struct reader_of *r, const struct val *value)
{
    if (!value || value->kind != VAL_STR || value->str.len == 0) {
        FAULT(r, value, T_("A word is expected here."));
        return NULL;
    }
    if (strlen(value->str.s) != value->str.len || !text_is_plain(value->str.s, value->str.len, true)) {
        FAULT(r, value, T_("There is a control character in this text."));
        return NULL;
    }
    return value->str.s;
}

const char *read_text(const struct reader_of *r, const struct val *object, const char *key, bool required)
{
    const struct val *value = member(r, object, key, required);
    return value ? item_text(r, value) : NULL;
}

bool read_bool(const struct reader_of *r, const struct val *object, const char *key, bool otherwise)
{
    const struct val *value = member(r, object, key, false);
    if (!value)
        return otherwise;
    if (value->kind != VAL_BOOL) {
        FAULT(r, value, T_("“%1$s” is true or false."), key);
        return otherwise;
    }
    return value->truth;
}

int64_t read_int(const struct reader_of *r, const struct val *object, const char *key, int64_t least, int64_t most, int64_t otherwise)
{
    const struct val *value = member(r, object, key, false);
    if (!value)
        return otherwise;
    if (value->kind != VAL_INT || value->number < least || value->number > most) {
        struct arena *arena = r->l->reasons->arena;
        FAULT(r, value, T_("“%1$s” is a whole number from %2$s to %3$s."), key, arena_printf(arena, "%lld", (long long)least),
              arena_printf(arena, "%lld", (long long)most));
        return otherwise;
    }
    return value->number;
}

struct words words_of(const struct reader_of *r, const struct val *value, const struct val *at)
{
    struct words words = {{NULL, NULL}};
    if (!value || value->kind != VAL_OBJECT) {
        struct reason *fault = FAULT(r, value ? value : at, T_("Words are needed in both languages."));
        HINT(r, fault, T_("Write {en: ..., fr: ...}."));
        return words;
    }
    want_object(r, value, at, "{en, fr}", "en fr");
    words.in[LANG_EN] = read_text(r, value, "en", true);
    words.in[LANG_FR] = read_text(r, value, "fr", true);
    return words;
}

struct words read_words(const struct reader_of *r, const struct val *object, const char *key, bool required)
{
    const struct val *value = member(r, object, key, required);
    return value ? words_of(r, value, object) : (struct words){{NULL, NULL}};
}

int read_one_of(const struct reader_of *r, const struct val *object, const char *key, const char *const *names, int otherwise)
{
    const struct val *value = member(r, object, key, false);
    const char *text = value ? item_text(r, value) : NULL;
    if (!text)
        return otherwise;
    for (int i = 0; names[i]; i++)
        if (strcmp(names[i], text) == 0)
            return i;
    struct reason *fault = FAULT(r, value, T_("“%1$s” cannot be “%2$s”."), key, text);
    hint_words(r, fault, text, names);
    return otherwise;
}

const struct val *const *read_list(const struct reader_of *r, const struct val *object, const char *key, bool required, size_t *ret_n)
{
    *ret_n = 0;
    const struct val *value = member(r, object, key, required);
    if (!value)
        return NULL;
    size_t n = value->kind == VAL_ARRAY ? value->count : 1;
    const struct val **list = ARENA_ARRAY(r->l->arena, const struct val *, n + 1);
    for (size_t i = 0; i < n; i++)
        list[i] = value->kind == VAL_ARRAY ? value->items[i] : value;
    if (n == 0 && required)
        FAULT(r, value, T_("The list “%1$s” is empty."), key);
    *ret_n = n;
    return list;
}

const struct val *read_map(const struct reader_of *r, const struct val *object, const char *key, bool required, size_t most)
{
    const struct val *value = member(r, object, key, required);
    if (!value)
        return NULL;
    if (value->kind != VAL_OBJECT) {
        FAULT(r, value, T_("“%1$s” lists definitions by their names, as keys and values."), key);
        return NULL;
    }
    if (value->count > most) {
        FAULT(r, value, T_("There are %1$s entries under “%2$s”; at most %3$s are possible."), arena_printf(r->l->reasons->arena, "%u",
              (unsigned)value->count), key, arena_printf(r->l->reasons->arena, "%zu", most));
        return NULL;
    }
    return value;
}

bool name_ok(const char *name)
{
    size_t len = name ? strlen(name) : 0;
    if (len == 0 || len > 40 || name[0] < 'a' || name[0] > 'z' || name[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++) {
        bool plain = (name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9') || name[i] == '-';
        if (!plain)
            return false;
    }
    return true;
}

bool want_name(const struct reader_of *r, const struct val *at, const char *name)
{
    if (name_ok(name))
        return true;
    struct reason *fault = FAULT(r, at, T_("“%1$s” is not a name."), name ? name : "");
    HINT(r, fault, T_("A name has 1 to 40 small letters, digits and hyphens and begins with a letter."));
    return false;
}
