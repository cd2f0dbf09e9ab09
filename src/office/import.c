/* SPDX-License-Identifier: GPL-3.0-or-later
 * See import.h.
 */
#include "office/import.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"


static const char *cell_at(const struct import_table *table, size_t row, size_t column) { return table->cells[row * table->n_columns + column]; }

static const char *place(struct arena *arena, size_t row, size_t column)
{
    char letters[8];
    size_t at = sizeof letters;
    letters[--at] = 0;
    for (size_t n = column + 1; n && at; n = (n - 1) / 26)
        letters[--at] = (char)('A' + (n - 1) % 26);
    return arena_printf(arena, "%s%zu", letters + at, row);
}

static bool same_words(const struct words *words, const char *text)
{
    return (words->in[LANG_EN] && strcasecmp(words->in[LANG_EN], text) == 0) || (words->in[LANG_FR] && strcasecmp(words->in[LANG_FR], text) == 0);
}

static const struct field_def *field_of(const struct register_def *def, const char *head)
{
    for (size_t i = 0; i < def->n_fields; i++)
        if (strcasecmp(def->fields[i].name, head) == 0 || same_words(&def->fields[i].words, head))
            return &def->fields[i];
    return NULL;
}

/* Columns that an export carries beside fields: what the office itself gives a record. */
static bool is_given(const char *head)
{
    static const char *const heads[] = {T_("Number"), T_("State"), T_("Due"), T_("Changed"), T_("Mark"), T_("File")};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        if (strcasecmp(heads[i], head) == 0 || strcasecmp(tr(LANG_FR, heads[i]), head) == 0)
            return true;
    return false;
}

/* The first row that names fields: an export has its marking above. */
static bool find_heads(const struct import_table *table, const struct register_def *def, size_t *ret)
{
    for (size_t row = 0; row < table->n_rows && row < 10; row++) {
        size_t known = 0, filled = 0;
        for (size_t c = 0; c < table->n_columns; c++) {
            const char *head = cell_at(table, row, c);
            filled += head != NULL;
            known += head && (field_of(def, head) || is_given(head));
        }
        if (known && known * 2 >= filled) {
            *ret = row;
            return true;
        }
    }
    return false;
}

static size_t take_heads(const struct import_table *table, const struct register_def *def, size_t heads, struct arena *arena, struct reasons *reasons, struct import_plan *plan)
{
    size_t faults = 0;
    for (size_t c = 0; c < table->n_columns; c++) {
        const char *head = cell_at(table, heads, c);
        const struct field_def *field = head ? field_of(def, head) : NULL;
        if (head && !field && !is_given(head)) {
            reason_add(reasons, "import.column", place(arena, heads + 1, c), T_("The register has no field \"%1$s\"."), head);
            faults++;
        }
        for (size_t other = 0; field && other < c; other++)
            if (plan->columns[other] == field) {
                reason_add(reasons, "import.column", place(arena, heads + 1, c), T_("The field \"%1$s\" has two columns."), head);
                faults++;
            }
        if (field && (field->computed || field->type == FIELD_ATTACHMENTS))
            field = NULL;
        plan->columns[c] = field;
    }
    return faults;
}

/* ---- cells ---- */

static struct val *term_of(const struct field_def *field, const char *text, struct arena *arena)
{
    for (size_t i = 0; field->of && i < field->of->n_terms; i++)
        if (strcasecmp(field->of->terms[i].name, text) == 0 || same_words(&field->of->terms[i].words, text))
            return val_str(arena, field->of->terms[i].name);
    return val_str(arena, text);               /* door one names the terms that there are */
}

static struct val *items_of(const struct field_def *field, const char *text, struct arena *arena)
{
    struct val *list = val_array(arena);
    while (*text) {
        size_t len = strcspn(text, ";"), lead = strspn(text, " ");
        size_t end = len;
        while (end > lead && text[end - 1] == ' ')
            end--;
        const char *item = end > lead ? arena_strndup(arena, text + lead, end - lead) : NULL;
        if (item)
            val_push(arena, list, field->of ? term_of(field, item, arena) : val_str(arena, item));
        text += len + (text[len] == ';');
    }
    return list;
}

static struct val *value_of(const struct field_def *field, const char *text, struct arena *arena)
{
    static const char *const yes[] = {"yes", "oui", "true", "1", "x", NULL}, *const no[] = {"no", "non", "false", "0", NULL};
    switch (field->type) {
    case FIELD_CHOICE:
        return term_of(field, text, arena);
    case FIELD_CHOICES: case FIELD_LINKS: case FIELD_RIGHTS:
        return items_of(field, text, arena);
    case FIELD_BOOLEAN:
        for (size_t i = 0; yes[i]; i++)
            if (strcasecmp(yes[i], text) == 0)
                return val_bool(arena, true);
        for (size_t i = 0; no[i]; i++)
            if (strcasecmp(no[i], text) == 0)
                return val_bool(arena, false);
        return val_str(arena, text);
    case FIELD_INTERVAL: {
        const char *slash = strchr(text, '/');
        struct val *both = val_object(arena);
        val_set_str(arena, both, "from", slash ? arena_strndup(arena, text, (size_t)(slash - text)) : text);
        if (slash)
            val_set_str(arena, both, "to", slash + 1);
        return both;
    }
    default:
        return val_str(arena, text);
    }
}

enum status import_rows(struct office *office, const struct register_def *def, const struct import_table *table, const char *label, struct arena *arena, struct reasons *reasons, struct import_plan *ret)
{
    size_t heads;
    struct import_plan plan = {.def = def, .n_columns = table->n_columns};
    (void)office;
    if (table->n_rows > CHANGE_MOST) {
        reason_add(reasons, "import.size", NULL, T_("A file holds at most %1$s rows: it is imported whole or not at all."), CHANGE_MOST_TEXT);
        return TOO_LARGE;
    }
    plan.columns = ARENA_ARRAY(arena, const struct field_def *, table->n_columns + 1);
    if (!find_heads(table, def, &heads)) {
        reason_add(reasons, "import.heads", "1", T_("No row names fields of the register; the first row should hold names such as \"%1$s\"."), def->n_fields ? def->fields[0].name : "");
        return BAD_INPUT;
    }
    size_t faults = take_heads(table, def, heads, arena, reasons, &plan);
    plan.ops = ARENA_ARRAY(arena, struct op, table->n_rows + 1);
    size_t *rows = ARENA_ARRAY(arena, size_t, table->n_rows + 1);
    for (size_t r = heads + 1; r < table->n_rows; r++) {
        struct val *fields = val_object(arena);
        for (size_t c = 0; c < table->n_columns; c++)
            if (plan.columns[c] && cell_at(table, r, c))
                val_set(arena, fields, plan.columns[c]->name, value_of(plan.columns[c], cell_at(table, r, c), arena));
        if (!fields->count)
            continue;
        rows[plan.n_ops] = r + 1;
        plan.ops[plan.n_ops++] = (struct op){.kind = OP_CREATE, .register_ = def->name, .fields = fields, .label = label};
    }
    plan.rows = rows;
    *ret = plan;                               /* wrong heads do not hide what is wrong below them */
    if (!plan.n_ops) {
        reason_add(reasons, "import.empty", NULL, T_("Below the heads there is no row."));
        return BAD_INPUT;
    }
    return faults ? BAD_INPUT : OK;
}

/* ---- catalogues ---- */

static const char *parameters_of(const struct val *params, struct arena *arena)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    for (size_t i = 0; i < val_count(params); i++)
        buf_addf(&text, "%s%s: %s", i ? "\n" : "", val_get_str(val_at(params, i), "id"), val_get_str(val_at(params, i), "text") ? val_get_str(val_at(params, i), "text") : "");
    const char *ret = text.len ? arena_strndup(arena, text.data, text.len) : NULL;
    buf_free(&text);
    return ret;
}

enum status import_controls(struct office *office, const struct val *catalogue, struct arena *arena, struct reasons *reasons, struct import_plan *ret)
{
    const struct register_def *def = pack_register(office_pack(office), "control");
    const struct val *controls = val_get(catalogue, "controls");
    size_t n = val_count(controls);
    if (!def || !n) {
        reason_add(reasons, "import.catalogue", NULL, T_("The catalogue holds no controls, or the office has no register of controls."));
        return BAD_INPUT;
    }
    struct import_plan plan = {.def = def, .ops = ARENA_ARRAY(arena, struct op, n)};
    const char *name = arena_printf(arena, "%s %s", val_get_str(catalogue, "title") ? val_get_str(catalogue, "title") : "", val_get_str(catalogue, "version") ? val_get_str(catalogue, "version") : "");
    for (size_t i = 0; i < n; i++) {
        const struct val *control = val_at(controls, i);
        struct val *fields = val_object(arena);
        const char *parent = val_get_str(control, "parent");
        const struct { const char *field, *text; } texts[] = {{"control-id", val_get_str(control, "label") ? val_get_str(control, "label") : val_get_str(control, "id")}, {"title", val_get_str(control, "title")},
            {"family", val_get_str(control, "family")}, {"class", val_get_str(control, "class")}, {"statement", val_get_str(control, "statement")}, {"guidance", val_get_str(control, "guidance")},
            {"parameters", parameters_of(val_get(control, "params"), arena)}, {"catalogue", name}};
        for (size_t t = 0; t < sizeof texts / sizeof *texts; t++)
            if (texts[t].text && *texts[t].text)
                val_set_str(arena, fields, texts[t].field, texts[t].text);
        if (parent)
            val_set(arena, fields, "parent", val_strf(arena, "$%s", parent));
        val_set_bool(arena, fields, "enhancement", val_get_bool(control, "enhancement", false));
        val_set_bool(arena, fields, "withdrawn", val_get_bool(control, "withdrawn", false));
        plan.ops[plan.n_ops++] = (struct op){.kind = OP_CREATE, .register_ = def->name, .fields = fields, .number = arena_printf(arena, "$%s", val_get_str(control, "id"))};
    }
    *ret = plan;
    return OK;
}

/* ---- trying and doing ---- */

/* A row alone, without links to other rows of the same file. */
static const struct val *alone(const struct val *fields, struct arena *arena)
{
    struct val *copy = val_object(arena);
    for (size_t i = 0; i < fields->count; i++)
        if (!val_text(fields->members[i].value) || val_text(fields->members[i].value)[0] != '$')
            val_set(arena, copy, fields->members[i].name, fields->members[i].value);
    return copy;
}

static const char *where_of(const struct import_plan *plan, size_t op, const char *field, struct arena *arena)
{
    if (!plan->rows)
        return plan->ops[op].number ? plan->ops[op].number + 1 : NULL;
    for (size_t c = 0; field && c < plan->n_columns; c++)
        if (plan->columns[c] && str_eq(plan->columns[c]->name, field))
            return place(arena, plan->rows[op], c);
    return arena_printf(arena, "%zu", plan->rows[op]);
}

static void tell(const struct import_plan *plan, size_t op, const struct reasons *from, struct arena *arena, struct reasons *to)
{
    for (const struct reason *reason = from->first; reason; reason = reason->after) {
        struct reason *told = reason_add(to, reason->rule, where_of(plan, op, reason->where, arena), "%1$s", "");
        if (!told)
            continue;
        for (int lang = 0; lang < LANG_COUNT; lang++) {
            told->text.in[lang] = reason->text.in[lang] ? arena_strdup(arena, reason->text.in[lang]) : NULL;
            told->next.in[lang] = reason->next.in[lang] ? arena_strdup(arena, reason->next.in[lang]) : NULL;
        }
    }
}

static struct change whole(const struct reader *writer, const struct import_plan *plan, const char *key, moment now)
{
    return (struct change){.writer = writer, .key = key, .now = now, .ops = plan->ops, .n_ops = plan->n_ops};
}

/* Every row by itself, to name each bad one. */
static enum status try_rows(struct office *office, const struct reader *writer, struct import_plan *plan, const char *key, moment now, struct arena *arena, struct reasons *reasons)
{
    for (size_t i = 0; i < plan->n_ops; i++) {
        struct arena *work = arena_new((size_t)64 << 20);
        struct outcome outcome;
        if (!work)
            return NO_MEMORY;
        struct op op = plan->ops[i];
        op.fields = alone(op.fields, work);
        struct change change = {.writer = writer, .key = arena_printf(work, "%.40s-try-%zu", key, i), .now = now, .ops = &op, .n_ops = 1};
        if (office_try(office, &change, work, &outcome) != OK) {
            plan->bad++;
            tell(plan, i, &outcome.reasons, arena, reasons);
        }
        arena_free(work);
    }
    return OK;
}

enum status import_try(struct office *office, const struct reader *writer, struct import_plan *plan, const char *key, moment now, struct arena *arena, struct reasons *reasons)
{
    struct change change = whole(writer, plan, key, now);
    struct outcome outcome;
    plan->bad = 0;
    if (office_try(office, &change, arena, &outcome) == OK)
        return OK;
    enum status status = try_rows(office, writer, plan, key, now, arena, reasons);
    if (status == OK && !plan->bad) {          /* each row is good alone: what stands between them */
        plan->bad = 1;
        reasons_join(reasons, &outcome.reasons);
    }
    return status == OK ? BAD_INPUT : status;
}

enum status import_apply(struct office *office, const struct reader *writer, const struct import_plan *plan, const char *key, moment now, struct arena *arena, struct reasons *reasons, size_t *done)
{
    struct change change = whole(writer, plan, key, now);
    struct outcome outcome;
    enum status status = office_apply(office, &change, arena, &outcome);
    if (status == OK)
        *done = outcome.n_numbers;
    else
        reasons_join(reasons, &outcome.reasons);
    return status;
}
