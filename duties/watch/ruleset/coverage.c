/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Coverage by ATT&CK tactic and technique, from the tags of the rules in force: which techniques rules look for, how many of these rules have an
 * active source, and what alerted. A technique stands under the tactics that its own rules name. Techniques are shown by their ids.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "report/report.h"
#include "watch/ruleset/pages.h"

/* In the order of the matrix; tags write them with hyphens or underscores. */
static const struct { const char *tag, *words; } tactics[] = {
    {"reconnaissance", T_("Reconnaissance")}, {"resource-development", T_("Resource development")}, {"initial-access", T_("Initial access")}, {"execution", T_("Execution")},
    {"persistence", T_("Persistence")}, {"privilege-escalation", T_("Privilege escalation")}, {"defense-evasion", T_("Defence evasion")}, {"stealth", T_("Stealth")},
    {"defense-impairment", T_("Defence impairment")}, {"credential-access", T_("Credential access")}, {"discovery", T_("Discovery")}, {"lateral-movement", T_("Lateral movement")},
    {"collection", T_("Collection")}, {"command-and-control", T_("Command and control")}, {"exfiltration", T_("Exfiltration")}, {"impact", T_("Impact")},
};
enum { TACTICS = sizeof tactics / sizeof *tactics, TAGS_MOST = 64, CELLS_MOST = 20000 };

struct cell_of { unsigned tactic; const char *technique; size_t rules, fed, alerts; };
struct matrix { struct cell_of *cells; size_t n; };

static bool is_technique(const char *tag) { return str_starts(tag, "attack.t") && isdigit((unsigned char)tag[8]); }

static int tactic_of(const char *tag)
{
    if (!str_starts(tag, "attack."))
        return -1;
    for (unsigned t = 0; t < TACTICS; t++) {
        const char *a = tag + 7, *b = tactics[t].tag;
        while (*a && (*a == *b || (*a == '_' && *b == '-')))
            a++, b++;
        if (!*a && !*b)
            return (int)t;
    }
    return -1;
}

static int by_cell(const void *a, const void *b)
{
    const struct cell_of *x = a, *y = b;
    return x->tactic != y->tactic ? (x->tactic < y->tactic ? -1 : 1) : strcmp(x->technique, y->technique);
}

static const char *technique_name(struct arena *arena, const char *tag)
{
    char *name = arena_strdup(arena, tag + 7);
    name[0] = 'T';
    return name;
}

static void add_rule(struct matrix *matrix, const struct catalogue_rule *one, struct arena *arena)
{
    char *tags[TAGS_MOST], *rest = NULL, *all = arena_strdup(arena, one->rule->tags);
    size_t n = 0;
    for (char *tag = strtok_r(all, " ", &rest); tag && n < TAGS_MOST; tag = strtok_r(NULL, " ", &rest))
        tags[n++] = tag;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; is_technique(tags[i]) && k < n && matrix->n < CELLS_MOST; k++)
            if (tactic_of(tags[k]) >= 0)
                matrix->cells[matrix->n++] = (struct cell_of){(unsigned)tactic_of(tags[k]), technique_name(arena, tags[i]), 1, one->fed, one->alerts};
}

/* Cells of the same tactic and technique become one. */
static void join(struct matrix *matrix)
{
    size_t to = 0;
    if (matrix->n)
        qsort(matrix->cells, matrix->n, sizeof *matrix->cells, by_cell);
    for (size_t i = 0; i < matrix->n; i++) {
        if (to && by_cell(&matrix->cells[to - 1], &matrix->cells[i]) == 0) {
            matrix->cells[to - 1].rules += matrix->cells[i].rules;
            matrix->cells[to - 1].fed += matrix->cells[i].fed;
            matrix->cells[to - 1].alerts += matrix->cells[i].alerts;
        } else {
            matrix->cells[to++] = matrix->cells[i];
        }
    }
    matrix->n = to;
}

static struct val *columns_of(const struct request *request, const struct matrix *matrix)
{
    struct arena *arena = request->arena;
    struct val *columns = val_array(arena);
    for (size_t i = 0; i < matrix->n;) {
        struct val *column = val_object(arena), *cells = val_array(arena);
        unsigned tactic = matrix->cells[i].tactic;
        for (; i < matrix->n && matrix->cells[i].tactic == tactic; i++) {
            struct val *cell = val_object(arena);
            char *tag = arena_printf(arena, "attack.%s", matrix->cells[i].technique);
            tag[7] = 't';
            val_set_str(arena, cell, "technique", matrix->cells[i].technique);
            val_set_str(arena, cell, "tag", tag);
            val_set_int(arena, cell, "rules", (int64_t)matrix->cells[i].rules);
            val_set_int(arena, cell, "fed", (int64_t)matrix->cells[i].fed);
            val_set_int(arena, cell, "alerts", (int64_t)matrix->cells[i].alerts);
            val_push(arena, cells, cell);
        }
        val_set_str(arena, column, "tactic", tr(request->lang, tactics[tactic].words));
        val_set(arena, column, "cells", cells);
        val_push(arena, columns, column);
    }
    return columns;
}

/* ---- by log source ---- */

struct source_row { const char *source; size_t rules, ready, fed; };
static int by_source(const void *a, const void *b) { return strcmp(((const struct source_row *)a)->source, ((const struct source_row *)b)->source); }

static struct val *sources_of(const struct request *request, const struct catalogue *catalogue)
{
    struct arena *arena = request->arena;
    struct source_row *rows = ARENA_ARRAY(arena, struct source_row, catalogue->n + 1);
    struct val *list = val_array(arena);
    for (size_t i = 0; i < catalogue->n; i++)
        rows[i] = (struct source_row){catalogue_source(catalogue->rules[i].rule, arena), 1, catalogue->rules[i].rule->ready && !*catalogue->rules[i].unbound, catalogue->rules[i].fed};
    if (catalogue->n)
        qsort(rows, catalogue->n, sizeof *rows, by_source);
    for (size_t i = 0; i < catalogue->n;) {
        struct source_row sum = {rows[i].source, 0, 0, 0};
        for (; i < catalogue->n && strcmp(rows[i].source, sum.source) == 0; i++) {
            sum.rules++;
            sum.ready += rows[i].ready;
            sum.fed += rows[i].fed;
        }
        struct val *row = val_object(arena);
        val_set_str(arena, row, "source", *sum.source ? sum.source : tr(request->lang, T_("any, or other rules")));
        val_set_int(arena, row, "rules", (int64_t)sum.rules);
        val_set_int(arena, row, "ready", (int64_t)sum.ready);
        val_set_bool(arena, row, "fed", sum.fed > 0);
        val_push(arena, list, row);
    }
    return list;
}

/* ---- as a spreadsheet ---- */

static enum status as_xlsx(const struct request *request, const struct matrix *matrix, const struct val *data, struct answer *answer)
{
    static const char *const heads[] = {T_("Tactic"), T_("Technique"), T_("Rules"), T_("With an active source"), T_("Alerts of 30 days")};
    struct arena *arena = request->arena;
    struct document *document = document_new(arena, tr(request->lang, T_("Detection coverage")), request->lang, request->now);
    const struct val *bands = val_get(data, "bands");
    const char **columns = ARENA_ARRAY(arena, const char *, 5), **markings = ARENA_ARRAY(arena, const char *, val_count(bands) + 1);
    struct cell *cells = ARENA_ARRAY(arena, struct cell, matrix->n * 5 + 1);
    for (size_t i = 0; i < 5; i++)
        columns[i] = tr(request->lang, heads[i]);
    for (size_t i = 0; i < matrix->n; i++) {
        cells[i * 5] = (struct cell){.text = tr(request->lang, tactics[matrix->cells[i].tactic].words)};
        cells[i * 5 + 1] = (struct cell){.text = matrix->cells[i].technique};
        cells[i * 5 + 2] = (struct cell){.kind = CELL_INTEGER, .number = (int64_t)matrix->cells[i].rules};
        cells[i * 5 + 3] = (struct cell){.kind = CELL_INTEGER, .number = (int64_t)matrix->cells[i].fed};
        cells[i * 5 + 4] = (struct cell){.kind = CELL_INTEGER, .number = (int64_t)matrix->cells[i].alerts};
    }
    struct part *table = document_add(document, PART_TABLE);
    *table = (struct part){.kind = PART_TABLE, .columns = columns, .n_columns = 5, .cells = cells, .n_rows = matrix->n, .next = table->next};
    for (size_t i = 0; i < val_count(bands); i++)
        markings[document->n_markings++] = val_get_str(val_at(bands, i), "text");
    if (!document->n_markings)
        markings[document->n_markings++] = tr(request->lang, T_("Nothing classified in this report"));
    document->markings = markings;
    document->office = office_name(request->office);
    document->author = reader_person_name(request->reader);
    enum status status = office_note_event(request->office, reader_account(request->reader), reader_appointment(request->reader), "export", NULL, request->now);
    if (status != OK)
        return status;
    answer->status = 200;
    answer->media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    answer_header(answer, "Content-Disposition", "attachment; filename=\"detection-coverage.xlsx\"");
    return report_xlsx(document, answer->body);
}

enum status rules_coverage_page(const struct request *request, struct answer *answer)
{
    struct val *data = val_object(request->arena);
    struct matrix matrix = {ARENA_ARRAY(request->arena, struct cell_of, CELLS_MOST), 0};
    struct shown shown;
    struct catalogue catalogue;
    size_t ready = 0;
    shown_begin(&shown, request);
    enum status status = catalogue_read(&shown, &catalogue);
    for (size_t i = 0; status == OK && i < catalogue.n; i++)
        if (catalogue.rules[i].rule->ready && !*catalogue.rules[i].unbound) {
            ready++;
            add_rule(&matrix, &catalogue.rules[i], request->arena);
        }
    join(&matrix);
    if (status == OK)
        status = shown_end(&shown, data, "read");
    if (status != OK)
        return status;
    if (str_eq(request_query(request, "format"), "xlsx"))
        return as_xlsx(request, &matrix, data, answer);
    val_set(request->arena, data, "columns", columns_of(request, &matrix));
    val_set(request->arena, data, "sources", sources_of(request, &catalogue));
    val_set_int(request->arena, data, "ready", (int64_t)ready);
    val_set_int(request->arena, data, "all", (int64_t)catalogue.n);
    answer_page(request, answer, "watch/detection-coverage", data);
    return OK;
}
