/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reads CSV as people save it: UTF-8 with or without a byte order mark, UTF-16 with one; comma, semicolon or tab,
 * found by looking at the first rows, or named by a "sep=;" line. Windows-1252 and its like cannot be told apart from
 * each other, so they are refused with a word on how to save the file, never guessed.
 *
 * Every fault is collected, by row and column as a spreadsheet shows them. A row with more cells than the head is a
 * fault: it is what an unquoted separator looks like, and would shift values into wrong columns.
 */
#include <string.h>

#include "base/text.h"
#include "report/grid.h"

enum { sniff_rows = 20 };

struct scan {
    const char *at, *end;
    char separator;
    size_t row, column;
    size_t width;                  /* of the first row with more than one cell; 0 while unknown */
    size_t filled;                 /* cells with text in this row */
    struct buf cell;
    struct grid_builder *grid;
};

/* ---- encodings ---- */

static bool utf16_to_utf8(const unsigned char *in, size_t len, bool big, struct buf *out)
{
    for (size_t i = 0; i + 1 < len; i += 2) {
        uint32_t c = big ? (uint32_t)in[i] << 8 | in[i + 1] : (uint32_t)in[i + 1] << 8 | in[i];
        if (c >= 0xDC00 && c < 0xE000)
            return false;
        if (c >= 0xD800 && c < 0xDC00) {
            if (i + 3 >= len)
                return false;
            uint32_t low = big ? (uint32_t)in[i + 2] << 8 | in[i + 3] : (uint32_t)in[i + 3] << 8 | in[i + 2];
            if (low < 0xDC00 || low >= 0xE000)
                return false;
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
            i += 2;
        }
        char utf8[4];
        size_t n = 0;
        if (c < 0x80) {
            utf8[n++] = (char)c;
        } else if (c < 0x800) {
            utf8[n++] = (char)(0xC0 | c >> 6);
        } else if (c < 0x10000) {
            utf8[n++] = (char)(0xE0 | c >> 12);
            utf8[n++] = (char)(0x80 | (c >> 6 & 0x3F));
        } else {
            utf8[n++] = (char)(0xF0 | c >> 18);
            utf8[n++] = (char)(0x80 | (c >> 12 & 0x3F));
            utf8[n++] = (char)(0x80 | (c >> 6 & 0x3F));
        }
        if (c >= 0x80)
            utf8[n++] = (char)(0x80 | (c & 0x3F));
        buf_add(out, utf8, n);
    }
    return len % 2 == 0;
}

/* The line and byte of the first fault in UTF-8, in words for the person who saved the file. */
static void not_utf8(struct arena *arena, const char *text, size_t len, struct reasons *reasons)
{
    size_t line = 1, i = 0;
    for (; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        size_t want = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
        if (i + want > len || !utf8_valid(text + i, want))
            break;
        if (c == '\n')
            line++;
        i += want - 1;
    }
    reason_add(reasons, "csv.encoding", arena_printf(arena, "%zu", line),
               T_("Row %1$s: byte %2$s is not UTF-8; the file seems to be in an older encoding such as Windows-1252. "
                  "Save it again as \"CSV UTF-8\"."),
               arena_printf(arena, "%zu", line),
               arena_printf(arena, "0x%02X", i < len ? (unsigned)(unsigned char)text[i] : 0));
}

/* The text as UTF-8 without its mark; `converted` holds it when it was UTF-16. */
static enum status to_utf8(struct arena *arena, const char **text, size_t *len, struct buf *converted,
                           struct reasons *reasons)
{
    const unsigned char *in = (const unsigned char *)*text;
    if (*len >= 3 && !memcmp(in, "\xEF\xBB\xBF", 3)) {
        *text += 3;
        *len -= 3;
    } else if (*len >= 2 && ((in[0] == 0xFF && in[1] == 0xFE) || (in[0] == 0xFE && in[1] == 0xFF))) {
        if (!utf16_to_utf8(in + 2, *len - 2, in[0] == 0xFE, converted)) {
            reason_add(reasons, "csv.encoding", NULL, T_("The file begins as UTF-16, but is cut or damaged."));
            return BAD_INPUT;
        }
        if (converted->failed)
            return TOO_LARGE;
        *text = converted->data ? converted->data : "";
        *len = converted->len;
        return OK;
    }
    if (*len && memchr(*text, 0, *len)) {
        reason_add(reasons, "csv.encoding", NULL,
                   T_("The file is no text: it holds NUL bytes. Is it a spreadsheet with another name, or UTF-16 "
                      "without a byte order mark?"));
        return BAD_INPUT;
    }
    if (!utf8_valid(*text, *len)) {
        not_utf8(arena, *text, *len, reasons);
        return BAD_INPUT;
    }
    return OK;
}

/* ---- the separator ---- */

/* How many of the first rows have the commonest number (not 0) of this separator; *ret_count that number. */
static size_t agreement(const char *text, const char *end, char separator, size_t *ret_count)
{
    size_t counts[sniff_rows] = { 0 }, rows = 0, best = 0;
    bool quoted = false;
    for (; text < end && rows < sniff_rows; text++) {
        if (*text == '"')
            quoted = !quoted;
        else if (!quoted && *text == separator)
            counts[rows]++;
        else if (!quoted && *text == '\n')
            rows++;
    }
    if (rows < sniff_rows)
        rows++;
    *ret_count = 0;
    for (size_t i = 0; i < rows; i++) {
        size_t same = 0;
        for (size_t k = 0; k < rows; k++)
            same += counts[k] == counts[i];
        if (counts[i] && (same > best || (same == best && counts[i] > *ret_count))) {
            best = same;
            *ret_count = counts[i];
        }
    }
    return best;
}

static char sniff(const char *text, const char *end)
{
    static const char candidates[] = { ';', ',', '\t' };
    char separator = ',';
    size_t best = 0, best_count = 0;
    for (size_t i = 0; i < sizeof candidates; i++) {
        size_t count, rows = agreement(text, end, candidates[i], &count);
        if (rows > best || (rows == best && count > best_count)) {
            separator = candidates[i];
            best = rows;
            best_count = count;
        }
    }
    return separator;
}

/* ---- rows ---- */

static void end_cell(struct scan *s, bool last)
{
    const char *text = s->cell.data ? s->cell.data : "";
    size_t len = s->cell.len;
    if (len && s->cell.failed) {
        grid_fault(s->grid, s->row, s->column, "cell-bytes",
                   T_("Row %1$s, column %2$s: the text is too long; at most %3$s bytes are taken."),
                   arena_printf(s->grid->arena, "%zu", s->grid->limits.cell_bytes));
    } else if (len && s->width && s->column >= s->width) {
        grid_fault(s->grid, s->row, s->column, "ragged",
                   T_("Row %1$s, column %2$s: more cells than the head's %3$s; a separator inside a text must stand in "
                      "quotes."),
                   arena_printf(s->grid->arena, "%zu", s->width));
    } else if (len) {
        bool defused = cell_defused(text, len);
        grid_put(s->grid, s->row, s->column, text + defused, len - defused);
        s->filled++;
    }
    buf_clear(&s->cell);
    s->cell.failed = false;
    s->column++;
    if (!last)
        return;
    if (!s->width && s->filled > 1)
        s->width = s->column;
    s->row++;
    s->column = s->filled = 0;
}

/* The inside of a quoted cell; the opening quote is behind us. False at an unclosed or ill-closed quote. */
static bool quoted_cell(struct scan *s)
{
    for (;; s->at++) {
        if (s->at == s->end) {
            grid_fault(s->grid, s->row, s->column, "quote",
                       T_("Row %1$s, column %2$s: the quote that opens here is never closed."), NULL);
            return false;
        }
        if (*s->at == '"') {
            s->at++;
            if (s->at == s->end || *s->at != '"')
                break;
        } else if (*s->at == '\r' && s->at + 1 < s->end && s->at[1] == '\n') {
            continue;
        }
        buf_addc(&s->cell, *s->at == '\r' ? '\n' : *s->at);
    }
    if (s->at < s->end && *s->at != s->separator && *s->at != '\n' && *s->at != '\r') {
        grid_fault(s->grid, s->row, s->column, "quote",
                   T_("Row %1$s, column %2$s: text follows the closing quote; a quote inside a text is written twice."),
                   NULL);
        return false;
    }
    return true;
}

static void scan_rows(struct scan *s)
{
    bool start = true, open = false;       /* at a cell's first byte; a cell has begun that is not ended */
    while (s->at < s->end && !s->grid->stopped) {
        char c = *s->at;
        if (start && c == '"') {
            s->at++;
            if (!quoted_cell(s))
                return;
            start = false;
            open = true;
        } else if (c == s->separator) {
            s->at++;
            end_cell(s, false);
            start = open = true;
        } else if (c == '\n' || c == '\r') {
            s->at += c == '\r' && s->at + 1 < s->end && s->at[1] == '\n' ? 2 : 1;
            end_cell(s, true);
            start = true;
            open = false;
        } else {
            buf_addc(&s->cell, c);
            s->at++;
            start = false;
            open = true;
        }
    }
    if (open && !s->grid->stopped)
        end_cell(s, true);
}

enum status csv_read(struct arena *arena, const char *text, size_t len, struct grid_limits limits,
                     struct reasons *reasons, struct grid *ret)
{
    struct buf converted;
    buf_init(&converted, len * 2 + 16);
    enum status status = to_utf8(arena, &text, &len, &converted, reasons);
    if (status == OK) {
        struct grid_builder grid;
        grid_begin(&grid, arena, reasons, limits, "csv");
        struct scan scan = { .at = text, .end = text + len, .grid = &grid };
        if (len >= 5 && !memcmp(text, "sep=", 4) && memchr(",;\t", text[4], 3)) {
            scan.separator = text[4];
            scan.at += 5;
            scan.at += scan.at < scan.end && *scan.at == '\r';
            scan.at += scan.at < scan.end && *scan.at == '\n';
        } else {
            scan.separator = sniff(text, text + len);
        }
        buf_init(&scan.cell, grid.limits.cell_bytes + 1);   /* one more: an apostrophe that goes */
        scan_rows(&scan);
        buf_free(&scan.cell);
        status = grid_end(&grid, ret);
    }
    buf_free(&converted);
    return status;
}
