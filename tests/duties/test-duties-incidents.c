/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The rules of a case that the plain walk does not meet: independence along the line and from custodians, what the person in
 * question may and may not read, statements, one assessment and one notice for each originator, extracts, clocks that a report
 * meets, and closure held up until the originator is informed and everything is finished.
 */
#include "walk.h"

#define NATO "1.3.26.1.3.1"
#define CLEARED "\"clearances\":[{\"clearance\":\"{\\\"categories\\\":[],\\\"classes\\\":[\\\"4\\\"],\\\"policy\\\":\\\"" NATO \
    "\\\"}\",\"from\":\"2026-01-01\",\"until\":\"2031-01-01\"}],\"briefings\":[{\"policy\":\"" NATO \
    "\",\"class\":\"4\",\"from\":\"2026-01-01\",\"until\":\"2029-01-01\"}]"
#define PERSON(login, name, post) "{\"login\":\"" login "\",\"name\":\"" name "\",\"given-name\":\"A\",\"nationality\":\"BEL\"," \
    "\"email\":\"" login "@hq.example\",\"posts\":[{\"post\":\"" post "\",\"from\":\"2026-01-01\"}]," CLEARED "}"
static const char more[] = "[" PERSON("reporter", "Dubois", "staff-member") "," PERSON("custodian", "Peeters", "staff-member") "," PERSON("subject", "Maes", "staff-member") ","
    PERSON("chief", "Claes", "investigator") "," PERSON("clerk", "Janssens", "pass-clerk") "," PERSON("director", "Wouters", "deputy-director") "]";

static const char *incident, *secret;

static bool runs(const char *login, const char *number, const char *clock, bool *ret_stopped)
{
    struct record_view record;
    const struct reader *reader = fixture_reader(&f, login);
    bool found = false;
    if (office_get(f.office, reader, NULL, number, f.arena, &record) == OK)
        for (size_t i = 0; i < record.n_clocks; i++)
            if (str_eq(record.clocks[i].def->name, clock)) {
                found = true;
                *ret_stopped = record.clocks[i].stopped != MOMENT_NONE;
            }
    reader_free(reader);
    return found;
}

static void clock_is(const char *clock, bool wanted, bool wanted_stopped, const char *name)
{
    bool stopped = false, found = runs("hso", incident, clock, &stopped);
    ok(found == wanted && (!wanted || stopped == wanted_stopped), "%s", name);
}

static void report(void)
{
    struct op edit = {.kind = OP_EDIT};
    incident = made("reporter", "incident", secret, "{\"summary\":\"Copy 2 of NS-27-0417 missing\",\"family\":\"document\",\"detected\":\"2027-03-01T06:00Z\"}",
                    "an incident is reported");
    ok(fixture_create(&f, "reporter", "incident", secret, "{\"summary\":\"x\",\"family\":\"document\",\"detected\":\"2027-03-01T06:00Z\",\"finding\":\"unfounded\"}",
                      NULL) != OK, "a report brings no finding with it");
    is(state("subject", incident), "absent", "who has no need to know reads nothing");
    edit.number = incident;
    const char *json = fields("{\"persons\":[\"%s\"],\"custodians\":[\"%s\"]}", fixture_person(&f, "subject"), fixture_person(&f, "custodian"));
    ok(fixture_do(&f, "duty", edit, json, NULL, NULL) == OK, "the duty officer names who is concerned");
    done("duty", incident, "contain", "{\"containment\":\"Cabinet sealed.\",\"contained-at\":\"2027-03-01T07:00Z\"}", "and contains");
    done("duty", incident, "triage", "{\"family\":\"document\",\"classification\":\"breach-compromise\",\"severity\":\"high\",\"personal-data\":\"involved\"}",
         "and sorts");
    clock_is("initial-report", true, false, "the initial report is due");
    clock_is("data-protection", true, false, "and so is the notice to data protection");
    clock_is("originator", false, false, "nothing is known yet of which an originator must hear");
    done("hso", incident, "send-initial-report", "{\"initial-report-sent\":\"2027-03-01T09:00Z\"}", "the report is sent");
    clock_is("initial-report", true, true, "which meets its clock");
}

static void independence(void)
{
    struct op line = {.kind = OP_EDIT, .number = fixture_person(&f, "subject")};
    ok(fixture_do(&f, "clerk", line, fields("{\"superior\":\"%s\"}", fixture_person(&f, "chief")), NULL, NULL) == OK, "the subject's superior is an investigator");
    static const struct { const char *login, *words, *name; } refusals[] = {
        {"subject", "must not be concerned", "the person in question does not investigate"},
        {"reporter", "must not be concerned", "nor does the reporter"}, {"custodian", "must not be concerned", "nor a custodian"},
        {"chief", "must not be concerned", "nor the superior of the person in question"},
        {"inv2", "not cleared", "nor somebody who is not cleared for the case"}};
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        refused("hso", incident, "assign", fields("{\"investigator\":\"%s\"}", fixture_person(&f, refusals[i].login)), refusals[i].words, refusals[i].name);
    line.number = fixture_person(&f, "custodian");
    ok(fixture_do(&f, "clerk", line, fields("{\"superior\":\"%s\"}", fixture_person(&f, "inv")), NULL, NULL) == OK, "a custodian comes into an investigator's line");
    refused("hso", incident, "assign", fields("{\"investigator\":\"%s\"}", fixture_person(&f, "inv")), "stands in the investigator's line", "who is refused for it");
    ok(fixture_do(&f, "clerk", line, "{\"superior\":null}", NULL, NULL) == OK, "and leaves it");
    done("hso", incident, "assign", fields("{\"investigator\":\"%s\"}", fixture_person(&f, "inv")), "an independent investigator is named");
    struct op edit = {.kind = OP_EDIT, .number = incident};
    ok(fixture_do(&f, "inv", edit, fields("{\"investigator\":\"%s\"}", fixture_person(&f, "chief")), NULL, NULL) != OK, "an edit does not go round that");
}

static void statements(void)
{
    const char *asked = made("inv", "statement", NULL, fields("{\"incident\":\"%s\",\"subject-matter\":\"Your last use of copy 2\",\"given-by\":\"%s\",\"capacity\":\"subject\","
        "\"question\":\"When did you last hold it?\"}", incident, fixture_person(&f, "subject")), "the person in question is heard");
    is(state("subject", asked), "asked", "who reads the question");
    is(state("subject", incident), "absent", "and nothing else of the case");
    refused("custodian", asked, "give", "{\"text\":\"x\",\"given-at\":\"2027-03-02T09:00Z\"}", "no such record", "another cannot even find it");
    refused("inv", asked, "give", "{\"text\":\"x\",\"given-at\":\"2027-03-02T09:00Z\"}", "Only whoever is named", "the investigator does not answer for them");
    done("subject", asked, "give", "{\"text\":\"On Friday at noon.\",\"given-at\":\"2027-03-02T09:00Z\"}", "they answer and sign");
    refused("subject", asked, "give", "{\"text\":\"On Monday.\",\"given-at\":\"2027-03-02T10:00Z\"}", "not possible", "and what is signed stands");
}

static const char *assess(const char *originator, const char *name)
{
    const char *assessment = made("inv", "compromise-assessment", NULL, fields("{\"incident\":\"%s\",\"information\":\"%s\",\"originator\":\"%s\",\"level\":%s}", incident, name,
        originator, "\"{\\\"categories\\\":[],\\\"class\\\":\\\"4\\\",\\\"policy\\\":\\\"" NATO "\\\"}\""), "an assessment is opened");
    return assessment;
}

static void compromise(void)
{
    static const char body[] = "{\"name\":\"%s\",\"kind\":\"delegation\"}";
    const char *a = made("hso", "organisation", NULL, arena_printf(f.arena, body, "Delegation A"), "originator A");
    const char *b = made("hso", "organisation", NULL, arena_printf(f.arena, body, "Delegation B"), "originator B");
    const char *first = assess(a, "Plan of the north gate"), *second = assess(b, "List of attendees");
    static const char probable[] = "{\"who-could-see\":\"Cleaners\",\"probability\":\"likely\",\"damage\":\"harm\",\"assessment\":\"Open for two nights.\"}";
    static const char excluded[] = "{\"who-could-see\":\"Nobody\",\"probability\":\"excluded\",\"damage\":\"none\",\"assessment\":\"Seal intact.\"}";
    done("inv", incident, "conclude", "{\"finding\":\"compromise-probable\",\"cause\":\"carelessness\",\"damage\":\"harm\",\"conclusions\":\"Copy 2 lay open.\"}", "the investigator concludes");
    clock_is("originator", true, false, "now the originators must hear of it");
    refused("hso", incident, "decide-measures", "{\"measures-decided\":\"Retraining.\"}", "originator must be informed", "before measures are decided");
    done("hso", incident, "inform-originator", "{\"originator-informed-on\":\"2027-03-03\",\"originator-informed-how\":\"HQ/17\"}", "they are informed");
    clock_is("originator", true, true, "which meets the clock");
    refused("hso", incident, "decide-measures", "{\"measures-decided\":\"Retraining.\"}", "Still open: 2", "the assessments must be finished, too");
    done("inv", first, "assess", probable, "the first is concluded");
    done("inv", second, "assess", excluded, "and the second");
    refused("hso", first, "rule-out", "{}", "must be informed", "what is likely is not ruled out");
    done("hso", first, "inform", "{\"informed-on\":\"2027-03-03\",\"informed-how\":\"HQ/17\"}", "A is informed");
    both("hso", "ssl", second, "rule-out", "{}", "B's is ruled out by two");
    done("hso", incident, "decide-measures", "{\"measures-decided\":\"Retraining of the section.\"}", "measures are decided");
    const char *extract = made("hso", "extract", fixture_label(&f, "OFFICE-PUBLIC", "INTERNAL"), fields("{\"incident\":\"%s\",\"title\":\"Notice\",\"purpose\":\"subject\",\"disclosed-to\":\"%s\","
        "\"basis\":\"Regulation 4, paragraph 12\",\"text\":\"Your statement was taken into account.\"}", incident, fixture_person(&f, "subject")), "an extract is prepared");
    is(state("subject", extract), "absent", "its recipient does not read it yet");
    both("hso", "ssl", extract, "release", "{\"released-on\":\"2027-03-04\"}", "it is released by two");
    is(state("subject", extract), "released", "now the recipient reads it");
    is(state("subject", incident), "absent", "and still nothing else");
    done("subject", extract, "acknowledge", "{\"acknowledged-on\":\"2027-03-04\"}", "and acknowledges");
}

static const char *label_of(const char *login, const char *number)
{
    struct record_view record;
    const struct reader *reader = fixture_reader(&f, login);
    enum status status = office_get(f.office, reader, NULL, number, f.arena, &record);
    reader_free(reader);
    return status == OK ? label_write(record.label, f.arena) : status_name(status);
}

/* What belongs to the case bears its label, and follows when the label is lowered. */
static void lower(const char *measure)
{
    struct op op = {.kind = OP_REGRADE, .number = incident, .label = fixture_label(&f, "NATO", "CONFIDENTIAL"), .reason = "copy 2 was regraded"};
    is(label_of("hso", measure), secret, "a measure bears the label of its case");
    ok(fixture_do(&f, "hso", op, NULL, NULL, NULL) != OK, "who leads the case does not lower its label");
    if (!ok(fixture_do(&f, "ssl", op, NULL, NULL, NULL) == OK, "the section leader does"))
        printf("# %s\n", fixture_words());
    is(label_of("hso", incident), op.label, "the case bears the lower label");
    is(label_of("hso", measure), op.label, "and the measure follows");
}

static void closure(void)
{
    static const char note[] = "{\"closing-note\":\"Lesson: two persons check each container.\"}";
    const char *measure = made("hso", "corrective-measure", NULL, fields("{\"incident\":\"%s\",\"what\":\"Retrain the section\",\"kind\":\"training\",\"owner\":\"%s\","
        "\"due-date\":\"2027-04-01\"}", incident, fixture_person(&f, "custodian")), "a measure is ordered");
    lower(measure);
    is(state("custodian", measure), "ordered", "its owner reads it");
    is(state("custodian", incident), "absent", "and not the case");
    refused("hso", measure, "name-verifier", fields("{\"verifier\":\"%s\"}", fixture_person(&f, "custodian")), "different persons", "the owner does not verify");
    is(state("ict", measure), "absent", "a verifier who is not named reads nothing");
    done("hso", measure, "name-verifier", fields("{\"verifier\":\"%s\"}", fixture_person(&f, "ict")), "a verifier is named");
    done("custodian", measure, "accept", "{}", "the owner takes charge");
    struct op edit = {.kind = OP_EDIT, .number = measure};
    ok(fixture_do(&f, "hso", edit, "{\"due-date\":\"2028-04-01\"}", NULL, NULL) != OK, "its day is not quietly edited from then on");
    done("hso", measure, "postpone", "{\"due-date\":\"2027-04-10\"}", "but moved by a step, with a reason");
    done("custodian", measure, "finish", "{\"done-on\":\"2027-03-20\",\"proof\":\"Attendance list\"}", "and reports it done");
    refused("hso", incident, "close", note, "data protection officer was not notified", "a notice that was not given holds up the closure");
    done("hso", incident, "notify-data-protection", "{\"data-protection-notified\":\"2027-03-01T12:00Z\"}", "it is given");
    refused("hso", incident, "close", note, "Still open: 1", "a measure that nobody verified holds up the closure");
    refused("ict", measure, "verify", "{\"effectiveness\":\"partly\",\"verified-on\":\"2027-03-25\",\"verification\":\"Half attended\"}", "Only a measure found effective", "half an effect is none");
    done("ict", measure, "send-back", "{}", "it goes back");
    done("custodian", measure, "finish", "{\"done-on\":\"2027-03-27\",\"proof\":\"Second list\"}", "is done again");
    done("ict", measure, "verify", "{\"effectiveness\":\"effective\",\"verified-on\":\"2027-03-29\",\"verification\":\"All attended\"}", "and verified by another");
    refused("inv", incident, "close", note, "does not carry the right", "the investigator does not close");
    const char *closing = proposed("hso", incident, "close", note, "closure is proposed");
    ok(confirms("inv", closing) != OK && confirms("subject", closing) == ABSENT, "neither investigator nor subject confirms");
    ok(confirms("director", closing) == OK, "the deputy director may as well as the section leader");
    is(state("hso", incident), "closed", "the case is closed");
    bool stopped = false;
    ok(runs("hso", incident, "follow-up", &stopped) && stopped, "and its clocks stand");
    both("hso", "ssl", incident, "reopen", "{}", "it is reopened by two, with a reason");
    is(state("hso", incident), "triaged", "and begins again");
}

int main(void)
{
    fixture_new_with(&f, more);
    secret = fixture_label(&f, "NATO", "SECRET");
    report();
    independence();
    statements();
    compromise();
    closure();
    fixture_free(&f);
    return tap_done();
}
