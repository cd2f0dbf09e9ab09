/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The board's pictures, as SVG made here: fourteen days of alerts by level, and the risk that open alerts add up to for each host and account.
 * Each level has a row of its own with its word, so nothing is told by colour alone; a table stands behind.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "watch/board/board.h"

#define COUNTED_MOST 1000
#define BIN (12 * HOUR)
#define LEFT 110
#define WIDTH 760
#define STEP ((WIDTH - LEFT - 40) / BOARD_BINS)
#define ROW 26

/* ---- the timeline ---- */

struct timeline { moment from; unsigned n[BOARD_LEVELS][BOARD_BINS], most; bool cut; };

static enum status count(const struct request *request, struct shown *shown, struct timeline *line)
{
    struct query query = {.register_ = "alert", .sort = "first-seen", .descending = true, .limit = COUNTED_MOST};
    struct page_of page;
    struct reasons reasons;
    reasons_init(&reasons, request->arena);
    enum status status = office_find(request->office, request->reader, &query, request->arena, &reasons, &page);
    if (status != OK)
        return status;
    line->cut = page.next != NULL;
    for (size_t i = 0; i < page.n_rows; i++) {
        moment at = val_get_int(page.rows[i].fields, "first-seen", 0);
        size_t level = level_of(&page.rows[i]), bin = at >= line->from ? (size_t)((at - line->from) / BIN) : BOARD_BINS;
        if (at < line->from) {
            line->cut = false;
            break;
        }
        if (bin >= BOARD_BINS || level >= BOARD_LEVELS)
            continue;                          /* ahead of the clock */
        shown_record(shown, &page.rows[i]);
        if (++line->n[level][bin] > line->most)
            line->most = line->n[level][bin];
    }
    return OK;
}

static void add_escaped(struct buf *out, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '&': buf_adds(out, "&amp;"); break;
        case '<': buf_adds(out, "&lt;"); break;
        case '>': buf_adds(out, "&gt;"); break;
        case '"': buf_adds(out, "&quot;"); break;
        default: buf_addc(out, *text);
        }
}

static const char *level_words(const struct request *request, size_t level)
{
    const struct vocabulary *levels = pack_vocabulary(office_pack(request->office), "alert-level");
    return levels && level < levels->n_terms ? levels->terms[level].words.in[request->lang] : "";
}
static const char *level_name(const struct request *request, size_t level)
{
    const struct vocabulary *levels = pack_vocabulary(office_pack(request->office), "alert-level");
    return levels && level < levels->n_terms ? levels->terms[level].name : "";
}

static void draw_days(const struct timeline *line, struct buf *out)
{
    for (unsigned day = 0; day <= BOARD_DAYS; day++) {
        struct civil civil = moment_civil(line->from + (moment)day * DAY);
        unsigned x = LEFT + day * 2 * STEP;
        buf_addf(out, "<line class=\"grid\" x1=\"%u\" y1=\"4\" x2=\"%u\" y2=\"%u\"/>", x, x, BOARD_LEVELS * ROW + 6);
        if (day % 2 == 0 && day < BOARD_DAYS)
            buf_addf(out, "<text x=\"%u\" y=\"%u\">%02d-%02d</text>", x + 2, BOARD_LEVELS * ROW + 20, civil.month, civil.day);
    }
}

static void draw_level(const struct request *request, const struct timeline *line, size_t level, struct buf *out)
{
    unsigned base = (unsigned)(level + 1) * ROW + 2, sum = 0;
    buf_addf(out, "<g class=\"level-%s\"><text x=\"%u\" y=\"%u\" text-anchor=\"end\">", level_name(request, level), LEFT - 8, base - 4);
    add_escaped(out, level_words(request, level));
    buf_addf(out, "</text><line class=\"grid\" x1=\"%u\" y1=\"%u\" x2=\"%u\" y2=\"%u\"/>", LEFT, base, LEFT + BOARD_BINS * STEP, base);
    for (unsigned bin = 0; bin < BOARD_BINS; bin++) {
        unsigned n = line->n[level][bin], high = n ? 2 + n * (ROW - 6) / line->most : 0;
        sum += n;
        if (n)
            buf_addf(out, "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\"><title>%u</title></rect>", LEFT + bin * STEP + 1, base - high, STEP - 2, high, n);
    }
    buf_addf(out, "<text x=\"%u\" y=\"%u\">%u</text></g>", LEFT + BOARD_BINS * STEP + 6, base - 4, sum);
}

static struct val *as_table(const struct request *request, const struct timeline *line)
{
    struct arena *arena = request->arena;
    struct val *rows = val_array(arena);
    for (unsigned day = 0; day < BOARD_DAYS; day++) {
        struct val *row = val_object(arena), *cells = val_array(arena);
        char text[MOMENT_TEXT];
        val_set(arena, row, "day", val_str(arena, moment_iso_day(line->from + (moment)day * DAY, text)));
        for (size_t level = 0; level < BOARD_LEVELS; level++)
            val_push(arena, cells, val_int(arena, line->n[level][2 * day] + line->n[level][2 * day + 1]));
        val_set(arena, row, "cells", cells);
        val_push(arena, rows, row);
    }
    return rows;
}

enum status board_timeline(const struct request *request, struct shown *shown, struct val *data)
{
    struct arena *arena = request->arena;
    struct timeline *line = ARENA_NEW(arena, struct timeline);
    struct val *levels = val_array(arena);
    struct buf svg;
    line->from = request->now - request->now % DAY - (BOARD_DAYS - 1) * DAY;
    enum status status = count(request, shown, line);
    if (status != OK)
        return status;
    buf_init(&svg, 1 << 18);
    buf_addf(&svg, "<svg class=\"plot\" viewBox=\"0 0 %u %u\" role=\"img\" aria-label=\"", WIDTH, BOARD_LEVELS * ROW + 26);
    add_escaped(&svg, tr(request->lang, T_("Alerts by level in the last fourteen days")));
    buf_adds(&svg, "\">");
    draw_days(line, &svg);
    for (size_t level = 0; level < BOARD_LEVELS; level++)
        draw_level(request, line, level, &svg);
    buf_adds(&svg, "</svg>");
    val_set(arena, data, "timeline", val_strn(arena, svg.data, svg.failed ? 0 : svg.len));
    buf_free(&svg);
    for (size_t level = 0; level < BOARD_LEVELS; level++)
        val_push(arena, levels, val_str(arena, level_words(request, level)));
    val_set(arena, data, "levels", levels);
    val_set(arena, data, "days", as_table(request, line));
    val_set_bool(arena, data, "timeline-cut", line->cut);
    return OK;
}

/* ---- risk by host and account ---- */

struct entity { const char *name, *folded; int64_t risk; unsigned alerts; size_t level; };
struct risks { const struct request *request; struct entity *items; size_t n, cap; };

struct risks *risks_new(const struct request *request)
{
    struct risks *risks = ARENA_NEW(request->arena, struct risks);
    risks->request = request;
    return risks;
}

void risks_add(struct risks *risks, const struct record_view *row)
{
    struct arena *arena = risks->request->arena;
    const char *name = val_get_str(row->fields, "entity");
    if (!name || !*name || str_eq(name, "*"))
        return;
    const char *folded = text_fold(arena, name, strlen(name));
    size_t at = 0, level = level_of(row);
    while (at < risks->n && strcmp(risks->items[at].folded, folded) != 0)
        at++;
    if (at == risks->n && risks->n == risks->cap) {
        struct entity *grown = ARENA_ARRAY(arena, struct entity, risks->cap = 2 * risks->cap + 32);
        if (risks->n)
            memcpy(grown, risks->items, risks->n * sizeof *grown);
        risks->items = grown;
    }
    if (at == risks->n)
        risks->items[risks->n++] = (struct entity){name, folded, 0, 0, BOARD_LEVELS};
    risks->items[at].risk += val_get_int(row->fields, "risk", 0);
    risks->items[at].alerts++;
    risks->items[at].level = level < risks->items[at].level ? level : risks->items[at].level;
}

static int riskier(const void *a, const void *b)
{
    const struct entity *x = a, *y = b;
    return x->risk != y->risk ? (x->risk > y->risk ? -1 : 1) : strcmp(x->folded, y->folded);
}

struct val *risks_rows(struct risks *risks, size_t most)
{
    struct arena *arena = risks->request->arena;
    struct val *rows = val_array(arena);
    if (risks->n)
        qsort(risks->items, risks->n, sizeof *risks->items, riskier);
    for (size_t i = 0; i < risks->n && i < most; i++) {
        const struct entity *entity = &risks->items[i];
        struct val *row = val_object(arena);
        unsigned wide = risks->items[0].risk > 0 && entity->risk > 0 ? (unsigned)(entity->risk * 160 / risks->items[0].risk) : 0;
        val_set_str(arena, row, "entity", entity->name);
        val_set_int(arena, row, "risk", entity->risk);
        val_set_int(arena, row, "alerts", entity->alerts);
        val_set(arena, row, "bar", val_strf(arena, "<svg class=\"bar level-%s\" viewBox=\"0 0 160 10\" width=\"160\" height=\"10\" aria-hidden=\"true\"><rect x=\"0\" y=\"1\" width=\"%u\" height=\"8\"/></svg>",
                                            level_name(risks->request, entity->level), wide ? wide : 1));
        val_push(arena, rows, row);
    }
    return rows;
}
