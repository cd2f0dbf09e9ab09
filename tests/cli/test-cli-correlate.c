/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Correlations of a scan: what waits is bounded and loses nothing that is within the lateness; what a jail sends is checked, byte for byte.
 */
#include <stdio.h>
#include <string.h>

#include "cli/scan_correlate.h"
#include "tap.h"

static const char rules[] =
    "title: a\nname: a\nlogsource: {product: x}\ndetection:\n  s: {A: 1}\n  condition: s\n---\ntitle: k\nname: k\ncorrelation:\n  type: event_count\n"
    "  rules: [a]\n  group-by: [U]\n  timespan: 10s\n  condition: {gte: 3}\n";
static const char *const files[] = {"one", "two"};
struct heard { unsigned n; uint64_t record; char group[4096]; moment first, last; };

static void found(void *arg, const struct scan_hit *hit)
{
    struct heard *heard = arg;
    heard->n++;
    heard->record = hit->record;
    heard->first = hit->first;
    heard->last = hit->last;
    snprintf(heard->group, sizeof heard->group, "%s", hit->group_values[0]);
}

struct stage { struct arena *arena; struct fields *fields; struct sigma *sigma; struct scan_correlate *correlate; struct buf message; };

static bool open_stage(struct stage *s, int64_t lateness, size_t waiting)
{
    struct sigma_text text = {"c.yml", rules, strlen(rules)};
    *s = (struct stage){.arena = arena_new((size_t)1 << 30)};
    s->fields = fields_new(s->arena);
    buf_init(&s->message, 1 << 20);
    return sigma_compile(s->arena, s->fields, &text, 1, NULL, NULL, &s->sigma) == OK &&
           (s->correlate = scan_correlate_new(s->sigma, s->arena, lateness, waiting)) != NULL;
}

static void close_stage(struct stage *s)
{
    scan_correlate_free(s->correlate);
    sigma_free(s->sigma);
    buf_free(&s->message);
    arena_free(s->arena);
}

static bool pack(struct stage *s, moment time, uint64_t record, const char *group)
{
    static const char *const words[N_WORDS] = {"pc", "", ""};
    const size_t hits[] = {0};
    struct arena *scratch = arena_new(1 << 20);
    struct event event;
    event_init(&event, scratch);
    event.time = time;
    event.record = record;
    event_add(&event, fields_add(s->fields, "Other", 5), VALUE_TEXT, "o", 1);
    if (group)
        event_add(&event, fields_add(s->fields, "U", 1), VALUE_TEXT, group, strlen(group));
    bool packed = scan_correlate_pack(s->correlate, &event, hits, 1, words, &s->message);
    arena_free(scratch);
    return packed;
}

static bool send(struct stage *s, size_t input, moment time, uint64_t record, const char *group, struct heard *heard)
{
    return pack(s, time, record, group) && scan_correlate_take(s->correlate, input, files, s->message.data, s->message.len, found, heard);
}

static void order(void)
{
    struct stage s;
    struct heard heard = {0};
    ok(open_stage(&s, 0, 1 << 20), "events that wait");
    for (unsigned i = 0; i < 3; i++)
        ok(send(&s, 0, (moment)(30 - 4 * i) * SECOND, 100 + i, "x", &heard), "event %u, backwards in time", i);
    is_int(heard.n, 0, "all wait");
    scan_correlate_end(s.correlate, files, found, &heard);
    ok(heard.n == 1 && heard.record == 100 && heard.first == 22 * SECOND && heard.last == 30 * SECOND, "are counted in the order of their times, without any lateness");
    is_int(scan_correlate_counts(s.correlate).late, 0, "none came late");
    close_stage(&s);
}

/* Three streams through each other, with room for few: nothing that is within the lateness is lost, the rest is counted as late. */
static void little_room(void)
{
    struct stage s;
    struct heard heard = {0};
    unsigned sent = 0;
    ok(open_stage(&s, 20 * SECOND, 2000), "little room");
    for (unsigned i = 0; i < 300; i++)
        sent += send(&s, i % 2, (moment)(1000 + i - (i % 3) * 5) * SECOND, i + 1, i % 2 ? "x" : "X", &heard);
    ok(sent == 300 && heard.n > 0, "300 events, the first are counted before the last has come");
    send(&s, 0, 1001 * SECOND, 1, "y", &heard);
    scan_correlate_end(s.correlate, files, found, &heard);
    struct correlate_counts counts = scan_correlate_counts(s.correlate);
    ok(counts.updates == 300 && counts.late == 1, "those within the lateness are all counted, the one beyond is told (%llu, %llu)",
       (unsigned long long)counts.updates, (unsigned long long)counts.late);
    close_stage(&s);
}

static void long_groups(void)
{
    struct stage s;
    struct heard heard = {0};
    char one[5000], other[5000];
    memset(one, 'x', sizeof one);
    memset(other, 'x', sizeof other);
    one[sizeof one - 1] = other[sizeof other - 1] = 0;
    other[sizeof other - 2] = 'y';
    ok(open_stage(&s, 0, 1 << 20), "long values");
    for (unsigned i = 0; i < 3; i++)
        send(&s, 0, (moment)i * SECOND, i, i == 1 ? other : one, &heard);
    scan_correlate_end(s.correlate, files, found, &heard);
    is_int(heard.n, 0, "that differ at their ends alone are two groups");
    send(&s, 0, 3 * SECOND, 9, one, &heard);
    scan_correlate_end(s.correlate, files, found, &heard);
    ok(heard.n == 1 && strncmp(heard.group, "xxxx", 4) == 0 && strlen(heard.group) < 2100, "and equal ones are one, shown by its beginning");
    close_stage(&s);
}

static void foreign(void)
{
    struct stage s;
    struct heard heard = {0};
    unsigned taken = 0, short_taken = 0, longer = 0;
    size_t cases = tap_cases(200000);
    ok(open_stage(&s, HOUR, 1 << 16), "what a jail sends");
    ok(pack(&s, 5 * SECOND, 1, "user"), "one message");
    char *kept = malloc(s.message.len), *spoilt = malloc(s.message.len + 1);
    size_t len = s.message.len;
    memcpy(kept, s.message.data, len);
    for (size_t i = 0; i < len; i++) {                 /* in memory of that size alone: reading beyond it is found */
        char *cut = malloc(i ? i : 1);
        memcpy(cut, kept, i);
        short_taken += scan_correlate_take(s.correlate, 0, files, cut, i, found, &heard);
        free(cut);
    }
    is_int(short_taken, 0, "is refused when it is cut, wherever");
    memcpy(spoilt, kept, len);
    spoilt[len] = 0;
    longer = scan_correlate_take(s.correlate, 0, files, spoilt, len + 1, found, &heard);
    is_int(longer, 0, "and when more follows");
    for (size_t i = 0; i < cases; i++) {
        memcpy(spoilt, kept, len);
        for (unsigned k = 1 + (unsigned)tap_below(4); k; k--)
            spoilt[tap_below(len)] ^= (char)(1 << tap_below(8));
        taken += scan_correlate_take(s.correlate, tap_below(2), files, spoilt, len, found, &heard);
    }
    scan_correlate_end(s.correlate, files, found, &heard);
    ok(taken < cases, "%zu with bits turned: %u are messages still, and nothing breaks", cases, taken);
    free(kept);
    free(spoilt);
    close_stage(&s);
}

int main(void)
{
    tap_seed();
    order();
    little_room();
    long_groups();
    foreign();
    return tap_done();
}
