/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An incident from report to closure through door one, as the persons whose steps they are, with the refusals on the way.
 */
#include "fixture.h"
#include "tap.h"

static struct fixture f;

#define CONCLUSION "{\"finding\":\"infraction\",\"cause\":\"carelessness\",\"damage\":\"none\",\"conclusions\":\"Lock forgotten; nobody entered.\"}"
#define CLOSING "{\"closing-note\":\"Lesson: two-person lock-up.\"}"
#define VERIFIED "{\"effectiveness\":\"effective\",\"verified-on\":\"2027-03-02\",\"verification\":\"List seen.\"}"

static void good(enum status status, const char *name)
{
    if (!ok(status == OK, "%s", name))
        printf("# %s: %s\n", status_name(status), fixture_words());
}
static char *proposal_hash(const char *proposal)
{
    struct record_view record;
    const struct reader *reader = fixture_reader(&f, "ssl");
    char *hex = arena_alloc(f.arena, 65);
    if (proposal && office_get(f.office, reader, "proposal", proposal, f.arena, &record) == OK) {
        const char *op = val_get_str(record.fields, "op");
        struct hash hash = sha256(op, strlen(op));
        hex_write(hash.bytes, HASH_BYTES, hex);
    }
    reader_free(reader);
    return hex;
}
static const char *state_of(const char *login, const char *number)
{
    struct record_view record;
    const struct reader *reader = fixture_reader(&f, login);
    enum status status = office_get(f.office, reader, NULL, number, f.arena, &record);
    reader_free(reader);
    return status == OK ? record.state->name : status_name(status);
}

/* The rule that stands against a step now, as its page says it; NULL: the step is possible. */
static const char *against(const char *login, const char *number, const char *step)
{
    struct record_view record;
    struct step_view *steps;
    size_t n = 0;
    const char *rule = "no such step";
    const struct reader *reader = fixture_reader(&f, login);
    if (office_get(f.office, reader, NULL, number, f.arena, &record) == OK)
        office_steps(f.office, reader, &record, f.now, f.arena, &steps, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(steps[i].def->name, step) == 0)
            rule = steps[i].possible ? NULL : steps[i].why_not.first->rule;
    reader_free(reader);
    return rule;
}

/* What the page says beforehand is what the step says when it is taken. */
static void steps_are_explained(const char *label, const char *report)
{
    const char *number = NULL;
    good(fixture_create(&f, "staff", "incident", label, report, &number), "another case is reported");
    is(against("staff", number, "triage"), "lifecycle.right", "its reporter may not sort it");
    is(against("hso", number, "close"), "lifecycle.state", "nor may it be closed at once");
    good(fixture_step(&f, "hso", number, "triage", "{\"family\":\"document\",\"classification\":\"breach\",\"severity\":\"medium\",\"personal-data\":\"not-involved\"}"), "sorted");
    is(against("hso", number, "assign"), NULL, "what depends on the answer is not foretold");
    good(fixture_step(&f, "hso", number, "assign", arena_printf(f.arena, "{\"investigator\":\"%s\"}", fixture_person(&f, "inv"))), "assigned");
    good(fixture_step(&f, "inv", number, "conclude", "{\"finding\":\"compromise-possible\",\"cause\":\"carelessness\",\"damage\":\"limited\",\"conclusions\":\"Open for an hour.\"}"), "concluded");
    is(against("hso", number, "decide-measures"), "originator-not-informed", "measures wait for the notice to the originator");
    ok(fixture_step(&f, "hso", number, "decide-measures", "{\"measures-decided\":\"None.\"}") == REFUSED, "and are refused until then");
    good(fixture_step(&f, "hso", number, "inform-originator", "{\"originator-informed-on\":\"2027-03-02\",\"originator-informed-how\":\"Note 1\"}"), "informed");
    is(against("hso", number, "decide-measures"), NULL, "then they are possible");
    good(fixture_step(&f, "hso", number, "decide-measures", "{\"measures-decided\":\"None.\"}"), "and decided");
    is(against("hso", number, "close"), "not-contained", "a case never contained is not closed");
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
    char *fields = arena_printf(f.arena, "{\"investigator\":\"%s\"}", fixture_person(&f, "staff"));
    ok(fixture_step(&f, "hso", number, "assign", fields) == REFUSED, "the reporter does not investigate");
    ok(strstr(fixture_words(), "must not be concerned") != NULL, "in the register's words");
    fields = arena_printf(f.arena, "{\"investigator\":\"%s\"}", fixture_person(&f, "low"));
    ok(fixture_step(&f, "hso", number, "assign", fields) == REFUSED, "nor somebody who is not cleared");
    good(fixture_step(&f, "hso", number, "assign", arena_printf(f.arena, "{\"investigator\":\"%s\"}", fixture_person(&f, "inv"))), "an independent investigator is assigned");
    is(state_of("inv", number), "investigated", "the investigator is a member of the file now");
    is(state_of("inv2", number), "absent", "the other investigator is not");
    is(state_of("staff", number), "absent", "and the reporter reads the case no longer");
    ok(fixture_step(&f, "hso", number, "conclude", CONCLUSION) == REFUSED, "who leads the case does not conclude it");
    good(fixture_step(&f, "inv", number, "conclude", CONCLUSION), "the investigator concludes");
    f.now += DAY;
    good(fixture_step(&f, "hso", number, "decide-measures", "{\"measures-decided\":\"Retraining.\"}"), "measures are decided");
    const char *measure = NULL, *proposal = NULL;
    fields = arena_printf(f.arena, "{\"incident\":\"%s\",\"what\":\"Retrain the section\",\"kind\":\"training\",\"owner\":\"%s\",\"due-date\":\"2027-04-01\"}", number, fixture_person(&f, "ict"));
    good(fixture_create(&f, "hso", "corrective-measure", NULL, fields, &measure), "a measure is ordered");
    ok(fixture_step(&f, "hso", number, "close", CLOSING) == REFUSED, "a case with an open measure is not closed");
    ok(strstr(fixture_words(), "Still open: 1") != NULL, "and says what is open");
    good(fixture_step(&f, "ict", measure, "finish", "{\"done-on\":\"2027-03-02\",\"proof\":\"Signed list.\"}"), "its owner reports it done");
    ok(fixture_step(&f, "ict", measure, "verify", VERIFIED) == REFUSED && strstr(fixture_words(), "as the person it concerns"),
       "who reads it only as its party takes only the party's steps");
    ok(fixture_step(&f, "hso", measure, "verify", VERIFIED) == REFUSED, "who ordered it does not verify it");
    good(fixture_step(&f, "ssl", measure, "verify", VERIFIED), "somebody else verifies");
    struct outcome outcome;
    good(fixture_do(&f, "hso", (struct op){.kind = OP_STEP, .number = number, .step = "close", .reason = "done"}, CLOSING, &proposal, &outcome), "closure is proposed");
    ok(outcome.proposed, "and waits for a second person");
    is(state_of("hso", number), "measures", "nothing has moved yet");
    char *hash = proposal_hash(proposal);
    ok(fixture_do(&f, "hso", (struct op){.kind = OP_CONFIRM, .number = proposal, .proposed = hash}, NULL, NULL, NULL) == REFUSED, "nobody confirms their own");
    ok(strstr(fixture_words(), "another person") != NULL, "in words");
    ok(fixture_do(&f, "inv2", (struct op){.kind = OP_CONFIRM, .number = proposal, .proposed = hash}, NULL, NULL, NULL) == ABSENT, "a proposal about a hidden case is hidden");
    ok(fixture_do(&f, "ssl", (struct op){.kind = OP_CONFIRM, .number = proposal, .proposed = "00"}, NULL, NULL, NULL) == CONFLICT, "other bytes than those proposed are not confirmed");
    good(fixture_do(&f, "ssl", (struct op){.kind = OP_CONFIRM, .number = proposal, .proposed = hash}, NULL, NULL, NULL), "the section leader confirms");
    is(state_of("hso", number), "closed", "the case is closed");
    ok(fixture_do(&f, "ssl", (struct op){.kind = OP_CONFIRM, .number = proposal, .proposed = hash}, NULL, NULL, NULL) == REFUSED, "once");
    struct version_view *versions;
    size_t n;
    const struct reader *reader = fixture_reader(&f, "hso");
    ok(office_history(f.office, reader, number, f.arena, &versions, &n) == OK && n >= 6, "its history has its versions");
    is(n ? versions[n - 1].step : NULL, "close", "the last step is the closure");
    reader_free(reader);
    steps_are_explained(secret, report);
    fixture_reopen(&f);
    is(state_of("hso", number), "closed", "all is there after the office was closed and opened");
    fixture_free(&f);
    return tap_done();
}
