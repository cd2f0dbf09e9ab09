/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Appointments, clearances, briefings and emergency access: each by two hands where the files say so, each counting from the
 * instant at which it is in force and not before.
 */
#include <string.h>

#include "tap.h"
#include "walk.h"

#define PERSON(login, name, post) "{\"login\":\"" login "\",\"name\":\"" name "\",\"given-name\":\"A\",\"nationality\":\"BEL\"," \
    "\"email\":\"" login "@hq.example\",\"posts\":[{\"post\":\"" post "\",\"from\":\"2026-01-01\"}]}"
static const char more[] = "[" PERSON("desk", "Janssens", "pass-clerk") "," PERSON("branch", "Willems", "head-of-branch") "," PERSON("new", "Aerts", "staff-member") "]";
#define TEXT(class_) "\"{\\\"categories\\\":[],\\\"classes\\\":[\\\"" class_ "\\\"],\\\"policy\\\":\\\"1.3.26.1.3.1\\\"}\""

static const char *incident;

static void appoint(void)
{
    const char *who = fixture_person(&f, "new");
    const char *seat = made("hso", "appointment", NULL, fields("{\"person\":\"%s\",\"post\":\"investigator\",\"from\":\"2027-03-01\"}", who), "an appointment is proposed");
    refused("hso", seat, "confirm", "{\"until\":\"2028-03-01\"}", "", "who proposes does not confirm");
    refused("branch", seat, "confirm", "{}", "needed", "an appointment has a last day");
    refused("branch", seat, "confirm", "{\"until\":\"2027-02-01\"}", "ends before it begins", "and does not end before it begins");
    done("branch", seat, "confirm", "{\"until\":\"2028-03-01\"}", "the head of branch confirms");
    const char *second = made("hso", "appointment", NULL, fields("{\"person\":\"%s\",\"post\":\"headquarters-security-officer\",\"from\":\"2027-03-01\"}", who),
                              "a second post is proposed");
    refused("branch", second, "confirm", "{\"until\":\"2028-03-01\"}", "must not meet in one person", "investigating and closing never meet in one person");
    done("branch", seat, "end", "{\"ended-on\":\"2027-03-01\"}", "the first one ends");
    done("branch", second, "confirm", "{\"until\":\"2028-03-01\"}", "then the second may be confirmed");
    done("branch", second, "end", "{\"ended-on\":\"2027-03-01\"}", "and ends");
}

static void clear(void)
{
    const char *who = fixture_person(&f, "new");
    is(state("new", incident), "absent", "a newcomer reads nothing");
    const char *long_one = made("desk", "clearance", NULL, fields("{\"person\":\"%s\",\"clearance\":" TEXT("5") ",\"from\":\"2027-01-01\",\"until\":\"2035-01-01\"}", who),
                                "a certificate is registered");
    refused("desk", long_one, "grant", "{}", "longer than the rule", "TOP SECRET for eight years is refused");
    const char *temporary = made("desk", "clearance", NULL, fields("{\"person\":\"%s\",\"clearance\":" TEXT("5")
        ",\"basis\":\"temporary\",\"from\":\"2027-03-01\",\"until\":\"2027-04-01\"}", who), "a temporary one");
    refused("desk", temporary, "grant", "{}", "never given for this level", "is never given for TOP SECRET");
    const char *clearance = made("desk", "clearance", NULL, fields("{\"person\":\"%s\",\"clearance\":" TEXT("4")
        ",\"certificate-number\":\"BE-1\",\"from\":\"2027-01-01\",\"until\":\"2035-01-01\"}", who), "SECRET for eight years");
    both("desk", "hso", clearance, "grant", "{}", "is granted by two");
    const char *briefing = made("desk", "briefing", NULL, fields("{\"person\":\"%s\",\"policy\":\"1.3.26.1.3.1\",\"class\":\"4\","
        "\"from\":\"2027-03-01\",\"until\":\"2030-03-01\"}", who), "a briefing is planned");
    refused("desk", briefing, "acknowledge", "{\"acknowledged-on\":\"2027-03-01\"}", "later than the rule", "its refresher may not come later than the rule says");
    struct op edit = {.kind = OP_EDIT, .number = briefing};
    ok(fixture_do(&f, "desk", edit, "{\"until\":\"2028-03-01\"}", NULL, NULL) == OK, "it is corrected");
    ok(fixture_do(&f, "desk", edit, "{\"acknowledged-on\":\"2027-03-01\"}", NULL, NULL) != OK, "an edit cannot go round the step");
    done("desk", briefing, "acknowledge", "{\"acknowledged-on\":\"2027-03-01\"}", "and acknowledged");
    refused("desk", clearance, "prolong", "{\"certified-until\":\"2035-01-01\",\"renewal-filed-on\":\"2034-06-01\",\"until\":\"2036-06-01\"}",
            "beyond what the rule allows", "a prolongation beyond twelve months is refused");
}

static void emergency(void)
{
    is(state("new", incident), "absent", "cleared and briefed, but without need-to-know");
    made("new", "access-request", fixture_label(&f, "OFFICE-PUBLIC", "INTERNAL"), "{\"what\":\"The state of the north gate\",\"why\":\"I relieve the guard in ten minutes.\"}",
         "asks in free words that name no record");
    struct record_view record;
    const struct reader *reader = fixture_reader(&f, "duty");
    ok(office_get(f.office, reader, "incident", incident, f.arena, &record) == OK && record.file_number, "a reader of the file knows it");
    const char *file = arena_strdup(f.arena, record.file_number ? record.file_number : "none");
    reader_free(reader);
    const char *who = fixture_person(&f, "new"), *owner = fixture_person(&f, "hso");
    const char *week = made("duty", "emergency-access", NULL, fields("{\"file\":\"%s\",\"person\":\"%s\",\"need\":\"Relief of the guard\",\"from\":\"2027-03-01T08:00Z\","
        "\"until\":\"2027-03-08T08:00Z\",\"file-owner\":\"%s\"}", file, who, owner), "a week is prepared");
    refused("duty", week, "grant", "{}", "longer than the rule", "and refused: it is for hours");
    const char *hours = made("duty", "emergency-access", NULL, fields("{\"file\":\"%s\",\"person\":\"%s\",\"need\":\"Relief of the guard\",\"from\":\"2027-03-01T08:00Z\","
        "\"until\":\"2027-03-01T20:00Z\",\"file-owner\":\"%s\"}", file, who, owner), "hours are prepared");
    both("duty", "ssl", hours, "grant", "{}", "hours are granted by two readers of the file");
    is(state("new", incident), "reported", "now the case is read");
    f.now += 13 * HOUR;
    is(state("new", incident), "absent", "and at the hour stated no longer");
}

int main(void)
{
    fixture_new_with(&f, more);
    incident = made("staff", "incident", fixture_label(&f, "NATO", "CONFIDENTIAL"),
                    "{\"summary\":\"North gate found open\",\"family\":\"physical\",\"detected\":\"2027-03-01T06:00Z\"}", "an incident is reported");
    appoint();
    clear();
    emergency();
    fixture_free(&f);
    return tap_done();
}
