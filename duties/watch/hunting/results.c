/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a hunt leaves: each event found as a line of JSON and as a row of a table for spreadsheets (marked, formulas defused), and the first of them
 * for the page.
 */
#include <string.h>

#include "base/text.h"
#include "hunting.h"
#include "report/report.h"

#define COLUMNS 8
#define SHOWN_RAW 600
#define SHOWN_VALUES 16
#define CELL_RAW 2000

static const char *const columns[COLUMNS] = {"time", "segment", "item", "source", "line", "what", "rule", "raw"};

static const char *cut(struct arena *arena, const char *text, size_t most)
{
    size_t n = strlen(text);
    if (n <= most)
        return text;
    while (most && (text[most] & 0xc0) == 0x80)
        most--;
    return arena_printf(arena, "%.*s…", (int)most, text);
}

void results_begin(struct results *results, struct arena *arena, const struct office *office, const char *number, const char *marking, moment now)
{
    const char **markings = ARENA_ARRAY(arena, const char *, 1);
    markings[0] = marking;
    *results = (struct results){.arena = arena, .shown = val_array(arena), .cells = ARENA_ARRAY(arena, struct cell, RESULTS_MOST * COLUMNS)};
    buf_init(&results->lines, RESULTS_BYTES);
    results->table = document_new(arena, number, LANG_EN, now);
    results->table->markings = markings;
    results->table->n_markings = 1;
    results->table->office = office_name(office);
}
void results_end(struct results *results) { buf_free(&results->lines); }

/* As pages and the API have it; `whole`: not cut, for files. */
struct val *results_hit(struct arena *arena, const struct hunt_hit *hit, const struct sift_block *blocks, bool whole)
{
    const struct sift_block *block = &blocks[hit->block];
    struct val *one = val_object(arena), *values = val_object(arena);
    char time[MOMENT_TEXT];
    uint32_t item = block->base + hit->item;
    val_set(arena, one, "id", val_strf(arena, "%s.%u", block->segment->number, item));
    val_set_str(arena, one, "segment", block->segment->number);
    val_set_int(arena, one, "item", item);
    val_set_str(arena, one, "source", block->segment->source);
    if (hit->time != MOMENT_NONE)
        val_set_str(arena, one, "time", moment_iso(hit->time, time));
    val_set_int(arena, one, "record", (int64_t)hit->record);
    if (hit->line)
        val_set_int(arena, one, "line", hit->line);
    val_set_str(arena, one, "what", hit->what);
    if (hit->rule)
        val_set_str(arena, one, "rule", hit->rule);
    for (size_t i = 0; i < hit->n_values && (whole || i < SHOWN_VALUES); i++) {
        const char *name = hit->values[i].name;
        struct val *former = val_get(values, name);
        struct val *text = val_str(arena, whole ? hit->values[i].text : cut(arena, hit->values[i].text, 120));
        if (!former) {
            val_set(arena, values, name, text);
        } else if (former->kind == VAL_ARRAY) {
            val_push(arena, former, text);
        } else if (whole) {
            struct val *several = val_array(arena);
            val_push(arena, several, former);
            val_push(arena, several, text);
            val_set(arena, values, name, several);
        }
    }
    val_set(arena, one, "values", values);
    val_set_bool(arena, one, "cut", hit->raw_cut || hit->values_cut || (!whole && hit->raw_len > SHOWN_RAW));
    val_set_str(arena, one, "raw", whole ? hit->raw : cut(arena, hit->raw, SHOWN_RAW));
    return one;
}

static void add_row(struct results *results, const struct hunt_hit *hit, const struct sift_block *block)
{
    struct arena *arena = results->arena;
    struct cell *row = &results->cells[results->n_rows++ * COLUMNS];
    char time[MOMENT_TEXT];
    row[0].text = hit->time == MOMENT_NONE ? "" : arena_strdup(arena, moment_iso(hit->time, time));
    row[1].text = block->segment->number;
    row[2] = (struct cell){.kind = CELL_INTEGER, .number = block->base + hit->item};
    row[3].text = block->segment->source;
    row[4] = (struct cell){.kind = CELL_INTEGER, .number = hit->line};
    row[5].text = arena_strdup(arena, hit->what);
    row[6].text = hit->rule ? arena_strdup(arena, hit->rule) : "";
    row[7].text = arena_strdup(arena, cut(arena, hit->raw, CELL_RAW));
}

void results_take(struct results *results, const struct hunt_answer *answer, const struct sift_block *blocks)
{
    struct arena *scratch = arena_new((size_t)64 << 20);
    results->events += answer->events;
    results->found += answer->found;
    results->damaged += answer->damaged;
    for (size_t i = 0; i < answer->n_hits && results->n_rows < RESULTS_MOST; i++) {
        size_t before = results->lines.len;
        arena_clear(scratch);
        json_write(&results->lines, results_hit(scratch, &answer->hits[i], blocks, true));
        buf_addc(&results->lines, '\n');
        if (results->lines.failed) {
            results->lines.failed = false;
            results->lines.len = before;
            break;
        }
        add_row(results, &answer->hits[i], &blocks[answer->hits[i].block]);
        if (results->shown->count < RESULTS_SHOWN)
            val_push(results->arena, results->shown, results_hit(results->arena, &answer->hits[i], blocks, false));
    }
    results->cut = results->found > results->n_rows;
    struct part *table = results->table->first;
    if (!table)
        table = document_add(results->table, PART_TABLE);
    table->columns = columns;
    table->n_columns = COLUMNS;
    table->cells = results->cells;
    table->n_rows = results->n_rows;
    arena_free(scratch);
}
