/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * CSV both ways: the form written, formulas defused, what spreadsheets save read back, faults by cell, and as a
 * property that writing and reading are inverse.
 */
#include "sample.h"

#include "report/grid.h"

static struct arena *arena;

static const char *cell_of(const char *text, size_t row, size_t column)
{
    struct reasons reasons;
    struct grid grid;
    reasons_init(&reasons, arena);
    if (csv_read(arena, text, strlen(text), (struct grid_limits){ 0 }, &reasons, &grid) != OK) {
        show(&reasons);
        return "(refused)";
    }
    return grid_cell(&grid, row, column);
}

static void refused(const char *name, const char *text, size_t len, struct grid_limits limits, const char *rule,
                    const char *where)
{
    struct reasons reasons;
    struct grid grid = { .n_rows = 77 };
    reasons_init(&reasons, arena);
    enum status status = csv_read(arena, text, len, limits, &reasons, &grid);
    ok(status != OK && grid.n_rows == 77 && has_reason(&reasons, rule, where), "refused: %s", name);
    if (!has_reason(&reasons, rule, where))
        show(&reasons);
}
#define REFUSED(name, text, rule, where) \
    refused(name, text, sizeof(text) - 1, (struct grid_limits){ 0 }, rule, where)

static void written(void)
{
    struct buf out, again;
    buf_init(&out, 1 << 20);
    buf_init(&again, 1 << 20);
    ok(report_csv(sample_table(arena), &out) == OK && report_csv(sample_table(arena), &again) == OK, "written");
    ok(out.len == again.len && !memcmp(out.data, again.data, out.len), "the same bytes twice");
    const char *want =
        "\xEF\xBB\xBF\"NATO SECRET | EU <CONFIDENTIAL> & \"\"\\A\",,,,\r\n"
        "Number,Summary,Count,Due,Detected\r\n"
        "INC-2026-7KQ4M2XD0A,\"'=HYPERLINK(\"\"http://x\"\";\"\"</style><script>alert(1)</script>\"\")\",-5,2026-12-01,"
        "2026-11-20T23:59:59Z\r\n"
        "INC-2026-0000000001,\"a \"\"quoted\"\", line\nand another; ü _x0041_\",9223372036854775807,,1900-01-15T00:00:01Z\r\n"
        "-12.5,,0,1900-03-01,2026-11-20T00:00:00Z\r\n";
    is(out.data, want, "RFC 4180 with mark and marking");
    buf_clear(&out);
    ok(report_csv(sample_document(arena), &out) == OK, "a whole document");
    ok(strstr(out.data, "(NS) Two remain.") != NULL, "a portion keeps its mark");
    struct document *unmarked = sample_document(arena);
    unmarked->n_markings = 0;
    buf_clear(&out);
    ok(report_csv(unmarked, &out) == BAD_INPUT && !out.len, "no document without a marking");
    buf_free(&out);
    buf_init(&out, 40);
    ok(report_csv(sample_table(arena), &out) == TOO_LARGE, "the buffer's maximum is kept");
    buf_free(&out);
    buf_free(&again);
}

static void defused(void)
{
    static const char *const formulas[] = { "=1+1", "+33 1 44", "-cmd|' /C calc'!A0", "@SUM(A1)", "\tx", " =1", "-",
                                            "--5", "=2", "\xEF\xBC\x9D" "1", "'=1", "''@x" };
    static const char *const plain[] = { "", "-5", "+5.25", "1-2", "a=b", "'quoted'", "x@y.org", "-.5", "'-5" };
    for (size_t i = 0; i < sizeof formulas / sizeof *formulas; i++)
        ok(cell_needs_defusing(formulas[i], strlen(formulas[i])), "defused: %s", formulas[i]);
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        ok(!cell_needs_defusing(plain[i], strlen(plain[i])), "left alone: %s", plain[i]);
}

static void read_forms(void)
{
    is(cell_of("a,b\r\n1,2\r\n", 1, 1), "2", "comma");
    is(cell_of("a;b\n1,5;2,5\n", 1, 1), "2,5", "semicolon beside decimal commas");
    is(cell_of("Persons, November\nname;first;born\nDoe;Jane;1980-01-01\n", 2, 2), "1980-01-01", "semicolon below a title");
    is(cell_of("a\tb\n1\t2, and 3\n", 1, 1), "2, and 3", "tab");
    is(cell_of("sep=;\r\na;b\r\n", 0, 1), "b", "sep= line");
    is(cell_of("\xEF\xBB\xBF" "a,b\n", 0, 0), "a", "byte order mark");
    is(cell_of("a,\"x\r\ny\"\"z\"\n", 0, 1), "x\ny\"z", "quoted line end and quote");
    is(cell_of("a,5\" disk\n", 0, 1), "5\" disk", "a quote inside an unquoted cell is itself");
    is(cell_of("a,'=1+1\n", 0, 1), "=1+1", "a defused formula comes back as text");
    is(cell_of("a,b\n\n3,4", 2, 1), "4", "empty rows keep their number; no line end at the end");
    is(cell_of("a,b\n1,2,,,\n", 1, 1), "2", "empty cells to the right do no harm");
    ok(cell_of("a,b\n1,\n", 1, 1) == NULL, "empty is NULL");
    is(cell_of("a,b\rc,d\r", 1, 0), "c", "old line ends");
    struct reasons reasons;
    struct grid grid;
    reasons_init(&reasons, arena);
    static const char little[] = "\xFF\xFE" "a\0;\0\xE9\0\n\0" "\x3D\xD8\x00\xDE" ";\0b\0";
    is_int(csv_read(arena, little, sizeof little - 1, (struct grid_limits){ 0 }, &reasons, &grid), OK, "UTF-16LE");
    is(grid_cell(&grid, 0, 1), "é", "its characters");
    is(grid_cell(&grid, 1, 0), "\xF0\x9F\x98\x80", "its surrogates");
    static const char big[] = "\xFE\xFF\0a\0,\0b";
    is_int(csv_read(arena, big, sizeof big - 1, (struct grid_limits){ 0 }, &reasons, &grid), OK, "UTF-16BE");
    is(grid_cell(&grid, 0, 1), "b", "its characters");
}

static void read_faults(void)
{
    REFUSED("Windows-1252", "name,first\nDoe,Ren\xE9\n", "csv.encoding", "2");
    REFUSED("UTF-16 cut", "\xFF\xFE" "a\0b", "csv.encoding", NULL);
    REFUSED("a lone surrogate", "\xFF\xFE\x00\xDC" "a\0", "csv.encoding", NULL);
    REFUSED("UTF-16 without mark", "a\0,\0b\0", "csv.encoding", NULL);
    REFUSED("unclosed quote", "a,b\n1,\"two\n3,4\n", "csv.quote", "B2");
    REFUSED("text behind a quote", "a,b\n1,\"two\"x\n", "csv.quote", "B2");
    REFUSED("more cells than the head", "a,b\n1,2\n1,2,3\n", "csv.ragged", "C3");
    REFUSED("control character", "a,b\n1,\x01\n", "csv.control", "B2");
    REFUSED("nothing", "", "csv.empty", NULL);
    REFUSED("only line ends", "\n\n\n", "csv.empty", NULL);
    refused("too many rows", "a\nb\nc\n", 6, (struct grid_limits){ .rows = 2 }, "csv.rows", "A3");
    refused("too many columns", "a,b,c\n", 6, (struct grid_limits){ .columns = 2 }, "csv.columns", "C1");
    refused("too long a cell", "a,bcdef\n", 8, (struct grid_limits){ .cell_bytes = 4 }, "csv.cell-bytes", "B1");
    struct reasons reasons;
    struct grid grid;
    reasons_init(&reasons, arena);
    const char *bad = "a,b\n1,2,3\n\x02,2\n1,2\n";
    is_int(csv_read(arena, bad, strlen(bad), (struct grid_limits){ 0 }, &reasons, &grid), BAD_INPUT, "two bad rows");
    is_int(reasons.count, 2, "both are told");
    is(reasons.first->text.in[LANG_EN],
       "Row 2, column C: more cells than the head's 2; a separator inside a text must stand in quotes.", "in words");
    is(grid_place(arena, 16, 2), "C17", "place names");
    is(grid_place(arena, 0, 26), "AA1", "place names beyond Z");
    is(grid_place(arena, 99, 702), "AAA100", "place names beyond ZZ");
}

static const char *random_text(struct arena *a)
{
    static const char *const bits[] = { "=", "+", "-", "@", "'", "\"", ",", ";", "\t", "\n", "a", "é", "5", " ", ".",
                                        "Ж", "<", "|" };
    const char *text = "";
    for (size_t n = tap_below(6); n; n--)
        text = arena_printf(a, "%s%s", text, bits[tap_below(sizeof bits / sizeof *bits)]);
    return text;
}

/* What is written is read again: every cell, whatever it holds. */
static void inverse(void)
{
    struct arena *a = arena_new(0);
    size_t bad = 0, cases = tap_cases(100000);
    for (size_t n = 0; n < cases; n++) {
        arena_clear(a);
        static const char *const markings[] = { "OFFICE" }, *const columns[] = { "a", "b", "c" };
        struct document *doc = document_new(a, "t", LANG_EN, 0);
        doc->markings = markings;
        doc->n_markings = 1;
        struct part *table = document_add(doc, PART_TABLE);
        table->columns = columns;
        table->n_columns = 3;
        table->n_rows = 1 + tap_below(4);
        struct cell *cells = ARENA_ARRAY(a, struct cell, table->n_rows * 3);
        for (size_t i = 0; i < table->n_rows * 3; i++)
            cells[i].text = random_text(a);
        table->cells = cells;
        struct buf out;
        struct reasons reasons;
        struct grid grid;
        buf_init(&out, 1 << 16);
        reasons_init(&reasons, a);
        bool good = report_csv(doc, &out) == OK &&
                    csv_read(a, out.data, out.len, (struct grid_limits){ 0 }, &reasons, &grid) == OK;
        for (size_t i = 0; good && i < table->n_rows * 3; i++) {
            const char *got = grid_cell(&grid, 2 + i / 3, i % 3);
            good = !strcmp(got ? got : "", cells[i].text);
        }
        if (!good && !bad++) {
            printf("# %.*s\n", (int)out.len, out.data);
            show(&reasons);
        }
        buf_free(&out);
    }
    is_int(bad, 0, "writing and reading are inverse");
    arena_free(a);
}

static void as_json(void)
{
    struct buf answer;
    struct reasons reasons;
    struct grid grid;
    buf_init(&answer, 1 << 16);
    reasons_init(&reasons, arena);
    const char *text = "a,b,c\n1,,\"<é\n\"\"\"\n";
    is_int(csv_jailer.run(arena, text, strlen(text), NULL, &reasons, &answer), OK, "the jailer's run");
    is_int(grid_from_json(arena, answer.data, answer.len, &reasons, &grid), OK, "its answer read");
    ok(grid.n_rows == 2 && grid.n_columns == 3, "same size");
    is(grid_cell(&grid, 1, 2), "<é\n\"", "same cells");
    ok(!grid_cell(&grid, 1, 1), "empty stays empty");
    const char *broken[] = { "{}", "{\"columns\":1,\"rows\":[[\"a\",\"b\"]]}", "{\"columns\":-1,\"rows\":[]}", "[",
                             "{\"columns\":1,\"rows\":[3]}" };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        ok(grid_from_json(arena, broken[i], strlen(broken[i]), &reasons, &grid) != OK, "refused: %s", broken[i]);
    buf_free(&answer);
}

int main(void)
{
    arena = arena_new(0);
    tap_seed();
    written();
    defused();
    read_forms();
    read_faults();
    inverse();
    as_json();
    arena_free(arena);
    return tap_done();
}
