/* SPDX-License-Identifier: GPL-3.0-or-later
 * A field's value in words, as pages, histories and reports show it: terms, posts, rights, markings, times.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "office/inside.h"

struct wording { const struct office *office; const struct field_def *field; enum lang lang; struct arena *arena; };

static const char *in(const struct wording *w, const struct words *words) { return words->in[w->lang] ? words->in[w->lang] : words->in[LANG_EN]; }

static const char *term(const struct wording *w, const char *name)
{
    const struct term *found = w->field->of && name ? vocabulary_term(w->field->of, name) : NULL;
    return found ? in(w, &found->words) : name ? name : "";
}

static const char *list(const struct wording *w, const struct val *value)
{
    const char *text = "";
    for (size_t i = 0; i < val_count(value); i++) {
        const char *item = val_text(val_at(value, i));
        const struct right_def *right = w->field->type == FIELD_RIGHTS && item ? pack_right(w->office->pack, item) : NULL;
        if (!item)
            item = val_get_str(val_at(value, i), "name");          /* an attachment */
        text = arena_printf(w->arena, "%s%s%s", text, i ? ", " : "", right ? in(w, &right->words) : term(w, item));
    }
    return text;
}

static const char *clearance(const struct wording *w, const char *text)
{
    struct clearance *held;
    if (clearance_read(text, strlen(text), w->arena, NULL, &held) != OK)
        return text;
    const char *mark = clearance_marking(w->office->policies, held, w->lang, w->arena);
    return mark ? mark : text;
}
static const char *label(const struct wording *w, const char *text)
{
    struct label *read;
    if (label_read(text, strlen(text), w->arena, NULL, &read) != OK)
        return text;
    const char *mark = label_marking(w->office->policies, read, MARK_PAGE, w->lang, w->arena);
    return mark ? mark : text;
}
static const char *day(const struct wording *w, const char *text)
{
    moment at;
    if (moment_read(text, &at) != OK)
        return text;
    char *words = arena_strdup(w->arena, moment_words(w->arena, at, w->lang)), *time = strstr(words, " 00:00");
    if (time)
        *time = 0;
    return words;
}
static const char *post(const struct wording *w, const char *text)
{
    const struct post_def *found = pack_post(w->office->pack, text);
    return found ? in(w, &found->words) : text;
}
static const char *right(const struct wording *w, const char *text)
{
    const struct right_def *found = pack_right(w->office->pack, text);
    return found ? in(w, &found->words) : text;
}
static const char *policy(const struct wording *w, const char *text)
{
    const struct policy *found = policies_find(w->office->policies, text);
    return found ? policy_name(found) : text;
}

static const char *(*const of_text[FIELD_TYPES])(const struct wording *, const char *) = {
    [FIELD_CHOICE] = term, [FIELD_DATE] = day, [FIELD_POST] = post, [FIELD_RIGHT] = right, [FIELD_POLICY] = policy,
    [FIELD_CLEARANCE] = clearance, [FIELD_LABEL] = label,
};

static const char *of_object(const struct wording *w, const struct val *value)
{
    int64_t amount = val_get_int(value, "amount", 0);
    if (w->field->type == FIELD_MONEY)
        return arena_printf(w->arena, "%s%lld.%02lld %s", amount < 0 ? "-" : "", (long long)llabs(amount) / 100, (long long)llabs(amount) % 100, val_get_str(value, "currency"));
    const char *from = moment_words(w->arena, val_get_int(value, "from", 0), w->lang);
    return val_get(value, "to") ? arena_printf(w->arena, "%s – %s", from, moment_words(w->arena, val_get_int(value, "to", 0), w->lang)) : from;
}

const char *field_words(const struct office *office, const struct field_def *field, const struct val *value, enum lang lang, struct arena *arena)
{
    struct wording w = {office, field, lang, arena};
    switch (value ? value->kind : VAL_NULL) {
    case VAL_STR:
        return of_text[field->type] ? of_text[field->type](&w, value->str.s) : value->str.s;
    case VAL_BOOL:
        return tr(lang, value->truth ? T_("yes") : T_("no"));
    case VAL_INT:
        return field->type == FIELD_TIME ? moment_words(arena, value->number, lang) : arena_printf(arena, "%lld", (long long)value->number);
    case VAL_ARRAY:
        return list(&w, value);
    case VAL_OBJECT:
        return of_object(&w, value);
    default:
        return NULL;
    }
}
