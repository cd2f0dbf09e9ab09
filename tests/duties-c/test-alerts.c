/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Hits become alerts: grouped, at once, under the high-water mark, counted exactly, also over a crash; a storm of hits makes few changes;
 * a settled alert takes in no more.
 */
#include <string.h>
#include <sys/resource.h>

#include "base/text.h"
#include "fixture.h"
#include "tap.h"
#include "watch/alerts/alerts.h"
#include "watch/alerts/carry.h"

static struct fixture f;
static struct arena *memory, *scratch;
static struct alerts *alerts;
static struct reasons reasons;
static const char *low, *high;

static void begin(void)
{
    arena_clear(memory);
    reasons_init(&reasons, scratch);
    alerts = alerts_open(f.office, memory, &reasons);
}
static void crash(void)
{
    fixture_reopen(&f);
    begin();
}

static struct watch_guard guard(const char *const *labels, size_t n, const char *source) { return (struct watch_guard){.labels = labels, .n_labels = n, .source = source}; }
static struct watch_hit hit(const struct watch_guard *of, const char *rule, uint64_t seq, moment time, const char *entity)
{
    static const char *const tags[] = {"attack.execution", "attack.t1059.001", "attack.t1547"};
    return (struct watch_hit){.guard = of, .rule_id = rule, .rule_title = "Encoded command line", .level = SIGMA_HIGH, .tags = tags, .n_tags = 3, .seq = seq, .time = time, .entity = entity,
                              .event = "{\"Computer\":\"WS-0417\",\"CommandLine\":\"powershell -enc AAAA\"}", .event_len = 58};
}
static enum status take(const struct watch_hit *hits, size_t n)
{
    arena_clear(scratch);
    reasons_init(&reasons, scratch);
    return alerts_take(alerts, hits, n, f.now, scratch, &reasons);
}
static enum status flush(bool all)
{
    arena_clear(scratch);
    reasons_init(&reasons, scratch);
    return alerts_flush(alerts, all, f.now, scratch, &reasons);
}

/* What a reader finds, newest first. */
static struct page_of found(const char *login)
{
    struct query query = {.register_ = "alert", .limit = 1000};
    struct page_of page = {0};
    struct reasons why;
    reasons_init(&why, f.arena);
    const struct reader *reader = fixture_reader(&f, login);
    if (office_find(f.office, reader, &query, f.arena, &why, &page) != OK)
        page.n_rows = 0;
    reader_free(reader);
    return page;
}
static struct record_view one(const char *login, const char *number)
{
    struct record_view view = {0};
    const struct reader *reader = fixture_reader(&f, login);
    if (office_get(f.office, reader, "alert", number, f.arena, &view) != OK)
        view.number = NULL;
    reader_free(reader);
    return view;
}
static int64_t number(const struct record_view *view, const char *field) { return val_get_int(view->fields, field, -1); }

static void grouping(void)
{
    const char *both[] = {low, high};
    struct watch_guard g = guard(both, 2, NULL), h = guard(&low, 1, NULL);
    struct watch_hit hits[] = {hit(&g, "r1", 1, f.now - MINUTE, "WS-0417"), hit(&g, "r1", 2, f.now, "ws-0417"), hit(&g, "r2", 2, f.now, "WS-0417"), hit(&h, "r1", 3, f.now, "WS-0417"), hit(&g, "r1", 4, f.now, NULL)};
    hits[4].event = "{\"x\":1,\"Computer\":[\"WS-0999\",\"b\"]}";
    hits[4].event_len = strlen(hits[4].event);
    ok(take(hits, 5) == OK, "hits are taken");
    struct alerts_counts counts = alerts_counts(alerts);
    is_int(counts.raised, 4, "rule, entity without regard to case, and guard make a group: four alerts, at once");
    is_int(counts.changes, 4, "and no more changes than alerts");
    struct page_of all = found("ict"), few = found("low2");
    is_int(all.n_rows, 4, "who may read the higher label reads all");
    is_int(few.n_rows, 1, "who may read the lower one reads the alert of the source below alone");
    struct record_view view = {0}, cut = {0};
    for (size_t i = 0; i < all.n_rows; i++) {
        if (number(&all.rows[i], "events") == 2)
            view = all.rows[i];
        if (str_eq(val_get_str(all.rows[i].fields, "entity"), "WS-0999"))
            cut = all.rows[i];
    }
    ok(view.number && number(&view, "risk") == 50 && number(&view, "first-seen") == f.now - MINUTE && number(&view, "last-seen") == f.now, "two hits of one group are two events of one alert");
    is(val_get_str(view.fields, "techniques"), "T1059.001, T1547", "techniques come from the tags");
    is(val_get_str(view.fields, "level"), "high", "the level is the rule's");
    ok(view.label && str_eq(label_write(view.label, f.arena), high), "the label is the high-water mark of source and rules");
    ok(cut.number != NULL, "an entity that the worker has not told is taken from the event");
    if (!view.number)
        return;
    f.now += SECOND;
    struct watch_hit more[] = {hit(&g, "r1", 2, f.now, "WS-0417"), hit(&g, "r1", 5, f.now, "WS-0417")};
    ok(take(more, 2) == OK && alerts_counts(alerts).changes == 4, "further hits are gathered, and the one that was counted before is not again");
    ok(flush(false) == OK && alerts_counts(alerts).changes == 4, "nothing is written before its time");
    f.now += 3 * SECOND;
    ok(alerts_due(alerts) <= f.now && flush(false) == OK, "then it is");
    struct record_view now = one("ict", view.number);
    ok(now.number && number(&now, "events") == 3 && number(&now, "last-seen") == f.now - 3 * SECOND, "the count and the time of the last event have moved");
    const struct val *evidence = val_get(now.fields, "evidence"), *meta;
    const void *bytes;
    size_t len;
    is_int(val_count(evidence), 1, "the first events are kept as evidence");
    const struct reader *reader = fixture_reader(&f, "ict");
    ok(office_attachment(f.office, reader, view.number, "evidence", 0, f.arena, &meta, &bytes, &len) == OK && len > 58 && memmem(bytes, len, "powershell", 10),
       "and read as they came");
    reader_free(reader);
    ok(alerts_due(alerts) == MOMENT_EVER, "and nothing is left to do");
}

static void crashing(void)
{
    struct watch_guard g = guard(&low, 1, NULL);
    struct watch_hit hits[40];
    for (unsigned i = 0; i < 40; i++)
        hits[i] = hit(&g, "crash", 100 + i, f.now + i, i % 2 ? "A" : "B");
    ok(take(hits, 10) == OK && take(hits + 10, 10) == OK, "twenty hits of two entities");
    crash();
    ok(take(hits + 4, 20) == OK, "after a crash some come again, with more");
    ok(flush(true) == OK, "all is written");
    crash();
    ok(take(hits + 10, 30) == OK && flush(true) == OK, "and once more");
    int64_t events = 0;
    size_t n = 0;
    struct page_of all = found("ict");
    for (size_t i = 0; i < all.n_rows; i++)
        if (str_eq(val_get_str(all.rows[i].fields, "rule-id"), "crash"))
            n++, events += number(&all.rows[i], "events");
    is_int(n, 2, "two alerts, before and after");
    is_int(events, 40, "and each event was counted once");
}

static void storm(void)
{
    struct watch_guard g = guard(&low, 1, NULL);
    static struct watch_hit hits[1000];
    struct alerts_counts before = alerts_counts(alerts), after;
    char names[1000][12];
    struct rusage from, to;
    getrusage(RUSAGE_SELF, &from);
    uint64_t seq = 10000;
    for (unsigned round = 0; round < 100; round++) {               /* ten seconds of 10,000 hits a second */
        for (unsigned i = 0; i < 1000; i++)
            hits[i] = hit(&g, "storm", ++seq, f.now, "SRV-1");
        if (take(hits, 1000) != OK || flush(false) != OK)
            break;
        f.now += 100;
    }
    ok(flush(true) == OK, "a rule that fires 10,000 times a second, for ten seconds");
    getrusage(RUSAGE_SELF, &to);
    after = alerts_counts(alerts);
    is_int(after.hits - before.hits, 100000, "all are taken");
    ok(after.changes - before.changes <= 8, "makes %llu changes", (unsigned long long)(after.changes - before.changes));
    double us = ((double)(to.ru_utime.tv_sec - from.ru_utime.tv_sec) * 1e6 + (double)(to.ru_utime.tv_usec - from.ru_utime.tv_usec)) / 100000;
    printf("# %.2f us of processor time a hit\n", us);
    before = after;
    for (unsigned round = 0; round < 10; round++) {
        for (unsigned i = 0; i < 1000; i++) {
            snprintf(names[i], sizeof names[i], "WS-%u", (round * 1000 + i) % 7919);
            hits[i] = hit(&g, "everywhere", ++seq, f.now, names[i]);
        }
        if (take(hits, 1000) != OK || flush(false) != OK)
            break;
        f.now += 100;
    }
    ok(flush(true) == OK, "a rule that fires for thousands of hosts");
    after = alerts_counts(alerts);
    is_int(after.raised - before.raised, 51, "raises alerts for fifty, and one for the others");
    ok(after.changes - before.changes <= 51 * 3, "in %llu changes", (unsigned long long)(after.changes - before.changes));
    int64_t events = 0;
    struct page_of all = found("ict");
    for (size_t i = 0; i < all.n_rows; i++)
        if (str_eq(val_get_str(all.rows[i].fields, "rule-id"), "everywhere"))
            events += number(&all.rows[i], "events");
    is_int(events, 10000, "in which no event is missing");
    crash();
    before = alerts_counts(alerts);
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(names[i], sizeof names[i], "NEW-%u", i);
        hits[i] = hit(&g, "everywhere", ++seq, f.now, names[i]);
    }
    ok(take(hits, 1000) == OK && flush(true) == OK, "a restart");
    is_int(alerts_counts(alerts).raised, 0, "gives none of the others an alert of its own");
}

/* More groups than memory holds: it is emptied in between, and still no event is lost or told twice. */
static void many_groups(void)
{
    struct watch_guard g = guard(&low, 1, NULL);
    static struct watch_hit hits[ALERT_GROUPS_MOST + 500];
    static char rules[ALERT_GROUPS_MOST + 500][16];
    size_t n = tap_soak(ALERT_GROUPS_MOST + 500, 300);
    for (size_t i = 0; i < n; i++) {
        snprintf(rules[i], sizeof rules[i], "many-%zu", i);
        hits[i] = hit(&g, rules[i], 200000 + i, f.now, "H");
    }
    struct alerts_counts before = alerts_counts(alerts);
    ok(take(hits, n) == OK && flush(true) == OK, "as many groups as there are rules");
    is_int(alerts_counts(alerts).raised - before.raised, n, "are as many alerts");
}

static const char *number_of_rule(const char *rule, const char *state)
{
    struct page_of all = found("ict");
    for (size_t i = 0; i < all.n_rows; i++)
        if (str_eq(val_get_str(all.rows[i].fields, "rule-id"), rule) && str_eq(all.rows[i].state->name, state))
            return all.rows[i].number;
    return NULL;
}

static void settled(void)
{
    struct watch_guard g = guard(&low, 1, NULL);
    struct watch_hit first = hit(&g, "settle", 300000, f.now, "H"), second = hit(&g, "settle", 300001, f.now, "H"), third = hit(&g, "settle", 300002, f.now, "H");
    ok(take(&first, 1) == OK, "a hit");
    const char *alert = number_of_rule("settle", "new");
    ok(alert && fixture_step(&f, "ict", alert, "settle", "{\"cause\":\"test\",\"conclusion\":\"An exercise.\"}") == OK, "whose alert is settled");
    ok(take(&second, 1) == OK && flush(true) == OK, "another hit, gathered before");
    struct record_view view = one("ict", alert ? alert : "");
    ok(view.number && number(&view, "events") == 1, "leaves the settled alert alone");
    ok(number_of_rule("settle", "new") != NULL, "and begins a new one");
    f.now += 30 * HOUR;
    third.time = f.now;
    ok(take(&third, 1) == OK, "a hit beyond the window");
    size_t n = 0;
    struct page_of all = found("ict");
    for (size_t i = 0; i < all.n_rows; i++)
        n += str_eq(val_get_str(all.rows[i].fields, "rule-id"), "settle");
    is_int(n, 3, "begins a new alert, too");
}

static void refused(void)
{
    const char *top = fixture_label(&f, "NATO", "TOP SECRET"), *eu = fixture_label(&f, "EU", "RESTREINT UE/EU RESTRICTED");
    const char *both[] = {low, eu ? eu : low};
    struct watch_guard above = guard(&top, 1, NULL), mixed = guard(both, 2, NULL), good = guard(&low, 1, NULL);
    struct alerts_counts before = alerts_counts(alerts);
    struct watch_hit hits[] = {hit(&good, "fine", 400000, f.now, "A"), hit(&above, "above", 400001, f.now, "A"), hit(&mixed, "mixed", 400002, f.now, "A"), hit(&good, "fine", 400003, f.now, "B")};
    ok(top && take(hits, 4) == OK, "hits of which two can be no alert");
    is_int(alerts_counts(alerts).refused - before.refused, eu ? 2 : 1, "are counted as refused");
    is_int(alerts_counts(alerts).raised - before.raised, eu ? 2 : 3, "and take nothing with them");
    ok(reasons.count >= 1, "and it is said why");
}

/* The incident that takes an alert over has its events, under its own label, once. */
static void carried(void)
{
    struct watch_guard g = guard(&high, 1, NULL);
    struct watch_hit first = hit(&g, "carry", 500000, f.now, "H");
    const char *incident = NULL, *below = NULL;
    ok(take(&first, 1) == OK && flush(true) == OK, "a hit with its event");
    const char *alert = number_of_rule("carry", "new");
    ok(fixture_create(&f, "ict", "incident", high, "{\"summary\":\"Shell\",\"family\":\"ict\",\"detected\":\"2027-03-01T07:40Z\"}", &incident) == OK &&
       fixture_create(&f, "ict", "incident", low, "{\"summary\":\"Lower\",\"family\":\"ict\",\"detected\":\"2027-03-01T07:40Z\"}", &below) == OK, "two incidents");
    if (!alert || !incident || !below)
        return;
    reasons_init(&reasons, scratch);
    ok(alert_carry(f.office, alert, incident, f.now, scratch, &reasons) == ABSENT, "which have nothing to do with it get nothing");
    ok(fixture_step(&f, "ict", alert, "hand-over", arena_printf(f.arena, "{\"incident\":\"%s\",\"conclusion\":\"See there.\"}", incident)) == OK, "handed over");
    ok(alert_carry(f.office, alert, incident, f.now, scratch, &reasons) == OK && alert_carry(f.office, alert, incident, f.now, scratch, &reasons) == OK, "the events go along, asked twice");
    struct record_view from = one("ict", alert), to = {0};
    const struct reader *reader = fixture_reader(&f, "hso");
    const struct val *meta = NULL;
    const void *bytes = NULL;
    size_t len = 0;
    bool read = office_get(f.office, reader, "incident", incident, f.arena, &to) == OK;
    const struct val *there = read ? val_get(to.fields, "evidence") : NULL;
    is_int(val_count(there), 1, "once");
    is(val_get_str(val_at(there, 0), "sha256"), val_get_str(val_at(val_get(from.fields, "evidence"), 0), "sha256"), "with the hash that they had");
    ok(str_starts(val_get_str(val_at(there, 0), "name"), alert), "and the alert's number");
    ok(office_attachment(f.office, reader, incident, "evidence", 0, f.arena, &meta, &bytes, &len) == OK && memmem(bytes, len, "powershell", 10), "and are read there");
    reader_free(reader);
    ok(fixture_step(&f, "ism", alert, "reopen", "{}") == OK && fixture_step(&f, "ict", alert, "hand-over", arena_printf(f.arena, "{\"incident\":\"%s\"}", below)) == OK, "handed over to the lower one");
    reasons_init(&reasons, scratch);
    enum status status = alert_carry(f.office, alert, below, f.now, scratch, &reasons);
    ok(status == REFUSED && reasons.first && str_eq(reasons.first->rule, "watch.incident-below"), "nothing goes below its label");
}

int main(void)
{
    tap_seed();
    memory = arena_new((size_t)64 << 20);
    scratch = arena_new((size_t)512 << 20);
    fixture_new_with(&f, "[{\"login\":\"low2\",\"name\":\"Smit\",\"given-name\":\"Jan\",\"nationality\":\"NLD\",\"email\":\"low2@hq.example\",\"posts\":[{\"post\":\"ict-security-support\","
                         "\"from\":\"2026-01-01\",\"until\":\"2030-01-01\"}],\"clearances\":[]}]");
    low = fixture_label(&f, "NATO", "RESTRICTED");
    high = fixture_label(&f, "NATO", "CONFIDENTIAL");
    if (!low || !high)
        return 2;
    begin();
    ok(alerts != NULL, "the pack in force knows how alerts are raised");
    grouping();
    crashing();
    storm();
    many_groups();
    settled();
    refused();
    carried();
    fixture_free(&f);
    arena_free(scratch);
    arena_free(memory);
    return tap_done();
}
