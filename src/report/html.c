/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * HTML that stands alone: one file, no script, no address outside it, its own print design in a style element. The
 * server hands it out as an attachment (its own pages allow no inline style).
 *
 * The marking stands at the top and the bottom of the screen and of every printed page. Browsers that know page
 * margin boxes print it there, with page n of m; for the others the whole document is the body of a table whose head
 * and foot hold the marking, since every browser repeats those on each page.
 *
 * Figures become images from data: an SVG inside an image runs no script and loads nothing.
 */
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "report/escape.h"
#include "report/report.h"

static const char style[] =
    ":root{color-scheme:light}"
    "body{margin:0;background:#fff;color:#1a1a1a;font:14px/1.45 system-ui,sans-serif;font-variant-numeric:tabular-nums}"
    ".sheet{width:100%;border-collapse:collapse}"
    ".sheet>thead,.sheet>tfoot{position:sticky;z-index:1}.sheet>thead{top:0}.sheet>tfoot{bottom:0}"
    ".mark{padding:3px 12px;background:#1a1a1a;color:#fff;text-align:center;font-weight:600;letter-spacing:.04em}"
    "main{max-width:1100px;margin:0 auto;padding:16px 24px}"
    "h1{font-size:22px;margin:8px 0 4px}h2{font-size:18px;margin:24px 0 6px}h3,h4,h5{font-size:14px;margin:18px 0 4px}"
    ".about{color:#555;margin:0 0 16px}"
    "p,li{max-width:75ch;white-space:pre-line;overflow-wrap:anywhere}"
    "table.data{border-collapse:collapse;width:100%;margin:8px 0 16px}"
    "table.data caption{text-align:left;font-weight:600;padding:4px 0}"
    "table.data th{text-align:left;border-bottom:1px solid #1a1a1a;padding:4px 8px;vertical-align:bottom}"
    "table.data td{border-bottom:1px solid #ccc;padding:4px 8px;vertical-align:top;white-space:pre-line;"
    "overflow-wrap:anywhere}"
    "table.data td.n{text-align:right}.portion{font-weight:600}figure{margin:12px 0}figure img{max-width:100%}"
    "time{white-space:nowrap}"
    "@media print{body{font-size:10.5pt}main{max-width:none;padding:0}.sheet>thead,.sheet>tfoot{position:static}"
    ".mark{background:none;color:#000}h1,h2,h3,h4,h5{break-after:avoid}tr,figure{break-inside:avoid}"
    "table.data thead{display:table-header-group}.break{break-after:page}}"
    /* Only engines that draw margin boxes pass this test: there the repeated head and foot would be a second marking. */
    "@media print{@supports (font-variant-emoji:text) and (not (-moz-appearance:none)){"
    ".sheet>thead,.sheet>tfoot{display:none}}}";

static void page_box(struct buf *out, const char *box, const char *weight, const char *text)
{
    buf_addf(out, "@%s{font:%s 9pt system-ui,sans-serif;content:\"", box, weight);
    escape_css(out, text);
    buf_adds(out, "\"}");
}

/* "page %1$s of %2$s" as pieces of a CSS content: the numbers are the browser's counters. */
static void page_of(struct buf *out, const char *format)
{
    char piece[2] = { 0 };
    for (; *format; format++) {
        if (str_starts(format, "%1$s") || str_starts(format, "%2$s")) {
            buf_addf(out, "\" counter(%s) \"", format[1] == '1' ? "page" : "pages");
            format += 3;
        } else if ((unsigned char)*format >= 0x80) {
            buf_addc(out, *format);
        } else {
            piece[0] = *format;
            escape_css(out, piece);
        }
    }
}

static void style_element(struct buf *out, const struct document *doc)
{
    buf_addf(out, "<style>%s@page{size:A4;margin:22mm 16mm 20mm;", style);
    page_box(out, "top-center", "600", document_marking(doc));
    page_box(out, "bottom-center", "600", document_marking(doc));
    page_box(out, "bottom-left", "400", doc->office ? doc->office : "");
    buf_adds(out, "@bottom-right{font:400 9pt system-ui,sans-serif;content:\"");
    if (doc->copy) {
        escape_css(out, doc->copy);
        buf_adds(out, " \\2014  ");
    }
    page_of(out, tr(doc->lang, T_("page %1$s of %2$s")));
    buf_adds(out, "\"}}</style>\n");
}

static void tagged(struct buf *out, const char *tag, const char *text)
{
    buf_addf(out, "<%s>", tag);
    escape_markup(out, text);
    buf_addf(out, "</%s>\n", tag);
}

static void portion(struct buf *out, const struct part *part)
{
    if (!part->mark || !*part->mark)
        return;
    buf_adds(out, "<span class=\"portion\">(");
    escape_markup(out, part->mark);
    buf_adds(out, ")</span> ");
}

static void cell_text(struct buf *out, const struct document *doc, const struct cell *cell)
{
    char iso[MOMENT_TEXT];
    if (cell->kind == CELL_TEXT) {
        escape_markup(out, cell->text);
    } else if (cell->kind == CELL_INTEGER) {
        buf_addi(out, cell->number);
    } else if (cell->number != MOMENT_NONE && cell->kind == CELL_DATE) {
        moment_iso_day(cell->number, iso);
        buf_addf(out, "<time datetime=\"%s\">%s</time>", iso, iso);
    } else if (cell->number != MOMENT_NONE) {
        buf_addf(out, "<time datetime=\"%s\">", moment_iso(cell->number, iso));
        escape_markup(out, moment_words(doc->arena, cell->number, doc->lang));
        buf_adds(out, "</time>");
    }
}

static void table(struct buf *out, const struct document *doc, const struct part *part)
{
    buf_adds(out, "<table class=\"data\">\n");
    if (part->text) {
        buf_adds(out, "<caption>");
        portion(out, part);
        escape_markup(out, part->text);
        buf_adds(out, "</caption>\n");
    }
    buf_adds(out, "<thead><tr>");
    for (size_t k = 0; k < part->n_columns; k++) {
        buf_adds(out, "<th scope=\"col\">");
        escape_markup(out, part->columns[k]);
        buf_adds(out, "</th>");
    }
    buf_adds(out, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < part->n_rows; i++) {
        buf_adds(out, "<tr>");
        for (size_t k = 0; k < part->n_columns; k++) {
            const struct cell *cell = &part->cells[i * part->n_columns + k];
            buf_adds(out, cell->kind == CELL_INTEGER ? "<td class=\"n\">" : "<td>");
            cell_text(out, doc, cell);
            buf_adds(out, "</td>");
        }
        buf_adds(out, "</tr>\n");
    }
    buf_adds(out, "</tbody></table>\n");
}

static void list(struct buf *out, const struct document *doc, const struct part *part)
{
    if (part->text) {
        buf_adds(out, "<p>");
        portion(out, part);
        escape_markup(out, part->text);
        buf_adds(out, "</p>\n");
    }
    buf_adds(out, "<ul>\n");
    for (size_t i = 0; i < part->n_rows; i++) {
        buf_adds(out, "<li>");
        cell_text(out, doc, &part->cells[i]);
        buf_adds(out, "</li>\n");
    }
    buf_adds(out, "</ul>\n");
}

static void figure(struct buf *out, const struct document *doc, const struct part *part)
{
    size_t len = strlen(part->svg);
    char *encoded = arena_alloc(doc->arena, 4 * ((len + 2) / 3) + 1);
    base64_write(part->svg, len, encoded);
    buf_adds(out, "<figure><img alt=\"");
    escape_markup(out, part->text);
    buf_addf(out, "\" src=\"data:image/svg+xml;base64,%s\">", encoded);
    if (part->text) {
        buf_adds(out, "<figcaption>");
        portion(out, part);
        escape_markup(out, part->text);
        buf_adds(out, "</figcaption>");
    }
    buf_adds(out, "</figure>\n");
}

static void heading(struct buf *out, const struct part *part)
{
    buf_addf(out, "<h%d>", part->level + 1);
    portion(out, part);
    escape_markup(out, part->text);
    buf_addf(out, "</h%d>\n", part->level + 1);
}

static void paragraph(struct buf *out, const struct part *part)
{
    buf_adds(out, "<p>");
    portion(out, part);
    escape_markup(out, part->text);
    buf_adds(out, "</p>\n");
}

static void write_part(struct buf *out, const struct document *doc, const struct part *part)
{
    switch (part->kind) {
    case PART_HEADING: heading(out, part); break;
    case PART_PARAGRAPH: paragraph(out, part); break;
    case PART_TABLE: table(out, doc, part); break;
    case PART_LIST: list(out, doc, part); break;
    case PART_FIGURE: figure(out, doc, part); break;
    case PART_PAGE_BREAK: buf_adds(out, "<div class=\"break\"></div>\n"); break;
    }
}

static void mark_row(struct buf *out, const struct document *doc, const char *tag)
{
    buf_addf(out, "<%s><tr><td class=\"mark\">", tag);
    escape_markup(out, document_marking(doc));
    buf_addf(out, "</td></tr></%s>\n", tag);
}

/* Office, author, time and copy in one line under the title. */
static void about(struct buf *out, const struct document *doc)
{
    const char *const items[] = { doc->office, doc->author, moment_words(doc->arena, doc->made, doc->lang), doc->copy };
    bool first = true;
    buf_adds(out, "<p class=\"about\">");
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        if (!items[i] || !*items[i])
            continue;
        buf_adds(out, first ? "" : " \xC2\xB7 ");
        escape_markup(out, items[i]);
        first = false;
    }
    buf_adds(out, "</p>\n");
}

enum status report_html(const struct document *doc, struct buf *out)
{
    if (!document_sound(doc))
        return BAD_INPUT;
    buf_addf(out, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n", lang_code(doc->lang));
    buf_adds(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
                  "img-src data:\">\n<meta name=\"viewport\" content=\"width=device-width\">\n");
    tagged(out, "title", doc->title);
    style_element(out, doc);
    buf_adds(out, "</head>\n<body>\n<table class=\"sheet\" role=\"presentation\">\n");
    mark_row(out, doc, "thead");
    mark_row(out, doc, "tfoot");
    buf_adds(out, "<tbody><tr><td><main>\n");
    tagged(out, "h1", doc->title);
    about(out, doc);
    for (const struct part *part = doc->first; part; part = part->next)
        write_part(out, doc, part);
    buf_adds(out, "</main></td></tr></tbody></table>\n</body>\n</html>\n");
    return out->failed ? TOO_LARGE : OK;
}
