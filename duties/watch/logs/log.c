/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See log.h.
 */
#include "watch/logs/log.h"

#include "base/text.h"

struct cut cut_to(struct cut *rest, char c)
{
    const char *found = rest->at < rest->end ? memchr(rest->at, c, cut_len(*rest)) : NULL;
    struct cut cut = {rest->at, found ? found : rest->end};
    rest->at = found ? found + 1 : rest->end;
    return cut;
}

struct cut cut_blanks(struct cut cut)
{
    while (cut.at < cut.end && (*cut.at == ' ' || *cut.at == '\t'))
        cut.at++;
    while (cut.end > cut.at && (cut.end[-1] == ' ' || cut.end[-1] == '\t'))
        cut.end--;
    return cut;
}

enum status log_next_line(const char *text, size_t len, size_t at, bool last, struct cut *ret_line, size_t *ret_next)
{
    *ret_next = at;
    if (at >= len)
        return ABSENT;
    const char *begin = text + at, *end = memchr(begin, '\n', len - at);
    size_t n = end ? (size_t)(end - begin) : len - at;
    if (n > EVENT_BYTES_MOST) {
        *ret_next = end ? at + n + 1 : len;
        return TOO_LARGE;
    }
    if (!end && !last)
        return ABSENT;
    *ret_next = at + n + (end != NULL);
    if (n && begin[n - 1] == '\r')
        n--;
    *ret_line = (struct cut){begin, begin + n};
    return OK;
}

static bool is_ascii(struct cut cut)
{
    uint64_t all = 0, eight;
    for (; cut.end - cut.at >= 8; cut.at += 8) {
        memcpy(&eight, cut.at, 8);
        all |= eight;
    }
    for (; cut.at < cut.end; cut.at++)
        all |= (uint64_t)(unsigned char)*cut.at;
    return (all & UINT64_C(0x8080808080808080)) == 0;
}

/* The text as it is, or a copy with U+FFFD for each byte that begins no character. */
static struct cut as_utf8(struct event *event, struct cut cut)
{
    if (is_ascii(cut) || utf8_valid(cut.at, cut_len(cut)))
        return cut;
    char *out = arena_alloc(event->arena, 3 * cut_len(cut)), *to = out;
    while (cut.at < cut.end) {
        size_t n = utf8_length(cut.at, cut_len(cut));
        memcpy(to, n ? cut.at : "\xef\xbf\xbd", n ? n : 3);
        to += n ? n : 3;
        cut.at += n ? n : 1;
    }
    return (struct cut){out, to};
}

void log_add(struct log_reader *reader, struct event *event, field_id field, struct cut value)
{
    (void)reader;
    value = as_utf8(event, value);
    event_add(event, field, VALUE_TEXT, value.at, cut_len(value));
}

void log_add_named(struct log_reader *reader, struct event *event, struct cut name, struct cut value)
{
    if (event->n >= EVENT_VALUES_MOST) {
        event->dropped++;
        return;
    }
    if (!is_ascii(name) || memchr(name.at, ' ', cut_len(name)) || memchr(name.at, 0, cut_len(name))) {
        struct cut clean = as_utf8(event, name);
        char *out = arena_alloc(event->arena, cut_len(clean) + 1), *to = out;
        for (; clean.at < clean.end; clean.at++)
            if (*clean.at != ' ' && *clean.at)
                *to++ = *clean.at;
        name = (struct cut){out, to};
    }
    field_id field = fields_add(reader->fields, name.at, cut_len(name));
    log_add(reader, event, field, value);
    if (!field) {
        size_t len = cut_len(name) > EVENT_NAME_MOST ? EVENT_NAME_MOST : cut_len(name);
        event->values[event->n - 1].name = arena_strndup(event->arena, name.at, len);
    }
}

struct cut log_unescape(struct event *event, struct cut cut, const char *escapes, bool lines)
{
    if (cut_len(cut) == 0 || !memchr(cut.at, '\\', cut_len(cut)))
        return cut;
    char *out = arena_alloc(event->arena, cut_len(cut)), *to = out;
    for (; cut.at < cut.end; cut.at++) {
        char next = cut.at + 1 < cut.end ? cut.at[1] : 0;
        bool escape = *cut.at == '\\' && next;
        if (escape && lines && (next == 'n' || next == 'r')) {
            *to++ = next == 'n' ? '\n' : '\r';
            cut.at++;
        } else if (escape && strchr(escapes, next)) {
            *to++ = next;
            cut.at++;
        } else {
            *to++ = *cut.at;
        }
    }
    return (struct cut){out, to};
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

bool log_unhex(struct event *event, struct cut cut, char nul, struct cut *ret)
{
    size_t len = cut_len(cut);
    if (len < 2 || len % 2)
        return false;
    for (size_t i = 0; i < len; i++)
        if (hex(cut.at[i]) < 0)
            return false;
    char *out = arena_alloc(event->arena, len / 2);
    for (size_t i = 0; i < len / 2; i++) {
        char c = (char)(hex(cut.at[2 * i]) * 16 + hex(cut.at[2 * i + 1]));
        out[i] = c ? c : nul;
    }
    *ret = (struct cut){out, out + len / 2};
    return true;
}

/* "15:16:01", with a fraction; moved behind. */
static bool time_of_day(struct cut *rest, int out[4])
{
    const char *at = rest->at;
    int scale = 100;
    out[3] = 0;
    for (int i = 0; i < 3; i++) {
        if (i && (at == rest->end || *at++ != ':'))
            return false;
        size_t n = stamp_digits(at, rest->end, 2, &out[i]);
        if (n == 0)
            return false;
        at += n;
    }
    if (rest->end - at > 1 && (*at == '.' || *at == ',') && at[1] >= '0' && at[1] <= '9')
        for (at++; at < rest->end && *at >= '0' && *at <= '9'; at++, scale /= 10)
            out[3] += scale * (*at - '0');
    rest->at = at;
    return true;
}

static bool year_at(struct cut *rest, int *ret_year)
{
    int year = 0;
    size_t n = stamp_digits(rest->at, rest->end, 5, &year);
    if (n != 4 || year < 1970 || (rest->at + 4 < rest->end && rest->at[4] != ' ' && rest->at[4] != ':'))
        return false;
    rest->at += 4;
    *ret_year = year;
    return true;
}

static void blanks(struct cut *rest)
{
    while (rest->at < rest->end && *rest->at == ' ')
        rest->at++;
}

bool log_stamp_old(struct cut *whole, moment now, moment *ret)
{
    struct cut rest = *whole;
    int month, day = 0, year = 0, time[4];
    if (cut_len(rest) < 14 || (month = stamp_month(rest.at)) == 0 || rest.at[3] != ' ')
        return false;
    rest.at += 3;
    blanks(&rest);
    rest.at += stamp_digits(rest.at, rest.end, 2, &day);
    if (rest.at == rest.end || *rest.at != ' ')
        return false;
    blanks(&rest);
    bool dated = year_at(&rest, &year);
    blanks(&rest);
    if (!time_of_day(&rest, time))
        return false;
    if (!dated && cut_len(rest) >= 5 && *rest.at == ' ') {
        struct cut behind = {rest.at + 1, rest.end};
        dated = year_at(&behind, &year);
        rest = dated ? behind : rest;
    }
    if (!dated && now == MOMENT_NONE) {
        *ret = MOMENT_NONE;                /* nobody said what year it is */
        *whole = rest;
        return true;
    }
    if (!dated)
        year = moment_civil(now).year + 1;
    moment made = stamp_make(year, month, day, time[0], time[1], time[2], time[3]);
    for (int back = 0; !dated && back < 8 && (made == MOMENT_NONE || made > now + DAY); back++)        /* 29 February: up to eight years back */
        made = stamp_make(--year, month, day, time[0], time[1], time[2], time[3]);
    if (made == MOMENT_NONE)
        return false;
    *ret = made;
    *whole = rest;
    return true;
}
