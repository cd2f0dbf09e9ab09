/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See json_run.h: the parts of the JSON reader that are the same whatever instructions find the quotes: escapes, UTF-8, values with a
 * meaning, items of EventData.
 */
#include "watch/event/json_run.h"

#include <string.h>

#include "base/text.h"

const char json_simple[256] = {
    ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t',
};

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* \uXXXX at `at`: the number, or -1 when it is none, or -2 when the text ends before. */
static int unit(const char *at, const char *end)
{
    int number = 0;
    for (int i = 0; i < 6; i++) {
        if (at + i >= end)
            return -2;
        int digit = i == 0 ? (at[0] == '\\' ? 0 : -1) : i == 1 ? (at[1] == 'u' ? 0 : -1) : hex(at[i]);
        if (digit < 0)
            return -1;
        number = number * 16 + digit;
    }
    return number;
}

static char *put(char *out, unsigned code)
{
    if (code < 0x80) {
        *out++ = (char)code;
    } else if (code < 0x800) {
        *out++ = (char)(0xc0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *out++ = (char)(0xe0 | code >> 12);
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (char)(0x80 | (code & 0x3f));
    } else {
        *out++ = (char)(0xf0 | code >> 18);
        *out++ = (char)(0x80 | (code >> 12 & 0x3f));
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (char)(0x80 | (code & 0x3f));
    }
    return out;
}

size_t json_escape(const char *at, const char *end, char **out, bool *ret_ends)
{
    *ret_ends = end - at < 2;
    if (*ret_ends)
        return 0;
    if (json_simple[(unsigned char)at[1]]) {
        *(*out)++ = json_simple[(unsigned char)at[1]];
        return 2;
    }
    int first = unit(at, end);
    *ret_ends = first == -2;
    if (first < 0)
        return 0;
    if (first < 0xd800 || first > 0xdfff) {
        *out = put(*out, (unsigned)first);
        return 6;
    }
    int second = first < 0xdc00 ? unit(at + 6, end) : -1;
    bool pair = second >= 0xdc00 && second <= 0xdfff;
    *out = put(*out, pair ? 0x10000u + ((unsigned)(first - 0xd800) << 10) + (unsigned)(second - 0xdc00) : 0xfffdu);
    return pair ? 12 : 6;
}

/* Each byte that begins no character becomes U+FFFD. */
static size_t repaired(const char *text, size_t len, char *out)
{
    char *to = out;
    for (size_t at = 0, n; at < len; at += n) {
        n = utf8_length(text + at, len - at);
        if (n)
            memcpy(to, text + at, n);
        else
            put(to, 0xfffd);
        to += n ? n : 3;
        n = n ? n : 1;
    }
    return (size_t)(to - out);
}

const char *json_repair(struct run *run, const char *text, size_t *len)
{
    if (utf8_valid(text, *len))
        return text;
    char *out = arena_alloc(run->event->arena, 3 * *len);
    *len = repaired(text, *len, out);
    return out;
}

size_t json_unescape(const char *text, size_t len, char *out)
{
    const char *end = text + len;
    char *to = out;
    while (text < end) {
        bool ends;
        const char *stop = memchr(text, '\\', (size_t)(end - text));
        stop = stop ? stop : end;
        size_t plain = (size_t)(stop - text);
        if (utf8_valid(text, plain)) {
            memcpy(to, text, plain);
            to += plain;
        } else {
            to += repaired(text, plain, to);
        }
        text = stop;
        size_t n = text < end ? json_escape(text, end, &to, &ends) : 0;
        text += text < end && !n ? 1 : n;
    }
    return (size_t)(to - out);
}

const char *event_text(const struct event *event, struct event_value *value)
{
    if (value->escaped) {
        char *out = arena_alloc(event->arena, 3 * (size_t)value->len);
        value->len = (uint32_t)json_unescape(value->text, value->len, out);
        value->text = out;
        value->escaped = false;
    }
    return value->text;
}

char *json_room(struct run *run, char *from, size_t more)
{
    size_t written = run->out ? (size_t)(run->out - from) : 0, size = 2 * written + more + 4096;
    char *fresh = arena_alloc(run->event->arena, size);
    if (written)
        memcpy(fresh, from, written);
    run->out = fresh + written;
    run->out_end = fresh + size;
    return fresh;
}

static uint64_t record_of(const struct event_value *value)
{
    uint64_t number = 0;
    for (uint32_t i = 0; i < value->len; i++) {
        if (value->text[i] < '0' || value->text[i] > '9' || i == 19)
            return 0;
        number = number * 10 + (uint64_t)(value->text[i] - '0');
    }
    return number;
}

void json_special(struct run *run, const struct path *path, size_t index)
{
    unsigned special = path->special;
    run->met |= special & (PATH_CHANNEL | PATH_EVENT_ID);
    if (special & PATH_TIME && !(run->ranks >> path->rank & 1)) {
        run->ranks |= 1u << path->rank;
        run->times[path->rank] = (uint32_t)index;
    }
    if (special & PATH_RECORD)
        run->event->record = record_of(&run->event->values[index]);
    if (special & PATH_WINDOWS && run->n_named < JSON_NAMED_MOST) {
        run->named[run->n_named].index = (uint32_t)index;
        run->named[run->n_named++].field = path->windows;
    }
    if (special & PATH_ITEM_NAME)
        run->item_name = (uint32_t)index + 1;
    if (special & PATH_ITEM_TEXT)
        run->item_text = (uint32_t)index + 1;
}

void json_item_ends(struct run *run, const struct path *item)
{
    struct event *event = run->event;
    uint32_t name_at = run->item_name, text_at = run->item_text;
    run->item_name = run->item_text = 0;
    if (!name_at)
        return;
    struct event_value name = event->values[name_at - 1], value = {.kind = VALUE_TEXT, .text = ""};
    if (name.kind != VALUE_TEXT || memchr(name.text, '\\', name.len) || memchr(name.text, '"', name.len))
        return;
    const struct path *path = paths_find(run->paths, item->parent, name.text, name.len, event->arena);
    if (text_at)
        value = event->values[text_at - 1];
    value.field = path->field;
    value.name = path->field ? NULL : path->name;
    size_t keep = text_at ? text_at - 1 : name_at - 1;
    event->values[keep] = value;
    if (text_at) {
        memmove(&event->values[name_at - 1], &event->values[name_at], (event->n - name_at) * sizeof *event->values);
        event->n--;
        keep -= keep >= name_at;
    }
    json_special(run, path, keep);
}
