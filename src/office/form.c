/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The form against the register: every given value is checked and brought to its one stored form, faults are named by field,
 * links are resolved to records that the writer may read (a hidden one is answered as an absent one). Values may come as text
 * (from pages and spreadsheets) or typed (from the API): both mean the same.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "office/inside.h"

struct taking { struct stage *stage; struct staged_image *item; const struct field_def *field; };

static void fault(const struct taking *take, const char *rule, const char *english, const char *a)
{
    reason_add(take->stage->reasons, rule, take->field->name, english, a ? a : "");
}

static bool is_empty(const struct val *value)
{
    return !value || value->kind == VAL_NULL || (value->kind == VAL_STR && value->str.len == 0) ||
           (value->kind == VAL_ARRAY && value->count == 0);
}

/* ---- one function a type: given value -> stored value, NULL with a fault ---- */

static struct val *take_text(const struct taking *take, const struct val *given, bool lines, int64_t most)
{
    const char *text = val_text(given);
    if (!text || !utf8_valid(text, given->str.len) || !text_is_plain(text, given->str.len, lines)) {
        fault(take, "field.text", lines ? T_("This must be plain text.") : T_("This must be one line of plain text."), NULL);
        return NULL;
    }
    if ((int64_t)utf8_count(text, given->str.len) > most) {
        char *limit = arena_printf(take->stage->arena, "%lld", (long long)most);
        fault(take, "field.length", T_("At most %1$s characters are allowed."), limit);
        return NULL;
    }
    return val_strn(take->stage->arena, text, given->str.len);
}
static struct val *take_line(const struct taking *take, const struct val *given)
{
    return take_text(take, given, false, take->field->max > 0 ? take->field->max : 200);
}
static struct val *take_prose(const struct taking *take, const struct val *given)
{
    return take_text(take, given, true, take->field->max > 0 ? take->field->max : 50000);
}

static struct val *take_number(const struct taking *take, const struct val *given)
{
    int64_t number = 0;
    char *end = NULL;
    if (given->kind == VAL_INT)
        number = given->number;
    else if (given->kind == VAL_STR)
        number = strtoll(given->str.s, &end, 10);
    if (given->kind != VAL_INT && (given->kind != VAL_STR || *end)) {
        fault(take, "field.number", T_("This must be a whole number."), NULL);
        return NULL;
    }
    bool bounded = take->field->min || take->field->max;
    if ((bounded && (number < take->field->min || number > take->field->max)) || number > (INT64_C(1) << 53) - 1 ||
        number < -((INT64_C(1) << 53) - 1)) {
        fault(take, "field.range", T_("The number must lie between %1$s."),
              arena_printf(take->stage->arena, "%lld … %lld", (long long)take->field->min, (long long)take->field->max));
        return NULL;
    }
    return val_int(take->stage->arena, number);
}

static struct val *take_money(const struct taking *take, const struct val *given)
{
    const char *currency = val_get_str(given, "currency");
    const struct val *amount = val_get(given, "amount");
    struct taking inner = *take;
    if (given->kind != VAL_OBJECT || !currency || strlen(currency) != 3 || !amount) {
        fault(take, "field.money", T_("An amount in minor units and a currency of three letters are needed."), NULL);
        return NULL;
    }
    struct val *number = take_number(&inner, amount), *money = val_object(take->stage->arena);
    if (!number)
        return NULL;
    val_set(take->stage->arena, money, "amount", number);
    val_set_str(take->stage->arena, money, "currency", currency);
    return money;
}

static struct val *take_boolean(const struct taking *take, const struct val *given)
{
    static const char *const yes[] = {"true", "on", "yes", "1", "oui", NULL}, *const no[] = {"false", "off", "no", "0", "non", NULL};
    if (given->kind == VAL_BOOL)
        return val_bool(take->stage->arena, given->truth);
    if (given->kind == VAL_STR && (str_in(given->str.s, yes) || str_in(given->str.s, no)))
        return val_bool(take->stage->arena, str_in(given->str.s, yes));
    fault(take, "field.boolean", T_("This must be yes or no."), NULL);
    return NULL;
}

static const struct term *term_of(const struct taking *take, const char *name)
{
    const struct vocabulary *of = take->field->of;
    const struct term *term = of && name ? vocabulary_term(of, name) : NULL;
    const char *held = image_text(take->item->after, take->field->name);
    if (term && (!term->obsolete || str_eq(held, name)))
        return term;
    /* Spreadsheets carry words: either language's will do. */
    for (size_t i = 0; of && name && i < of->n_terms; i++)
        if (!of->terms[i].obsolete && (str_eq(of->terms[i].words.in[0], name) || str_eq(of->terms[i].words.in[1], name)))
            return &of->terms[i];
    fault(take, "field.term", T_("\"%1$s\" is not a term of this field's vocabulary."), name);
    return NULL;
}
static struct val *take_choice(const struct taking *take, const struct val *given)
{
    const struct term *term = term_of(take, val_text(given));
    return term ? val_str(take->stage->arena, term->name) : NULL;
}

/* A list of texts, each through `one`; a single text counts as a list of one. */
static struct val *take_each(const struct taking *take, const struct val *given,
                             const char *(*one)(const struct taking *, const char *))
{
    struct val *list = val_array(take->stage->arena);
    size_t n = given->kind == VAL_ARRAY ? given->count : 1;
    if (n > (take->field->max > 0 ? (size_t)take->field->max : 200)) {
        fault(take, "field.items", T_("There are too many items."), NULL);
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        const char *text = val_text(given->kind == VAL_ARRAY ? given->items[i] : given);
        const char *name = one(take, text ? text : "");
        if (!name)
            return NULL;
        val_push(take->stage->arena, list, val_str(take->stage->arena, name));
    }
    return list;
}
static const char *one_term(const struct taking *take, const char *text)
{
    const struct term *term = term_of(take, text);
    return term ? term->name : NULL;
}
static struct val *take_choices(const struct taking *take, const struct val *given) { return take_each(take, given, one_term); }

static struct val *take_date(const struct taking *take, const struct val *given)
{
    moment at;
    char day[MOMENT_TEXT];
    if (!val_text(given) || strlen(val_text(given)) != 10 || moment_read(val_text(given), &at) != OK) {
        fault(take, "field.date", T_("This must be a date such as 2026-11-22."), NULL);
        return NULL;
    }
    return val_str(take->stage->arena, moment_iso_day(at, day));
}
static struct val *take_time(const struct taking *take, const struct val *given)
{
    moment at;
    if (given->kind == VAL_INT)
        return val_int(take->stage->arena, given->number);
    if (!val_text(given) || moment_read(val_text(given), &at) != OK) {
        fault(take, "field.time", T_("This must be a time such as 2026-11-22T13:05Z."), NULL);
        return NULL;
    }
    return val_int(take->stage->arena, at);
}
static struct val *take_interval(const struct taking *take, const struct val *given)
{
    const struct val *from = given->kind == VAL_OBJECT ? val_get(given, "from") : given, *to = val_get(given, "to");
    struct val *first = is_empty(from) ? NULL : take_time(take, from), *interval = val_object(take->stage->arena);
    if (!first) {
        if (is_empty(from))
            fault(take, "field.interval", T_("The beginning of the time is missing."), NULL);
        return NULL;
    }
    val_set(take->stage->arena, interval, "from", first);
    if (!is_empty(to)) {
        struct val *last = take_time(take, to);
        if (!last)
            return NULL;
        if (last->number < first->number) {
            fault(take, "field.interval", T_("The end lies before the beginning."), NULL);
            return NULL;
        }
        val_set(take->stage->arena, interval, "to", last);
    }
    return interval;
}
static struct val *take_span(const struct taking *take, const struct val *given)
{
    struct span span;
    if (!val_text(given) || span_read(val_text(given), &span) != OK) {
        fault(take, "field.span", T_("This must be a span such as 24h, 3d, 2w, 6mo or 10wd."), NULL);
        return NULL;
    }
    return val_str(take->stage->arena, val_text(given));
}

static struct val *take_label(const struct taking *take, const struct val *given)
{
    struct stage *stage = take->stage;
    struct label *label;
    if (!val_text(given) || label_import(stage->office->policies, given->str.s, given->str.len, SPIF_LENIENT, stage->arena,
                                         stage->reasons, &label) != OK ||
        !label_valid(stage->office->policies, label, stage->now, true, stage->reasons)) {
        fault(take, "field.label", T_("This is not a valid label of a policy that this office holds."), NULL);
        return NULL;
    }
    return val_str(stage->arena, label_write(label, stage->arena));
}
static struct val *take_clearance(const struct taking *take, const struct val *given)
{
    struct stage *stage = take->stage;
    struct clearance *clearance;
    if (!val_text(given) || clearance_import(stage->office->policies, given->str.s, given->str.len, SPIF_LENIENT, stage->arena,
                                             stage->reasons, &clearance) != OK ||
        !clearance_valid(stage->office->policies, clearance, stage->now, stage->reasons)) {
        fault(take, "field.clearance", T_("This is not a valid clearance of a policy that this office holds."), NULL);
        return NULL;
    }
    return val_str(stage->arena, clearance_write(clearance, stage->arena));
}
static struct val *take_post(const struct taking *take, const struct val *given)
{
    const struct post_def *post = val_text(given) ? pack_post(take->stage->office->pack, val_text(given)) : NULL;
    if (!post)
        fault(take, "field.post", T_("The pack in force has no post \"%1$s\"."), val_text(given));
    return post ? val_str(take->stage->arena, post->name) : NULL;
}
static const char *one_right(const struct taking *take, const char *text)
{
    const struct right_def *right = pack_right(take->stage->office->pack, text);
    if (!right)
        fault(take, "field.right", T_("The pack in force has no right \"%1$s\"."), text);
    return right ? right->name : NULL;
}
static struct val *take_right(const struct taking *take, const struct val *given)
{
    const char *name = one_right(take, val_text(given) ? val_text(given) : "");
    return name ? val_str(take->stage->arena, name) : NULL;
}
static struct val *take_rights(const struct taking *take, const struct val *given) { return take_each(take, given, one_right); }

static struct val *take_policy(const struct taking *take, const struct val *given)
{
    const struct policy *policy = val_text(given) ? policies_find(take->stage->office->policies, val_text(given)) : NULL;
    if (!policy)
        fault(take, "field.policy", T_("This office holds no policy \"%1$s\"."), val_text(given));
    return policy ? val_str(take->stage->arena, policy_oid(policy)) : NULL;
}
static struct val *take_email(const struct taking *take, const struct val *given)
{
    struct val *text = take_text(take, given, false, 254);
    const char *at = text ? strchr(text->str.s, '@') : NULL;
    if (text && (!at || at == text->str.s || !strchr(at, '.') || strchr(at + 1, '@') || strpbrk(text->str.s, " \t<>,;:\"\\"))) {
        fault(take, "field.email", T_("This must be a mail address."), NULL);
        return NULL;
    }
    return text;
}

/* One that the record has already, by what a reader sees of it; or a complete reference that office_attach has just sealed. */
static const struct val *take_attachment(const struct val *item, const struct val *had)
{
    const char *sum = val_get_str(item, "sha256"), *name = val_get_str(item, "name");
    for (size_t i = 0; sum && name && i < val_count(had); i++)
        if (str_eq(val_get_str(val_at(had, i), "sha256"), sum) && str_eq(val_get_str(val_at(had, i), "name"), name))
            return val_at(had, i);
    return val_get_str(item, "address") && name && val_get_str(item, "media") && sum && val_get_int(item, "bytes", -1) >= 0 ? item : NULL;
}
static struct val *take_attachments(const struct taking *take, const struct val *given)
{
    struct arena *arena = take->stage->arena;
    const struct val *had = take->item->before ? val_get(take->item->before->fields, take->field->name) : NULL;
    struct val *list = val_array(arena);
    bool good = given->kind == VAL_ARRAY && given->count <= 200;
    for (size_t i = 0; good && i < given->count; i++) {
        const struct val *item = take_attachment(given->items[i], had);
        if (item)
            val_push(arena, list, val_copy(arena, item));
        good = item;
    }
    if (!good)
        fault(take, "field.attachments", T_("Attachments are added one by one, each as a file."), NULL);
    return good ? list : NULL;
}

static struct val *(*const takers[FIELD_TYPES])(const struct taking *, const struct val *) = {
    [FIELD_LINE] = take_line, [FIELD_PROSE] = take_prose, [FIELD_NUMBER] = take_number, [FIELD_MONEY] = take_money,
    [FIELD_BOOLEAN] = take_boolean, [FIELD_CHOICE] = take_choice, [FIELD_CHOICES] = take_choices, [FIELD_DATE] = take_date,
    [FIELD_TIME] = take_time, [FIELD_INTERVAL] = take_interval, [FIELD_SPAN] = take_span,
    [FIELD_ATTACHMENTS] = take_attachments, [FIELD_LABEL] = take_label, [FIELD_CLEARANCE] = take_clearance,
    [FIELD_POST] = take_post, [FIELD_RIGHT] = take_right, [FIELD_RIGHTS] = take_rights, [FIELD_POLICY] = take_policy,
    [FIELD_EMAIL] = take_email,
};

/* ---- links ---- */

static struct staged_image *linked(const struct taking *take, const char *number)
{
    struct stage *stage = take->stage;
    const char *local = number && number[0] == '$' ? val_get_str(stage->locals, number) : NULL;
    struct staged_image *to = stage_image(stage, number_id(local ? local : number));
    bool right = to && str_eq(to->after->number, local ? local : number) &&
                 (!take->field->to || to->after->def == take->field->to) &&
                 (!to->before || stage_may_read(stage, to->before));
    if (!right && LEAK(27) && to) {
        fault(take, "field.link", "You may not link to %1$s.", number);
        return NULL;
    }
    if (!right) {
        fault(take, "field.link", T_("There is no such record: %1$s."), number);
        return NULL;
    }
    return to;
}

/* The wanted ends replace those that the writer can see; a link to a record hidden from the writer stays as it is. */
static bool take_links(const struct taking *take, const struct val *given)
{
    struct stage *stage = take->stage;
    struct staged_image *item = take->item;
    size_t n = is_empty(given) ? 0 : given->kind == VAL_ARRAY ? given->count : 1;
    record_id *wanted = ARENA_ARRAY(stage->arena, record_id, n + 1);
    if (n > (take->field->type == FIELD_LINK ? 1u : take->field->max > 0 ? (size_t)take->field->max : 500u)) {
        fault(take, "field.items", T_("There are too many items."), NULL);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const struct val *one = given->kind == VAL_ARRAY ? given->items[i] : given;
        struct staged_image *to = linked(take, val_text(one));
        if (!to)
            return false;
        wanted[i] = to->after->id;
    }
    for (size_t l = item->after->n_links; l-- > 0;) {
        const struct image_link *link = &item->after->links[l];
        bool keep = link->field != take->field;
        for (size_t i = 0; !keep && i < n; i++)
            keep = wanted[i] == link->to;
        struct staged_image *to = keep ? NULL : stage_image(stage, link->to);
        if (!keep && to && (!to->before || stage_may_read(stage, to->before)))
            stage_cut(stage, item, l);
    }
    for (size_t i = 0; i < n; i++)
        stage_link(stage, item, take->field, wanted[i]);
    return true;
}

/* ---- the whole form ---- */

static bool allowed(const struct field_def *field, const struct field_def *const *only, size_t n)
{
    for (size_t i = 0; only && i < n; i++)
        if (only[i] == field)
            return true;
    return !only;
}

static bool is_link(const struct field_def *field) { return field->type == FIELD_LINK || field->type == FIELD_LINKS; }

static bool take_field(const struct taking *take, const struct val *given, struct val *fields)
{
    if (is_link(take->field))
        return take_links(take, given);
    if (is_empty(given)) {
        val_drop(fields, take->field->name);
        return true;
    }
    struct val *value = takers[take->field->type](take, given);
    if (value)
        val_set(take->stage->arena, fields, take->field->name, value);
    return value;
}

struct holder_of_key { record_id self, other; };
static bool other_holder(void *arg, record_id id)
{
    struct holder_of_key *look = arg;
    if (id != look->self)
        look->other = id;
    return !look->other;
}

/* Only in registers that every writer sees whole (the loader proves it), so a collision may be told. */
static bool take_unique(const struct taking *take)
{
    const struct image *image = take->item->after;
    const struct index_def *index = index_find(&take->stage->office->plans[image->def->index], LEAK(18) ? INDEX_SORT : INDEX_UNIQUE, take->field);
    struct index_plan one = {(struct index_def *)index, 1, 0};
    struct holder_of_key look = {image->id, 0};
    struct index_key *keys;
    if (!index || index_keys(&one, image, take->stage->arena, &keys) != 1)
        return true;
    if (txn_each_key(take->stage->txn, index->id, keys[0].key, keys[0].len, other_holder, &look) != OK)
        return false;
    if (look.other)
        fault(take, "field.unique", T_("Another record has this value already."), NULL);
    return !look.other;
}

bool form_take(struct stage *stage, struct staged_image *item, const struct val *given, const struct field_def *const *only,
               size_t n_only, bool creating)
{
    const struct register_def *def = item->after->def;
    struct val *fields = val_copy(stage->arena, item->after->fields);
    size_t before = stage->reasons->count;
    for (size_t i = 0; i < val_count(given); i++) {
        const char *name = given->members[i].name;
        const struct field_def *field = register_field(def, name);
        struct taking take = {stage, item, field};
        if (!field) {
            reason_add(stage->reasons, "field.unknown", name, T_("The register %1$s has no field \"%2$s\"."), def->name, name);
            continue;
        }
        if (((field->computed || (field->by_step && !only)) && stage->holder) || !allowed(field, only, n_only)) {
            reason_add(stage->reasons, "field.not-asked", name, T_("This step does not take the field \"%1$s\"."), name);
            continue;
        }
        (void)take_field(&take, given->members[i].value, fields);
        item->after->fields = fields;
    }
    for (size_t i = 0; creating && i < def->n_fields; i++) {
        const struct field_def *field = &def->fields[i];
        struct taking take = {stage, item, field};
        if (field->fallback && !is_link(field) && !val_get(fields, field->name) && !val_get(given, field->name))
            (void)take_field(&take, field->fallback, fields);
    }
    item->after->fields = fields;
    for (size_t i = 0; i < def->n_fields && stage->reasons->count == before; i++) {
        struct taking take = {stage, item, &def->fields[i]};
        if ((take.field->unique || (LEAK(18) && take.field->sort)) && !take_unique(&take))
            break;
    }
    return stage->reasons->count == before;
}

/* Needed fields are there, as far as the writer sees. */
bool form_complete(struct stage *stage, const struct staged_image *item, const struct field_def *const *needs, size_t n,
                   const char *rule)
{
    bool complete = true;
    for (size_t i = 0; i < n; i++) {
        const struct field_def *field = needs[i];
        bool there = is_link(field) ? stage_sees_link(stage, item->after, field) : !is_empty(val_get(item->after->fields, field->name));
        if (!there) {
            reason_add(stage->reasons, rule, field->name, T_("\"%1$s\" is needed here."), field->words.in[LANG_EN]);
            struct reason *last = stage->reasons->last;
            last->text.in[LANG_FR] = arena_printf(stage->reasons->arena, "« %s » est nécessaire ici.", field->words.in[LANG_FR]);
            complete = false;
        }
    }
    return complete;
}
