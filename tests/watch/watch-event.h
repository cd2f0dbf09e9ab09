/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * For tests of readers: an event as one line, "Name=value|Name=(null)|...", and whole files.
 */
#ifndef TESTS_WATCH_EVENT_H
#define TESTS_WATCH_EVENT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "watch/event/event.h"

static inline const char *event_line(struct arena *arena, const struct fields *fields, const struct event *event)
{
    static const char *const kinds[] = {"", "#", "!", "!", "!"};
    struct buf buf;
    buf_init(&buf, (size_t)64 << 20);
    for (size_t i = 0; i < event->n; i++) {
        const struct event_value *value = &event->values[i];
        buf_addf(&buf, "%s%s=%s", i ? "|" : "", value->field ? fields_name(fields, value->field) : value->name, kinds[value->kind]);
        buf_add(&buf, value->text, value->len);
    }
    char *line = arena_strndup(arena, buf.data ? buf.data : "", buf.len);
    buf_free(&buf);
    return line;
}

/* The first value of a name; "(none)" when there is none. */
static inline const char *event_says(struct arena *arena, const struct fields *fields, const struct event *event, const char *name)
{
    const struct event_value *value = event_get(event, fields_find(fields, name, strlen(name)));
    return value ? arena_strndup(arena, value->text, value->len) : "(none)";
}

/* A file in malloc memory of exactly its length; NULL when it cannot be read. */
static inline char *file_bytes(const char *path, size_t *ret_len)
{
    FILE *file = fopen(path, "rbe");
    if (!file)
        return NULL;
    fseek(file, 0, SEEK_END);
    long len = ftell(file);
    rewind(file);
    char *bytes = malloc(len > 0 ? (size_t)len : 1);
    if (bytes && fread(bytes, 1, (size_t)len, file) != (size_t)len) {
        free(bytes);
        bytes = NULL;
    }
    fclose(file);
    *ret_len = (size_t)len;
    return bytes;
}

#endif
