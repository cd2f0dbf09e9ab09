/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See json.h: finds where an object begins, runs the tokenizer over it (json_core.h, of the widest kind that the processor has), then
 * settles what only the whole event tells: whether it is a flat Windows event, and which of its times is the best.
 */
#include "watch/event/json.h"

#include <string.h>

#include "watch/event/json_run.h"
#include "watch/event/stamp.h"

struct event_json {
    struct paths *paths;
    enum event_json_how how;
    json_core *core;
};

static json_core *core_of(enum event_json_tier tier)
{
    switch (tier) {
    case EVENT_JSON_SCALAR: return json_core_scalar;
#if defined(__x86_64__)
    case EVENT_JSON_SSE2: return json_core_sse2;
    case EVENT_JSON_AVX2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") ? json_core_avx2 : NULL;
#endif
    default: return NULL;
    }
}

bool event_json_use(struct event_json *json, enum event_json_tier tier)
{
    json_core *core = core_of(tier);
    json->core = core ? core : json->core;
    return core != NULL;
}

static json_core *best_core(void)
{
    json_core *core = NULL;
    for (int tier = EVENT_JSON_AVX2; !core; tier--)
        core = core_of((enum event_json_tier)tier);
    return core;
}

struct event_json *event_json_new(struct arena *arena, struct fields *fields, enum event_json_how how)
{
    struct event_json *json = ARENA_NEW(arena, struct event_json);
    *json = (struct event_json){.paths = paths_new(arena, fields), .how = how, .core = best_core()};
    return json;
}

/* Where an object begins: behind white space, commas, brackets of an array of objects and byte order marks. */
static const char *object_at(const char *at, const char *end)
{
    for (;; at++) {
        while (at < end && (*at == ' ' || (*at >= '\t' && *at <= '\r') || *at == ',' || *at == '[' || *at == ']' || *at == 0x1e))
            at++;
        if (end - at < 3 || memcmp(at, "\xef\xbb\xbf", 3) != 0)
            return at;
        at += 2;
    }
}

/* Where to go on after a fault at `at` in the object that began at `start`. NULL when what is there does not tell. */
static const char *resume(const char *start, const char *at, const char *end)
{
    const char *line = memchr(start, '\n', (size_t)(end - start));
    if (line && at <= line)
        return line + 1;
    while (line && !(line + 1 < end && line[1] == '{'))
        line = memchr(line + 1, '\n', (size_t)(end - line - 1));
    return line ? line + 1 : NULL;
}

static const char *const fault_words[] = {
    [FAULT_ENDS] = T_("the object is not closed when the text ends; its closing brace is missing"),
    [FAULT_NAME] = T_("a member's name in quotes must stand here"),
    [FAULT_COLON] = T_("a colon must stand between a member's name and its value"),
    [FAULT_COMMA] = T_("a comma or a closing brace is missing here"),
    [FAULT_CLOSE] = T_("a comma or a closing bracket is missing here"),
    [FAULT_ESCAPE] = T_("this escape stands for no character; write \\n, \\\" and the like, or \\u with four hexadecimal digits"),
    [FAULT_NUMBER] = T_("this is no number; digits without leading zeros, then a fraction or an exponent"),
    [FAULT_VALUE] = T_("no value begins here; an object, an array, a string, a number, true, false or null may stand here"),
    [FAULT_DEEP] = T_("objects and arrays are nested deeper than 64 levels"),
    [FAULT_OBJECT] = T_("an event is an object; an opening brace must stand here"),
};

static void complain(struct reasons *reasons, const char *text, const char *at, enum json_fault fault)
{
    if (!reasons || (reasons->limit && reasons->count >= reasons->limit))
        return;
    size_t line = 1;
    const char *begins = text;
    for (const char *next; (next = memchr(begins, '\n', (size_t)(at - begins))) != NULL; begins = next + 1)
        line++;
    const char *where = arena_printf(reasons->arena, "%zu:%zu", line, (size_t)(at - begins) + 1);
    reason_add(reasons, "events.json", where, fault_words[fault]);
}

void json_settle(struct run *run)
{
    struct event *event = run->event;
    if (run->met == (PATH_CHANNEL | PATH_EVENT_ID))
        for (unsigned i = 0; i < run->n_named; i++) {
            struct event_value *value = &event->values[run->named[i].index];
            value->field = run->named[i].field;
        }
    for (unsigned rank = 0; run->ranks >> rank && event->time == MOMENT_NONE; rank++)
        if (run->ranks >> rank & 1) {
            const struct event_value *value = &event->values[run->times[rank]];
            stamp_read(value->text, value->len, &event->time);
        }
}

enum status event_json_read(struct event_json *json, struct event *event, const char *text, size_t len, size_t at, bool last, struct reasons *reasons,
                            size_t *ret_end)
{
    const char *end = text + len, *start = object_at(text + at, end);
    size_t left = (size_t)(end - start);
    *ret_end = (size_t)(start - text);
    if (start == end)
        return ABSENT;
    struct run run;
    memset(&run, 0, offsetof(struct run, times));
    run.paths = json->paths;
    run.event = event;
    run.at = start;
    run.end = left > EVENT_BYTES_MOST ? start + EVENT_BYTES_MOST : end;
    run.lazy = json->how == EVENT_JSON_LAZY;
    run.fault = FAULT_OBJECT;
    event->raw = start;
    event->format = "json";
    if (*start == '{' && json->core(&run)) {
        event->raw_len = (size_t)(run.at - start);
        *ret_end = (size_t)(run.at - text);
        json_settle(&run);
        return OK;
    }
    bool large = run.fault == FAULT_ENDS && run.end < end;
    const char *after = resume(start, run.at, end);
    event_clear(event);
    if (!last && run.end == end && (run.fault == FAULT_ENDS || !after))
        return ABSENT;
    after = after ? after : end;
    event->raw = start;
    event->raw_len = (size_t)(after - start);
    *ret_end = (size_t)(after - text);
    if (large && reasons)
        reason_add(reasons, "events.too-large", NULL, T_("An event has more than %1$s bytes"), "4194304");
    else
        complain(reasons, text, run.at, run.fault);
    return large ? TOO_LARGE : BAD_INPUT;
}

enum status event_read_json(struct event *event, struct fields *fields, const char *text, size_t len, size_t at, struct reasons *reasons, size_t *ret_end)
{
    struct event_json json = {.paths = paths_new(event->arena, fields), .how = EVENT_JSON_WHOLE, .core = best_core()};
    return event_json_read(&json, event, text, len, at, true, reasons, ret_end);
}
