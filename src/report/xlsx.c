/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * XLSX (ECMA-376), written part by part and packed by libzip in memory: no temporary file ever holds what a report
 * says, and the same document gives the same bytes. (libxlsxwriter as packaged writes each part to a temporary file;
 * the tests use it to make workbooks for the reader.)
 *
 * Each table of the document becomes a sheet, named from its caption or the heading before it; headings, paragraphs
 * and lists make a sheet of their own in front when there are any. Every sheet carries the marking in its first row
 * (repeated on every printed page), in its header and in its footer. Text is typed as text, so nothing is a formula.
 */
#include <string.h>
#include <zip.h>

#include "base/text.h"
#include "report/escape.h"
#include "report/grid.h"

enum { most_rows = 1048576, most_columns = 16384, most_cell = 32767, most_header = 255, name_units = 31,
       most_part = 256 << 20 };
enum style { STYLE_TEXT, STYLE_MARKING, STYLE_HEAD, STYLE_INTEGER, STYLE_DATE, STYLE_MOMENT, STYLE_HEADING };

static const char xml_head[] = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
#define MAIN_NS "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define REL_NS "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define PACKAGE "http://schemas.openxmlformats.org/package/2006"

struct sheet { const char *name; const struct part *table; };     /* table NULL: the text sheet */
struct book {
    const struct document *doc;
    struct sheet *sheets;
    size_t n_sheets;
    struct buf part;
    zip_t *zip;
    bool failed;
};

/* ---- cells ---- */

/* Cuts at a character so that at most `units` UTF-16 units remain. */
static size_t cut(const char *text, size_t units)
{
    size_t i = 0;
    while (text[i]) {
        unsigned char c = (unsigned char)text[i];
        size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
        size_t need = n == 4 ? 2 : 1;
        if (need > units)
            break;
        units -= need;
        for (size_t k = 0; k < n && text[i]; k++)
            i++;
    }
    return i;
}

static void text_cell(struct book *b, const char *place, enum style style, const char *text)
{
    if (!text || !*text)
        return;
    const char *note = "";
    size_t len = strlen(text);
    if (len > most_cell && text[cut(text, most_cell)]) {
        note = tr(b->doc->lang, T_(" [cut here: longer than a spreadsheet's cell may be]"));
        len = cut(text, most_cell - 100);
    }
    buf_addf(&b->part, "<c r=\"%s\" s=\"%d\" t=\"inlineStr\"><is><t xml:space=\"preserve\">", place, style);
    escape_cell(&b->part, text, len);
    escape_cell(&b->part, note, strlen(note));
    buf_adds(&b->part, "</t></is></c>");
}

/* Days since 1899-12-30, as far as spreadsheets agree on it: from 1 March 1900 on. */
static bool has_serial(moment at)
{
    return at >= INT64_C(-2203891200000) && at <= INT64_C(253402300799999);
}

static void cell(struct book *b, const char *place, const struct cell *c)
{
    char text[MOMENT_TEXT];
    switch (c->kind) {
    case CELL_TEXT:
        text_cell(b, place, STYLE_TEXT, c->text);
        return;
    case CELL_INTEGER:
        if (c->number > INT64_C(999999999999999) || c->number < -INT64_C(999999999999999)) {
            snprintf(text, sizeof text, "%lld", (long long)c->number);
            text_cell(b, place, STYLE_TEXT, text);
        } else {
            buf_addf(&b->part, "<c r=\"%s\" s=\"%d\"><v>%lld</v></c>", place, STYLE_INTEGER, (long long)c->number);
        }
        return;
    case CELL_DATE:
    case CELL_MOMENT:
        if (c->number == MOMENT_NONE)
            return;
        if (!has_serial(c->number)) {
            text_cell(b, place, STYLE_TEXT, c->kind == CELL_DATE ? moment_iso_day(c->number, text)
                                                                 : moment_iso(c->number, text));
            return;
        }
        int64_t since = c->number + INT64_C(25569) * DAY, days = since / DAY;
        buf_addf(&b->part, "<c r=\"%s\" s=\"%d\"><v>%lld", place, c->kind == CELL_DATE ? STYLE_DATE : STYLE_MOMENT,
                 (long long)days);
        if (c->kind == CELL_MOMENT && since % DAY)      /* ten decimals of a day are finer than a millisecond */
            buf_addf(&b->part, ".%010lld", (long long)(((since % DAY) * INT64_C(10000000000) + DAY / 2) / DAY));
        buf_adds(&b->part, "</v></c>");
    }
}

static void row_begin(struct book *b, size_t row) { buf_addf(&b->part, "<row r=\"%zu\">", row + 1); }
static void row_end(struct book *b) { buf_adds(&b->part, "</row>"); }

static void text_row(struct book *b, size_t row, enum style style, const char *text)
{
    char place[24];
    snprintf(place, sizeof place, "A%zu", row + 1);
    row_begin(b, row);
    text_cell(b, place, style, text);
    row_end(b);
}

/* ---- a sheet ---- */

/* Width in characters from the head and the first rows. */
static void columns(struct book *b, const struct part *table)
{
    buf_adds(&b->part, "<cols>");
    for (size_t k = 0; k < (table ? table->n_columns : 1); k++) {
        size_t wide = table ? 8 : 100;
        if (table && table->columns && table->columns[k])
            wide = utf8_count(table->columns[k], strlen(table->columns[k])) + 2;
        for (size_t i = 0; table && i < table->n_rows && i < 200; i++) {
            const struct cell *c = &table->cells[i * table->n_columns + k];
            size_t n = c->kind == CELL_TEXT ? (c->text ? utf8_count(c->text, strlen(c->text)) : 0)
                       : c->kind == CELL_MOMENT ? 21 : 11;
            wide = n + 2 > wide ? n + 2 : wide;
        }
        wide = wide < 8 ? 8 : wide > 60 && table ? 60 : wide;
        buf_addf(&b->part, "<col min=\"%zu\" max=\"%zu\" width=\"%zu\" customWidth=\"1\"/>", k + 1, k + 1, wide);
    }
    buf_adds(&b->part, "</cols>");
}

static void table_rows(struct book *b, const struct part *table)
{
    size_t at = 1;
    char place[24];
    if (table->columns) {
        row_begin(b, at);
        for (size_t k = 0; k < table->n_columns; k++)
            text_cell(b, grid_place(b->doc->arena, at, k), STYLE_HEAD, table->columns[k]);
        row_end(b);
        at++;
    }
    struct arena *letters = b->doc->arena;
    const char **names = ARENA_ARRAY(letters, const char *, table->n_columns);
    for (size_t k = 0; k < table->n_columns; k++) {
        const char *first = grid_place(letters, 0, k);
        names[k] = arena_strndup(letters, first, strlen(first) - 1);
    }
    for (size_t i = 0; i < table->n_rows; i++, at++) {
        row_begin(b, at);
        for (size_t k = 0; k < table->n_columns; k++) {
            snprintf(place, sizeof place, "%s%zu", names[k], at + 1);
            cell(b, place, &table->cells[i * table->n_columns + k]);
        }
        row_end(b);
    }
}

static const char *marked(const struct document *doc, const struct part *part)
{
    return part->mark && part->text ? arena_printf(doc->arena, "(%s) %s", part->mark, part->text) : part->text;
}

static void text_rows(struct book *b)
{
    size_t at = 1;
    text_row(b, at++, STYLE_HEADING, b->doc->title);
    for (const struct part *p = b->doc->first; p; p = p->next) {
        if (p->kind == PART_TABLE || p->kind == PART_PAGE_BREAK)
            continue;
        text_row(b, at++, p->kind == PART_HEADING ? STYLE_HEADING : STYLE_TEXT, marked(b->doc, p));
        for (size_t i = 0; p->kind == PART_LIST && i < p->n_rows; i++, at++) {
            char place[24];
            snprintf(place, sizeof place, "A%zu", at + 1);
            row_begin(b, at);
            cell(b, place, &p->cells[i]);
            row_end(b);
        }
    }
}

/* Text inside a header or footer: & is doubled. Longer than the form allows is cut with an ellipsis: the first row, which
 * is repeated on every page, has the whole. */
static void header_text(struct buf *out, const char *text, size_t units)
{
    size_t len = cut(text, units);
    for (size_t i = 0; i < len; i++) {
        char one[2] = { text[i], 0 };
        if (text[i] == '&')
            buf_adds(out, "&amp;&amp;");
        else if ((unsigned char)text[i] >= 0x80)
            buf_addc(out, text[i]);
        else
            escape_markup(out, one);
    }
    if (text[len])
        buf_adds(out, "\xE2\x80\xA6");
}

static size_t ampersands(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += *text == '&';
    return n;
}

static void header_footer(struct book *b, const char *marking)
{
    const struct document *doc = b->doc;
    size_t extra = ampersands(marking), room = 120 > extra ? 120 - extra : 0;
    buf_adds(&b->part, "<headerFooter><oddHeader>&amp;C&amp;B");
    header_text(&b->part, marking, most_header - 20 > 2 * extra ? most_header - 20 - 2 * extra : 0);
    buf_adds(&b->part, "</oddHeader><oddFooter>&amp;L");
    header_text(&b->part, doc->office ? doc->office : "", 40);
    buf_adds(&b->part, "&amp;C&amp;B");
    header_text(&b->part, marking, room);
    buf_adds(&b->part, "&amp;R");
    if (doc->copy) {
        header_text(&b->part, doc->copy, 30);
        buf_adds(&b->part, " - ");
    }
    buf_adds(&b->part, "&amp;P / &amp;N</oddFooter></headerFooter>");
}

static void sheet_part(struct book *b, const struct sheet *sheet)
{
    const char *marking = document_marking(b->doc);
    bool head = sheet->table && sheet->table->columns;
    buf_addf(&b->part, "%s<worksheet xmlns=\"" MAIN_NS "\">", xml_head);
    buf_adds(&b->part, "<sheetPr><pageSetUpPr fitToPage=\"1\"/></sheetPr><sheetViews><sheetView workbookViewId=\"0\">");
    buf_addf(&b->part, "<pane ySplit=\"%d\" topLeftCell=\"A%d\" activePane=\"bottomLeft\" state=\"frozen\"/>",
             head ? 2 : 1, head ? 3 : 2);
    buf_adds(&b->part, "</sheetView></sheetViews><sheetFormatPr defaultRowHeight=\"15\"/>");
    columns(b, sheet->table);
    buf_adds(&b->part, "<sheetData>");
    text_row(b, 0, STYLE_MARKING, marking);
    if (sheet->table)
        table_rows(b, sheet->table);
    else
        text_rows(b);
    buf_adds(&b->part, "</sheetData><pageMargins left=\"0.5\" right=\"0.5\" top=\"0.8\" bottom=\"0.8\" header=\"0.3\" "
                       "footer=\"0.3\"/><pageSetup paperSize=\"9\" orientation=\"landscape\" fitToHeight=\"0\"/>");
    header_footer(b, marking);
    buf_adds(&b->part, "</worksheet>");
}

/* ---- the other parts ---- */

static const char styles_part[] =
    "<styleSheet xmlns=\"" MAIN_NS "\"><numFmts count=\"2\"><numFmt numFmtId=\"164\" formatCode=\"yyyy\\-mm\\-dd\"/>"
    "<numFmt numFmtId=\"165\" formatCode=\"yyyy\\-mm\\-dd\\ hh:mm:ss&quot;Z&quot;\"/></numFmts><fonts count=\"3\">"
    "<font><sz val=\"11\"/><name val=\"Calibri\"/><family val=\"2\"/></font>"
    "<font><b/><sz val=\"11\"/><name val=\"Calibri\"/><family val=\"2\"/></font>"
    "<font><b/><sz val=\"13\"/><name val=\"Calibri\"/><family val=\"2\"/></font></fonts>"
    "<fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/></fill>"
    "</fills><borders count=\"2\"><border><left/><right/><top/><bottom/><diagonal/></border><border><left/><right/><top/>"
    "<bottom style=\"thin\"/><diagonal/></border></borders>"
    "<cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs><cellXfs count=\"7\">"
    "<xf numFmtId=\"49\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\" applyAlignment=\"1\">"
    "<alignment vertical=\"top\" wrapText=\"1\"/></xf>"
    "<xf numFmtId=\"49\" fontId=\"1\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\" applyFont=\"1\"/>"
    "<xf numFmtId=\"49\" fontId=\"1\" fillId=\"0\" borderId=\"1\" xfId=\"0\" applyNumberFormat=\"1\" applyFont=\"1\" applyBorder=\"1\"/>"
    "<xf numFmtId=\"1\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\" applyAlignment=\"1\">"
    "<alignment vertical=\"top\"/></xf>"
    "<xf numFmtId=\"164\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\" applyAlignment=\"1\">"
    "<alignment horizontal=\"left\" vertical=\"top\"/></xf>"
    "<xf numFmtId=\"165\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\" applyAlignment=\"1\">"
    "<alignment horizontal=\"left\" vertical=\"top\"/></xf>"
    "<xf numFmtId=\"49\" fontId=\"2\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\" applyFont=\"1\"/>"
    "</cellXfs><cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles></styleSheet>";

static void content_types(struct book *b)
{
    buf_addf(&b->part, "%s<Types xmlns=\"" PACKAGE "/content-types\">", xml_head);
    buf_adds(&b->part, "<Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>"
                       "<Default Extension=\"xml\" ContentType=\"application/xml\"/>");
#define SHEET_TYPE "application/vnd.openxmlformats-officedocument.spreadsheetml."
    buf_adds(&b->part, "<Override PartName=\"/xl/workbook.xml\" ContentType=\"" SHEET_TYPE "sheet.main+xml\"/>"
                       "<Override PartName=\"/xl/styles.xml\" ContentType=\"" SHEET_TYPE "styles+xml\"/>"
                       "<Override PartName=\"/docProps/core.xml\" "
                       "ContentType=\"application/vnd.openxmlformats-package.core-properties+xml\"/>");
    for (size_t i = 0; i < b->n_sheets; i++)
        buf_addf(&b->part, "<Override PartName=\"/xl/worksheets/sheet%zu.xml\" ContentType=\"" SHEET_TYPE
                           "worksheet+xml\"/>", i + 1);
    buf_adds(&b->part, "</Types>");
}

static void package_rels(struct book *b)
{
    buf_addf(&b->part, "%s<Relationships xmlns=\"" PACKAGE "/relationships\">"
                       "<Relationship Id=\"rId1\" Type=\"" REL_NS "/officeDocument\" Target=\"xl/workbook.xml\"/>"
                       "<Relationship Id=\"rId2\" Type=\"" PACKAGE "/relationships/metadata/core-properties\" "
                       "Target=\"docProps/core.xml\"/></Relationships>", xml_head);
}

static void core_properties(struct book *b)
{
    const struct document *doc = b->doc;
    char made[MOMENT_TEXT];
    moment_iso(doc->made - ((doc->made % SECOND) + SECOND) % SECOND, made);
    buf_addf(&b->part, "%s<cp:coreProperties xmlns:cp=\"" PACKAGE "/metadata/core-properties\" "
                       "xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:dcterms=\"http://purl.org/dc/terms/\" "
                       "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><dc:title>", xml_head);
    escape_markup(&b->part, doc->title);
    buf_adds(&b->part, "</dc:title><dc:subject>");
    escape_markup(&b->part, document_marking(doc));
    buf_adds(&b->part, "</dc:subject><dc:creator>");
    escape_markup(&b->part, doc->author ? doc->author : doc->office ? doc->office : "");
    buf_addf(&b->part, "</dc:creator><dcterms:created xsi:type=\"dcterms:W3CDTF\">%s</dcterms:created>"
                       "<dcterms:modified xsi:type=\"dcterms:W3CDTF\">%s</dcterms:modified></cp:coreProperties>",
             made, made);
}

static void workbook(struct book *b)
{
    buf_addf(&b->part, "%s<workbook xmlns=\"" MAIN_NS "\" xmlns:r=\"" REL_NS "\"><bookViews><workbookView/></bookViews>"
                       "<sheets>", xml_head);
    for (size_t i = 0; i < b->n_sheets; i++) {
        buf_adds(&b->part, "<sheet name=\"");
        escape_markup(&b->part, b->sheets[i].name);
        buf_addf(&b->part, "\" sheetId=\"%zu\" r:id=\"rId%zu\"/>", i + 1, i + 1);
    }
    buf_adds(&b->part, "</sheets><definedNames>");
    for (size_t i = 0; i < b->n_sheets; i++) {
        buf_addf(&b->part, "<definedName name=\"_xlnm.Print_Titles\" localSheetId=\"%zu\">'", i);
        for (const char *p = b->sheets[i].name; *p; p++)
            if (*p == '\'')
                buf_adds(&b->part, "&#39;&#39;");
            else if ((unsigned char)*p >= 0x80)
                buf_addc(&b->part, *p);
            else
                escape_markup(&b->part, (const char[]){ *p, 0 });
        buf_addf(&b->part, "'!$1:$%d</definedName>", b->sheets[i].table && b->sheets[i].table->columns ? 2 : 1);
    }
    buf_adds(&b->part, "</definedNames></workbook>");
}

static void workbook_rels(struct book *b)
{
    buf_addf(&b->part, "%s<Relationships xmlns=\"" PACKAGE "/relationships\">", xml_head);
    for (size_t i = 0; i < b->n_sheets; i++)
        buf_addf(&b->part, "<Relationship Id=\"rId%zu\" Type=\"" REL_NS "/worksheet\" Target=\"worksheets/sheet%zu.xml\"/>",
                 i + 1, i + 1);
    buf_addf(&b->part, "<Relationship Id=\"rId%zu\" Type=\"" REL_NS "/styles\" Target=\"styles.xml\"/></Relationships>",
             b->n_sheets + 1);
}

/* ---- sheets and their names ---- */

static bool name_taken(struct book *b, const char *name)
{
    struct arena *arena = b->doc->arena;
    const char *folded = text_fold(arena, name, strlen(name));
    for (size_t i = 0; i < b->n_sheets; i++)
        if (str_eq(folded, text_fold(arena, b->sheets[i].name, strlen(b->sheets[i].name))))
            return true;
    return false;
}

/* A name that spreadsheets take: at most 31 units, none of []:*?/\, no apostrophe at the ends, unlike the others. */
static const char *sheet_name(struct book *b, const char *wish)
{
    struct arena *arena = b->doc->arena;
    char *name = arena_strdup(arena, wish && *wish ? wish : "1");
    name[cut(name, name_units - 5)] = 0;
    for (char *p = name; *p; p++)
        if (strchr("[]:*?/\\'", *p) || (unsigned char)*p < 0x20)
            *p = ' ';
    if (str_eq(name, "History"))
        name = arena_strdup(arena, "History 1");
    const char *unlike = name;
    for (size_t n = 2; name_taken(b, unlike); n++)
        unlike = arena_printf(arena, "%s %zu", name, n);
    return unlike;
}

static bool plan_sheets(struct book *b)
{
    const struct document *doc = b->doc;
    size_t tables = 0, texts = 0;
    for (const struct part *p = doc->first; p; p = p->next) {
        if (p->kind == PART_TABLE) {
            tables++;
            if (p->n_rows > most_rows - 2 || p->n_columns > most_columns)
                return false;
        } else if (p->kind != PART_PAGE_BREAK) {
            texts += p->kind == PART_LIST ? p->n_rows + 1 : 1;
        }
    }
    if (texts > most_rows - 2 || tables > 1000)
        return false;
    b->sheets = ARENA_ARRAY(doc->arena, struct sheet, tables + 1);
    if (texts || !tables) {
        b->sheets[0].name = sheet_name(b, tr(doc->lang, T_("Text")));
        b->n_sheets = 1;
    }
    const char *heading = doc->title;
    for (const struct part *p = doc->first; p; p = p->next) {
        if (p->kind == PART_HEADING)
            heading = p->text;
        if (p->kind != PART_TABLE)
            continue;
        const char *name = sheet_name(b, p->text ? p->text : heading);
        b->sheets[b->n_sheets++] = (struct sheet){ .name = name, .table = p };
    }
    return true;
}

/* ---- packing ---- */

/* Adds what lies in b->part as one entry with the fixed time 1980-01-01; its storage goes over to the archive. */
static void pack(struct book *b, const char *name)
{
    if (b->failed || b->part.failed) {
        b->failed = true;
        return;
    }
    zip_source_t *source = zip_source_buffer(b->zip, b->part.data, b->part.len, 1);
    if (!source) {
        b->failed = true;
        return;
    }
    buf_init(&b->part, most_part);
    zip_int64_t index = zip_file_add(b->zip, name, source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
        zip_source_free(source);
        b->failed = true;
        return;
    }
    if (zip_set_file_compression(b->zip, (zip_uint64_t)index, ZIP_CM_DEFLATE, 6) ||
        zip_file_set_dostime(b->zip, (zip_uint64_t)index, 0, 0x21, 0))
        b->failed = true;
}

static void pack_all(struct book *b)
{
    static const struct { const char *name; void (*write)(struct book *); } parts[] = {
        { "[Content_Types].xml", content_types }, { "_rels/.rels", package_rels },
        { "docProps/core.xml", core_properties }, { "xl/workbook.xml", workbook },
        { "xl/_rels/workbook.xml.rels", workbook_rels },
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        parts[i].write(b);
        pack(b, parts[i].name);
    }
    buf_addf(&b->part, "%s%s", xml_head, styles_part);
    pack(b, "xl/styles.xml");
    for (size_t i = 0; i < b->n_sheets; i++) {
        sheet_part(b, &b->sheets[i]);
        pack(b, arena_printf(b->doc->arena, "xl/worksheets/sheet%zu.xml", i + 1));
    }
}

/* Copies the finished archive out of the source that libzip wrote into. */
static enum status unload(zip_source_t *source, struct buf *out)
{
    char chunk[16384];
    zip_int64_t n;
    if (zip_source_open(source) < 0)
        return FAILED_IO;
    while ((n = zip_source_read(source, chunk, sizeof chunk)) > 0)
        buf_add(out, chunk, (size_t)n);
    zip_source_close(source);
    return n < 0 ? FAILED_IO : out->failed ? TOO_LARGE : OK;
}

enum status report_xlsx(const struct document *doc, struct buf *out)
{
    struct book b = { .doc = doc };
    if (!document_sound(doc))
        return BAD_INPUT;
    if (!plan_sheets(&b))
        return TOO_LARGE;
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *target = zip_source_buffer_create(NULL, 0, 0, &error);
    if (!target)
        return NO_MEMORY;
    zip_source_keep(target);
    b.zip = zip_open_from_source(target, ZIP_TRUNCATE, &error);
    enum status status = FAILED_IO;
    if (!b.zip) {
        zip_source_free(target);
        goto out;
    }
    buf_init(&b.part, most_part);
    pack_all(&b);
    bool large = b.part.failed;
    buf_free(&b.part);
    if (b.failed || zip_close(b.zip) < 0) {
        zip_discard(b.zip);
        status = large ? TOO_LARGE : FAILED_IO;
        goto out;
    }
    status = unload(target, out);
out:
    zip_source_free(target);
    zip_error_fini(&error);
    return status;
}
