/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The rules in force that a reader may see: searched, filtered, a page at a time; and the text of one of them.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "front/seal.h"
#include "watch/bundle/bundle.h"
#include "watch/ruleset/pages.h"

enum { PAGE = 50, CURSOR_MOST = 1200 };

static const char *const levels[] = {"informational", "low", "medium", "high", "critical"};
static const char *asked(const struct request *request, const char *name) { return request_query(request, name) ? request_query(request, name) : ""; }

static const char *standing_of(const struct catalogue_rule *one) { return !one->rule->ready ? "refused" : *one->unbound ? "unbound" : "ready"; }

/* The words asked for stand in title, id, log source or tags, without regard to case or marks. */
static bool holds(const struct request *request, const struct catalogue_rule *one, const char *folded)
{
    const char *level = asked(request, "level"), *standing = asked(request, "standing"), *set = asked(request, "set"), *tag = asked(request, "tag");
    if (*level && strcmp(level, levels[one->rule->level]) != 0)
        return false;
    if (*standing && strcmp(standing, standing_of(one)) != 0)
        return false;
    if (*set && strcmp(set, one->set->number) != 0)
        return false;
    if (*tag && !strstr(one->rule->tags, tag))
        return false;
    if (!*folded)
        return true;
    const char *all = arena_printf(request->arena, "%s %s %s %s", one->rule->title, one->rule->id, catalogue_source(one->rule, request->arena), one->rule->tags);
    return strstr(text_fold(request->arena, all, strlen(all)), folded);
}

/* ---- one row ---- */

static struct val *filters_on(const struct request *request, struct shown *shown, const struct page_of *filters, const char *id)
{
    struct val *list = val_array(request->arena);
    for (size_t i = 0; i < filters->n_rows; i++)
        if (str_eq(val_get_str(filters->rows[i].fields, "rule-id"), id)) {
            shown_record(shown, &filters->rows[i]);
            val_push(request->arena, list, val_str(request->arena, filters->rows[i].number));
        }
    return list;
}

static struct val *row_of(const struct request *request, struct shown *shown, const struct page_of *filters, const struct catalogue_rule *one)
{
    struct arena *arena = request->arena;
    struct val *row = val_object(arena);
    const struct census_rule *rule = one->rule;
    val_set_str(arena, row, "title", *rule->title ? rule->title : rule->id);
    val_set_str(arena, row, "id", rule->id);
    val_set_str(arena, row, "set", one->set->number);
    val_set_str(arena, row, "mark", mark_of(request, one->set->label, MARK_PORTION));
    val_set_bool(arena, row, "linked", !strchr(rule->id, '/'));
    val_set_str(arena, row, "level", catalogue_level(rule->level, request->lang));
    val_set_str(arena, row, "source", catalogue_source(rule, arena));
    val_set_str(arena, row, "tags", rule->tags);
    val_set_bool(arena, row, "ready", rule->ready && !*one->unbound);
    val_set_bool(arena, row, "refused", !rule->ready);
    val_set_str(arena, row, "unbound", one->unbound);
    val_set_str(arena, row, "where", rule->where);
    val_set_str(arena, row, "why", rule->why[request->lang]);
    val_set_bool(arena, row, "fed", one->fed);
    val_set_int(arena, row, "alerts", (int64_t)one->alerts);
    val_set(arena, row, "filters", filters_on(request, shown, filters, rule->id));
    return row;
}

/* ---- paging: the cursor is the last row's title, id and set ---- */

static const char *cursor_of(const struct request *request, const struct catalogue_rule *last)
{
    char text[CURSOR_MOST];
    int n = snprintf(text, sizeof text, "%s\n%s\n%s", last->rule->title, last->rule->id, last->set->number);
    return n > 0 && (size_t)n < sizeof text ? seal_write(request->seal, request->arena, request->account, "detection-rules", text, (size_t)n) : NULL;
}

static bool behind(const struct catalogue_rule *one, const char *title, const char *id, const char *set)
{
    int order = strcmp(one->rule->title, title);
    order = order ? order : strcmp(one->rule->id, id);
    return (order ? order : strcmp(one->set->number, set)) > 0;
}

static bool take_cursor(const struct request *request, char *const parts[3])
{
    void *bytes;
    size_t len;
    if (!*asked(request, "after"))
        return true;
    if (seal_read(request->seal, request->arena, request->account, "detection-rules", asked(request, "after"), &bytes, &len) != OK || len >= CURSOR_MOST)
        return false;
    const char *at = arena_strndup(request->arena, bytes, len);
    for (size_t i = 0; i < 3; i++) {
        size_t n = strcspn(at, "\n");
        memcpy(parts[i], at, n);
        parts[i][n] = 0;
        at += n + (at[n] != 0);
    }
    return true;
}

static void put_query(struct arena *arena, const struct request *request, struct val *data)
{
    static const char *const names[] = {"q", "level", "standing", "set", "tag"};
    struct val *words = val_array(arena);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        val_set_str(arena, data, names[i], asked(request, names[i]));
    for (size_t i = 0; i < 5; i++) {
        struct val *one = val_object(arena);
        val_set_str(arena, one, "name", levels[i]);
        val_set_str(arena, one, "words", catalogue_level((enum sigma_level)i, request->lang));
        val_push(arena, words, one);
    }
    val_set(arena, data, "levels", words);
}

enum status rules_browser_page(const struct request *request, struct answer *answer)
{
    struct arena *arena = request->arena;
    struct val *data = val_object(arena), *rows = val_array(arena);
    struct shown shown;
    struct catalogue catalogue;
    struct reasons reasons;
    struct page_of filters = {0};
    struct filter in_force = {"state", "in-force"};
    char title[CURSOR_MOST] = "", id[CURSOR_MOST] = "", set[CURSOR_MOST] = "";
    const struct catalogue_rule *last = NULL;
    const char *q = asked(request, "q"), *folded = text_fold(arena, q, strlen(q) > 200 ? 200 : strlen(q));
    size_t n = 0, more = 0;
    shown_begin(&shown, request);
    reasons_init(&reasons, arena);
    if (!take_cursor(request, (char *const[]){title, id, set})) {
        reason_add(&reasons, "cursor", "after", T_("This page's address is no longer valid; begin the list anew."));
        answer_reasons(request, answer, BAD_INPUT, &reasons);
        return OK;
    }
    enum status status = catalogue_read(&shown, &catalogue);
    if (status == OK)
        status = office_find(request->office, request->reader, &(struct query){.register_ = "detection-filter", .filters = &in_force, .n_filters = 1, .limit = 1000}, arena, &reasons, &filters);
    if (status == ABSENT)
        status = OK;
    for (size_t i = 0; status == OK && i < catalogue.n; i++) {
        const struct catalogue_rule *one = &catalogue.rules[i];
        if (!holds(request, one, folded))
            continue;
        n++;
        if (last ? val_count(rows) == PAGE : !behind(one, title, id, set)) {
            more += last != NULL;
            continue;
        }
        val_push(arena, rows, row_of(request, &shown, &filters, one));
        last = one;
    }
    if (status == OK)
        status = shown_end(&shown, data, "read");
    if (status != OK)
        return status;
    put_query(arena, request, data);
    val_set(arena, data, "rows", rows);
    val_set_int(arena, data, "count", (int64_t)n);
    val_set_int(arena, data, "all", (int64_t)catalogue.n);
    val_set_int(arena, data, "sets", (int64_t)catalogue.n_sets);
    if (more && last && cursor_of(request, last))
        val_set_str(arena, data, "after", cursor_of(request, last));
    answer_page(request, answer, "watch/detection-rules", data);
    return OK;
}

/* ---- the text of one rule ---- */

static enum status text_of(const struct request *request, const char *number, const char *path, const char **ret)
{
    struct arena *arena = request->arena;
    const struct val *meta;
    const void *delivery, *plain;
    size_t delivery_len, plain_len;
    struct reasons reasons;
    struct bundle_head head;
    struct bundle bundle;
    reasons_init(&reasons, arena);
    enum status status = office_attachment(request->office, request->reader, number, "delivery", 0, arena, &meta, &delivery, &delivery_len);
    if (status == OK)
        status = bundle_head(delivery, delivery_len, &reasons, &head);
    if (status == OK)
        status = office_attachment(request->office, request->reader, number, "content", 0, arena, &meta, &plain, &plain_len);
    if (status == OK)
        status = bundle_read(plain, plain_len, &head, arena, &reasons, &bundle);
    for (size_t i = 0; status == OK && i < bundle.n; i++)
        if (strcmp(bundle.files[i].path, path) == 0) {
            *ret = arena_strndup(arena, bundle.files[i].text, bundle.files[i].len);
            return OK;
        }
    return status == OK ? ABSENT : status;
}

enum status rules_text_page(const struct request *request, struct answer *answer)
{
    struct arena *arena = request->arena;
    struct val *data = val_object(arena);
    struct shown shown;
    struct record_view *record = ARENA_NEW(arena, struct record_view);
    struct census census;
    const struct val *meta;
    const void *lines;
    const char *number = request_part(request, 0), *text;
    size_t len;
    shown_begin(&shown, request);
    enum status status = office_get(request->office, request->reader, "rule-set", number, arena, record);
    if (status == OK)
        status = office_attachment(request->office, request->reader, number, "census", 0, arena, &meta, &lines, &len);
    if (status == OK)
        status = census_read(lines, len, arena, &census);
    const struct census_rule *rule = status == OK ? census_find(&census, request_part(request, 1)) : NULL;
    if (status == OK && !rule)
        status = ABSENT;
    if (status == OK)
        status = text_of(request, number, rule->path, &text);
    if (status != OK)
        return status;
    shown_record(&shown, record);
    status = shown_end(&shown, data, "read");
    if (status != OK)
        return status;
    val_set_str(arena, data, "title", *rule->title ? rule->title : rule->id);
    val_set_str(arena, data, "id", rule->id);
    val_set_str(arena, data, "set", number);
    val_set_str(arena, data, "set-title", record->titles.in[request->lang]);
    val_set_str(arena, data, "state", record->state->words.in[request->lang]);
    val_set_str(arena, data, "level", catalogue_level(rule->level, request->lang));
    val_set_str(arena, data, "source", catalogue_source(rule, arena));
    val_set_str(arena, data, "tags", rule->tags);
    val_set_str(arena, data, "where", rule->where);
    val_set_str(arena, data, "why", rule->why[request->lang]);
    val_set_str(arena, data, "path", rule->path);
    val_set_int(arena, data, "line", rule->line);
    val_set_str(arena, data, "text", text);
    answer_page(request, answer, "watch/detection-rule", data);
    return OK;
}
