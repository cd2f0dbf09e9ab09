/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reads one sheet of an XLSX workbook as text: shared and inline strings, numbers, dates by their number format,
 * booleans, and of formulas the value that was computed when the file was saved. What cannot be read surely is a
 * fault by cell: error values, formulas without a value, dates that never were, cells given twice.
 *
 * The sheet read is the one visible sheet that has content. If several have, the file is refused: which one was meant
 * is not ours to guess. Hidden sheets are not looked at.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "report/grid.h"
#include "report/package.h"
#include "report/serial.h"

enum { most_sheets = 256, most_styles = 65536, most_strings = 2000000 };

struct look { enum serial_kind kind; bool zulu; };       /* what a cell style makes of a number */
struct text { const char *s; size_t len; };
struct sheet_entry { const char *name, *part; };
struct workbook {
    struct package *package;
    struct arena *arena;
    struct reasons *reasons;
    bool since_1904;
    struct sheet_entry sheets[most_sheets];               /* the visible ones */
    size_t n_sheets;
    struct look *looks;
    size_t n_looks;
    struct text *strings;
    size_t n_strings;
};
struct sheet {
    struct workbook *book;
    struct grid_builder grid;
    struct part_reader reader;
    struct buf value, inline_text;
    size_t row, column;                                    /* of the cell at hand */
    size_t next_row;
    char type[16];
    long style;
    bool formula;
    size_t last_column;                                    /* of this row, plus one */
};

/* ---- strings ---- */

/* Undoes _xHHHH_; a line end is LF alone. In place; the result is never longer (a character of up to 3 bytes for 7). */
static size_t unescape(char *s, size_t len)
{
    size_t to = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned c = (unsigned char)s[i];
        if (c == '_' && i + 6 < len && s[i + 1] == 'x' && s[i + 6] == '_') {
            char hex[5] = { s[i + 2], s[i + 3], s[i + 4], s[i + 5], 0 }, *end;
            unsigned long code = strtoul(hex, &end, 16);
            if (!*end && isxdigit((unsigned char)hex[0]) && (code < 0xD800 || code > 0xDFFF)) {
                i += 6;
                if (code == '\r')
                    continue;
                if (code >= 0x800)
                    s[to++] = (char)(0xE0 | code >> 12);
                if (code >= 0x80)
                    s[to++] = (char)(code >= 0x800 ? 0x80 | (code >> 6 & 0x3F) : 0xC0 | code >> 6);
                s[to++] = (char)(code >= 0x80 ? 0x80 | (code & 0x3F) : code);
                continue;
            }
        }
        if (c == '\r')
            continue;
        s[to++] = (char)c;
    }
    return to;
}

/* The text of a rich string: all <t>, but not those of phonetic hints. Stands at <si> or <is>; ends at its end. */
static int rich_text(struct part_reader *r, const char *element, struct buf *out)
{
    int got, phonetic = 0;
    buf_clear(out);
    if (xmlTextReaderIsEmptyElement(r->xml))
        return 1;
    while ((got = part_next(r)) == 1 && !part_at_end(r, element)) {
        if (part_at(r, "rPh") && !xmlTextReaderIsEmptyElement(r->xml))
            phonetic++;
        else if (part_at_end(r, "rPh"))
            phonetic--;
        int type = xmlTextReaderNodeType(r->xml);
        bool text = type == XML_READER_TYPE_TEXT || type == XML_READER_TYPE_SIGNIFICANT_WHITESPACE ||
                    type == XML_READER_TYPE_WHITESPACE || type == XML_READER_TYPE_CDATA;
        if (text && !phonetic) {
            xmlNodePtr parent = xmlTextReaderCurrentNode(r->xml)->parent;
            if (parent && str_eq((const char *)parent->name, "t"))
                buf_adds(out, (const char *)xmlTextReaderConstValue(r->xml));
        }
    }
    return got;
}

static enum status read_strings(struct workbook *book, const char *part)
{
    struct part_reader r;
    enum status status = part_open(book->package, part, &r);
    if (status != OK)
        return status;
    struct buf text;
    buf_init(&text, 1 << 20);
    size_t cap = 0;
    int got;
    while ((got = part_next(&r)) == 1) {
        if (!part_at(&r, "si"))
            continue;
        if ((got = rich_text(&r, "si", &text)) != 1)
            break;
        if (book->n_strings == cap && cap < most_strings) {
            struct text *more = ARENA_ARRAY(book->arena, struct text, cap = cap ? cap * 2 : 256);
            if (book->n_strings)
                memcpy(more, book->strings, book->n_strings * sizeof *more);
            book->strings = more;
        }
        if (text.failed || book->n_strings == cap) {
            reason_add(book->reasons, "xlsx.strings", part, T_("The workbook's table of texts is too large."));
            got = -1;
            break;
        }
        size_t len = text.data ? unescape(text.data, text.len) : 0;
        book->strings[book->n_strings++] =
            (struct text){ .s = arena_strndup(book->arena, text.data ? text.data : "", len), .len = len };
    }
    buf_free(&text);
    part_close(&r);
    return got == 0 ? OK : BAD_INPUT;
}

/* ---- styles ---- */

struct custom { long id; struct look look; };

static enum status read_styles(struct workbook *book, const char *part)
{
    struct part_reader r;
    enum status status = part_open(book->package, part, &r);
    if (status != OK)
        return status;
    struct custom *customs = ARENA_ARRAY(book->arena, struct custom, 1024);
    size_t n_customs = 0;
    bool cells = false;
    int got;
    char id[16];
    book->looks = ARENA_ARRAY(book->arena, struct look, most_styles);
    while ((got = part_next(&r)) == 1) {
        if (part_at(&r, "cellXfs"))
            cells = true;
        else if (part_at_end(&r, "cellXfs"))
            cells = false;
        if (part_at(&r, "numFmt") && n_customs < 1024 && part_attribute_to(&r, "numFmtId", id, sizeof id)) {
            struct custom *c = &customs[n_customs++];
            const char *code = part_attribute(&r, "formatCode");
            c->id = strtol(id, NULL, 10);
            c->look.kind = serial_kind_of_code(code ? code : "", &c->look.zulu);
        } else if (cells && part_at(&r, "xf") && book->n_looks < most_styles) {
            long number = part_attribute_to(&r, "numFmtId", id, sizeof id) ? strtol(id, NULL, 10) : 0;
            struct look look = { .kind = serial_kind_of_id(number) };
            for (size_t i = 0; i < n_customs; i++)
                if (customs[i].id == number)
                    look = customs[i].look;
            book->looks[book->n_looks++] = look;
        }
    }
    part_close(&r);
    return got == 0 ? OK : BAD_INPUT;
}

/* ---- the workbook ---- */

static enum status read_workbook(struct workbook *book, const char *part)
{
    struct part_reader r;
    enum status status = part_open(book->package, part, &r);
    if (status != OK)
        return status;
    const char *ids[most_sheets];
    int got;
    while ((got = part_next(&r)) == 1) {
        const char *state, *truth;
        if (part_at(&r, "workbookPr")) {
            truth = part_attribute(&r, "date1904");
            book->since_1904 = str_eq(truth, "1") || str_eq(truth, "true");
        } else if (part_at(&r, "sheet")) {
            state = part_attribute(&r, "state");
            const char *id = part_attribute(&r, "id"), *name = part_attribute(&r, "name");
            if ((state && !str_eq(state, "visible")) || !id || book->n_sheets == most_sheets)
                continue;
            ids[book->n_sheets] = id;
            book->sheets[book->n_sheets++].name = name ? name : "";
        }
    }
    part_close(&r);
    if (got != 0)
        return BAD_INPUT;
    size_t kept = 0;
    for (size_t i = 0; i < book->n_sheets; i++) {
        const char *target = package_related(book->package, part, NULL, ids[i]);
        if (book->package->told)
            return BAD_INPUT;
        if (target && strstr(target, "worksheet"))         /* chart and dialogue sheets have no cells */
            book->sheets[kept++] = (struct sheet_entry){ .name = book->sheets[i].name, .part = target };
    }
    book->n_sheets = kept;
    const char *strings = package_related(book->package, part, "sharedStrings", NULL);
    const char *styles = package_related(book->package, part, "styles", NULL);
    if (book->package->told)
        return BAD_INPUT;
    if (styles && (status = read_styles(book, styles)) != OK)
        return status;
    return strings ? read_strings(book, strings) : OK;
}

/* Whether a sheet holds any value: 1, 0, -1 with a reason. */
static int sheet_filled(struct workbook *book, const char *part)
{
    struct part_reader r;
    if (part_open(book->package, part, &r) != OK)
        return -1;
    int got, filled = 0;
    while (!filled && (got = part_next(&r)) == 1)
        filled = part_at(&r, "v") || part_at(&r, "is");
    if (!filled && got < 0)
        filled = -1;
    part_close(&r);
    return filled;
}

static enum status choose_sheet(struct workbook *book, const char **ret_part)
{
    const char *names = NULL, *chosen = NULL;
    size_t filled = 0;
    for (size_t i = 0; i < book->n_sheets; i++) {
        int has = book->n_sheets == 1 ? 1 : sheet_filled(book, book->sheets[i].part);
        if (has < 0)
            return BAD_INPUT;
        if (!has)
            continue;
        filled++;
        chosen = chosen ? chosen : book->sheets[i].part;
        names = names ? arena_printf(book->arena, "%s, \"%s\"", names, book->sheets[i].name)
                      : arena_printf(book->arena, "\"%s\"", book->sheets[i].name);
    }
    if (filled > 1) {
        reason_add(book->reasons, "xlsx.sheets", NULL,
                   T_("Several sheets have content: %1$s. Leave one, or hide the others."), names);
        return BAD_INPUT;
    }
    if (!chosen) {
        reason_add(book->reasons, "xlsx.empty", NULL, T_("The workbook has no visible sheet with content."));
        return BAD_INPUT;
    }
    *ret_part = chosen;
    return OK;
}

/* ---- cells ---- */

/* "AB12" to column 27, row 11; false when it is none, or out of what spreadsheets have. */
static bool read_place(const char *text, size_t *ret_row, size_t *ret_column)
{
    size_t column = 0, row = 0;
    const char *p = text;
    for (; *p >= 'A' && *p <= 'Z' && column < 20000; p++)
        column = column * 26 + (size_t)(*p - 'A' + 1);
    const char *digits = p;
    for (; *p >= '0' && *p <= '9' && row < 10000000; p++)
        row = row * 10 + (size_t)(*p - '0');
    if (*p || p == digits || digits == text || !row || row > 1048576 || column > 16384)
        return false;
    *ret_row = row - 1;
    *ret_column = column - 1;
    return true;
}

static void number_cell(struct sheet *s, const char *value)
{
    struct look look = { .kind = SERIAL_NUMBER };
    if (s->style >= 0 && (size_t)s->style < s->book->n_looks)
        look = s->book->looks[s->style];
    const char *text = serial_text(s->grid.arena, value, look.kind, look.zulu, s->book->since_1904);
    if (!text)
        grid_fault(&s->grid, s->row, s->column, "number",
                   look.kind == SERIAL_NUMBER
                       ? T_("Row %1$s, column %2$s: \"%3$s\" is no number.")
                       : T_("Row %1$s, column %2$s: the number \"%3$s\" is no date; write the date anew."),
                   value);
    else
        grid_put(&s->grid, s->row, s->column, text, strlen(text));
}

static void shared_cell(struct sheet *s, const char *value)
{
    char *end;
    unsigned long index = strtoul(value, &end, 10);
    if (end == value || *end || *value == '-' || index >= s->book->n_strings)
        grid_fault(&s->grid, s->row, s->column, "string",
                   T_("Row %1$s, column %2$s: the workbook has no text number \"%3$s\"."), value);
    else
        grid_put(&s->grid, s->row, s->column, s->book->strings[index].s, s->book->strings[index].len);
}

static void put_cell(struct sheet *s)
{
    char *value = s->value.data ? s->value.data : "";
    if (s->value.failed || s->inline_text.failed) {
        grid_fault(&s->grid, s->row, s->column, "cell-bytes",
                   T_("Row %1$s, column %2$s: the text is too long; at most %3$s bytes are taken."),
                   arena_printf(s->grid.arena, "%zu", s->grid.limits.cell_bytes));
    } else if (str_eq(s->type, "inlineStr")) {
        size_t len = s->inline_text.data ? unescape(s->inline_text.data, s->inline_text.len) : 0;
        grid_put(&s->grid, s->row, s->column, s->inline_text.data, len);
    } else if (!*value) {
        if (s->formula && !str_eq(s->type, "str"))
            grid_fault(&s->grid, s->row, s->column, "formula",
                       T_("Row %1$s, column %2$s: a formula without its value. Open the file in a spreadsheet program, "
                          "save it, try again."), NULL);
    } else if (str_eq(s->type, "s")) {
        shared_cell(s, value);
    } else if (str_eq(s->type, "str")) {
        grid_put(&s->grid, s->row, s->column, value, unescape(value, s->value.len));
    } else if (str_eq(s->type, "d")) {
        grid_put(&s->grid, s->row, s->column, value, s->value.len);
    } else if (str_eq(s->type, "b")) {
        const char *truth = *value == '0' ? "false" : "true";
        grid_put(&s->grid, s->row, s->column, truth, strlen(truth));
    } else if (str_eq(s->type, "e")) {
        grid_fault(&s->grid, s->row, s->column, "error",
                   T_("Row %1$s, column %2$s: the cell shows the error %3$s."), value);
    } else if (!*s->type || str_eq(s->type, "n")) {
        number_cell(s, value);
    } else {
        grid_fault(&s->grid, s->row, s->column, "type",
                   T_("Row %1$s, column %2$s: \"%3$s\" is no known kind of cell."), s->type);
    }
}

/* Where the cell stands; without a reference it follows its neighbour. False after a fault. */
static bool place_cell(struct sheet *s)
{
    char place[16];
    s->column = s->last_column;
    if (part_attribute_to(&s->reader, "r", place, sizeof place)) {
        size_t row, column;
        if (!read_place(place, &row, &column) || row != s->row || column < s->last_column) {
            grid_fault(&s->grid, s->row, s->last_column, "place",
                       T_("Row %1$s, near column %2$s: the cell \"%3$s\" stands in the wrong place or twice."), place);
            return false;
        }
        s->column = column;
    }
    s->last_column = s->column + 1;
    return true;
}

/* One <c>, from its start to its end. False when reading failed. */
static bool read_cell(struct sheet *s)
{
    struct part_reader *r = &s->reader;
    char style[16];
    bool inside = !xmlTextReaderIsEmptyElement(r->xml), placed = place_cell(s), value = false;
    s->type[0] = 0;
    part_attribute_to(r, "t", s->type, sizeof s->type);
    s->style = part_attribute_to(r, "s", style, sizeof style) ? strtol(style, NULL, 10) : 0;
    s->formula = false;
    buf_clear(&s->value);
    buf_clear(&s->inline_text);
    while (inside) {
        if (part_next(r) != 1)
            return false;
        if (part_at_end(r, "c"))
            break;
        if (part_at(r, "f"))
            s->formula = true;
        else if (part_at(r, "v"))
            value = !xmlTextReaderIsEmptyElement(r->xml);
        else if (part_at_end(r, "v"))
            value = false;
        else if (part_at(r, "is") && rich_text(r, "is", &s->inline_text) != 1)
            return false;
        else if (value && xmlTextReaderHasValue(r->xml) && xmlTextReaderNodeType(r->xml) != XML_READER_TYPE_COMMENT)
            buf_adds(&s->value, (const char *)xmlTextReaderConstValue(r->xml));
    }
    if (placed)
        put_cell(s);
    return true;
}

static bool begin_row(struct sheet *s)
{
    char number[16];
    size_t row = s->next_row;
    if (part_attribute_to(&s->reader, "r", number, sizeof number)) {
        char *end;
        unsigned long given = strtoul(number, &end, 10);
        if (*end || end == number || given < s->next_row + 1 || given > 1048576) {
            grid_fault(&s->grid, s->next_row, 0, "place",
                       T_("Row %1$s: the row \"%3$s\" stands in the wrong place or twice."), number);
            return false;
        }
        row = given - 1;
    }
    s->row = row;
    s->next_row = row + 1;
    s->last_column = 0;
    return true;
}

static enum status read_sheet(struct sheet *s, const char *part, struct grid *ret)
{
    enum status status = part_open(s->book->package, part, &s->reader);
    if (status != OK)
        return status;
    buf_init(&s->value, s->grid.limits.cell_bytes + 64);
    buf_init(&s->inline_text, s->grid.limits.cell_bytes * 7 + 64);
    int got;
    while ((got = part_next(&s->reader)) == 1 && !s->grid.stopped) {
        if (part_at(&s->reader, "row") && !begin_row(s))
            break;
        if (part_at(&s->reader, "c") && !read_cell(s))
            break;
        if (part_at_end(&s->reader, "sheetData"))
            break;
    }
    if (s->book->package->told)
        got = -1;
    buf_free(&s->value);
    buf_free(&s->inline_text);
    part_close(&s->reader);
    return got < 0 ? BAD_INPUT : grid_end(&s->grid, ret);
}

static enum status read_package(struct package *package, struct grid_limits limits, struct grid *ret)
{
    struct workbook *book = ARENA_NEW(package->arena, struct workbook);
    book->package = package;
    book->arena = package->arena;
    book->reasons = package->reasons;
    const char *part = package_related(package, "", "officeDocument", NULL), *chosen;
    if (package->told)
        return BAD_INPUT;
    if (!part || str_ends(part, ".bin") || !package_has(package, part)) {
        reason_add(book->reasons, "xlsx.form", NULL,
                   T_("This is no .xlsx workbook (perhaps .ods, .xlsb or a document). Save it as .xlsx."));
        return BAD_INPUT;
    }
    enum status status = read_workbook(book, part);
    if (status == OK)
        status = choose_sheet(book, &chosen);
    if (status != OK)
        return status;
    struct sheet *sheet = ARENA_NEW(package->arena, struct sheet);
    sheet->book = book;
    grid_begin(&sheet->grid, package->arena, package->reasons, limits, "xlsx");
    return read_sheet(sheet, chosen, ret);
}

enum status xlsx_read(struct arena *arena, const char *bytes, size_t len, struct grid_limits limits,
                      struct reasons *reasons, struct grid *ret)
{
    struct package package;
    enum status status = package_open(arena, bytes, len, reasons, &package);
    if (status != OK)
        return status;
    status = read_package(&package, limits, ret);
    package_close(&package);
    return status;
}
