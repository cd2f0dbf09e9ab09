/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See archive-check.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive-check.h"
#include "watch/logs/logs.h"

void check_open(struct check *c, size_t most)
{
    *c = (struct check){.most = most, .lasting = arena_new((size_t)64 << 20), .scratch = arena_new((size_t)256 << 20), .block = arena_new((size_t)1 << 30),
                        .copies = arena_new((size_t)1 << 30), .reading = arena_new((size_t)1 << 30)};
    c->fields = fields_new(c->lasting);
    c->builder = archive_builder_new(c->lasting, c->block, c->fields);
    event_init(&c->event, c->scratch);
}

static const char *text_of(struct check *c, struct event_value *value)
{
    struct event_value copy = *value;
    event_text(&c->event, &copy);
    value->len = copy.len;                 /* of our copy of the value only */
    return copy.text;
}

static void copy_event(struct check *c)
{
    const struct event *event = &c->event;
    if (c->n == c->room) {
        struct kept_event *more = ARENA_ARRAY(c->copies, struct kept_event, c->room = c->room ? 2 * c->room : 64);
        if (c->n)
            memcpy(more, c->events, c->n * sizeof *more);
        c->events = more;
    }
    struct kept_event *kept = &c->events[c->n++];
    *kept = (struct kept_event){.raw = event->raw ? arena_memdup(c->copies, event->raw, event->raw_len + 1 ? event->raw_len : 1) : NULL, .raw_len = event->raw_len,
                                .format = event->format, .n = event->n, .time = event->time, .record = event->record};
    kept->values = ARENA_ARRAY(c->copies, struct kept_value, event->n + 1);
    for (size_t i = 0; i < event->n; i++) {
        struct event_value value = event->values[i];
        const char *text = text_of(c, &value), *name = value.field ? fields_name(c->fields, value.field) : value.name;
        kept->values[i] = (struct kept_value){arena_strdup(c->copies, name), arena_memdup(c->copies, text, value.len), value.len, value.kind};
    }
}

static bool same_event(const struct kept_event *want, const struct event *got, const struct fields *fields)
{
    if (!want->raw != !got->raw || want->raw_len != got->raw_len || (want->raw && memcmp(want->raw, got->raw, want->raw_len) != 0) || want->n != got->n ||
        want->time != got->time || want->record != got->record || !want->format != !got->format || (want->format && strcmp(want->format, got->format) != 0))
        return false;
    for (size_t i = 0; i < want->n; i++) {
        const struct kept_value *a = &want->values[i];
        const struct event_value *b = &got->values[i];
        const char *name = b->field ? fields_name(fields, b->field) : b->name;
        if (strcmp(a->name, name) != 0 || a->kind != b->kind || a->len != b->len || b->escaped || memcmp(a->text, b->text, a->len) != 0)
            return false;
    }
    return true;
}

void check_block(struct check *c)
{
    const void *block;
    size_t len;
    struct archive_info info;
    struct archive *archive = NULL;
    if (c->n == 0)
        return;
    if (archive_finish(c->builder, c->reading, &block, &len, &info) != OK || archive_open(block, len, c->reading, &archive) != OK ||
        info.items != c->n || archive_info(archive).items != c->n) {
        printf("# no block of %zu events\n", c->n);
        c->bad++;
    } else {
        struct event event;
        struct arena *scratch = arena_new((size_t)256 << 20), *lasting = arena_new((size_t)64 << 20);
        struct fields *fields = fields_new(lasting);
        event_init(&event, scratch);
        for (uint32_t i = 0; i < c->n; i++) {
            event_clear(&event);
            if (archive_event(archive, i, fields, &event) != OK || !same_event(&c->events[i], &event, fields)) {
                if (c->bad++ < 3)
                    printf("# event %u of %zu differs\n", i, c->n);
            }
        }
        arena_free(scratch);
        arena_free(lasting);
        if (c->look)
            c->look(c, archive);
        c->blocks++;
        c->bytes += len;
        c->items += c->n;
    }
    if (c->keep) {
        free(c->kept);
        c->kept = malloc(len);
        c->kept_len = len;
        memcpy(c->kept, block, len);
    }
    archive_close(archive);
    arena_clear(c->reading);
    arena_clear(c->copies);
    c->events = NULL;
    c->n = c->room = 0;
}

void check_add(struct check *c)
{
    if (c->n == c->most || !archive_add(c->builder, &c->event)) {
        check_block(c);
        if (!archive_add(c->builder, &c->event))
            c->bad++;
    }
    copy_event(c);
}

size_t check_close(struct check *c)
{
    archive_builder_free(c->builder);
    arena_free(c->reading);
    arena_free(c->copies);
    arena_free(c->block);
    arena_free(c->scratch);
    arena_free(c->lasting);
    free(c->kept);
    return c->bad;
}

void check_json(struct check *c, const char *text, size_t len, enum event_json_how how)
{
    struct event_json *json = event_json_new(c->lasting, c->fields, how);
    size_t at = 0;
    for (enum status status; event_clear(&c->event), (status = event_json_read(json, &c->event, text, len, at, true, NULL, &at)) != ABSENT;)
        if (status == OK)
            check_add(c);
    check_block(c);
}

void check_log(struct check *c, const char *text, size_t len, const char *format)
{
    struct log_reader *reader = log_reader_new(c->lasting, c->fields, log_format_named(format), INT64_C(1795348800000));
    size_t at = 0;
    for (enum status status; event_clear(&c->event), (status = log_read(reader, &c->event, text, len, at, true, NULL, &at)) != ABSENT;)
        if (status == OK)
            check_add(c);
    check_block(c);
}

bool check_text(const char *text, size_t len, const char *format, enum event_json_how how, size_t most)
{
    struct check c;
    check_open(&c, most);
    if (format)
        check_log(&c, text, len, format);
    else
        check_json(&c, text, len, how);
    return check_close(&c) == 0;
}

static bool take_hit(void *arg, uint32_t item, uint32_t which)
{
    (void)item;
    (void)which;
    return ++*(size_t *)arg < 10000;
}

static enum status hunt_hostile(struct archive *archive)
{
    static const struct archive_term terms[] = {{NULL, ARCHIVE_HAS, "windows", 7}, {"Message", ARCHIVE_HAS, "4624", 4}, {NULL, ARCHIVE_LIKE, "*a*e?", 5},
                                                {"a.b", ARCHIVE_IS, "", 0}, {"Message", ARCHIVE_HAS, "r: a\nHost", 9}};
    struct arena *arena = arena_new((size_t)64 << 20);
    struct archive_terms *ready = NULL;
    size_t hits = 0;
    enum status status = archive_terms_new(arena, terms, sizeof terms / sizeof *terms, &ready);
    if (status == OK)
        status = archive_hunt(archive, ready, (struct archive_range){1, MOMENT_NONE}, take_hit, &hits);
    if (status == OK)
        status = archive_hunt(archive, ready, (struct archive_range){MOMENT_NONE, MOMENT_NONE}, take_hit, &hits);
    arena_free(arena);
    return status;
}

enum status check_hostile(const void *block, size_t len, struct arena *arena)
{
    struct archive *archive = NULL;
    enum status status = archive_open(block, len, arena, &archive);
    if (status != OK)
        return status;
    struct arena *scratch = arena_new((size_t)256 << 20), *lasting = arena_new((size_t)64 << 20);
    struct fields *fields = fields_new(lasting);
    struct event event;
    event_init(&event, scratch);
    for (uint32_t i = 0; i < archive_info(archive).items && i < 300; i++) {
        event_clear(&event);
        enum status one = archive_event(archive, i, fields, &event);
        status = one != OK ? one : status;
    }
    arena_free(scratch);
    arena_free(lasting);
    enum status hunted = hunt_hostile(archive);
    archive_close(archive);
    return status == OK ? hunted : status;
}
