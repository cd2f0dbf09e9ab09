/* SPDX-License-Identifier: GPL-3.0-or-later
 * Monitoring in the demonstration: sources and plans first, then a year of alerts, reviews, hunts, filters and rule sets. One source
 * has fallen silent and is suspended; one waits for the data protection officer.
 */
#include "cli/demo/demo.h"

static const struct { const char *name, *format, *personal, *carries; } sources[] = {
    {"Windows security log of the domain controllers", "evtx", "involved", "Logons, account changes, use of privileges."},
    {"Sysmon on workstations", "evtx", "involved", "Processes, network connections, files."},
    {"Mail gateway", "syslog", "involved", "Senders, recipients, verdicts of the filters."},
    {"Firewall FW-LYNX", "cef", "suspected", "Connections allowed and refused at the edge."},
    {"Web proxy", "access", "involved", "Requests with account and address."},
    {"Cross-domain gateway", "json", "not-involved", "Transfers, decisions, sanitising results."},
    {"Network sensor, server room", "zeek", "suspected", "Connections, DNS, certificates."},
    {"Registry servers", "auditd", "involved", "Commands and file access of administrators."},
    {"Intranet servers", "w3c", "suspected", "Requests to the intranet."},
    {"SIEM of the information division", "siem", "suspected", "Alerts raised by the SIEM of the information division."},
    {"Key management stations", "syslog", "not-involved", "State and alarms."},
    {"Telephone exchange", "syslog", "suspected", "State of trunks and alarms."},
};
#define SOURCES (sizeof sources / sizeof *sources)

static bool is_personal(size_t i) { return sources[i].personal[0] != 'n'; }

static void source(struct demo *demo, size_t i, moment at)
{
    const char *number = demo_create(demo, "ism", at, "log-source", demo_label(demo, "NATO", "RESTRICTED"), demo_fields(demo,
        "{'name':'%s','system':'%s','format':'%s','carries':'%s','keeper':'%s','personal-data':'%s','purpose':'Detection and investigation of security incidents; no supervision of performance.','keep-for':'%s','silent-after':'24h'}",
        sources[i].name, demo->systems[i % demo->n_systems], sources[i].format, sources[i].carries, demo_holder(demo, "ict"), sources[i].personal, is_personal(i) ? "90d" : "12mo"));
    if (!number)
        return;
    demo->sources[demo->n_sources++] = number;
    if (i + 1 == SOURCES)
        return;                                             /* still waits for approval */
    (void)demo_step(demo, is_personal(i) ? "dpo" : "ssl", at + DAY, number, is_personal(i) ? "approve-personal" : "approve",
                    demo_fields(demo, "{'approved-on':'%s'}", demo_day(demo, at + DAY)), NULL);
}

static void plan(struct demo *demo, size_t i, moment at)
{
    const char *number = demo_create(demo, "ism", at, "monitoring-plan", demo_label(demo, "NATO", "RESTRICTED"), demo_fields(demo,
        "{'name':'Monitoring of system %02zu','system':'%s','sources':['%s','%s'],'use-cases':'Logons outside working hours by administrators.\\n\\nNew services and scheduled tasks on servers.\\n\\nTransfers to the lower side above the usual volume.','operator':'%s','reviewer':'%s'}",
        i + 1, demo->systems[i], demo->sources[i % demo->n_sources], demo->sources[(i + 5) % demo->n_sources], demo_holder(demo, "ict"), demo_holder(demo, "eim")));
    if (!number)
        return;
    demo->plans[demo->n_plans++] = number;
    if (i < 6)
        (void)demo_two(demo, "ism", "ssl", at + DAY, number, "adopt", demo_fields(demo, "{'reviewed-on':'%s'}", demo_day(demo, at + DAY)), NULL);
}

enum status demo_watch(struct demo *demo)
{
    moment at = demo->now - 380 * DAY;
    demo->sources = ARENA_ARRAY(demo->arena, const char *, SOURCES);
    demo->plans = ARENA_ARRAY(demo->arena, const char *, 8);
    for (size_t i = 0; i < SOURCES && demo->n_systems; i++)
        source(demo, i, at + (moment)i * HOUR);
    for (size_t i = 0; i < 8 && i < demo->n_systems && demo->n_sources; i++)
        plan(demo, i, at + 3 * DAY + (moment)i * HOUR);
    if (demo->n_sources > 6)
        (void)demo_step(demo, "ism", at + 8 * DAY, demo->sources[6], "suspend", NULL, "No event since the sensor was moved.");
    demo_rules(demo, at + 9 * DAY);
    return OK;
}

/* ---- the year ---- */

static const struct { const char *title, *level, *origin, *technique, *entity; unsigned risk; } alerts[] = {
    {"Service installed outside a change window", "high", "watch", "T1543.003", "SRV-REG-02", 60},
    {"Many failed logons, then one that succeeded", "medium", "siem", "T1110.003", "adm-kowal", 40},
    {"Encoded command line of a shell", "high", "watch", "T1059.001", "WS-0417", 55},
    {"Event log cleared", "critical", "watch", "T1070.001", "SRV-FILE-01", 80},
    {"Removable medium on a workstation of the registry", "medium", "watch", "T1091", "WS-0102", 35},
    {"Transfer to the lower side above the usual volume", "medium", "siem", "T1048", "GW-CDS-1", 45},
    {"Account used from two places at once", "low", "siem", "T1078", "j.larsen", 20},
    {"Source without events for a day", "low", "watch", "", "SENSOR-3", 10},
    {"Name resolution of a known command channel", "high", "partner", "T1071.004", "WS-0233", 65},
};
#define ALERTS (sizeof alerts / sizeof *alerts)

bool demo_alert(struct demo *demo, struct story *story)
{
    static const char *const causes[] = {"benign-true", "benign-true", "false-alarm", "false-alarm", "test", "suspicious"}, *const people[] = {"ict", "eim", "ism"};
    moment at = story->next;
    const char *analyst = DEMO_PICK(demo, people);
    switch (story->stage) {
    case 0: {
        size_t n = demo_below(demo, ALERTS);
        struct val *fields = demo_fields(demo, "{'title':'%s','level':'%s','origin':'%s','entity':'%s','first-seen':'%s','last-seen':'%s','events':%zu,'risk':%u}", alerts[n].title, alerts[n].level, alerts[n].origin, alerts[n].entity,
            demo_time(demo, at - HOUR), demo_time(demo, at - 5 * MINUTE), 1 + demo_below(demo, 40), alerts[n].risk);
        if (*alerts[n].technique)
            val_set_str(demo->arena, fields, "techniques", alerts[n].technique);
        if (demo->n_sources)
            val_set_str(demo->arena, fields, "source", demo->sources[demo_below(demo, demo->n_sources)]);
        if (demo->n_systems)
            val_set_str(demo->arena, fields, "system", demo->systems[demo_below(demo, demo->n_systems)]);
        story->label = demo_label(demo, "NATO", demo_chance(demo, 70) ? "RESTRICTED" : "CONFIDENTIAL");
        story->other = alerts[n].title;
        story->grave = alerts[n].risk > 50 && demo_chance(demo, 15);
        story->number = demo_create(demo, "ict", at, "alert", story->label, fields);
        break;
    }
    case 1:
        (void)demo_step(demo, analyst, at, story->number, "take", demo_fields(demo, "{'analyst':'%s'}", demo_holder(demo, analyst)), NULL);
        break;
    default:
        if (story->grave) {                    /* an incident takes it over */
            const char *incident = demo_create(demo, "ict", at, "incident", story->label, demo_fields(demo, "{'family':'ict','detected':'%s','summary':'%s','narrative':'Found in triage; the events are kept as evidence.'}", demo_time(demo, at - HOUR), story->other));
            if (incident)
                (void)demo_step(demo, "ict", at + MINUTE, story->number, "hand-over", demo_fields(demo, "{'incident':'%s','conclusion':'Cannot be explained by any change.'}", incident), NULL);
            break;
        }
        (void)demo_step(demo, analyst, at, story->number, "settle", demo_fields(demo, "{'cause':'%s','conclusion':'Checked with the administrator on duty and against the change calendar.'}", DEMO_PICK(demo, causes)), NULL);
    }
    demo_after(demo, story, 10 * MINUTE, DAY);
    return story->number;
}

bool demo_log_review(struct demo *demo, struct story *story)
{
    static const char *const results[] = {"nothing", "nothing", "noted", "raised", "incomplete"};
    moment at = story->next;
    if (!demo->n_plans)
        return false;
    if (story->stage == 0)
        story->number = demo_create(demo, "ict", at, "log-review", demo_label(demo, "NATO", "RESTRICTED"), demo_fields(demo,
            "{'plan':'%s','period-begin':'%s','period-end':'%s','method':'Rates per source, new administrators, failed logons by account.','findings':'One service account failed to log on after its password had changed; the owner corrected it.'}",
            demo->plans[demo_below(demo, demo->n_plans)], demo_day(demo, at - 30 * DAY), demo_day(demo, at)));
    else
        (void)demo_step(demo, "ict", at, story->number, "sign", demo_fields(demo, "{'result':'%s','signed-on':'%s'}", DEMO_PICK(demo, results), demo_day(demo, at)), NULL);
    demo_after(demo, story, HOUR, 6 * DAY);
    return story->number;
}

bool demo_hunt(struct demo *demo, struct story *story)
{
    static const struct { const char *title, *hypothesis, *terms, *technique; } hunts[] = {
        {"Persistence through scheduled tasks", "An intruder who stole an administrator account keeps access by scheduled tasks on servers.", "schtasks /create", "T1053.005"},
        {"Tunnels over name resolution", "Data leave the network in names that are looked up.", "TXT queries of more than 120 characters", "T1071.004"},
        {"Remote tools that nobody ordered", "A supplier left a remote maintenance tool behind.", "AnyDesk\\nTeamViewer\\nScreenConnect", "T1219"},
        {"Shadow copies read", "Credentials were read from a shadow copy.", "vssadmin\\nntdsutil", "T1003.003"},
    };
    static const char *const triggers[] = {"intelligence", "incident", "gap", "routine", "tasking"}, *const verdicts[] = {"not-confirmed", "not-confirmed", "confirmed-benign", "inconclusive"};
    moment at = story->next;
    size_t n = demo_below(demo, sizeof hunts / sizeof *hunts);
    switch (story->stage) {
    case 0:
        story->number = demo_create(demo, "ops", at, "hunt", demo_label(demo, "NATO", demo_chance(demo, 50) ? "RESTRICTED" : "CONFIDENTIAL"), demo_fields(demo,
            "{'title':'%s','hypothesis':'%s','trigger':'%s','method':'hypothesis','techniques':'%s','looked-for':'%s','hunter':'%s'}", hunts[n].title, hunts[n].hypothesis, DEMO_PICK(demo, triggers), hunts[n].technique, hunts[n].terms, demo_holder(demo, "ict")));
        break;
    case 1: (void)demo_step(demo, "ops", at, story->number, "approve", NULL, NULL); break;
    case 2: (void)demo_step(demo, "ict", at, story->number, "begin", NULL, NULL); break;
    case 3:
        (void)demo_step(demo, "ict", at, story->number, "conclude", demo_fields(demo, "{'verdict':'%s','report':'All hits were explained by change requests; one source had a gap of two days.','data-gap':'Two days without events from one sensor.','products':['data-source']}", DEMO_PICK(demo, verdicts)), NULL);
        break;
    default: (void)demo_step(demo, "ops", at, story->number, "close", NULL, NULL);
    }
    demo_after(demo, story, DAY, 9 * DAY);
    return story->number;
}

bool demo_filter(struct demo *demo, struct story *story)
{
    moment at = story->next;
    if (story->stage == 0)
        story->number = demo_create(demo, "ict", at, "detection-filter", demo_label(demo, "NATO", "RESTRICTED"), demo_fields(demo,
            "{'title':'Backup agent starts its shell','rule-id':'00000000-0000-4000-8000-000000000417','definition':'title: Backup agent\\nlogsource:\\n  product: windows\\n  category: process_creation\\nfilter:\\n  rules:\\n    - 00000000-0000-4000-8000-000000000417\\n  selection:\\n    ParentImage|endswith: backup-agent.exe\\n  condition: not selection\\n',"
            "'why':'The agent is on the list of approved software and starts a shell every night.','owner':'%s','ends-on':'%s'}", demo_holder(demo, "ism"), demo_day(demo, at + 150 * DAY)));
    else
        (void)demo_two(demo, "ict", "ism", at, story->number, "adopt", demo_fields(demo, "{'in-force-on':'%s'}", demo_day(demo, at)), NULL);
    demo_after(demo, story, HOUR, 3 * DAY);
    return story->number;
}
