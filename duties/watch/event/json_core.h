/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The JSON tokenizer, included by one file for each kind of instructions, which defines before:
 *   CORE             the function's name
 *   BLOCK            bytes looked at in one step
 *   stops()          a bit for each quote or backslash among BLOCK bytes, and one for each byte above 127
 *   WIDE, wide()     the same for more bytes, at most 64: what is asked where backslashes are many
 *   SQUEEZE          where it has a squeeze() of its own, see below
 *   same_key()       whether a path's key and its quote stand here (PATH_BLOCK bytes may be read)
 * Nothing outside run->at .. run->end is ever read: where fewer than BLOCK bytes are left they are copied.
 */
#include <stdint.h>
#include <string.h>

#define LIKELY(c) __builtin_expect(!!(c), 1)
#define UNLIKELY(c) __builtin_expect(!!(c), 0)

static inline bool failed(struct run *run, enum json_fault fault, const char *at)
{
    run->fault = at >= run->end ? FAULT_ENDS : fault;
    run->at = at;
    return false;
}

static inline const char *blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    return at;
}

/* The first quote or backslash at or behind `at`, or the end; adds to `high` whether a byte above 127 was passed. */
static inline const char *stop_of(const char *at, const char *end, uint64_t *high)
{
    uint64_t above, found;
    while (LIKELY(end - at >= BLOCK)) {
        found = stops(at, &above);
        if (found) {
            unsigned n = (unsigned)__builtin_ctzll(found);
            *high |= above & ((UINT64_C(1) << n) - 1);
            return at + n;
        }
        *high |= above;
        at += BLOCK;
    }
    char rest[BLOCK] = {0};
    size_t len = (size_t)(end - at);
    if (len == 0)
        return end;
    memcpy(rest, at, len);
    found = stops(rest, &above);
    size_t n = found ? (size_t)__builtin_ctzll(found) : len;
    *high |= n ? above & (~UINT64_C(0) >> (64 - n)) : 0;
    return at + n;
}

/* Behind an escape that stands for a character; NULL when it does not. */
static const char *pass_escape(struct run *run, const char *at)
{
    char four[4], *out = four;
    bool ends;
    if (LIKELY(run->end - at >= 2 && json_simple[(unsigned char)at[1]]))
        return at + 2;
    size_t len = json_escape(at, run->end, &out, &ends);
    if (len)
        return at + len;
    failed(run, FAULT_ESCAPE, ends ? run->end : at);
    return NULL;
}

/* The closing quote of the string whose first byte is at `at`; escapes are checked and told. Steps from one stop of a wide block to the
 * next without looking at the bytes again. */
static inline const char *string_end(struct run *run, const char *at, uint64_t *high, bool *ret_escaped)
{
    const char *end = run->end;
    bool escaped = false;
    while (LIKELY(end - at >= WIDE + 2)) {
        uint64_t above, found = wide(at, &above), pos = 0;
        for (; found; found &= ~UINT64_C(0) << pos) {
            unsigned n = (unsigned)__builtin_ctzll(found);
            if (at[n] == '"') {
                *high |= above & ((UINT64_C(1) << n) - 1);
                *ret_escaped = escaped;
                return at + n;
            }
            escaped = true;
            pos = n + 2;
            if (UNLIKELY(!json_simple[(unsigned char)at[n + 1]])) {
                const char *after = pass_escape(run, at + n);
                if (!after)
                    return NULL;
                pos = (uint64_t)(after - at);
            }
            if (UNLIKELY(pos >= WIDE))
                break;
        }
        *high |= above;
        at += pos >= WIDE ? pos : WIDE;
    }
    for (;;) {
        at = stop_of(at, end, high);
        if (UNLIKELY(at == end)) {
            failed(run, FAULT_ENDS, at);
            return NULL;
        }
        if (*at == '"')
            break;
        escaped = true;
        if (!(at = pass_escape(run, at)))
            return NULL;
    }
    *ret_escaped = escaped;
    return at;
}

/* The escape at `at` on to run->out; NULL when it is none. */
static const char *undo_escape(struct run *run, const char *at)
{
    bool ends;
    size_t len = json_escape(at, run->end, &run->out, &ends);
    if (len)
        return at + len;
    failed(run, FAULT_ESCAPE, ends ? run->end : at);
    return NULL;
}

#define COPY 32                            /* bytes copied at once, whether all are needed or not */
static inline void copy(char *to, const char *from, size_t len)
{
    memcpy(to, from, COPY);
    for (size_t i = COPY; UNLIKELY(i < len); i += COPY)
        memcpy(to + i, from + i, COPY);
}

#ifndef SQUEEZE
/* Undoes the escapes of one wide block at `at`, behind which COPY more bytes may be read; there is room for both at run->out. Returns
 * where to go on: at the closing quote (*ret_done), or behind what was written. NULL at a fault. */
static inline const char *squeeze(struct run *run, const char *at, uint64_t *high, bool *ret_done)
{
    uint64_t above, found = wide(at, &above), pos = 0;
    char *out = run->out;
    for (; found; found &= ~UINT64_C(0) << pos) {
        uint64_t n = (uint64_t)__builtin_ctzll(found);
        copy(out, at + pos, n - pos);
        out += n - pos;
        if (at[n] == '"') {
            *high |= above & ((UINT64_C(1) << n) - 1);
            *ret_done = true;
            run->out = out;
            return at + n;
        }
        char simple = json_simple[(unsigned char)at[n + 1]];
        if (UNLIKELY(!simple)) {
            *high |= above;
            run->out = out;
            return undo_escape(run, at + n);
        }
        *out++ = simple;
        pos = n + 2;
        if (UNLIKELY(pos >= WIDE))
            break;
    }
    *high |= above;
    if (pos < WIDE) {
        copy(out, at + pos, WIDE - pos);
        out += WIDE - pos;
        pos = WIDE;
    }
    run->out = out;
    return at + pos;
}
#endif

/* Writes the string on to run->out; `stop` is its first backslash. Returns the closing quote. */
static inline const char *unescaped(struct run *run, const char *start, const char *stop, uint64_t *high, const char **ret_text, size_t *ret_len)
{
    const char *at = start, *end = run->end;
    char *from = run->out;
    size_t plain = (size_t)(stop - start);
    bool done = false;
    if (UNLIKELY((size_t)(run->out_end - run->out) < plain + WIDE + 2 * COPY))
        from = json_room(run, from, plain + WIDE + 2 * COPY);
    if (LIKELY(end - at >= (ptrdiff_t)plain + COPY))
        copy(run->out, at, plain);
    else
        memcpy(run->out, at, plain);
    run->out += plain;
    at = stop;
    while (LIKELY(end - at >= WIDE + COPY)) {
        if (UNLIKELY(run->out_end - run->out < WIDE + 2 * COPY))
            from = json_room(run, from, WIDE + 2 * COPY);
        if (!(at = squeeze(run, at, high, &done)))
            return NULL;
        if (done)
            break;
    }
    while (!done) {                        /* near the end of the text */
        stop = stop_of(at, end, high);
        if (UNLIKELY(stop == end)) {
            failed(run, FAULT_ENDS, end);
            return NULL;
        }
        plain = (size_t)(stop - at);
        if (UNLIKELY((size_t)(run->out_end - run->out) < plain + 8))
            from = json_room(run, from, plain + 8);
        memcpy(run->out, at, plain);
        run->out += plain;
        at = stop;
        done = *at == '"';
        if (!done && !(at = undo_escape(run, at)))
            return NULL;
    }
    *ret_text = from;
    *ret_len = (size_t)(run->out - from);
    return at;
}

static inline void add(struct run *run, const struct path *path, enum value_kind kind, const char *text, size_t len, bool escaped)
{
    struct event *event = run->event;
    if (UNLIKELY(path->special & (PATH_IGNORED | PATH_OVER) || (kind == VALUE_NULL && path->special & PATH_PART))) {
        event->dropped += (path->special & PATH_OVER) != 0;
        return;
    }
    if (UNLIKELY(event->n == event->room)) {
        if (!event_add(event, path->field, kind, text, len))
            return;
        event->n--;
    }
    event->values[event->n] = (struct event_value){.field = path->field, .kind = kind, .len = (uint32_t)len, .escaped = escaped, .text = text,
                                                   .name = path->field ? NULL : path->name};
    event->n++;
    if (path->special)
        json_special(run, path, event->n - 1);
}

/* A string as a value; `at` is behind its quote. */
static inline bool string_value(struct run *run, const struct path *path, const char *at)
{
    uint64_t high = 0;
    bool escaped = false;
    const char *text = at, *stop = stop_of(at, run->end, &high);
    size_t len;
    if (UNLIKELY(stop == run->end))
        return failed(run, FAULT_ENDS, stop);
    if (*stop == '\\' && run->lazy && !(path->special & ~(unsigned)PATH_WINDOWS)) {
        if (!(stop = string_end(run, stop, &high, &escaped)))
            return false;
        len = (size_t)(stop - text);
    } else if (*stop == '\\') {
        if (!(stop = unescaped(run, at, stop, &high, &text, &len)))
            return false;
    } else {
        len = (size_t)(stop - text);
    }
    if (UNLIKELY(high) && !escaped)
        text = json_repair(run, text, &len);
    add(run, path, VALUE_TEXT, text, len, escaped);
    run->at = stop + 1;
    return true;
}

static inline bool is_digit(char c) { return (unsigned char)(c - '0') < 10; }

static const char *digits(const char *at, const char *end)
{
    while (at < end && is_digit(*at))
        at++;
    return at;
}

static inline bool number_value(struct run *run, const struct path *path, const char *start)
{
    const char *at = start + (*start == '-'), *end = run->end;
    if (at == end || !is_digit(*at))
        return failed(run, FAULT_NUMBER, at);
    at = *at == '0' ? at + 1 : digits(at, end);
    if (at < end && *at == '.') {
        const char *after = digits(at + 1, end);
        if (after == at + 1)
            return failed(run, FAULT_NUMBER, after);
        at = after;
    }
    if (at < end && (*at | 32) == 'e') {
        at += 1 + (end - at > 1 && (at[1] == '+' || at[1] == '-'));
        const char *after = digits(at, end);
        if (after == at)
            return failed(run, FAULT_NUMBER, after);
        at = after;
    }
    add(run, path, VALUE_NUMBER, start, (size_t)(at - start), false);
    run->at = at;
    return true;
}

static inline bool word_value(struct run *run, const struct path *path, const char *at, const char *word, size_t len, enum value_kind kind)
{
    size_t left = (size_t)(run->end - at);
    if (left < len && memcmp(at, word, left) == 0)
        return failed(run, FAULT_ENDS, run->end);
    if (left < len || memcmp(at, word, len) != 0)
        return failed(run, FAULT_VALUE, at);
    add(run, path, kind, at, len, false);
    run->at = at + len;
    return true;
}

static inline bool scalar_value(struct run *run, const struct path *path, const char *at)
{
    switch (*at) {
    case '"': return string_value(run, path, at + 1);
    case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9': return number_value(run, path, at);
    case 't': return word_value(run, path, at, "true", 4, VALUE_TRUE);
    case 'f': return word_value(run, path, at, "false", 5, VALUE_FALSE);
    case 'n': return word_value(run, path, at, "null", 4, VALUE_NULL);
    default: return failed(run, FAULT_VALUE, at);
    }
}

/* The member's name at `at` (a quote must stand there) and its colon; run->at is then at the value. `before` is the member before it. */
static inline struct path *member_name(struct run *run, struct path *inside, struct path *before, const char *at)
{
    const char *end = run->end;
    if (UNLIKELY(at == end || *at != '"')) {
        failed(run, FAULT_NAME, at);
        return NULL;
    }
    at++;
    struct path *path = before ? before->follows : inside->first;
    if (LIKELY(path && same_key(path, at, end))) {
        at += path->key_len + 1;
    } else {
        uint64_t high = 0;
        bool escaped;
        const char *stop = string_end(run, at, &high, &escaped);
        if (!stop)
            return NULL;
        path = paths_find(run->paths, inside, at, (size_t)(stop - at), run->event->arena);
        if (LIKELY(!(path->special & PATH_PASSING)))
            *(before && !(before->special & PATH_PASSING) ? &before->follows : &inside->first) = path;
        at = stop + 1;
    }
    if (UNLIKELY(at == end || *at != ':')) {
        at = blanks(at, end);
        if (at == end || *at != ':') {
            failed(run, FAULT_COLON, at);
            return NULL;
        }
    }
    at++;
    if (UNLIKELY(at == end || *at <= ' '))
        at = blanks(at, end);
    run->at = at;
    return path;
}

bool CORE(struct run *run)
{
    const char *at = run->at, *end = run->end;
    struct level *level = run->levels;
    struct path *path = paths_root(run->paths), *before;
    goto opened;
opened:                                    /* `at` is an opening brace or bracket whose values lie under `path` */
    if (run->depth == EVENT_JSON_DEPTH)
        return failed(run, FAULT_DEEP, at);
    level = &run->levels[run->depth++];
    *level = (struct level){path, *at == '['};
    at = blanks(at + 1, end);
    before = NULL;
    if (at < end && *at == (level->array ? ']' : '}'))
        goto closed;
    if (level->array)
        goto value;
member:
    if (!(path = member_name(run, level->path, before, at)))
        return false;
    before = path;
    at = run->at;
value:
    if (UNLIKELY(at == end))
        return failed(run, FAULT_ENDS, at);
    if (*at == '{' || *at == '[')
        goto opened;
    if (!scalar_value(run, path, at))
        return false;
    at = run->at;
after:                                     /* behind a value inside `level` */
    if (UNLIKELY(at == end || *at <= ' '))
        at = blanks(at, end);
    if (UNLIKELY(at == end))
        return failed(run, FAULT_ENDS, at);
    if (LIKELY(*at == ',')) {
        at++;
        if (UNLIKELY(at == end || *at <= ' '))
            at = blanks(at, end);
        if (level->array) {
            path = level->path;
            goto value;
        }
        goto member;
    }
    if (*at != (level->array ? ']' : '}'))
        return failed(run, level->array ? FAULT_CLOSE : FAULT_COMMA, at);
closed:
    at++;
    if (!level->array && UNLIKELY(level->path->special & PATH_ITEM))
        json_item_ends(run, level->path);
    if (--run->depth == 0) {
        run->at = at;
        return true;
    }
    before = level->path;                  /* the member that this object or array was */
    level--;
    goto after;
}
