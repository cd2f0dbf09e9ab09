/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The examination of one delivery: what it says of itself, what differs from what it is compared with, what is refused; and the button that examines.
 */
#include <string.h>

#include "base/text.h"
#include "watch/ruleset/examine.h"
#include "watch/ruleset/pages.h"

enum { LISTED = 500 };

static enum status census_of(const struct request *request, const char *number, struct census *ret)
{
    const struct val *meta;
    const void *lines;
    size_t len;
    enum status status = office_attachment(request->office, request->reader, number, "census", 0, request->arena, &meta, &lines, &len);
    return status == OK ? census_read(lines, len, request->arena, ret) : status;
}

static struct val *change_row(const struct request *request, const struct census_change *change)
{
    struct arena *arena = request->arena;
    struct val *row = val_object(arena);
    const struct census_rule *rule = change->now ? change->now : change->before;
    val_set_str(arena, row, "title", *rule->title ? rule->title : rule->id);
    val_set_str(arena, row, "id", rule->id);
    val_set_str(arena, row, "level", catalogue_level(rule->level, request->lang));
    val_set_str(arena, row, "source", catalogue_source(rule, arena));
    val_set_str(arena, row, "what", change->before && change->now ? census_words(change, arena).in[request->lang] : "");
    return row;
}

static void put_changes(const struct request *request, struct val *data, const char *name, const char *count, const struct census_change *changes, size_t n)
{
    struct val *rows = val_array(request->arena);
    for (size_t i = 0; i < n && i < LISTED; i++)
        val_push(request->arena, rows, change_row(request, &changes[i]));
    val_set(request->arena, data, name, rows);
    val_set_int(request->arena, data, count, (int64_t)n);
}

static void put_refused(const struct request *request, struct val *data, const struct census *census)
{
    struct arena *arena = request->arena;
    struct val *rows = val_array(arena);
    for (size_t i = 0; i < census->n && val_count(rows) < LISTED; i++) {
        const struct census_rule *rule = &census->rules[i];
        if (rule->ready)
            continue;
        struct val *row = val_object(arena);
        val_set_str(arena, row, "title", *rule->title ? rule->title : rule->id);
        val_set_str(arena, row, "where", rule->where);
        val_set_str(arena, row, "why", rule->why[request->lang]);
        val_push(arena, rows, row);
    }
    val_set(arena, data, "refused", rows);
    val_set_int(arena, data, "n-refused", (int64_t)census->refused);
}

/* The differences as the reader may see them: against nothing where they may not read the other set. */
static void put_difference(const struct request *request, struct shown *shown, const struct record_view *record, struct val *data)
{
    struct census now, before;
    struct census_difference difference;
    struct record_view *other = ARENA_NEW(request->arena, struct record_view);
    bool known = false;
    if (census_of(request, record->number, &now) != OK)
        return;
    for (size_t i = 0; i < record->n_links && !known; i++)
        if (str_eq(record->links[i].field->name, "compared-with") &&
            office_get(request->office, request->reader, "rule-set", record->links[i].number, request->arena, other) == OK && census_of(request, other->number, &before) == OK) {
            known = true;
            shown_record(shown, other);
            val_set_str(request->arena, data, "other", other->number);
            val_set_str(request->arena, data, "other-title", other->titles.in[request->lang]);
        }
    census_compare(known ? &before : NULL, &now, request->arena, &difference);
    put_changes(request, data, "added", "n-added", difference.added, difference.n_added);
    put_changes(request, data, "changed", "n-changed", difference.changed, difference.n_changed);
    put_changes(request, data, "retired", "n-retired", difference.retired, difference.n_retired);
    put_refused(request, data, &now);
    val_set_bool(request->arena, data, "known", true);
}

static const char *value_words(const struct request *request, const struct record_view *record, const char *field)
{
    const char *words = field_words(request->office, register_field(record->def, field), val_get(record->fields, field), request->lang, request->arena);
    return words ? words : "";
}

enum status rules_examination_page(const struct request *request, struct answer *answer)
{
    static const char *const told[] = {"publisher", "bundle", "made", "signature", "examined-at", "rules", "refused", "fingerprint"};
    struct arena *arena = request->arena;
    struct val *data = val_object(arena), *facts = val_array(arena);
    struct shown shown;
    struct record_view *record = ARENA_NEW(arena, struct record_view);
    shown_begin(&shown, request);
    enum status status = office_get(request->office, request->reader, "rule-set", request_part(request, 0), arena, record);
    if (status != OK)
        return status;
    shown_record(&shown, record);
    put_difference(request, &shown, record, data);
    status = shown_end(&shown, data, "read");
    if (status != OK)
        return status;
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        struct val *fact = val_object(arena);
        val_set_str(arena, fact, "name", register_field(record->def, told[i])->words.in[request->lang]);
        val_set_str(arena, fact, "value", value_words(request, record, told[i]));
        if (val_get(record->fields, told[i]))
            val_push(arena, facts, fact);
    }
    const char *sum = val_get_str(val_at(val_get(record->fields, "delivery"), 0), "sha256");
    val_set_str(arena, data, "number", record->number);
    val_set_str(arena, data, "title", record->titles.in[request->lang]);
    val_set_str(arena, data, "state", record->state->words.in[request->lang]);
    val_set(arena, data, "facts", facts);
    val_set_bool(arena, data, "delivered", sum);
    val_set_bool(arena, data, "stale", sum && val_get_str(record->fields, "fingerprint") && !str_eq(sum, val_get_str(record->fields, "fingerprint")));
    val_set_bool(arena, data, "unsigned", str_eq(val_get_str(record->fields, "signature"), "unsigned"));
    val_set_bool(arena, data, "may", sum && reader_has_right(request->reader, "tune-detection") && str_eq(record->state->name, "candidate"));
    val_set_str(arena, data, "csrf", request->csrf);
    answer_page(request, answer, "watch/rule-set-examination", data);
    return OK;
}

enum status rules_examination_post(const struct request *request, struct answer *answer)
{
    struct record_view *record = ARENA_NEW(request->arena, struct record_view);
    struct reasons reasons;
    enum status status = office_get(request->office, request->reader, "rule-set", request_part(request, 0), request->arena, record);
    if (status != OK)
        return status;
    reasons_init(&reasons, request->arena);
    if (strcmp(record->state->name, "candidate") != 0) {
        reason_add(&reasons, "watch.rule-set-state", NULL, T_("Only a candidate is examined."));
        answer_reasons(request, answer, REFUSED, &reasons);
        return OK;
    }
    struct arena *own = arena_new((size_t)1 << 30);    /* for the largest delivery more than a request has */
    if (!own)
        return NO_MEMORY;
    struct reasons found;
    reasons_init(&found, own);
    status = ruleset_examine(request->office, record->number, &examiner_jailed, request->now, own, &found);
    for (const struct reason *one = found.first; one; one = one->after) {
        struct reason *copy = reason_add(&reasons, arena_strdup(request->arena, one->rule), one->where ? arena_strdup(request->arena, one->where) : NULL, "%1$s", one->text.in[LANG_EN]);
        for (unsigned l = 0; l < LANG_COUNT; l++)
            copy->text.in[l] = one->text.in[l] ? arena_strdup(request->arena, one->text.in[l]) : NULL;
    }
    arena_free(own);
    if (status == OK)
        answer_redirect(answer, arena_printf(request->arena, "/rule-set/%s/examination", record->number));
    else
        answer_reasons(request, answer, status, &reasons);
    return OK;
}
