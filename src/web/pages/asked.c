/* SPDX-License-Identifier: GPL-3.0-or-later
 * Forms: fields as they are asked, and what came back. Kept input wins over what the record holds; faults stand beside the field.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web/pages/inside.h"

static struct val *option(struct arena *arena, const char *value, const char *text, bool chosen)
{
    struct val *item = val_object(arena);
    val_set_str(arena, item, "value", value);
    val_set_str(arena, item, "text", text);
    val_set_bool(arena, item, "chosen", chosen);
    return item;
}

static bool holds(const struct val *value, const char *name)
{
    if (value && value->kind == VAL_STR)
        return str_eq(value->str.s, name);
    for (size_t i = 0; value && value->kind == VAL_ARRAY && i < value->count; i++)
        if (str_eq(val_text(value->items[i]), name))
            return true;
    return false;
}

static struct val *options_of(const struct request *request, const struct field_def *field, const struct val *value)
{
    struct arena *arena = request->arena;
    const struct pack *pack = office_pack(request->office);
    struct val *list = val_array(arena);
    for (size_t i = 0; field->of && i < field->of->n_terms; i++) {
        const struct term *term = &field->of->terms[i];
        if (!term->obsolete || holds(value, term->name))
            val_push(arena, list, option(arena, term->name, words_in(&term->words, request->lang), holds(value, term->name)));
    }
    for (size_t i = 0; field->type == FIELD_POST && i < pack->n_posts; i++)
        val_push(arena, list, option(arena, pack->posts[i].name, words_in(&pack->posts[i].words, request->lang), holds(value, pack->posts[i].name)));
    for (size_t i = 0; (field->type == FIELD_RIGHT || field->type == FIELD_RIGHTS) && i < pack->n_rights; i++)
        val_push(arena, list, option(arena, pack->rights[i].name, words_in(&pack->rights[i].words, request->lang), holds(value, pack->rights[i].name)));
    for (unsigned i = 0; field->type == FIELD_POLICY && i < policies_count(office_policies(request->office)); i++) {
        const struct policy *policy = policies_at(office_policies(request->office), i);
        val_push(arena, list, option(arena, policy_oid(policy), policy_name(policy), holds(value, policy_oid(policy))));
    }
    return list;
}

static const char *as_input(const struct request *request, const struct field_def *field, const struct val *value)
{
    char text[MOMENT_TEXT];
    if (!value)
        return NULL;
    if (value->kind == VAL_STR)
        return value->str.s;
    if (value->kind == VAL_INT && field->type == FIELD_TIME)
        return arena_strdup(request->arena, moment_iso(value->number, text));
    if (value->kind == VAL_INT)
        return arena_printf(request->arena, "%lld", (long long)value->number);
    return NULL;
}

static void interval_inputs(const struct request *request, const struct val *value, struct val *asked)
{
    char text[MOMENT_TEXT];
    const struct val *from = val_get(value, "from"), *to = val_get(value, "to");
    if (from)
        val_set_str(request->arena, asked, "from", from->kind == VAL_INT ? moment_iso(from->number, text) : val_text(from));
    if (to)
        val_set_str(request->arena, asked, "to", to->kind == VAL_INT ? moment_iso(to->number, text) : val_text(to));
}

/* A form replaces what its field held, so it shows all of it. A field that holds more than a form takes (form.c) shows nothing, and is left alone. */
#define CHOSEN_MOST 1000
static struct val *linked_whole(const struct request *request, const struct field_def *field, const struct record_view *record)
{
    struct val *list = val_array(request->arena);
    struct query query = {.register_ = field->to->name, .links_field = field->name, .links_from = record->id, .links_of = record->def, .limit = CHOSEN_MOST};
    struct page_of page;
    struct reasons ignored;
    reasons_init(&ignored, request->arena);
    if (office_find(request->office, request->reader, &query, request->arena, &ignored, &page) != OK || page.next)
        return NULL;
    for (size_t i = 0; i < page.n_rows; i++)
        val_push(request->arena, list, option(request->arena, page.rows[i].number, words_in(&page.rows[i].titles, request->lang), true));
    return list;
}

static struct val *chosen_links(const struct request *request, const struct field_def *field, const struct record_view *record, const struct val *given)
{
    struct val *list = val_array(request->arena);
    if (given) {
        for (size_t i = 0; i < (given->kind == VAL_ARRAY ? given->count : 1); i++) {
            const char *number = val_text(given->kind == VAL_ARRAY ? given->items[i] : given);
            struct record_view other;
            if (number && office_get(request->office, request->reader, NULL, number, request->arena, &other) == OK)
                val_push(request->arena, list, option(request->arena, number, words_in(&other.titles, request->lang), true));
        }
        return list;
    }
    for (size_t i = 0; record && i < record->n_links; i++)
        if (record->links[i].field == field && record->links[i].more)
            return linked_whole(request, field, record);
    for (size_t i = 0; record && i < record->n_links; i++)
        if (record->links[i].field == field)
            val_push(request->arena, list, option(request->arena, record->links[i].number, words_in(&record->links[i].titles, request->lang), true));
    return list;
}

struct val *field_asked(const struct request *request, const struct field_def *field, const struct record_view *record, const struct val *given, bool required,
                        const struct reasons *faults)
{
    struct arena *arena = request->arena;
    struct val *asked = val_object(arena), *list = val_array(arena);
    const struct val *kept = val_get(given, field->name), *value = kept ? kept : record ? val_get(record->fields, field->name) : field->fallback;
    val_set_str(arena, asked, "name", field->name);
    val_set_str(arena, asked, "label", words_in(&field->words, request->lang));
    if (field->help.in[LANG_EN])
        val_set_str(arena, asked, "help", words_in(&field->help, request->lang));
    val_set_str(arena, asked, "kind", field_type_name(field->type));
    val_set_bool(arena, asked, "required", required);
    val_set_bool(arena, asked, "portions", field->portions);
    if (field->max > 0)
        val_set_int(arena, asked, "max", field->max);
    if (field->to) {
        val_set_str(arena, asked, "to", field->to->name);
        val_set_str(arena, asked, "to-words", words_in(&field->to->one, request->lang));
        struct val *chosen = chosen_links(request, field, record, kept);
        val_set(arena, asked, "chosen", chosen ? chosen : val_array(arena));
        val_set_bool(arena, asked, "left-alone", !chosen);
    }
    val_set(arena, asked, "options", options_of(request, field, value));
    val_set_str(arena, asked, "value", as_input(request, field, value));
    if (field->type == FIELD_BOOLEAN)
        val_set_bool(arena, asked, "on", value && ((value->kind == VAL_BOOL && value->truth) || holds(value, "true")));
    if (field->type == FIELD_INTERVAL)
        interval_inputs(request, value, asked);
    if (field->type == FIELD_MONEY && value) {
        val_set_int(arena, asked, "amount", val_get_int(value, "amount", 0));
        val_set_str(arena, asked, "currency", val_get_str(value, "currency"));
    }
    for (const struct reason *reason = faults ? faults->first : NULL; reason; reason = reason->after)
        if (str_eq(reason->where, field->name))
            val_push(arena, list, val_str(arena, words_in(&reason->text, request->lang)));
    val_set(arena, asked, "faults", list);
    return asked;
}

/* ---- what came back ---- */

static struct val *all_of(const struct request *request, const char *name)
{
    struct val *list = val_array(request->arena);
    for (size_t i = 0; i < request->n_form; i++)
        if (strcmp(request->form[i].name, name) == 0 && request->form[i].value[0])
            val_push(request->arena, list, val_str(request->arena, request->form[i].value));
    return list;
}

static struct val *pair_of(const struct request *request, const struct field_def *field, const char *one, const char *other)
{
    const char *a = request_form(request, arena_printf(request->arena, "%s.%s", field->name, one)), *b = request_form(request, arena_printf(request->arena, "%s.%s", field->name, other));
    struct val *object = val_object(request->arena);
    if (a && *a)
        val_set_str(request->arena, object, one, a);
    if (b && *b)
        val_set_str(request->arena, object, other, b);
    return object->count ? object : val_null(request->arena);
}

static struct val *given_of(const struct request *request, const struct field_def *field)
{
    const char *text = request_form(request, field->name);
    switch (field->type) {
    case FIELD_ATTACHMENTS:
        return NULL;
    case FIELD_LINKS:
        return request_form(request, arena_printf(request->arena, "%s.left-alone", field->name)) ? NULL : all_of(request, field->name);
    case FIELD_CHOICES: case FIELD_RIGHTS: case FIELD_LINK:
        return all_of(request, field->name);
    case FIELD_INTERVAL:
        return pair_of(request, field, "from", "to");
    case FIELD_MONEY:
        return pair_of(request, field, "amount", "currency");
    case FIELD_BOOLEAN:
        return val_bool(request->arena, text && *text && !str_eq(text, "false"));
    default:
        return text ? val_str(request->arena, text) : NULL;
    }
}

struct val *fields_given(const struct request *request, const struct register_def *def, const struct field_def *const *only, size_t n)
{
    struct val *fields = val_object(request->arena);
    for (size_t i = 0; i < (only ? n : def->n_fields); i++) {
        const struct field_def *field = only ? only[i] : &def->fields[i];
        if (field->computed || (field->by_step && !only))
            continue;
        struct val *value = given_of(request, field);
        if (value)
            val_set(request->arena, fields, field->name, value);
    }
    return fields;
}

/* The chooser sends "label.policy", "label.class" and any number of "label.category" as "set|type|lacv". */
const char *label_given(const struct request *request)
{
    const char *policy = request_form(request, "label.policy"), *both = request_form(request, "label.class"), *whole = request_form(request, "label");
    struct val *label = val_object(request->arena), *categories = val_array(request->arena);
    struct buf text;
    if (whole && *whole)
        return whole;
    if (!both || !*both)
        return NULL;
    const char *bar = strchr(both, '|');       /* "oid|lacv": one list of all classes that the writer may use */
    if (bar)
        policy = arena_strndup(request->arena, both, (size_t)(bar - both));
    val_set_str(request->arena, label, "policy", policy);
    val_set_str(request->arena, label, "class", bar ? bar + 1 : both);
    for (size_t i = 0; i < request->n_form; i++) {
        char *parts[4] = {arena_strdup(request->arena, request->form[i].value)};
        if (strcmp(request->form[i].name, "label.category") != 0)
            continue;
        size_t n = 1;
        for (char *c = parts[0]; *c && n < 4; c++)
            if (*c == '|') {
                *c = 0;
                parts[n++] = c + 1;
            }
        if (n != 4 || !str_eq(parts[0], policy))
            continue;                          /* a category of another policy than the chosen one */
        struct val *one = val_array(request->arena);
        for (size_t p = 1; p < 4; p++)
            val_push(request->arena, one, val_str(request->arena, parts[p]));
        val_push(request->arena, categories, one);
    }
    val_set(request->arena, label, "categories", categories);
    buf_init(&text, 1 << 16);
    const char *ret = json_canonical(&text, label) == OK ? arena_strndup(request->arena, text.data, text.len) : NULL;
    buf_free(&text);
    return ret;
}

/* ---- changes ---- */

enum status do_op(const struct request *request, struct op *op, struct outcome *ret)
{
    const char *key = request_form(request, "key");
    struct change change = {.writer = request->reader, .key = key && strlen(key) >= 8 && strlen(key) <= 64 ? key : request->nonce, .now = request->now, .ops = op, .n_ops = 1};
    return office_apply(request->office, &change, request->arena, ret);
}

const char *version_sealed(const struct request *request, const struct record_view *record)
{
    struct { record_id id; int64_t version; } both = {record->id, LEAK(25) ? (int64_t)leak_size(request->office) : record_seen(request->office, record)};
    return seal_write(request->seal, request->arena, request->account, "version", &both, sizeof both);
}
int64_t version_read(const struct request *request, const char *text, record_id of)
{
    void *bytes;
    size_t len;
    int64_t version;
    record_id id;
    if (!text)
        return 0;
    if (seal_read(request->seal, request->arena, request->account, "version", text, &bytes, &len) != OK || len != sizeof id + sizeof version)
        return -1;
    memcpy(&id, bytes, sizeof id);
    memcpy(&version, (char *)bytes + sizeof id, sizeof version);
    return id == of ? version : -1;
}
int64_t version_given(const struct request *request, const struct record_view *record)
{
    return version_read(request, request_form(request, "version"), record->id);
}
