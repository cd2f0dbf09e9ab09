/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The readers in a real jail: what they need is allowed there, their answers and their reasons come out whole.
 */
#include "sample.h"

#include "base/jail.h"
#include "report/oscal.h"

static struct arena *arena;
static struct nursery *nursery;

static enum status jailed(const char *jailer, const char *input, size_t len, struct reasons *reasons, const char **ret,
                          size_t *ret_len)
{
    reasons_init(reasons, arena);
    return nursery_run(nursery, jailer, NULL, input, len, arena, reasons, ret, ret_len);
}

static void tables(void)
{
    struct reasons reasons;
    struct grid grid;
    const char *answer;
    size_t len;
    const char *csv = "name;born\nDoe;1980-01-01\n";
    ok(jailed("csv", csv, strlen(csv), &reasons, &answer, &len) == OK && grid_from_json(arena, answer, len, &reasons, &grid) == OK &&
       !strcmp(grid_cell(&grid, 1, 1), "1980-01-01"), "a CSV file through the jail");
    show(&reasons);
    const char *bad = "a;b\n1;\"2\n";
    ok(jailed("csv", bad, strlen(bad), &reasons, &answer, &len) == BAD_INPUT && has_reason(&reasons, "csv.quote", "B2"),
       "its faults come out by cell");
    ok(reasons.first && reasons.first->text.in[LANG_FR] && strstr(reasons.first->text.in[LANG_FR], "Ligne 2, colonne B"),
       "in both languages");
    struct buf book;
    buf_init(&book, 1 << 20);
    ok(report_xlsx(sample_table(arena), &book) == OK, "a workbook");
    ok(jailed("xlsx", book.data, book.len, &reasons, &answer, &len) == OK &&
       grid_from_json(arena, answer, len, &reasons, &grid) == OK && !strcmp(grid_cell(&grid, 2, 3), "2026-12-01"),
       "through the jail");
    show(&reasons);
    book.data[book.len / 2] ^= 0x55;
    enum status status = jailed("xlsx", book.data, book.len, &reasons, &answer, &len);
    ok(status == OK || (status == BAD_INPUT && reasons.count), "damaged, it is read or refused with a reason");
    buf_free(&book);
}

static void catalogue(void)
{
    struct reasons reasons;
    const char *answer;
    size_t len;
    const char *json = "{\"catalog\":{\"metadata\":{\"oscal-version\":\"1.0.0\"},\"controls\":[{\"id\":\"a-1\",\"title\":\"A\"}]}}";
    struct val *got;
    ok(jailed("oscal", json, strlen(json), &reasons, &answer, &len) == OK &&
       json_read(arena, answer, len, (struct json_limits){ 0 }, &reasons, &got) == OK &&
       !strcmp(val_get_str(val_at(val_get(got, "controls"), 0), "label"), "A-1"), "a catalogue through the jail");
    show(&reasons);
}

int main(void)
{
    static const struct jailer *const jailers[] = { &csv_jailer, &xlsx_jailer, &oscal_jailer, NULL };
    struct reasons reasons;
    arena = arena_new(0);
    reasons_init(&reasons, arena);
    if (nursery_start(jailers, &reasons, &nursery) != OK) {
        tap_skip("the readers in a jail", "no nursery here");
        show(&reasons);
    } else {
        tables();
        catalogue();
        nursery_stop(nursery);
    }
    arena_free(arena);
    return tap_done();
}
