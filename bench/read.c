/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How fast events are read, as processor time of one core, beside a pass over the same bytes in the same run (the sum of their words),
 * which is the least that any reader could take. JSON by each kind of instructions, whole and with escapes left alone until they are asked for.
 *
 *     bench-read EVENTS.jsonl.zst
 */
#include <string.h>

#include "figure.h"
#include "input.h"
#include "watch/event/json.h"

enum { ROUNDS = 7 };

static double json_pass(struct event_json *json, struct arena *scratch, const char *text, size_t len, size_t *ret_events)
{
    struct event event;
    size_t at = 0, events = 0;
    double begun = clock_of(CLOCK_THREAD_CPUTIME_ID);
    event_init(&event, scratch);
    for (enum status status; (status = event_json_read(json, &event, text, len, at, true, NULL, &at)) != ABSENT; events++) {
        must(status == OK, "an event that cannot be read");
        sink = sink + event.n + (uint64_t)event.time;
        event_clear(&event);
    }
    *ret_events = events;
    return clock_of(CLOCK_THREAD_CPUTIME_ID) - begun;
}

static void json_figures(const char *text, size_t len)
{
    static const struct { const char *name; enum event_json_tier tier; enum event_json_how how; } ways[] = {
        {"JSON, all values unescaped, portable", EVENT_JSON_SCALAR, EVENT_JSON_WHOLE}, {"JSON, all values unescaped, SSE2", EVENT_JSON_SSE2, EVENT_JSON_WHOLE},
        {"JSON, all values unescaped, AVX2", EVENT_JSON_AVX2, EVENT_JSON_WHOLE},
        {"JSON, escapes left, SSE2", EVENT_JSON_SSE2, EVENT_JSON_LAZY}, {"JSON, escapes left, AVX2", EVENT_JSON_AVX2, EVENT_JSON_LAZY},
    };
    struct arena *lasting = arena_new((size_t)256 << 20), *scratch = arena_new((size_t)64 << 20);
    struct fields *fields = fields_new(lasting);
    for (size_t way = 0; way < sizeof ways / sizeof *ways; way++) {
        struct event_json *json = event_json_new(lasting, fields, ways[way].how);
        double speed[ROUNDS], share = 0;
        size_t events = 0;
        char remark[160];
        if (!event_json_use(json, ways[way].tier))
            continue;
        for (int round = 0; round < ROUNDS; round++) {
            double floor = floor_pass(text, len), took = json_pass(json, scratch, text, len, &events);
            speed[round] = (double)len / took / 1e9;
            share += floor / took / ROUNDS;
        }
        double median = centile_of(speed, ROUNDS, .5);
        snprintf(remark, sizeof remark, "%.0f thousand events/s; %.3f of a pass over memory", median * 1e6 * (double)events / (double)len, share);
        figure(ways[way].name, ways[way].tier == EVENT_JSON_AVX2 && ways[way].how == EVENT_JSON_WHOLE ? ">= 1.4 GB/s" : "-", speed[0], median, speed[ROUNDS - 1], " GB/s", remark);
    }
    arena_free(scratch);
    arena_free(lasting);
}

int main(int argc, char **argv)
{
    size_t len;
    must(argc == 2, "usage: bench-read EVENTS.jsonl.zst");
    char *text = whole_file(argv[1], &len);
    json_figures(text, len);
    free(text);
    return 0;
}
