/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An instruction from draft to its second edition: the text is fixed once submitted, approved by a second person, and an
 * acknowledgement is bound to the edition that was read. Actions are checked by somebody else.
 */
#include <string.h>

#include "tap.h"
#include "walk.h"

static const char *internal;

static const char *draft(const char *edition)
{
    return made("hso", "instruction", internal, fields("{\"title\":\"Closing of containers\",\"series\":\"SOP-HQS-04\",\"edition\":%s,\"kind\":\"sop\",\"change\":\"first\","
        "\"audience\":\"all\",\"text\":\"1. Two persons check each container.\",\"owner\":\"%s\"}", edition, fixture_person(&f, "hso")), "an edition is drafted");
}

static void publish(const char *number)
{
    struct op edit = {.kind = OP_EDIT, .number = number};
    done("hso", number, "submit", "{}", "it is submitted");
    ok(fixture_do(&f, "hso", edit, "{\"text\":\"1. One person.\"}", NULL, NULL) != OK, "a submitted text is not edited");
    refused("hso", number, "put-in-force", "{\"in-force-from\":\"2027-03-01\",\"review-on\":\"2031-03-01\"}", "later than the rule", "its review may not come later than the rule says");
    both("hso", "ssl", number, "put-in-force", "{\"in-force-from\":\"2027-03-01\",\"review-on\":\"2028-03-01\",\"acknowledge-by\":\"2027-03-20\"}", "it is put in force by two");
}

static void read_it(const char *number, const char *edition)
{
    const char *ack = made("staff", "acknowledgement", NULL, fields("{\"instruction\":\"%s\",\"reference\":\"SOP-HQS-04\",\"edition\":%s,\"read-at\":\"2027-03-02T09:00Z\","
        "\"declaration\":\"read\"}", number, edition), "a reader acknowledges the edition");
    struct op edit = {.kind = OP_EDIT, .number = ack};
    ok(fixture_do(&f, "staff", edit, "{\"declaration\":\"question\"}", NULL, NULL) != OK, "an acknowledgement is not edited");
    ok(fixture_do(&f, "hso", edit, "{\"edition\":9}", NULL, NULL) != OK, "by nobody");
}

static void act(void)
{
    const char *action = made("ism", "action", internal, fields("{\"what\":\"Order padlocks\",\"arises-from\":\"meeting\",\"owner\":\"%s\",\"due-date\":\"2027-04-01\"}",
        fixture_person(&f, "staff")), "an action is set");
    refused("ism", action, "finish", "{\"done-on\":\"2027-03-05\",\"proof\":\"Invoice\"}", "Only whoever is named", "only its owner reports it done");
    done("staff", action, "finish", "{\"done-on\":\"2027-03-05\",\"proof\":\"Invoice 17\"}", "the owner does");
    done("ism", action, "close", "{\"checked-on\":\"2027-03-06\"}", "who set it checks");
    const char *own = made("ism", "action", internal, fields("{\"what\":\"Rewrite annex B\",\"arises-from\":\"lesson\",\"owner\":\"%s\",\"due-date\":\"2027-04-01\"}",
        fixture_person(&f, "ism")), "an action for oneself");
    done("ism", own, "finish", "{\"done-on\":\"2027-03-05\",\"proof\":\"Annex B, edition 2\"}", "is reported done");
    refused("ism", own, "close", "{\"checked-on\":\"2027-03-06\"}", "Nobody checks their own", "and not checked by oneself");
    done("hso", own, "close", "{\"checked-on\":\"2027-03-06\"}", "but by another");
}

int main(void)
{
    fixture_new(&f);
    internal = fixture_label(&f, "OFFICE-PUBLIC", "INTERNAL");
    const char *first = draft("1");
    publish(first);
    read_it(first, "1");
    const char *second = draft("2");
    publish(second);
    done("hso", first, "supersede", "{}", "the first edition is superseded");
    read_it(second, "2");
    act();
    fixture_free(&f);
    return tap_done();
}
