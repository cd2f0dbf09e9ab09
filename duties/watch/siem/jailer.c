/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inside the jail: the batch is unpacked, cut into lines, each read as JSON or CEF, and its values found by name. A line that is
 * neither, or has no title, is refused and named; the others are taken all the same.
 */
#include <string.h>

#include "base/text.h"
#include "watch/logs/log.h"
#include "watch/logs/unpack.h"
#include "watch/siem/siem.h"

enum { TITLE, LEVEL, ENTITY, TIME, REFERENCE, RULE, PARTS };
static const char *const parts[PARTS] = {"title", "level", "entity", "time", "reference", "rule"};

struct reading {
    struct arena *arena;
    const struct val *mapping;
    struct fields *fields;
    struct log_reader *json, *cef;
    struct event event;
    struct val *alerts, *faults;
    uint64_t refused;
};

void siem_input(struct buf *out, const struct val *mapping, const char *body, size_t len)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    json_write(&text, mapping);
    buf_addf(out, "siem %zu\n", text.len);
    buf_add(out, text.data, text.len);
    buf_add(out, body, len);
    out->failed |= text.failed;
    buf_free(&text);
}

/* ---- values ---- */

static const struct event_value *value_named(struct reading *r, const struct val *names)
{
    for (size_t i = 0; i < val_count(names); i++) {
        const char *name = val_text(val_at(names, i));
        field_id id = name ? fields_find(r->fields, name, strlen(name)) : 0;
        for (size_t v = 0; id && v < r->event.n; v++) {
            struct event_value *value = &r->event.values[v];
            if (value->field != id || value->kind == VALUE_NULL)
                continue;
            event_text(&r->event, value);
            if (value->len && !(value->len == 1 && *value->text == '-'))
                return value;
        }
    }
    return NULL;
}

/* A line: no control characters, cut in whole characters. */
static struct val *line_of(struct reading *r, const char *text, size_t len)
{
    char out[SIEM_LINE_MOST + 1];
    size_t put = 0;
    for (size_t at = 0, n; at < len; at += n) {
        n = utf8_length(text + at, len - at);
        if (!n) {
            n = 1;
            continue;
        }
        if (put + n > SIEM_LINE_MOST)
            break;
        if (n == 1 && ((unsigned char)text[at] < 32 || text[at] == 127))
            out[put++] = ' ';
        else
            for (size_t i = 0; i < n; i++)
                out[put++] = text[at + i];
    }
    while (put && out[put - 1] == ' ')
        put--;
    return val_strn(r->arena, out, put);
}

static struct val *part_of(struct reading *r, int part)
{
    const struct event_value *value = value_named(r, val_get(r->mapping, parts[part]));
    return value ? line_of(r, value->text, value->len) : val_str(r->arena, "");
}

static int64_t level_of(struct reading *r)
{
    const struct event_value *value = value_named(r, val_get(r->mapping, parts[LEVEL]));
    const struct val *levels = val_get(r->mapping, "levels");
    for (size_t level = val_count(levels); value && level-- > 0;)
        for (size_t i = 0; i < val_count(val_at(levels, level)); i++) {
            const char *word = val_text(val_at(val_at(levels, level), i));
            if (word && strlen(word) == value->len && strncasecmp(word, value->text, value->len) == 0)
                return (int64_t)level;
        }
    return val_get_int(r->mapping, "otherwise", SIGMA_MEDIUM);
}

static struct val *time_of(struct reading *r)
{
    const struct event_value *value = value_named(r, val_get(r->mapping, parts[TIME]));
    moment time = r->event.time;
    if (value && !stamp_read(value->text, value->len, &time))
        time = r->event.time;
    return time == MOMENT_NONE ? val_null(r->arena) : val_int(r->arena, time);
}

/* As evidence: JSON as it came, anything else as an object of its values. */
static struct val *event_of(struct reading *r, const char *line, size_t len, bool json)
{
    if (json)
        return len <= SIEM_EVENT_MOST ? val_strn(r->arena, line, len) : val_null(r->arena);
    struct buf text;
    struct val *object = val_object(r->arena);
    for (size_t i = 0; i < r->event.n; i++) {
        const struct event_value *value = &r->event.values[i];
        const char *name = value->field ? fields_name(r->fields, value->field) : value->name;
        if (name && utf8_valid(value->text, value->len))
            (val_set)(r->arena, object, name, val_strn(r->arena, value->text, value->len));
    }
    buf_init(&text, SIEM_EVENT_MOST);
    json_write(&text, object);
    struct val *ret = text.failed ? val_null(r->arena) : val_strn(r->arena, text.data, text.len);
    buf_free(&text);
    return ret;
}

/* ---- lines ---- */

static void fault(struct reading *r, uint32_t number, enum siem_why why)
{
    struct val *item = val_array(r->arena);
    r->refused++;
    if (val_count(r->faults) >= SIEM_FAULTS_MOST)
        return;
    val_push(r->arena, item, val_int(r->arena, number));
    val_push(r->arena, item, val_int(r->arena, why));
    val_push(r->arena, r->faults, item);
}

static void take_line(struct reading *r, const char *line, size_t len, uint32_t number)
{
    bool json = *line == '{';
    struct log_reader *reader = json ? r->json : r->cef;
    struct reasons ignored;
    struct log_counts before = log_counts(reader), after;
    size_t end = 0;
    reasons_init(&ignored, r->arena);
    event_clear(&r->event);
    enum status status = log_read(reader, &r->event, line, len, 0, true, &ignored, &end);
    after = log_counts(reader);
    while (status == OK && end < len && (line[end] == ' ' || line[end] == '\t' || line[end] == '\n'))
        end++;
    if (status != OK || after.raw != before.raw || after.faulty != before.faulty || end < len) {
        fault(r, number, len > EVENT_BYTES_MOST ? SIEM_TOO_LONG : SIEM_NO_FORM);
        return;
    }
    struct val *title = part_of(r, TITLE), *item = val_array(r->arena);
    if (!*val_text(title)) {
        fault(r, number, SIEM_NO_TITLE);
        return;
    }
    val_push(r->arena, item, title);
    val_push(r->arena, item, val_int(r->arena, level_of(r)));
    val_push(r->arena, item, part_of(r, ENTITY));
    val_push(r->arena, item, time_of(r));
    val_push(r->arena, item, part_of(r, REFERENCE));
    val_push(r->arena, item, part_of(r, RULE));
    val_push(r->arena, item, event_of(r, line, len, json));
    val_push(r->arena, r->alerts, item);
}

static enum status take_all(struct reading *r, const char *text, size_t len, struct reasons *reasons)
{
    uint32_t number = 0;
    for (size_t at = 0, next; at < len; at = next) {
        const char *lf = memchr(text + at, '\n', len - at);
        size_t end = lf ? (size_t)(lf - text) : len;
        next = end + 1;
        number++;
        while (end > at && (text[end - 1] == '\r' || text[end - 1] == ' '))
            end--;
        while (at < end && (text[at] == ' ' || text[at] == '\t'))
            at++;
        if (at == end)
            continue;
        if (val_count(r->alerts) + r->refused >= SIEM_ALERTS_MOST) {
            reason_add(reasons, "siem.many", NULL, T_("A batch holds at most %1$s alerts. Send the rest in further batches."), arena_printf(r->arena, "%u", SIEM_ALERTS_MOST));
            return TOO_LARGE;
        }
        take_line(r, text + at, end - at, number);
    }
    return OK;
}

/* ---- the whole ---- */

static enum status unpacked(struct arena *arena, const char *body, size_t len, struct reasons *reasons, struct buf *out)
{
    enum unpack_kind kind = unpack_looks(body, len);
    char *piece = arena_alloc(arena, 65536);
    struct unpack *unpack = unpack_new(arena, kind);
    size_t at = 0, used = 0, got = 1;
    enum status status = unpack ? OK : NO_MEMORY;
    while (status == OK && (at < len || got)) {
        status = unpack_some(unpack, body + at, len - at, true, piece, 65536, reasons, &used, &got);
        if (status != OK)
            break;
        at += used;
        buf_add(out, piece, got);
        if (out->failed) {
            reason_add(reasons, "siem.size", NULL, T_("The batch unpacks to more than %1$s bytes."), arena_printf(arena, "%zu", SIEM_PLAIN_MOST));
            status = TOO_LARGE;
        }
    }
    unpack_free(unpack);
    return status;
}

/* "siem LENGTH\n", so many bytes of mapping, the batch. */
static bool head(const char *input, size_t len, size_t *ret_at, size_t *ret_mapping)
{
    const char *lf = memchr(input, '\n', len < 20 ? len : 20);
    if (!lf || lf - input < 6 || memcmp(input, "siem ", 5) != 0)
        return false;
    for (const char *at = input + 5; at < lf; at++) {
        if (*at < '0' || *at > '9')
            return false;
        *ret_mapping = *ret_mapping * 10 + (size_t)(*at - '0');
    }
    *ret_at = (size_t)(lf - input) + 1;
    return *ret_mapping <= len - *ret_at;
}

static enum status run(struct arena *arena, const char *input, size_t len, const char *argument, struct reasons *reasons, struct buf *answer)
{
    struct reading r = {.arena = arena, .alerts = val_array(arena), .faults = val_array(arena)};
    size_t at = 0, mapping_len = 0;
    struct val *mapping, *all = val_object(arena);
    struct buf plain;
    if (!head(input, len, &at, &mapping_len))
        return DAMAGED;
    enum status status = json_read(arena, input + at, mapping_len, (struct json_limits){.bytes = 1 << 20}, reasons, &mapping);
    if (status != OK)
        return status;
    r.mapping = mapping;
    r.fields = fields_new(arena);
    r.json = log_reader_new(arena, r.fields, log_format_named("json"), 0);
    r.cef = log_reader_new(arena, r.fields, log_format_named("cef"), 0);
    struct arena *scratch = arena_new((size_t)64 << 20);
    event_init(&r.event, scratch);
    buf_init(&plain, SIEM_PLAIN_MOST);
    status = unpacked(arena, input + at + mapping_len, len - at - mapping_len, reasons, &plain);
    if (status == OK)
        status = take_all(&r, plain.data ? plain.data : "", plain.len, reasons);
    if (status == OK) {
        val_set(arena, all, "alerts", r.alerts);
        val_set(arena, all, "faults", r.faults);
        val_set_int(arena, all, "refused", (int64_t)r.refused);
        json_write(answer, all);
        status = answer->failed ? TOO_LARGE : OK;
    }
    buf_free(&plain);
    arena_free(scratch);
    return status;
}

const struct jailer siem_jailer = {.name = "siem", .run = run, .max_input = SIEM_BODY_MOST + (1 << 20), .max_answer = (size_t)64 << 20, .max_memory = (size_t)768 << 20, .max_seconds = 30};
