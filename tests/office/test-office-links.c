/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A link stays what it was made as: changes without a change key, by one person at one time, make links of their own and
 * take none from an earlier change.
 */
#include <string.h>

#include "base/text.h"
#include "fixture.h"
#include "office/verify.h"
#include "tap.h"

static struct fixture f;

/* As a caller without a key does it. */
static enum status without_key(struct op op, const char *fields)
{
    struct reasons reasons;
    struct outcome outcome;
    struct val *value;
    const struct reader *reader = fixture_reader(&f, "hso");
    reasons_init(&reasons, f.arena);
    if (json_read(f.arena, fields, strlen(fields), (struct json_limits){0}, &reasons, &value) != OK)
        return BAD_INPUT;
    op.fields = value;
    struct change change = {.writer = reader, .key = "", .now = f.now, .ops = &op, .n_ops = 1};
    enum status status = office_apply(f.office, &change, f.arena, &outcome);
    if (status != OK)
        printf("# %s\n", reasons_text(&outcome.reasons, LANG_EN));
    reader_free(reader);
    return status;
}

static int linked(const char *number, const char *field, const char *to)
{
    struct record_view record;
    int count = 0;
    const struct reader *reader = fixture_reader(&f, "hso");
    enum status status = office_get(f.office, reader, NULL, number, f.arena, &record);
    for (size_t i = 0; status == OK && i < record.n_links; i++)
        count += str_eq(record.links[i].field->name, field) && str_eq(record.links[i].number, to);
    reader_free(reader);
    return count;
}

static void verifies(void)
{
    struct reasons reasons;
    struct office_verdict verdict;
    reasons_init(&reasons, f.arena);
    if (!ok(office_verify(f.office, f.folder, false, NULL, NULL, f.arena, &reasons, &verdict) == OK, "the office verifies"))
        printf("# %s\n", reasons_text(&reasons, LANG_EN));
}

int main(void)
{
    const char *incident[2];
    tap_seed();
    fixture_new(&f);
    const char *label = fixture_label(&f, "NATO", "CONFIDENTIAL"), *inv = fixture_person(&f, "inv");
    const char *report = "{\"summary\":\"Found open\",\"family\":\"document\",\"detected\":\"2027-03-01T07:40Z\"}";
    const char *triage = "{\"family\":\"document\",\"classification\":\"breach\",\"severity\":\"medium\",\"personal-data\":\"not-involved\"}";
    for (int i = 0; i < 2; i++) {
        ok(fixture_create(&f, "staff", "incident", label, report, &incident[i]) == OK, "case %d is reported", i + 1);
        ok(without_key((struct op){.kind = OP_STEP, .number = incident[i], .step = "triage"}, triage) == OK, "and sorted");
        ok(without_key((struct op){.kind = OP_STEP, .number = incident[i], .step = "assign"}, arena_printf(f.arena, "{\"investigator\":\"%s\"}", inv)) == OK,
           "and assigned to the same investigator, without a change key");
    }
    for (int i = 0; i < 2; i++)
        ok(linked(incident[i], "investigator", inv) == 1, "case %d names its investigator", i + 1);
    verifies();
    fixture_free(&f);
    return tap_done();
}
