/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * YAML for the office's definitions: libyaml's events become a value tree that knows the line of every node. What
 * makes YAML surprising is refused: anchors, aliases, tags, merge keys, a key twice, a second document. Plain scalars
 * are typed only where nobody can mistake them: true, false, null, nothing at all, and integers without leading zeros.
 */
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/val.h"

#define MOST_BYTES ((size_t)4 << 20)
#define MOST_DEPTH 64

struct reader {
    struct arena *arena;
    struct reasons *reasons;
    const char *name;
    yaml_parser_t parser;
    yaml_event_t event;        /* the current one; deleted by the next, or by release */
    unsigned depth;
};

/* Also when the arena's memory ends in the middle. */
static void release(void *arg)
{
    struct reader *r = arg;
    yaml_event_delete(&r->event);
    yaml_parser_delete(&r->parser);
}

static void *fault(struct reader *r, size_t line, const char *english, const char *argument)
{
    char where[256];
    snprintf(where, sizeof where, "%s:%zu", r->name, line + 1);
    reason_add(r->reasons, "yaml.form", where, english, argument);
    return NULL;
}

/* Makes the next event the current one; false after a fault. */
static bool next(struct reader *r)
{
    yaml_event_delete(&r->event);
    if (yaml_parser_parse(&r->parser, &r->event))
        return true;
    memset(&r->event, 0, sizeof r->event);
    size_t line = r->parser.problem_mark.line;
    const char *problem = r->parser.problem ? r->parser.problem : "?";
    if (r->parser.error == YAML_READER_ERROR) {
        line = 0;
        const unsigned char *at = r->parser.input.string.start;      /* bytes that are no UTF-8: the mark lags behind */
        for (size_t i = 0; i < r->parser.problem_offset && at < r->parser.input.string.end; i++)
            line += *at++ == '\n';
    }
    if (r->parser.error == YAML_MEMORY_ERROR)
        fault(r, line, T_("there is no memory left to read this file"), NULL);
    else
        fault(r, line, T_("this is not well-formed YAML: %1$s"), problem);
    return false;
}

static bool integer(const char *text, size_t len, int64_t *ret)
{
    size_t at = len && text[0] == '-' ? 1 : 0;
    if (at == len || len - at > 19 || (text[at] == '0' && len > 1))
        return false;
    bool negative = at == 1;
    int64_t number = 0;
    for (; at < len; at++) {
        int digit = text[at] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, negative ? -digit : digit, &number))
            return false;
    }
    *ret = number;
    return true;
}

static struct val *scalar(struct reader *r)
{
    const yaml_event_t *event = &r->event;
    const char *text = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    int64_t number;
    if (plain && (len == 0 || strcmp(text, "null") == 0))
        return val_null(r->arena);
    if (plain && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0))
        return val_bool(r->arena, text[0] == 't');
    if (plain && integer(text, len, &number))
        return val_int(r->arena, number);
    return val_strn(r->arena, text, len);
}

/* What no node may carry. */
static bool node_is_plain(struct reader *r)
{
    const yaml_event_t *event = &r->event;
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    if (anchor || event->type == YAML_ALIAS_EVENT) {
        fault(r, event->start_mark.line, T_("anchors and aliases are not used here; write the value out"), NULL);
        return false;
    }
    if (tag) {
        fault(r, event->start_mark.line, T_("tags such as “%1$s” are not used here; leave it out"), (const char *)tag);
        return false;
    }
    return true;
}

static struct val *node(struct reader *);

static struct val *sequence(struct reader *r)
{
    struct val *array = val_array(r->arena);
    while (next(r)) {
        if (r->event.type == YAML_SEQUENCE_END_EVENT)
            return array;
        struct val *item = node(r);
        if (!item)
            return NULL;
        val_push(r->arena, array, item);
    }
    return NULL;
}

/* The current event as a mapping's key. NULL after a fault. */
static const char *key(struct reader *r, const struct val *object)
{
    size_t line = r->event.start_mark.line;
    if (r->event.type != YAML_SCALAR_EVENT && r->event.type != YAML_ALIAS_EVENT)
        return fault(r, line, T_("a key must be one word or text here, no list and no mapping"), NULL);
    if (!node_is_plain(r))
        return NULL;
    const char *name = arena_strndup(r->arena, (const char *)r->event.data.scalar.value, r->event.data.scalar.length);
    if (strlen(name) != r->event.data.scalar.length)
        return fault(r, line, T_("a key holds the character NUL"), NULL);
    if (strcmp(name, "<<") == 0)
        return fault(r, line, T_("merge keys (“<<”) are not used here; write the members out"), NULL);
    if (val_get(object, name))
        return fault(r, line, T_("the key “%1$s” stands twice in this mapping"), name);
    return name;
}

static struct val *mapping(struct reader *r)
{
    struct val *object = val_object(r->arena);
    while (next(r)) {
        if (r->event.type == YAML_MAPPING_END_EVENT)
            return object;
        const char *name = key(r, object);
        struct val *item = name && next(r) ? node(r) : NULL;
        if (!item)
            return NULL;
        val_set(r->arena, object, name, item);
    }
    return NULL;
}

/* The value that begins with the current event. */
static struct val *node(struct reader *r)
{
    size_t line = r->event.start_mark.line;
    yaml_event_type_t type = r->event.type;
    if (!node_is_plain(r))
        return NULL;
    struct val *val = NULL;
    if (type == YAML_SCALAR_EVENT) {
        val = scalar(r);
    } else {
        if (++r->depth > MOST_DEPTH)
            return fault(r, line, T_("lists and mappings are nested deeper than %1$s levels"), "64");
        val = type == YAML_SEQUENCE_START_EVENT ? sequence(r) : mapping(r);
        r->depth--;
    }
    if (val)
        val->line = (uint32_t)line + 1;
    return val;
}

/* Walks to the start of the first document; false when there is none. */
static bool begin(struct reader *r)
{
    while (next(r)) {
        yaml_event_type_t type = r->event.type;
        if (type == YAML_STREAM_END_EVENT) {
            fault(r, 0, T_("the file holds nothing; one YAML document must stand here"), NULL);
            return false;
        }
        if (type != YAML_STREAM_START_EVENT && type != YAML_DOCUMENT_START_EVENT)
            return true;
    }
    return false;
}

static struct val *document(struct reader *r)
{
    struct val *val = begin(r) ? node(r) : NULL;
    if (!val)
        return NULL;
    do {
        if (!next(r))
            return NULL;
        if (r->event.type == YAML_DOCUMENT_START_EVENT)
            return fault(r, r->event.start_mark.line, T_("a second document begins here; a file holds one"), NULL);
    } while (r->event.type != YAML_STREAM_END_EVENT);
    return val;
}

enum status yaml_read(struct arena *arena, const char *name, const char *text, size_t len, struct reasons *reasons,
                      struct val **ret_val)
{
    struct reader r = {.arena = arena, .reasons = reasons, .name = name};
    if (len > MOST_BYTES) {
        reason_add(reasons, "yaml.size", name, T_("the YAML file is larger than %1$s bytes"), "4194304");
        return TOO_LARGE;
    }
    if (!yaml_parser_initialize(&r.parser)) {
        reason_add(reasons, "yaml.memory", name, T_("there is no memory left to read this file"));
        return NO_MEMORY;
    }
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
    struct arena_guard guard = {.release = release, .arg = &r};
    arena_guard(arena, &guard);
    struct val *val = document(&r);
    arena_unguard(arena, &guard);
    release(&r);
    if (!val)
        return BAD_INPUT;
    *ret_val = val;
    return OK;
}
