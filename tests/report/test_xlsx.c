/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * XLSX both ways: our own workbooks (deterministic, marked on every sheet), workbooks made by libxlsxwriter, and hand
 * made ones that are broken or hostile in one way each.
 */
#include "sample.h"

#include <errno.h>
#include <unistd.h>
#include <xlsxwriter.h>
#include <zip.h>

#include "report/serial.h"

static struct arena *arena;

/* ---- helpers ---- */

struct member { const char *name; const char *text; size_t len; };

static void make_zip(struct buf *out, const struct member *members, size_t n, const char *password)
{
    zip_error_t error;
    zip_source_t *target = zip_source_buffer_create(NULL, 0, 0, &error);
    zip_source_keep(target);
    zip_t *zip = zip_open_from_source(target, ZIP_TRUNCATE, &error);
    for (size_t i = 0; i < n; i++) {
        size_t len = members[i].len ? members[i].len : strlen(members[i].text);
        zip_int64_t at = zip_file_add(zip, members[i].name, zip_source_buffer(zip, members[i].text, len, 0), 0);
        zip_set_file_compression(zip, (zip_uint64_t)at, ZIP_CM_DEFLATE, 1);
        if (password)
            zip_file_set_encryption(zip, (zip_uint64_t)at, ZIP_EM_AES_128, password);
    }
    char chunk[4096];
    zip_int64_t got;
    if (zip_close(zip) == 0 && zip_source_open(target) == 0) {
        while ((got = zip_source_read(target, chunk, sizeof chunk)) > 0)
            buf_add(out, chunk, (size_t)got);
        zip_source_close(target);
    }
    zip_source_free(target);
}

static const char *part_of(const struct buf *book, const char *name)
{
    zip_error_t error;
    zip_t *zip = zip_open_from_source(zip_source_buffer_create(book->data, book->len, 0, &error), ZIP_RDONLY, &error);
    zip_stat_t stat;
    const char *text = NULL;
    if (!zip_stat(zip, name, 0, &stat)) {
        char *copy = arena_alloc(arena, stat.size + 1);
        zip_file_t *file = zip_fopen(zip, name, 0);
        if (zip_fread(file, copy, stat.size) == (zip_int64_t)stat.size)
            text = copy;
        zip_fclose(file);
    }
    zip_discard(zip);
    return text;
}

static const char head[] = "<?xml version=\"1.0\"?>";
static const char rels[] =
    "<Relationships><Relationship Id=\"r1\" Type=\"http://x/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>";
static const char book_xml[] = "<workbook xmlns:r=\"y\"><sheets><sheet name=\"One\" sheetId=\"1\" r:id=\"a\"/></sheets></workbook>";
static const char book_rels[] =
    "<Relationships><Relationship Id=\"a\" Type=\"http://x/worksheet\" Target=\"worksheets/s.xml\"/>"
    "<Relationship Id=\"b\" Type=\"http://x/sharedStrings\" Target=\"/xl/strings.xml\"/></Relationships>";
static const char strings[] = "<sst><si><t>zero</t></si><si><r><t>o</t></r><r><t>ne</t></r><rPh><t>no</t></rPh></si></sst>";

/* A workbook by hand around the rows of its one sheet. */
static void make_book(struct buf *out, const char *rows, const char *shared)
{
    const struct member members[] = {
        { "_rels/.rels", rels }, { "xl/workbook.xml", book_xml }, { "xl/_rels/workbook.xml.rels", book_rels },
        { "xl/strings.xml", shared },
        { "xl/worksheets/s.xml", arena_printf(arena, "%s<worksheet><sheetData>%s</sheetData></worksheet>", head, rows) },
    };
    buf_clear(out);
    make_zip(out, members, 5, NULL);
}

static void refused_book(const char *name, const struct buf *book, const char *rule, const char *where)
{
    struct reasons reasons;
    struct grid grid = { .n_rows = 77 };
    reasons_init(&reasons, arena);
    enum status status = xlsx_read(arena, book->data, book->len, (struct grid_limits){ 0 }, &reasons, &grid);
    ok(status != OK && grid.n_rows == 77 && has_reason(&reasons, rule, where), "refused: %s", name);
    if (!has_reason(&reasons, rule, where))
        show(&reasons);
}

static bool read_book(const struct buf *book, struct grid *grid)
{
    struct reasons reasons;
    reasons_init(&reasons, arena);
    enum status status = xlsx_read(arena, book->data, book->len, (struct grid_limits){ 0 }, &reasons, grid);
    show(&reasons);
    return status == OK;
}

/* ---- our own ---- */

static void written(void)
{
    struct buf out, again;
    struct grid grid;
    buf_init(&out, 1 << 20);
    buf_init(&again, 1 << 20);
    ok(report_xlsx(sample_table(arena), &out) == OK && report_xlsx(sample_table(arena), &again) == OK, "written");
    ok(out.len == again.len && !memcmp(out.data, again.data, out.len), "the same bytes twice");
    if (!ok(read_book(&out, &grid), "read again"))
        return;
    is(grid_cell(&grid, 0, 0), "NATO SECRET | EU <CONFIDENTIAL> & \"\\A", "the first row is the marking");
    is(grid_cell(&grid, 1, 4), "Detected", "the head");
    is(grid_cell(&grid, 2, 1), "=HYPERLINK(\"http://x\";\"</style><script>alert(1)</script>\")", "a formula stays text");
    is(grid_cell(&grid, 2, 2), "-5", "integer");
    is(grid_cell(&grid, 2, 3), "2026-12-01", "date");
    is(grid_cell(&grid, 2, 4), "2026-11-20T23:59:59Z", "moment, with its zone");
    is(grid_cell(&grid, 3, 1), "a \"quoted\", line\nand another; ü _x0041_", "text with a line end and a look-alike escape");
    is(grid_cell(&grid, 3, 2), "9223372036854775807", "a number too large for a spreadsheet stays exact");
    is(grid_cell(&grid, 3, 3), NULL, "no date");
    is(grid_cell(&grid, 3, 4), "1900-01-15T00:00:01Z", "a time before spreadsheets' days is text");
    is(grid_cell(&grid, 4, 0), "-12.5", "text that looks like a number stays text");
    is(grid_cell(&grid, 4, 3), "1900-03-01", "the first day that spreadsheets agree on");
    is(grid_cell(&grid, 4, 4), "2026-11-20T00:00:00Z", "midnight");
    ok(strstr(part_of(&out, "docProps/core.xml"), "<dcterms:created xsi:type=\"dcterms:W3CDTF\">2026-11-22T13:05:00Z<"),
       "made when it was said to be");
    buf_clear(&out);
    is_int(report_xlsx(sample_document(arena), &out), OK, "a whole document");
    for (int i = 1; i <= 2; i++) {
        const char *sheet = part_of(&out, arena_printf(arena, "xl/worksheets/sheet%d.xml", i));
        ok(sheet && strstr(sheet, "<oddHeader>&amp;C&amp;BNATO SECRET | EU &lt;CONFIDENTIAL&gt; &amp;&amp; "),
           "sheet %d: marking in the header", i);
        ok(sheet && strstr(sheet, "&amp;C&amp;BNATO SECRET | EU &lt;CONFIDENTIAL&gt; &amp;&amp; &quot;\\A&amp;R"),
           "sheet %d: marking in the footer", i);
        ok(sheet && strstr(sheet, "<row r=\"1\"><c r=\"A1\" s=\"1\" t=\"inlineStr\"><is><t xml:space=\"preserve\">NATO"),
           "sheet %d: marking in the first row", i);
    }
    ok(strstr(part_of(&out, "xl/workbook.xml"), "<sheet name=\"Incidents  2026 \" sheetId=\"2\""), "a lawful sheet name");
    refused_book("two filled sheets", &out, "xlsx.sheets", NULL);
    struct document *unmarked = sample_document(arena);
    unmarked->markings = NULL;
    ok(report_xlsx(unmarked, &again) == BAD_INPUT, "no document without a marking");
    struct document *many = sample_table(arena);
    for (int i = 0; i < 2; i++) {
        struct part *copy = document_add(many, PART_TABLE);
        struct part *next = copy->next;
        *copy = *many->first;
        copy->next = next;
        copy->text = i ? "incidents" : "Incidents 2";
    }
    many->first->text = "Incidents";
    buf_clear(&out);
    is_int(report_xlsx(many, &out), OK, "three tables");
    ok(strstr(part_of(&out, "xl/workbook.xml"), "\"incidents 3\""), "names unlike each other, whatever their case");
    buf_free(&out);
    buf_init(&out, 2000);
    ok(report_xlsx(sample_table(arena), &out) == TOO_LARGE, "the buffer's maximum is kept");
    buf_free(&out);
    buf_free(&again);
}

/* ---- by libxlsxwriter ---- */

static void foreign(void)
{
    char path[] = "/tmp/castellan-test-XXXXXX.xlsx";
    int fd = mkstemps(path, 5);
    close(fd);
    lxw_workbook *book = workbook_new(path);
    lxw_worksheet *hidden = workbook_add_worksheet(book, "Hidden");
    lxw_worksheet *sheet = workbook_add_worksheet(book, "Persons & <co>");
    workbook_add_worksheet(book, "Empty");
    worksheet_write_string(hidden, 0, 0, "not this", NULL);
    worksheet_activate(sheet);
    worksheet_set_first_sheet(sheet);
    worksheet_hide(hidden);
    lxw_format *date = workbook_add_format(book), *clock = workbook_add_format(book), *both = workbook_add_format(book),
               *money = workbook_add_format(book), *span = workbook_add_format(book), *built_in = workbook_add_format(book);
    format_set_num_format(date, "dd/mm/yyyy");
    format_set_num_format(clock, "hh:mm");
    format_set_num_format(both, "d mmm yyyy hh:mm");
    format_set_num_format(money, "#,##0.00 \"days\";[Red]-#,##0.00");
    format_set_num_format(span, "[h]:mm");
    format_set_num_format_index(built_in, 14);
    lxw_datetime when = { 2026, 11, 22, 13, 5, 30 };
    worksheet_write_string(sheet, 0, 0, "Παπαδόπουλος", NULL);
    worksheet_write_string(sheet, 0, 1, "x0041 <&> \"", NULL);
    worksheet_write_string(sheet, 0, 2, "line\none", NULL);
    worksheet_write_number(sheet, 1, 0, 42, NULL);
    worksheet_write_number(sheet, 1, 1, 0.1 + 0.2, NULL);
    worksheet_write_number(sheet, 1, 2, -1234.5, money);
    worksheet_write_datetime(sheet, 2, 0, &when, date);
    worksheet_write_datetime(sheet, 2, 1, &when, both);
    worksheet_write_datetime(sheet, 2, 2, &when, built_in);
    worksheet_write_number(sheet, 2, 3, 0.75, clock);
    worksheet_write_number(sheet, 2, 4, 1.5, span);
    worksheet_write_boolean(sheet, 3, 0, 1, NULL);
    worksheet_write_boolean(sheet, 3, 1, 0, NULL);
    worksheet_write_formula_num(sheet, 3, 2, "=A2*2", NULL, 84);
    worksheet_write_formula_str(sheet, 3, 3, "=A1", NULL, "computed");
    lxw_rich_string_tuple one = { .string = "bold " }, two = { .format = date, .string = "and not" };
    lxw_rich_string_tuple *rich[] = { &one, &two, NULL };
    worksheet_write_rich_string(sheet, 3, 4, rich, NULL);
    worksheet_write_string(sheet, 9, 27, "far", NULL);
    worksheet_merge_range(sheet, 5, 0, 6, 1, "merged", NULL);
    is_int(workbook_close(book), LXW_NO_ERROR, "libxlsxwriter wrote a workbook");
    struct buf bytes;
    buf_init(&bytes, 1 << 20);
    FILE *file = fopen(path, "rb");
    char chunk[4096];
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, file)) > 0;)
        buf_add(&bytes, chunk, n);
    fclose(file);
    unlink(path);
    struct grid grid;
    static const struct { size_t row, column; const char *want; } cells[] = {
        { 0, 0, "Παπαδόπουλος" }, { 0, 1, "x0041 <&> \"" }, { 0, 2, "line\none" }, { 1, 0, "42" }, { 1, 1, "0.3" },
        { 1, 2, "-1234.5" }, { 2, 0, "2026-11-22" }, { 2, 1, "2026-11-22T13:05:30" }, { 2, 2, "2026-11-22" },
        { 2, 3, "18:00:00" }, { 2, 4, "36:00:00" }, { 3, 0, "true" }, { 3, 1, "false" }, { 3, 2, "84" },
        { 3, 3, "computed" }, { 3, 4, "bold and not" }, { 4, 0, NULL }, { 5, 0, "merged" }, { 6, 1, NULL },
        { 9, 27, "far" },
    };
    if (ok(read_book(&bytes, &grid), "read: the visible sheet with content"))
        for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
            is(grid_cell(&grid, cells[i].row, cells[i].column), cells[i].want, grid_place(arena, cells[i].row, cells[i].column));
    is_int(grid.n_rows, 10, "rows");
    is_int(grid.n_columns, 28, "columns");
    size_t answered = 0;
    for (size_t n = 0; n < tap_cases(20000); n++) {          /* damage: any answer but a crash */
        struct buf broken;
        struct reasons reasons;
        struct arena *a = arena_new(0);
        buf_init(&broken, 1 << 20);
        buf_add(&broken, bytes.data, bytes.len);
        for (size_t k = 1 + tap_below(4); k; k--)
            broken.data[tap_below(broken.len)] = (char)tap_random();
        if (tap_below(4) == 0)
            broken.len = tap_below(broken.len);
        reasons_init(&reasons, a);
        enum status status = xlsx_read(a, broken.data, broken.len, (struct grid_limits){ 0 }, &reasons, &grid);
        answered += status == OK || reasons.count > 0;
        buf_free(&broken);
        arena_free(a);
    }
    is_int(answered, tap_cases(20000), "every damaged workbook is read or refused with a reason");
    buf_free(&bytes);
}

/* ---- by hand ---- */

static void by_hand(void)
{
    struct buf book;
    struct grid grid;
    buf_init(&book, 8 << 20);
    make_book(&book, "<row><c t=\"s\"><v>1</v></c><c t=\"s\"><v>0</v></c></row><row r=\"4\"><c r=\"C4\"><v>1E2</v></c>"
                     "<c t=\"inlineStr\"><is><r><t>a_x000D_</t></r><r><t>&#10;b</t></r></is></c><c><v/></c>"
                     "<c t=\"d\"><v>2026-11-22</v></c></row>", strings);
    if (ok(read_book(&book, &grid), "cells and rows without references")) {
        is(grid_cell(&grid, 0, 0), "one", "rich text without its phonetic hint");
        is(grid_cell(&grid, 3, 2), "100", "an exponent");
        is(grid_cell(&grid, 3, 3), "a\nb", "escapes in an inline string");
        is(grid_cell(&grid, 3, 5), "2026-11-22", "an ISO date cell");
    }
    static const struct { const char *name, *rows, *rule, *where; } faults[] = {
        { "error value", "<row r=\"17\"><c r=\"C17\" t=\"e\"><v>#N/A</v></c></row>", "xlsx.error", "C17" },
        { "formula without value", "<row r=\"2\"><c r=\"B2\"><f>A1</f></c></row>", "xlsx.formula", "B2" },
        { "no such text", "<row><c t=\"s\"><v>2</v></c></row>", "xlsx.string", "A1" },
        { "a negative text", "<row><c t=\"s\"><v>-1</v></c></row>", "xlsx.string", "A1" },
        { "a word as number", "<row><c><v>x</v></c></row>", "xlsx.number", "A1" },
        { "not a number", "<row><c><v>nan</v></c></row>", "xlsx.number", "A1" },
        { "a hexadecimal number", "<row><c><v>0x10</v></c></row>", "xlsx.number", "A1" },
        { "cell twice", "<row><c r=\"B1\"><v>1</v></c><c r=\"B1\"><v>2</v></c></row>", "xlsx.place", "C1" },
        { "cell of another row", "<row r=\"1\"><c r=\"B2\"><v>1</v></c></row>", "xlsx.place", "A1" },
        { "cell beyond all columns", "<row><c r=\"XFE1\"><v>1</v></c></row>", "xlsx.place", "A1" },
        { "rows going back", "<row r=\"2\"/><row r=\"1\"/>", "xlsx.place", NULL },
        { "row nought", "<row r=\"0\"/>", "xlsx.place", NULL },
        { "too many columns", "<row><c r=\"ZZ1\"><v>1</v></c></row>", "xlsx.columns", "ZZ1" },
        { "too many rows", "<row r=\"1000000\"><c><v>1</v></c></row>", "xlsx.rows", NULL },
        { "unknown kind", "<row><c t=\"q\"><v>1</v></c></row>", "xlsx.type", "A1" },
        { "control character", "<row><c t=\"inlineStr\"><is><t>_x0001_</t></is></c></row>", "xlsx.control", "A1" },
        { "nothing", "", "xlsx.empty", NULL },
        { "broken XML", "<row><c></row>", "xlsx.xml", "xl/worksheets/s.xml:1" },
        { "unknown entity", "<row><c t=\"str\"><v>&x;</v></c></row>", "xlsx.xml", NULL },
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        make_book(&book, faults[i].rows, strings);
        refused_book(faults[i].name, &book, faults[i].rule, faults[i].where);
    }
    make_book(&book, arena_printf(arena, "<row><c t=\"str\"><v>%040000d</v></c></row>", 1), strings);
    refused_book("too long a cell", &book, "xlsx.cell-bytes", "A1");
    make_book(&book, "<row/>", "<!DOCTYPE sst [<!ENTITY a \"b\"><!ENTITY x SYSTEM \"file:///etc/passwd\">]><sst><si><t>&x;</t></si></sst>");
    refused_book("a document type", &book, "xlsx.doctype", "xl/strings.xml");
    make_book(&book, "<row/>", "<sst><si>");
    refused_book("broken strings", &book, "xlsx.xml", NULL);
    buf_free(&book);
}

static void packages(void)
{
    struct buf book;
    buf_init(&book, 64 << 20);
    buf_adds(&book, "PK\3\4 but no more");
    refused_book("no zip behind the first bytes", &book, "xlsx.zip", NULL);
    buf_clear(&book);
    buf_adds(&book, "a,b\n1,2\n");
    refused_book("a CSV file", &book, "xlsx.form", NULL);
    buf_clear(&book);
    buf_add(&book, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1....", 12);
    refused_book("an old workbook", &book, "xlsx.form", NULL);
    const struct member ods[] = { { "mimetype", "application/vnd.oasis.opendocument.spreadsheet" }, { "content.xml", "<a/>" } };
    buf_clear(&book);
    make_zip(&book, ods, 2, NULL);
    refused_book("an OpenDocument file", &book, "xlsx.form", NULL);
    const struct member locked[] = { { "_rels/.rels", rels } };
    buf_clear(&book);
    make_zip(&book, locked, 1, "secret");
    refused_book("a locked part", &book, "xlsx.password", NULL);
    const struct member outside[] = {
        { "_rels/.rels", "<Relationships><Relationship Id=\"r1\" Type=\"x/officeDocument\" Target=\"../../../etc/passwd\"/></Relationships>" } };
    buf_clear(&book);
    make_zip(&book, outside, 1, NULL);
    refused_book("a target outside", &book, "xlsx.form", NULL);
    size_t bomb_len = (size_t)260 << 20;
    char *bomb = malloc(bomb_len);
    memset(bomb, ' ', bomb_len);
    memcpy(bomb, "<sst>", 5);
    for (size_t i = 1 << 20; i < bomb_len - 4; i += 1 << 20)
        memcpy(bomb + i, "<a/>", 4);
    const struct member members[] = { { "_rels/.rels", rels }, { "xl/workbook.xml", book_xml },
                                      { "xl/_rels/workbook.xml.rels", book_rels }, { "xl/strings.xml", bomb, bomb_len } };
    buf_clear(&book);
    make_zip(&book, members, 4, NULL);
    free(bomb);
    printf("# the bomb has %zu bytes\n", book.len);
    refused_book("a bomb", &book, "xlsx.bomb", "xl/strings.xml");
    buf_free(&book);
}

static void formats(void)
{
    static const struct { const char *code; enum serial_kind kind; bool zulu; } codes[] = {
        { "General", SERIAL_NUMBER, false }, { "0.00", SERIAL_NUMBER, false }, { "0.0E+00", SERIAL_NUMBER, false },
        { "#,##0 \"days\"", SERIAL_NUMBER, false }, { "[Red]0", SERIAL_NUMBER, false }, { "[$-409]d/m/yy", SERIAL_DATE, false },
        { "yyyy\\-mm\\-dd hh:mm:ss\"Z\"", SERIAL_MOMENT, true }, { "mmm", SERIAL_DATE, false }, { "mm:ss", SERIAL_TIME, false },
        { "[h]:mm", SERIAL_SPAN, false }, { "[mm]:ss", SERIAL_SPAN, false }, { "@", SERIAL_NUMBER, false },
        { "\"unclosed", SERIAL_NUMBER, false }, { "0\\", SERIAL_NUMBER, false }, { "[", SERIAL_NUMBER, false },
        { "0;yyyy", SERIAL_NUMBER, false },
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        bool zulu;
        ok(serial_kind_of_code(codes[i].code, &zulu) == codes[i].kind && zulu == codes[i].zulu, "format %s", codes[i].code);
    }
    is(serial_text(arena, "1", SERIAL_DATE, false, false), "1900-01-01", "day 1");
    is(serial_text(arena, "59", SERIAL_DATE, false, false), "1900-02-28", "day 59");
    is(serial_text(arena, "60", SERIAL_DATE, false, false), NULL, "29 February 1900 never was");
    is(serial_text(arena, "61", SERIAL_DATE, false, false), "1900-03-01", "day 61");
    is(serial_text(arena, "0", SERIAL_DATE, false, true), "1904-01-01", "day 0 since 1904");
    is(serial_text(arena, "2958465.99999", SERIAL_DATE, false, false), "9999-12-31", "the last day");
    is(serial_text(arena, "2958466", SERIAL_DATE, false, false), NULL, "no day after it");
    is(serial_text(arena, "-1", SERIAL_DATE, false, false), NULL, "no day before the first");
    is(serial_text(arena, "45000.999999", SERIAL_MOMENT, false, false), "2023-03-16", "rounding carries into the next day");
    is(serial_text(arena, "1E+20", SERIAL_NUMBER, false, false), "1e+20", "a large number");
}

int main(void)
{
    arena = arena_new(0);
    tap_seed();
    written();
    foreign();
    by_hand();
    packages();
    formats();
    arena_free(arena);
    return tap_done();
}
