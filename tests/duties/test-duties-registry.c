/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An accountable document from receipt to certified destruction: holder and witness cleared, registrar and witness different,
 * regrading only with consent, nothing closed while a copy or a movement is open.
 */
#include <string.h>

#include "tap.h"
#include "walk.h"

#define NATO "1.3.26.1.3.1"
#define CLEARED(level) "\"clearances\":[{\"clearance\":\"{\\\"categories\\\":[],\\\"classes\\\":[\\\"" level "\\\"],\\\"policy\\\":\\\"" NATO \
    "\\\"}\",\"from\":\"2026-01-01\",\"until\":\"2031-01-01\"}],\"briefings\":[{\"policy\":\"" NATO "\",\"class\":\"" level \
    "\",\"from\":\"2026-01-01\",\"until\":\"2029-01-01\"}]"
#define PERSON(login, name, post, rest) "{\"login\":\"" login "\",\"name\":\"" name "\",\"given-name\":\"A\",\"nationality\":\"BEL\"," \
    "\"email\":\"" login "@hq.example\",\"posts\":[{\"post\":\"" post "\",\"from\":\"2026-01-01\"}]," rest "}"
static const char more[] = "[" PERSON("clerk", "Peeters", "registrar", CLEARED("4")) "," PERSON("crypto", "Maes", "crypto-custodian", CLEARED("4"))
    "," PERSON("owner", "Claes", "information-owner", CLEARED("4")) "]";

static const char *secret, *document, *copy;

static void receive(void)
{
    const char *body = fixture_person(&f, "hso");
    const char *origin = made("hso", "organisation", NULL, fields("{\"name\":\"Delegation A\",\"kind\":\"delegation\",\"security-officer\":\"%s\"}", body),
                              "the originator is known");
    ok(fixture_create(&f, "staff", "document", secret, "{}", NULL) != OK, "only the registry registers");
    document = made("clerk", "document", secret, fields("{\"title\":\"Plan for the north gate\",\"reference\":\"A/12/27\",\"kind\":\"plan\","
        "\"originator\":\"%s\",\"dated\":\"2027-02-20\"}", origin), "the registrar registers a document");
    copy = made("clerk", "document-copy", NULL, fields("{\"document\":\"%s\",\"control-number\":\"NS-27-0417\",\"copy-number\":2,\"medium\":\"paper\"}", document),
                "and its copy 2");
    is(state("staff", document), "absent", "who is neither cleared nor a holder reads nothing of it");
    is(state("reg", copy), "held", "the head of registry reads the copy");
    is(state("owner", copy), "absent", "a cleared person outside the distribution does not");
}

/* The rule that a record's page gives against a step before it is taken; NULL: none. */
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

/* What the engine would refuse stands beside the step; what the step itself asks for is not held against it. */
static void told_before(void)
{
    const char *movement = made("clerk", "custody-movement", NULL, fields("{\"copy\":\"%s\",\"kind\":\"receipt\",\"on\":\"2027-03-01T11:00Z\"}", copy), "a receipt is prepared of a copy that somebody holds");
    is(against("clerk", movement, "record"), "registry.copy-elsewhere", "its page says beforehand that the copy is elsewhere");
    refused("clerk", movement, "record", "{}", "The copy is not where this movement says", "and the step says the same");
    done("clerk", movement, "cancel", "{}", "it is cancelled");
}
static void not_told_before(void)
{
    const char *movement = made("clerk", "custody-movement", NULL, fields("{\"copy\":\"%s\",\"kind\":\"dispatch\",\"on\":\"2027-03-01T11:00Z\"}", copy), "a dispatch is prepared without its addressee");
    is(against("clerk", movement, "record"), NULL, "the step asks for the addressee, so nothing is said before");
    refused("clerk", movement, "record", "{}", "to which body", "but without one it is refused");
    done("clerk", movement, "cancel", "{}", "it is cancelled");
}

static void hand_over(void)
{
    refused("clerk", copy, "issue", fields("{\"holder\":\"%s\",\"issued-on\":\"2027-03-01\"}", fixture_person(&f, "staff")), "not cleared",
            "a holder who is not cleared to the level is refused");
    const char *movement = made("clerk", "custody-movement", NULL, fields("{\"copy\":\"%s\",\"kind\":\"transfer\",\"on\":\"2027-03-01T09:00Z\"}", copy), "a transfer is prepared");
    done("clerk", movement, "hand-over", fields("{\"to-holder\":\"%s\"}", fixture_person(&f, "owner")), "the copy is handed over");
    is(state("owner", copy), "held", "the recipient reads the copy now");
    refused("clerk", movement, "sign-receipt", "{\"signed-at\":\"2027-03-01T09:05Z\"}", "Only whoever is named", "nobody signs for the recipient");
    refused("clerk", copy, "dispatch", "{}", "", "a copy under way is not dispatched");
    done("owner", movement, "sign-receipt", "{\"signed-at\":\"2027-03-01T09:05Z\"}", "the recipient signs");
    is(state("reg", copy), "issued", "and with the signature the copy is issued");
    told_before();
    done("clerk", copy, "return", "{\"container\":\"3-114\"}", "it is taken back");
    not_told_before();
}

static const char *label_of(const char *login, const char *number)
{
    struct record_view record;
    const struct reader *reader = fixture_reader(&f, login);
    enum status status = office_get(f.office, reader, NULL, number, f.arena, &record);
    reader_free(reader);
    return status == OK ? label_write(record.label, f.arena) : status_name(status);
}

static void regrade(void)
{
    struct op op = {.kind = OP_REGRADE, .number = document, .label = fixture_label(&f, "NATO", "CONFIDENTIAL"), .reason = "originator's letter"};
    ok(fixture_do(&f, "reg", op, NULL, NULL, NULL) != OK, "without the originator's consent nothing is downgraded");
    done("clerk", document, "record-consent", "{\"originator-consent\":true,\"consent-reference\":\"A/13/27\"}", "the consent is recorded");
    ok(fixture_do(&f, "clerk", op, NULL, NULL, NULL) != OK, "a registrar has no right to regrade");
    if (!ok(fixture_do(&f, "reg", op, NULL, NULL, NULL) == OK, "the head of registry has"))
        printf("# %s\n", fixture_words());
    is(label_of("reg", document), op.label, "the document bears the lower label");
    is(label_of("reg", copy), op.label, "and its copy follows");
}

static void destroy(void)
{
    refused("clerk", document, "dispose", "{}", "Still open", "an entry with a copy left is not closed");
    const char *movement = made("clerk", "custody-movement", NULL, fields("{\"copy\":\"%s\",\"kind\":\"destruction\",\"on\":\"2027-03-02T10:00Z\"}", copy), "a destruction is prepared");
    refused("clerk", movement, "record", "{}", "other hand", "it is not completed by one hand");
    refused("clerk", movement, "destroy", fields("{\"witness\":\"%s\",\"method\":\"shredding\"}", fixture_person(&f, "clerk")), "different persons",
            "the registrar is not the witness");
    refused("clerk", movement, "destroy", fields("{\"witness\":\"%s\",\"method\":\"shredding\"}", fixture_person(&f, "low")), "not cleared",
            "a witness who is not cleared to the level is refused");
    refused("reg", movement, "destroy", fields("{\"witness\":\"%s\",\"method\":\"shredding\"}", fixture_person(&f, "crypto")), "Only whoever is named",
            "who prepared it destroys");
    done("clerk", movement, "destroy", fields("{\"witness\":\"%s\",\"method\":\"shredding\"}", fixture_person(&f, "crypto")), "destroyed before the witness");
    refused("clerk", copy, "destroy", fields("{\"certificate\":\"%s\"}", movement), "Still open", "the copy waits for the witness's signature");
    refused("owner", movement, "sign-as-witness", "{\"signed-at\":\"2027-03-02T10:10Z\"}", "", "another person does not sign");
    done("crypto", movement, "sign-as-witness", "{\"signed-at\":\"2027-03-02T10:10Z\"}", "the witness signs");
    is(state("reg", movement), "complete", "the certificate is complete");
    is(state("reg", copy), "destroyed", "and the copy is recorded as destroyed by it");
    done("clerk", document, "dispose", "{}", "now the entry is closed");
}

int main(void)
{
    fixture_new_with(&f, more);
    secret = fixture_label(&f, "NATO", "SECRET");
    receive();
    hand_over();
    regrade();
    destroy();
    fixture_free(&f);
    return tap_done();
}
