/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the demonstration's watch has just seen: alerts raised from hits as detection raises them, with their events as evidence, so that the live
 * board has something to triage on the first day.
 */
#include <string.h>

#include "cli/demo/demo.h"
#include "watch/alerts/alerts.h"

static const struct { const char *rule, *title, *tag, *entity, *event; unsigned source, level, hours, events; } seen[] = {
    {"5af54681-df95-4c26-854f-2565e13cfab0", "Event log cleared", "attack.t1070.001", "SRV-FILE-01", "{\"Channel\":\"Security\",\"Computer\":\"SRV-FILE-01\",\"EventID\":\"1102\",\"SubjectUserName\":\"adm-kowal\"}", 0, SIGMA_CRITICAL, 2, 1},
    {"f0540f7e-2db3-4432-b9e0-3965486744bc", "Encoded command line of a shell", "attack.t1059.001", "WS-0417", "{\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"Computer\":\"WS-0417\",\"EventID\":\"1\",\"CommandLine\":\"powershell -nop -enc SQBFAFgA\",\"User\":\"HQ\\\\m.ozturk\"}", 1, SIGMA_HIGH, 3, 14},
    {"e98374a6-e2d9-4076-9b5c-11bdb2569995", "Many failed logons, then one that succeeded", "attack.t1110.003", "adm-kowal", "{\"Channel\":\"Security\",\"Computer\":\"DC-1\",\"EventID\":\"4625\",\"TargetUserName\":\"adm-kowal\",\"IpAddress\":\"10.20.3.41\"}", 0, SIGMA_HIGH, 5, 212},
    {"93ff0ceb-e0ef-4586-8cd8-a6c277d738e3", "Scheduled task on a server", "attack.t1053.005", "SRV-REG-02", "{\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"Computer\":\"SRV-REG-02\",\"EventID\":\"1\",\"CommandLine\":\"schtasks /create /sc daily\"}", 1, SIGMA_MEDIUM, 9, 3},
    {"93ff0ceb-e0ef-4586-8cd8-a6c277d738e3", "Scheduled task on a server", "attack.t1053.005", "SRV-FILE-01", "{\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"Computer\":\"SRV-FILE-01\",\"EventID\":\"1\",\"CommandLine\":\"schtasks /create /sc onlogon\"}", 1, SIGMA_MEDIUM, 20, 1},
    {"1fc0809e-06bf-4de3-ad52-25e5263b7623", "Name resolution of a known command channel", "attack.t1071.004", "WS-0233", "{\"id.orig_h\":\"10.20.7.33\",\"host\":\"WS-0233\",\"query\":\"a9f3.update-cdn.example\",\"qtype_name\":\"TXT\"}", 6, SIGMA_HIGH, 27, 1904},
    {"c4ff1eac-84ad-44dd-a6fb-d56a92fc43a9", "Transfer to the lower side above the usual volume", "attack.t1048", "GW-CDS-1", "{\"host\":\"GW-CDS-1\",\"direction\":\"down\",\"bytes\":\"184549376\"}", 5, SIGMA_MEDIUM, 31, 6},
    {"4b7c1a0e-6f0e-4b39-a6dd-52b1a0a9bb35", "Removable medium on a workstation of the registry", "attack.t1091", "WS-0102", "{\"Channel\":\"System\",\"Computer\":\"WS-0102\",\"EventID\":\"20001\"}", 1, SIGMA_LOW, 50, 2},
    {"60d8f2a1-8ae2-4e58-8e27-4b1b0d6b9a11", "Administrator logs on outside working hours", "attack.t1078", "adm-kowal", "{\"Channel\":\"Security\",\"Computer\":\"SRV-FILE-01\",\"EventID\":\"4624\",\"TargetUserName\":\"adm-kowal\"}", 0, SIGMA_LOW, 76, 4},
    {"7f43c430-5001-4f8b-aaa9-c3b88f18fa5c", "Audit rules changed", "attack.t1562", "SRV-REG-02", "{\"type\":\"CONFIG_CHANGE\",\"node\":\"SRV-REG-02\",\"auid\":\"1007\"}", 7, SIGMA_MEDIUM, 120, 1},
};

enum status demo_seen(struct demo *demo)
{
    const char *labels[] = {demo_label(demo, "NATO", "RESTRICTED")};
    struct arena *memory = arena_new((size_t)32 << 20);
    struct alerts *watch = memory && demo->n_sources > 7 && demo->n_systems ? alerts_open(demo->office, memory, demo->reasons) : NULL;
    enum status status = watch ? OK : FAILED_IO;
    for (size_t i = 0; status == OK && i < sizeof seen / sizeof *seen; i++) {
        struct watch_guard guard = {.labels = labels, .n_labels = 1, .source = demo->sources[seen[i].source], .system = demo->systems[seen[i].source % demo->n_systems]};
        struct watch_hit hit = {.guard = &guard, .rule_id = seen[i].rule, .rule_title = seen[i].title, .level = (enum sigma_level)seen[i].level, .tags = &seen[i].tag, .n_tags = 1,
                                .entity = seen[i].entity, .event = seen[i].event, .event_len = strlen(seen[i].event)};
        for (unsigned n = 0; status == OK && n < seen[i].events; n++) {
            hit.time = demo->now - (moment)seen[i].hours * HOUR + (moment)n * 17 * SECOND;
            status = alerts_take(watch, &hit, 1, demo->now, demo->arena, demo->reasons);
        }
    }
    if (status == OK)
        status = alerts_flush(watch, true, demo->now, demo->arena, demo->reasons);
    arena_free(memory);
    return status;
}
