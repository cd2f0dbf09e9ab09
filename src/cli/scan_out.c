/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See scan_out.h. Words of events are foreign: JSON escapes them, CSV defuses what a spreadsheet could take for a formula, the page is
 * written by the report room.
 */
#include "cli/scan_out.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/val.h"
#include "cli/cli.h"
#include "cli/rule_set.h"
#include "report/report.h"

enum { PAGE_MOST = 50000, BARS = 48 };
struct scan_out {
    struct arena *arena;
    enum scan_format format;
    moment made;
    struct buf line;
    struct scan_hit *kept;                 /* SCAN_HTML */
    size_t n;
    uint64_t hits;
};

struct scan_out *scan_out_new(struct arena *arena, enum scan_format format, moment made)
{
    struct scan_out *out = ARENA_NEW(arena, struct scan_out);
    *out = (struct scan_out){.arena = arena, .format = format, .made = made};
    buf_init(&out->line, 1 << 20);
    if (format == SCAN_CSV)
        fputs("time,level,title,rule,computer,channel,event,record,file,count,group\r\n", stdout);
    if (format == SCAN_HTML)
        out->kept = ARENA_ARRAY(arena, struct scan_hit, PAGE_MOST);
    return out;
}

static const char *iso(moment at, char out[MOMENT_TEXT]) { return at == MOMENT_NONE ? "" : moment_iso(at, out); }

static const char *name_of(const struct sigma_rule *rule) { return rule->id ? rule->id : rule->name ? rule->name : rule->path; }

static bool counts(const struct scan_hit *hit) { return str_ends(hit->correlation, "_count") || str_starts(hit->correlation, "temporal"); }

/* Whole numbers as they are, others with the digits that bring them back. */
static const char *number_text(struct arena *arena, double value)
{
    const char *text = arena_printf(arena, "%.15g", value);
    return strtod(text, NULL) == value ? text : arena_printf(arena, "%.17g", value);
}

static void correlation_members(struct arena *arena, struct val *line, const struct scan_hit *hit)
{
    struct val *group = val_object(arena), *value = val_str(arena, number_text(arena, hit->value));
    char at[MOMENT_TEXT];
    if (isfinite(hit->value))
        value->kind = VAL_NUMBER;
    for (size_t i = 0; i < hit->n_groups; i++)
        (val_set)(arena, group, hit->groups[i], val_str(arena, hit->group_values[i]));
    val_set_str(arena, line, "correlation", hit->correlation);
    val_set(arena, line, "group", group);
    (val_set)(arena, line, counts(hit) ? "count" : "value", value);
    if (hit->partial)
        val_set_bool(arena, line, "partial", true);
    val_set_str(arena, line, "from", iso(hit->first, at));
    val_set_str(arena, line, "until", iso(hit->last, at));
}

/* "User=bob, Host=pc1" */
static const char *group_text(struct arena *arena, const struct scan_hit *hit)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    for (size_t i = 0; i < hit->n_groups; i++)
        buf_addf(&text, "%s%s=%s", i ? ", " : "", hit->groups[i], hit->group_values[i]);
    const char *kept = arena_strndup(arena, text.data ? text.data : "", text.len);
    buf_free(&text);
    return kept;
}

static void json_line(struct scan_out *out, const struct scan_hit *hit)
{
    static const char *const names[N_WORDS] = {"computer", "channel", "event"};
    struct arena *arena = arena_new(1 << 20);
    struct val *line = val_object(arena);
    char at[MOMENT_TEXT];
    val_set_str(arena, line, "rule", name_of(hit->rule));
    val_set_str(arena, line, "title", hit->rule->title);
    val_set_str(arena, line, "level", rule_level(hit->rule->level));
    val_set(arena, line, "time", hit->time == MOMENT_NONE ? val_null(arena) : val_str(arena, iso(hit->time, at)));
    val_set_str(arena, line, "file", hit->file);
    val_set_int(arena, line, "record", (int64_t)hit->record);
    for (unsigned i = 0; i < N_WORDS; i++)
        if (hit->words[i][0])
            val_set_str(arena, line, names[i], hit->words[i]);
    if (hit->correlation)
        correlation_members(arena, line, hit);
    json_write(&out->line, line);
    buf_addc(&out->line, '\n');
    arena_free(arena);
}

static void csv_field(struct buf *line, const char *text, bool last)
{
    bool formula = *text && strchr("=+-@\t\r", *text);
    buf_addc(line, '"');
    if (formula)
        buf_addc(line, '\'');
    for (; *text; text++) {
        if (*text == '"')
            buf_addc(line, '"');
        buf_addc(line, *text);
    }
    buf_adds(line, last ? "\"\r\n" : "\",");
}

static void csv_line(struct scan_out *out, const struct scan_hit *hit)
{
    struct arena *arena = arena_new(1 << 22);
    char at[MOMENT_TEXT], record[24];
    snprintf(record, sizeof record, "%" PRIu64, hit->record);
    const char *const cells[] = {iso(hit->time, at), rule_level(hit->rule->level), hit->rule->title, name_of(hit->rule), hit->words[WORD_COMPUTER],
                                 hit->words[WORD_CHANNEL], hit->words[WORD_EVENT_ID], record, hit->file,
                                 hit->correlation ? number_text(arena, hit->value) : "", hit->correlation ? group_text(arena, hit) : ""};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        csv_field(&out->line, cells[i] ? cells[i] : "", i + 1 == sizeof cells / sizeof *cells);
    arena_free(arena);
}

static void keep(struct scan_out *out, const struct scan_hit *hit)
{
    if (out->n == PAGE_MOST)
        return;
    struct scan_hit *kept = &out->kept[out->n++];
    *kept = *hit;
    for (unsigned i = 0; i < N_WORDS; i++)
        kept->words[i] = arena_strdup(out->arena, hit->words[i]);
    if (hit->correlation)                  /* the page has no column for it */
        kept->words[WORD_EVENT_ID] = arena_printf(out->arena, "%s; %s", number_text(out->arena, hit->value), group_text(out->arena, hit));
}

bool scan_out_hit(struct scan_out *out, const struct scan_hit *hit)
{
    out->hits++;
    if (out->format == SCAN_HTML) {
        keep(out, hit);
        return true;
    }
    buf_clear(&out->line);
    if (out->format == SCAN_CSV)
        csv_line(out, hit);
    else
        json_line(out, hit);
    return fwrite(out->line.data, 1, out->line.len, stdout) == out->line.len;
}

uint64_t scan_out_hits(const struct scan_out *out) { return out->hits; }

/* ---- the page ---- */

static int by_time(const void *a, const void *b)
{
    const struct scan_hit *one = a, *other = b;
    int order = (one->time > other->time) - (one->time < other->time);
    return order ? order : strcmp(one->file, other->file);
}

static void paragraph(struct document *document, const char *text) { document_add(document, PART_PARAGRAPH)->text = text; }

static void heading(struct document *document, const char *text)
{
    struct part *part = document_add(document, PART_HEADING);
    part->level = 2;
    part->text = text;
}

/* Hits over time as bars; the darker part is high and critical. */
static void timeline(struct scan_out *out, struct document *document)
{
    unsigned all[BARS] = {0}, grave[BARS] = {0}, most = 1;
    size_t first = 0;
    char from[MOMENT_TEXT], until[MOMENT_TEXT];
    struct buf svg;
    while (first < out->n && out->kept[first].time == MOMENT_NONE)
        first++;
    if (out->n - first < 2)
        return;
    moment begin = out->kept[first].time, span = out->kept[out->n - 1].time - begin + 1;
    for (size_t i = first; i < out->n; i++) {
        size_t bar = (size_t)((double)(out->kept[i].time - begin) / (double)span * BARS);
        bar = bar < BARS ? bar : BARS - 1;
        all[bar]++;
        grave[bar] += out->kept[i].rule->level >= SIGMA_HIGH;
        most = all[bar] > most ? all[bar] : most;
    }
    buf_init(&svg, 1 << 16);
    buf_addf(&svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d 130\" role=\"img\">", BARS * 15);
    for (int i = 0; i < BARS; i++) {
        unsigned tall = all[i] * 100 / most, dark = grave[i] * 100 / most;
        tall += all[i] && !tall;
        buf_addf(&svg, "<rect x=\"%d\" y=\"%u\" width=\"13\" height=\"%u\" fill=\"#9db2c4\"/>", i * 15, 104 - tall, tall);
        buf_addf(&svg, "<rect x=\"%d\" y=\"%u\" width=\"13\" height=\"%u\" fill=\"#8a2b2b\"/>", i * 15, 104 - dark, dark);
    }
    buf_addf(&svg, "<text x=\"0\" y=\"124\" font-size=\"13\">%s</text><text x=\"%d\" y=\"124\" font-size=\"13\" text-anchor=\"end\">%s</text></svg>",
             iso(begin, from), BARS * 15, iso(begin + span - 1, until));
    struct part *figure = document_add(document, PART_FIGURE);
    figure->text = tr(document->lang, T_("Hits over time; dark: high and critical."));
    figure->svg = arena_strndup(out->arena, svg.data ? svg.data : "", svg.len);
    buf_free(&svg);
}

static void table(struct scan_out *out, struct document *document)
{
    enum { WIDTH = 8 };
    static const char *const names[WIDTH] = {T_("Time"), T_("Level"), T_("Rule"), T_("Computer"), T_("Channel"), T_("Event"), T_("Record no."), T_("File")};
    const char **columns = ARENA_ARRAY(out->arena, const char *, WIDTH);
    struct cell *cells = ARENA_ARRAY(out->arena, struct cell, out->n * WIDTH + 1);
    for (size_t i = 0; i < WIDTH; i++)
        columns[i] = tr(document->lang, names[i]);
    for (size_t i = 0; i < out->n; i++) {
        const struct scan_hit *hit = &out->kept[i];
        struct cell *row = cells + i * WIDTH;
        row[0] = (struct cell){.kind = CELL_MOMENT, .number = hit->time};
        row[1].text = rule_level(hit->rule->level);
        row[2].text = hit->rule->title;
        row[3].text = hit->words[WORD_COMPUTER];
        row[4].text = hit->words[WORD_CHANNEL];
        row[5].text = hit->words[WORD_EVENT_ID];
        row[6] = (struct cell){.kind = CELL_INTEGER, .number = (int64_t)hit->record};
        row[7].text = hit->file;
    }
    struct part *part = document_add(document, PART_TABLE);
    part->columns = columns;
    part->n_columns = WIDTH;
    part->cells = cells;
    part->n_rows = out->n;
}

static bool page(struct scan_out *out, uint64_t events, uint64_t files)
{
    static const char *marking[1];
    enum lang lang = cli_lang();
    struct document *document = document_new(out->arena, tr(lang, T_("Scan of event logs")), lang, out->made);
    char hits[24], read[24], of[24];
    marking[0] = tr(lang, T_("AS THE SCANNED LOGS: NOT LABELLED"));
    document->markings = marking;
    document->n_markings = 1;
    document->office = "Castellan";
    qsort(out->kept, out->n, sizeof *out->kept, by_time);
    snprintf(hits, sizeof hits, "%" PRIu64, out->hits);
    snprintf(read, sizeof read, "%" PRIu64, events);
    snprintf(of, sizeof of, "%" PRIu64, files);
    paragraph(document, words_format(out->arena, T_("%1$s hits in %2$s events of %3$s files."), hits, read, of).in[lang]);
    if (out->hits > out->n)
        paragraph(document, tr(lang, T_("The page shows the first 50,000; JSON lines and CSV have all.")));
    if (out->n) {
        timeline(out, document);
        heading(document, tr(lang, T_("Hits")));
        table(out, document);
    }
    struct buf html;
    buf_init(&html, (size_t)128 << 20);
    bool good = report_html(document, &html) == OK && fwrite(html.data, 1, html.len, stdout) == html.len;
    buf_free(&html);
    return good;
}

bool scan_out_end(struct scan_out *out, uint64_t events, uint64_t files)
{
    bool good = out->format != SCAN_HTML || page(out, events, files);
    buf_free(&out->line);
    return good && fflush(stdout) == 0;
}
