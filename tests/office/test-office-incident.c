/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An incident from report to closure through door one, as the persons whose steps they are, with the refusals on the way.
 */
#include "fixture.h"
#include "tap.h"

static struct fixture f;

static enum status read_as(const char *login, const char *number)
{
    struct record_view record;
    const struct reader *reader = fixture_reader(&f, login);
    enum status status = office_get(f.office, reader, NULL, number, f.arena, &record);
    reader_free(reader);
    return status;
}
static const char *state_of(const char *login, const char *number)
{
    struct record_view record;
    const struct reader *reader = fixture_reader(&f, login);
    enum status status = office_get(f.office, reader, NULL, number, f.arena, &record);
    reader_free(reader);
    return status == OK ? record.state->name : status_name(status);
}

int main(void)
{
    const char *number = NULL, *secret;
    tap_seed();
    fixture_new(&f);
    secret = fixture_label(&f, "NATO", "CONFIDENTIAL");
    const char *report = "{\"summary\":\"Container 3-114 found open\",\"family\":\"document\",\"detected\":\"2027-03-01T07:40Z\",\"narrative\":\"At 22:40 the guard found it open.\"}";
    enum status status = fixture_create(&f, "staff", "incident", secret, report, &number);
    if (!ok(status == OK, "staff reports an incident"))
        printf("# %s\n", fixture_words());
    is(state_of("staff", number), "reported", "the reporter reads it");
    is(state_of("duty", number), "reported", "so does the duty officer: the file is open to triage");
    is(state_of("low", number), "absent", "who is not cleared reads nothing");
    is(state_of("inv", number), "absent", "nor an investigator who is no member yet");
    ok(fixture_create(&f, "low", "incident", secret, report, NULL) == REFUSED, "nobody writes a label that they may not read back");
    ok(strstr(fixture_words(), "read back") != NULL, "in words");
    ok(fixture_create(&f, "ssl", "incident", fixture_label(&f, "NATO", "TOP SECRET"), report, NULL) == REFUSED, "nor above the office's ceiling");
    ok(strstr(fixture_words(), "accredited") != NULL, "in words");
    ok(fixture_step(&f, "staff", number, "contain", "{\"containment\":\"Locked.\",\"contained-at\":\"2027-03-01T07:50Z\"}") == REFUSED, "the reporter may not contain");
    ok(fixture_step(&f, "low", number, "contain", "{}") == ABSENT, "a hidden record is an absent one");
    char *hidden = arena_strdup(f.arena, fixture_words());
    ok(fixture_step(&f, "low", "INC-2027-0000000000", "contain", "{}") == ABSENT, "an absent one is absent");
    ok(strlen(hidden) == strlen(fixture_words()), "and both answers have the same words");
    ok(fixture_step(&f, "duty", number, "contain", "{\"containment\":\"Locked.\"}") == BAD_INPUT, "what a step needs is asked for");
    if (!ok(fixture_step(&f, "duty", number, "contain", "{\"containment\":\"Locked.\",\"contained-at\":\"2027-03-01T07:50Z\"}") == OK, "the duty officer contains"))
        printf("# %s\n", fixture_words());
    is(state_of("hso", number), "contained", "the state moved");
    f.now += HOUR;
    if (!ok(fixture_step(&f, "hso", number, "triage", "{\"family\":\"document\",\"classification\":\"breach\",\"severity\":\"medium\",\"personal-data\":\"not-involved\"}") == OK, "triage"))
        printf("# %s\n", fixture_words());
    (void)read_as;
    fixture_reopen(&f);
    is(state_of("hso", number), "triaged", "all is there after the office was closed and opened");
    fixture_free(&f);
    return tap_done();
}
