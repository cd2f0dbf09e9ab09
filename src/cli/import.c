/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * castellan import: a table or an OSCAL catalogue into a register. The file is foreign: it is read in a jail. Rows go to the office in
 * batches; every batch is checked before the first is imported. A batch's change key follows from the file, so that the same file
 * imported again, after a failure in the middle, makes nothing twice.
 */
#include <string.h>

#include "base/hash.h"
#include "base/jail.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/client.h"
#include "report/oscal.h"
#include "report/report.h"

#define FILE_MOST ((size_t)64 << 20)
#define BATCH_ROWS 400
#define BATCH_BYTES ((size_t)600 << 10)

static const struct jailer *const import_jailers[] = {&csv_jailer, &xlsx_jailer, &oscal_jailer, NULL};

/* What is to be imported: columns and rows of text, and for catalogues the name under which later rows refer to a row. */
struct table { const char **columns; size_t n_columns; const char ***rows; size_t n_rows; const char **names; int parent; /* its column; -1 */ unsigned first_row; };
struct batch { size_t from, to; };

/* ---- reading, in a jail ---- */

static enum status in_jail(struct client *client, const char *path, const char **ret_kind, const char **ret_answer, size_t *ret_len, char key[49])
{
    struct nursery *nursery = NULL;
    size_t len;
    char hex[65];
    const char *bytes = cli_read(client->arena, path, FILE_MOST, &len, &client->reasons);
    *ret_kind = str_ends(path, ".xlsx") ? "xlsx" : str_ends(path, ".json") ? "oscal" : "csv";
    if (!bytes)
        return FAILED_IO;
    struct hash hash = sha256(bytes, len);
    hex_write(hash.bytes, HASH_BYTES, hex);
    memcpy(key, hex, 48);
    key[48] = 0;
    enum status status = nursery_start(import_jailers, &client->reasons, &nursery);
    if (status == OK)
        status = nursery_run(nursery, *ret_kind, NULL, bytes, len, client->arena, &client->reasons, ret_answer, ret_len);
    nursery_stop(nursery);
    return status;
}

static enum status take_grid(struct client *client, const char *answer, size_t len, struct table *table)
{
    struct grid grid;
    enum status status = grid_from_json(client->arena, answer, len, &client->reasons, &grid);
    if (status != OK)
        return status;
    size_t columns = grid.n_columns, head = 0;
    /* An export of ours has its marking alone in the first row. */
    if (grid.n_rows > 1 && grid_cell(&grid, 0, 0) && columns > 1 && !grid_cell(&grid, 0, 1))
        head = 1;
    *table = (struct table){.columns = ARENA_ARRAY(client->arena, const char *, columns + 1), .rows = ARENA_ARRAY(client->arena, const char **, grid.n_rows + 1), .parent = -1,
                            .first_row = (unsigned)head + 2};
    while (table->n_columns < columns && grid_cell(&grid, head, table->n_columns)) {
        table->columns[table->n_columns] = grid_cell(&grid, head, table->n_columns);
        table->n_columns++;
    }
    for (size_t r = head + 1; r < grid.n_rows; r++) {
        const char **row = ARENA_ARRAY(client->arena, const char *, table->n_columns + 1);
        for (size_t c = 0; c < table->n_columns; c++)
            row[c] = grid_cell(&grid, r, c) ? grid_cell(&grid, r, c) : "";
        table->rows[table->n_rows++] = row;
    }
    return OK;
}

static const char *parameters_of(struct client *client, const struct val *control)
{
    const struct val *params = val_get(control, "params");
    struct buf text;
    buf_init(&text, 1 << 18);
    for (size_t i = 0; i < val_count(params); i++)
        buf_addf(&text, "%s: %s\n", val_get_str(val_at(params, i), "id"), val_get_str(val_at(params, i), "text") ? val_get_str(val_at(params, i), "text") : "");
    const char *ret = arena_strndup(client->arena, text.data ? text.data : "", text.len);
    buf_free(&text);
    return ret;
}

static enum status take_catalogue(struct client *client, const char *answer, size_t len, struct table *table)
{
    static const char *const columns[] = {"control-id", "title", "family", "class", "statement", "guidance", "parameters", "enhancement", "withdrawn", "catalogue", "parent"};
    enum { N = sizeof columns / sizeof *columns };
    struct val *all;
    enum status status = json_read(client->arena, answer, len, (struct json_limits){.bytes = (size_t)256 << 20}, &client->reasons, &all);
    if (status != OK)
        return status;
    const struct val *controls = val_get(all, "controls");
    const char *catalogue = arena_printf(client->arena, "%s, %s", val_get_str(all, "title"), val_get_str(all, "version"));
    *table = (struct table){.columns = (const char **)columns, .n_columns = N, .rows = ARENA_ARRAY(client->arena, const char **, val_count(controls) + 1),
                            .names = ARENA_ARRAY(client->arena, const char *, val_count(controls) + 1), .parent = N - 1, .first_row = 1};
    for (size_t i = 0; i < val_count(controls); i++) {
        const struct val *control = val_at(controls, i);
        const char **row = ARENA_ARRAY(client->arena, const char *, N + 1), *parent = val_get_str(control, "parent"), *id = val_get_str(control, "id");
        const char *const cells[N] = {id, val_get_str(control, "title"), val_get_str(control, "family"), val_get_str(control, "class"), val_get_str(control, "statement"),
                                      val_get_str(control, "guidance"), parameters_of(client, control), val_get_bool(control, "enhancement", false) ? "yes" : "no",
                                      val_get_bool(control, "withdrawn", false) ? "yes" : "no", catalogue, parent ? arena_printf(client->arena, "$%s", parent) : ""};
        for (size_t c = 0; c < N; c++)
            row[c] = cells[c] ? cells[c] : "";
        table->names[table->n_rows] = arena_printf(client->arena, "$%s", id);
        table->rows[table->n_rows++] = row;
    }
    return OK;
}

/* ---- sending ---- */

static size_t next_batch(const struct table *table, size_t from)
{
    size_t to = from, bytes = 0;
    while (to < table->n_rows && to - from < BATCH_ROWS && bytes < BATCH_BYTES) {
        for (size_t c = 0; c < table->n_columns; c++)
            bytes += strlen(table->rows[to][c]) + 8;
        to++;
    }
    return to;
}

/* In a dry run a row stands alone, so what refers to another row is left out of it. */
static struct val *body_of(struct client *client, const struct table *table, struct batch batch, const struct val *known, bool dry, const char *key)
{
    struct arena *arena = client->arena;
    struct val *body = val_object(arena), *columns = val_array(arena), *rows = val_array(arena), *names = val_array(arena);
    size_t n = table->n_columns - (dry && table->parent >= 0 ? 1 : 0);
    for (size_t c = 0; c < n; c++)
        val_push(arena, columns, val_str(arena, table->columns[c]));
    for (size_t r = batch.from; r < batch.to; r++) {
        struct val *row = val_array(arena);
        for (size_t c = 0; c < n; c++) {
            const char *text = table->rows[r][c], *number = (int)c == table->parent ? val_get_str(known, text) : NULL;
            val_push(arena, row, val_str(arena, number ? number : text));
        }
        val_push(arena, rows, row);
        if (table->names)
            val_push(arena, names, val_str(arena, table->names[r]));
    }
    val_set(arena, body, "columns", columns);
    val_set(arena, body, "rows", rows);
    if (table->names)
        val_set(arena, body, "names", names);
    val_set_bool(arena, body, "dry", dry);
    val_set_str(arena, body, "key", arena_printf(arena, "%s-%zu", key, batch.from));
    return body;
}

static size_t print_faults(const struct table *table, struct batch batch, const struct val *faults)
{
    for (size_t i = 0; i < val_count(faults); i++) {
        const struct val *fault = val_at(faults, i), *reasons = val_get(fault, "reasons");
        long long row = val_get_int(fault, "row", 0);
        for (size_t r = 0; r < val_count(reasons); r++) {
            const char *where = val_get_str(val_at(reasons, r), "where"), *text = val_get_str(val_at(reasons, r), "text");
            if (row)
                fprintf(stderr, "%s %lld%s%s: %s\n", tr(cli_lang(), T_("row")), row - 1 + (long long)batch.from + table->first_row, where ? ", " : "", where ? where : "", text ? text : "");
            else
                fprintf(stderr, "%s%s%s\n", where ? where : "", where ? ": " : "", text ? text : "");
        }
    }
    return val_count(faults);
}

struct sending { struct client *client; const struct table *table; const char *path, *label, *file, *key; struct val *known; size_t faults, done; };

static enum status send_batch(struct sending *in, struct batch batch, bool dry)
{
    struct val *answer, *body = body_of(in->client, in->table, batch, in->known, dry, in->key);
    if (in->label)
        val_set_str(in->client->arena, body, "label", in->label);
    if (in->file)
        val_set_str(in->client->arena, body, "file", in->file);
    enum status status = client_json(in->client, "POST", in->path, body, &answer);
    if (status != OK)
        return status;
    in->faults += print_faults(in->table, batch, val_get(answer, "faults"));
    const struct val *numbers = val_get(answer, "numbers");
    in->done += val_count(numbers);
    for (size_t i = 0; in->table->names && i < val_count(numbers); i++)
        val_set_str(in->client->arena, in->known, in->table->names[batch.from + i], val_text(val_at(numbers, i)));
    return OK;
}

static enum status send_all(struct sending *in, bool dry)
{
    enum status status = OK;
    for (struct batch batch = {0, 0}; status == OK && batch.from < in->table->n_rows; batch.from = batch.to) {
        batch.to = next_batch(in->table, batch.from);
        status = send_batch(in, batch, dry);
        cli_progress(dry ? "checked" : "imported", batch.to, in->table->n_rows);
    }
    return status;
}

int cli_import(int argc, char **argv)
{
    const char *name = cli_argument(argc, argv, 0, client_options), *path = cli_argument(argc, argv, 1, client_options), *kind, *answer;
    struct client client;
    struct table table = {0};
    char key[49];
    size_t len;
    if (!name || !path)
        return cli_usage("import");
    if (!client_open(&client, argc, argv))
        return client_end(&client, BAD_INPUT);
    enum status status = in_jail(&client, path, &kind, &answer, &len, key);
    if (status == OK)
        status = str_eq(kind, "oscal") ? take_catalogue(&client, answer, len, &table) : take_grid(&client, answer, len, &table);
    if (status == OK && !table.n_rows) {
        reason_add(&client.reasons, "import.empty", path, T_("The file holds no rows."));
        status = BAD_INPUT;
    }
    struct sending in = {.client = &client, .table = &table, .path = arena_printf(client.arena, "/api/v1/import/%s", client_part(&client, name)), .label = cli_option(argc, argv, "--label"),
                         .file = cli_option(argc, argv, "--file"), .key = key, .known = val_object(client.arena)};
    if (status == OK)
        status = send_all(&in, true);
    if (status == OK && (in.faults || cli_flag(argc, argv, "--dry"))) {
        fprintf(stderr, "%s %zu, %s %zu\n", tr(cli_lang(), T_("Nothing was imported; rows that would have been:")), table.n_rows - (in.faults < table.n_rows ? in.faults : table.n_rows),
                tr(cli_lang(), T_("faulty:")), in.faults);
        client_close(&client);
        return in.faults ? 1 : 0;
    }
    if (status == OK)
        status = send_all(&in, false);
    if (status == OK)
        printf("%s %zu\n", tr(cli_lang(), T_("Imported:")), in.done);
    return client_end(&client, status);
}
