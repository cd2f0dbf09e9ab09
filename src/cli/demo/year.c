/* SPDX-License-Identifier: GPL-3.0-or-later
 * A year of work. Every case is a story with a next event; the story whose event comes first goes on, so the journal runs forward in
 * time. Stories end at different points: some are closed, some wait, some are late, as in a real office.
 */
#include <string.h>

#include "cli/demo/demo.h"

void demo_after(struct demo *demo, struct story *story, moment least, moment more)
{
    story->next += least + (moment)demo_below(demo, (size_t)(more / MINUTE)) * MINUTE;
}

/* ---- incidents ---- */

static const struct { const char *family, *category, *classification, *summary, *narrative; } cases[] = {
    {"document", "unlocked-container", "infraction", "Container found unlocked after hours", "The guard on his round found the container unlocked and the office empty. Nothing was missing."},
    {"document", "lost-document", "breach-compromise", "Copy of a document missing at muster", "Copy 2 of 5 was not in its place at the muster. The holder last saw it three days before."},
    {"document", "wrong-transmission", "breach", "Document sent over a network not accredited for it", "The draft was attached to a message on the administrative network and recalled after ten minutes."},
    {"document", "wrong-marking", "infraction", "Minutes distributed without marking", "The minutes left the branch without page marking; all copies were called back and marked."},
    {"physical", "unescorted-visitor", "infraction", "Visitor without escort in a Class II area", "A visitor was met on the second floor without the escort named on the slip."},
    {"physical", "lost-pass", "infraction", "Pass lost on the way to work", "The holder missed the pass at the gate; it was cancelled at once."},
    {"technical", "device-in-area", "breach", "Telephone carried into a technically secured area", "The telephone rang during the meeting and was handed to the guard."},
    {"ict", "malware", "ict-incident", "Malicious code stopped at the mail gateway", "The gateway stopped an attachment; one workstation had opened the link."},
    {"ict", "data-spill", "breach", "Classified text pasted into a lower system", "A paragraph was pasted into the office system; the file was isolated within the hour."},
    {"ict", "phishing", "ict-incident", "Forged mail asking for passwords", "Several members of staff reported a forged mail; two had entered a password."},
    {"misconduct", "social-media", "misconduct", "Photograph of the gate on a social network", "A photograph that shows the access control was published and has been withdrawn."},
};
#define CASES (sizeof cases / sizeof *cases)

static bool report(struct demo *demo, struct story *story)
{
    static const char *const reporters[] = {"staff", "dso", "ict", "reg", "techop", "section", "ism"};
    size_t n = demo_below(demo, CASES);
    struct val *fields = demo_fields(demo, "{'family':'%s','detected':'%s','categories':['%s']}", cases[n].family, demo_time(demo, story->next - HOUR), cases[n].category);
    val_set(demo->arena, fields, "summary", val_strf(demo->arena, "%s", cases[n].summary));
    val_set_str(demo->arena, fields, "narrative", cases[n].narrative);
    if (demo->n_zones && demo_chance(demo, 60))
        val_set_str(demo->arena, fields, "place", demo->zones[demo_below(demo, demo->n_zones)]);
    story->other = cases[n].classification;
    story->label = demo_chance(demo, 60) ? demo_label(demo, "NATO", "RESTRICTED") : demo_chance(demo, 70) ? demo_label(demo, "NATO", "CONFIDENTIAL") : demo_label(demo, "NATO", "SECRET");
    story->number = demo_create(demo, DEMO_PICK(demo, reporters), story->next, "incident", story->label, fields);
    demo_after(demo, story, 20 * MINUTE, 6 * HOUR);
    return story->number;
}
static bool contain(struct demo *demo, struct story *story)
{
    bool good = demo_step(demo, "duty", story->next, story->number, "contain", demo_fields(demo, "{'containment':'Secured and watched; access stopped.','contained-at':'%s'}", demo_time(demo, story->next - 10 * MINUTE)), NULL);
    demo_after(demo, story, HOUR, DAY);
    return good;
}
static bool triage(struct demo *demo, struct story *story)
{
    static const char *const severities[] = {"low", "low", "medium", "medium", "high", "severe"};
    bool good = demo_step(demo, "hso", story->next, story->number, "triage", demo_fields(demo, "{'classification':'%s','severity':'%s','personal-data':'not-involved'}", story->other, DEMO_PICK(demo, severities)), NULL);
    demo_after(demo, story, HOUR, 2 * DAY);
    return good;
}
static bool initial_report(struct demo *demo, struct story *story)
{
    bool good = demo_step(demo, "hso", story->next, story->number, "send-initial-report", demo_fields(demo, "{'initial-report-sent':'%s'}", demo_time(demo, story->next - 5 * MINUTE)), NULL);
    demo_after(demo, story, HOUR, 2 * DAY);
    return good;
}
/* Those who handle the technical side of an ICT incident become members of its file. */
static void admit(struct demo *demo, const struct story *story)
{
    static const char *const admitted[] = {"ops", "ism", "ict"};
    const char *file = demo_file(demo, "hso", story->next, "incident", story->number);
    for (size_t i = 0; file && i < sizeof admitted / sizeof *admitted; i++)
        (void)demo_create(demo, "hso", story->next, "membership", NULL, demo_fields(demo, "{'file':'%s','person':'%s','need':'Handles the technical side of this incident.','from':'%s'}",
            file, demo_holder(demo, admitted[i]), demo_time(demo, story->next)));
}
static bool assign(struct demo *demo, struct story *story)
{
    bool good = demo_step(demo, "hso", story->next, story->number, "assign", demo_fields(demo, "{'investigator':'%s'}", demo_holder(demo, "inv")), NULL);
    if (str_eq(story->other, "ict-incident"))
        admit(demo, story);
    demo_after(demo, story, 3 * DAY, 12 * DAY);
    return good;
}
static bool conclude(struct demo *demo, struct story *story)
{
    static const char *const findings[] = {"infraction", "infraction", "breach", "compromise-possible"}, *const causes[] = {"carelessness", "ignorance", "overload", "process", "equipment"};
    const char *finding = DEMO_PICK(demo, findings);
    story->grave = str_eq(finding, "compromise-possible");
    bool good = demo_step(demo, "inv", story->next, story->number, "conclude", demo_fields(demo, "{'finding':'%s','cause':'%s','damage':'%s','conclusions':'The course of events is established; those concerned were heard.'}",
        finding, DEMO_PICK(demo, causes), story->grave ? "limited" : "none"), NULL);
    demo_after(demo, story, DAY, 4 * DAY);
    return good;
}
static bool inform(struct demo *demo, struct story *story)
{
    bool good = !story->grave || demo_step(demo, "hso", story->next, story->number, "inform-originator", demo_fields(demo, "{'originator-informed-on':'%s','originator-informed-how':'Letter of the security office'}", demo_day(demo, story->next)), NULL);
    demo_after(demo, story, HOUR, DAY);
    return good;
}
static bool decide(struct demo *demo, struct story *story)
{
    bool good = demo_step(demo, "hso", story->next, story->number, "decide-measures", demo_fields(demo, "{'measures-decided':'Retraining of the section and a check of the lock-up routine.'}"), NULL);
    demo_after(demo, story, HOUR, 2 * DAY);
    return good;
}
static bool order(struct demo *demo, struct story *story)
{
    const char *owner = demo->persons[10];     /* the holder behind "ict" */
    story->other = demo_create(demo, "hso", story->next, "corrective-measure", NULL, demo_fields(demo, "{'incident':'%s','what':'Retrain the section concerned','kind':'training','owner':'%s','due-date':'%s'}",
        story->number, owner, demo_day(demo, story->next + 30 * DAY)));
    demo_after(demo, story, 5 * DAY, 30 * DAY);
    return story->other;
}
static bool finish(struct demo *demo, struct story *story)
{
    bool good = demo_step(demo, "ict", story->next, story->other, "finish", demo_fields(demo, "{'done-on':'%s','proof':'List of attendance signed by all.'}", demo_day(demo, story->next)), NULL);
    demo_after(demo, story, DAY, 8 * DAY);
    return good;
}
static bool verify(struct demo *demo, struct story *story)
{
    bool good = demo_step(demo, "ssl", story->next, story->other, "verify", demo_fields(demo, "{'effectiveness':'effective','verified-on':'%s','verification':'List seen, two persons questioned.'}", demo_day(demo, story->next)), NULL);
    demo_after(demo, story, DAY, 5 * DAY);
    return good;
}
static bool close_case(struct demo *demo, struct story *story)
{
    return demo_two(demo, "hso", "ssl", story->next, story->number, "close", demo_fields(demo, "{'closing-note':'The lesson is part of the next briefing.'}"), NULL);
}

static bool (*const incident_stages[])(struct demo *, struct story *) = {report, contain, triage, initial_report, assign, conclude, inform, decide, order, finish, verify, close_case};
#define INCIDENT_STAGES (sizeof incident_stages / sizeof *incident_stages)
static bool incident(struct demo *demo, struct story *story) { return incident_stages[story->stage](demo, story); }

/* ---- documents and instructions ---- */

static bool document(struct demo *demo, struct story *story)
{
    static const char *const subjects[] = {"Assessment of the northern flank", "Concept for the exercise", "Minutes of the committee", "Interconnection of the headquarters network", "Threat to the summit", "Plan for the relocation", "Inspection of the registry"};
    static const char *const kinds[] = {"report", "letter", "plan", "minutes", "assessment"}, *const classes[] = {"CONFIDENTIAL", "SECRET", "SECRET"}, *const eu_classes[] = {"CONFIDENTIEL UE/EU CONFIDENTIAL", "SECRET UE/EU SECRET"};
    if (story->stage == 0) {
        const char *subject = DEMO_PICK(demo, subjects);
        const char *label = demo_chance(demo, 25) ? demo_label(demo, "EU", DEMO_PICK(demo, eu_classes)) : demo_label(demo, "NATO", DEMO_PICK(demo, classes));
        story->number = demo_create(demo, "reg", story->next, "document", label, demo_fields(demo, "{'title':'%s','reference':'DHQ/%zu/%04zu','kind':'%s','originator':'%s','dated':'%s'}",
            subject, 2000 + demo_below(demo, 90), demo_below(demo, 10000), DEMO_PICK(demo, kinds), demo->units[demo_below(demo, 13)], demo_day(demo, story->next - 5 * DAY)));
        demo_after(demo, story, 10 * MINUTE, HOUR);
        return story->number;
    }
    bool good = demo_create(demo, "reg", story->next, "document-copy", NULL, demo_fields(demo, "{'document':'%s','control-number':'%s/%u','copy-number':%u,'medium':'paper'}", story->number, story->number + 4, story->stage, story->stage));
    demo_after(demo, story, 2 * MINUTE, HOUR);
    return good;
}

static bool instruction(struct demo *demo, struct story *story)
{
    static const char *const titles[] = {"Opening and closing of security containers", "Reporting of security incidents", "Escort of visitors", "Use of removable media", "Travel with classified documents", "Conduct in technically secured areas", "Clean desk", "Handling of COMSEC items"};
    static const char *const kinds[] = {"sop", "policy", "regulation", "secops"};
    moment at = story->next;
    switch (story->stage) {
    case 0: {
        size_t n = demo_below(demo, sizeof titles / sizeof *titles);
        story->number = demo_create(demo, "hso", at, "instruction", demo_label(demo, "OFFICE-PUBLIC", "INTERNAL"), demo_fields(demo, "{'title':'%s','series':'DHQ-SEC-%03zu','edition':1,'kind':'%s','change':'first','audience':'all',"
            "'text':'1. Purpose. This instruction says who does what.\\n\\n2. Duties. Everybody who works here follows it.\\n\\n3. Reports go to the duty officer at once.','owner':'%s'}", titles[n], demo_below(demo, 1000), DEMO_PICK(demo, kinds), demo->persons[0]));
        break;
    }
    case 1:
        (void)demo_step(demo, "hso", at, story->number, "submit", NULL, NULL);
        break;
    default:
        (void)demo_two(demo, "hso", "ssl", at, story->number, "put-in-force", demo_fields(demo, "{'in-force-from':'%s','review-on':'%s'}", demo_day(demo, at), demo_day(demo, at + 300 * DAY)), NULL);
    }
    demo_after(demo, story, 2 * HOUR, 5 * DAY);
    return story->number;
}

static bool action(struct demo *demo, struct story *story)
{
    static const char *const what[] = {"Renew the list of container holders", "Check the alarm of the registry", "Brief the new delegation", "Replace worn door seals", "Update the duty roster", "Send the quarterly statistics"};
    static const char *const sources[] = {"meeting", "inspection", "lesson", "request"};
    moment at = story->next;
    if (story->stage == 0)
        story->number = demo_create(demo, "hso", at, "action", demo_label(demo, "OFFICE-PUBLIC", "INTERNAL"), demo_fields(demo, "{'what':'%s','arises-from':'%s','owner':'%s','due-date':'%s'}", DEMO_PICK(demo, what), DEMO_PICK(demo, sources),
            demo->persons[10], demo_day(demo, at + (moment)(10 + demo_below(demo, 50)) * DAY)));
    else if (story->stage == 1)
        (void)demo_step(demo, "ict", at, story->number, "finish", demo_fields(demo, "{'done-on':'%s','proof':'Done and recorded.'}", demo_day(demo, at)), NULL);
    else
        (void)demo_step(demo, "hso", at, story->number, "close", demo_fields(demo, "{'checked-on':'%s'}", demo_day(demo, at)), NULL);
    demo_after(demo, story, 3 * DAY, 25 * DAY);
    return story->number;
}

/* ---- the year ---- */

static const struct { bool (*go_on)(struct demo *, struct story *); size_t n; unsigned stages; unsigned full; } kinds_of_story[] = {
    {incident, 170, INCIDENT_STAGES, 70}, {document, 110, 4, 100}, {instruction, 24, 3, 80}, {action, 60, 3, 60},
    {demo_alert, 150, 3, 97}, {demo_log_review, 36, 2, 90}, {demo_hunt, 14, 5, 60}, {demo_filter, 8, 2, 75}, {demo_rule_set, 4, 2, 75}};

#define STORIES_MOST 700

enum status demo_year(struct demo *demo)
{
    struct story *stories = ARENA_ARRAY(demo->arena, struct story, STORIES_MOST);
    size_t n = 0;
    for (size_t k = 0; k < sizeof kinds_of_story / sizeof *kinds_of_story; k++)
        for (size_t i = 0; i < kinds_of_story[k].n; i++) {
            unsigned stages = kinds_of_story[k].stages;
            stories[n++] = (struct story){.next = demo->now - 360 * DAY + (moment)demo_below(demo, 359 * 24 * 60) * MINUTE, .go_on = kinds_of_story[k].go_on,
                                          .last = demo_chance(demo, kinds_of_story[k].full) ? stages : 1 + (unsigned)demo_below(demo, stages)};
        }
    for (size_t done = 0;; done++) {
        struct story *first = NULL;
        for (size_t i = 0; i < n; i++)
            if (!first || stories[i].next < first->next)
                first = &stories[i];
        if (!first || first->next >= demo->now - 2 * HOUR)
            return OK;
        if (!first->go_on(demo, first) || ++first->stage >= first->last)
            first->next = MOMENT_EVER;
        if (done % 100 == 0)
            cli_progress("changes", done, done + 1);
    }
}
