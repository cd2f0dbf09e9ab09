/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Zeek: logs parted by tabs, whose header names separator, fields and types, and logs of JSON objects. Sets and vectors give one value
 * for each member; what is unset gives none; \xHH of the separator's kind is undone. _path comes from #path.
 */
#include "watch/logs/log.h"

#define COLUMNS_MOST 512
enum { PATH, TS };
static const char *const names[] = {"_path", "ts", NULL};

struct column { field_id field; bool set, number; };
struct zeek {
    char separator, set_separator;
    char unset[16], empty[16], path[64];
    size_t n;
    struct column columns[COLUMNS_MOST];
};

static struct zeek *state_of(struct log_reader *reader)
{
    if (!reader->state) {
        struct zeek *zeek = ARENA_NEW(reader->arena, struct zeek);
        *zeek = (struct zeek){.separator = '\t', .set_separator = ',', .unset = "-", .empty = "(empty)"};
        reader->state = zeek;
    }
    return reader->state;
}

static void keep(char *to, size_t room, struct cut value)
{
    size_t len = cut_len(value) < room ? cut_len(value) : room - 1;
    memcpy(to, value.at, len);
    to[len] = 0;
}

static char separator_of(struct cut value, char otherwise)
{
    int code = 0;
    if (cut_len(value) == 4 && value.at[0] == '\\' && value.at[1] == 'x')
        for (int i = 2; i < 4; i++) {
            char c = value.at[i];
            code = code * 16 + (c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : 0);
        }
    return code ? (char)code : cut_len(value) == 1 ? *value.at : otherwise;
}

/* "#fields\tts\tuid ..." */
static void header(struct log_reader *reader, struct cut line)
{
    struct zeek *zeek = state_of(reader);
    char parts = zeek->separator;
    if (cut_starts(line, "#separator ")) {
        zeek->separator = separator_of((struct cut){line.at + 11, line.end}, '\t');
        return;
    }
    struct cut word = cut_to(&line, parts);
    if (cut_is(word, "#set_separator"))
        zeek->set_separator = separator_of(cut_to(&line, parts), ',');
    else if (cut_is(word, "#unset_field"))
        keep(zeek->unset, sizeof zeek->unset, cut_to(&line, parts));
    else if (cut_is(word, "#empty_field"))
        keep(zeek->empty, sizeof zeek->empty, cut_to(&line, parts));
    else if (cut_is(word, "#path"))
        keep(zeek->path, sizeof zeek->path, cut_to(&line, parts));
    else if (cut_is(word, "#fields"))
        for (zeek->n = 0; line.at < line.end && zeek->n < COLUMNS_MOST;) {
            struct cut name = cut_to(&line, parts);
            zeek->columns[zeek->n++] = (struct column){.field = fields_add(reader->fields, name.at, cut_len(name))};
        }
    else if (cut_is(word, "#types"))
        for (size_t i = 0; line.at < line.end && i < zeek->n; i++) {
            struct cut type = cut_to(&line, parts);
            zeek->columns[i].set = cut_starts(type, "set[") || cut_starts(type, "vector[");
            zeek->columns[i].number = cut_is(type, "count") || cut_is(type, "int") || cut_is(type, "double") || cut_is(type, "port");
        }
}

/* \x09 and the like undone; \\ as well. */
static struct cut plain(struct event *event, struct cut value)
{
    if (cut_len(value) < 2 || !memchr(value.at, '\\', cut_len(value)))
        return value;
    char *out = arena_alloc(event->arena, cut_len(value)), *to = out;
    for (; value.at < value.end; value.at++) {
        char code = value.end - value.at >= 4 ? separator_of((struct cut){value.at, value.at + 4}, 0) : 0;
        if (*value.at == '\\' && code) {
            *to++ = code;
            value.at += 3;
        } else {
            *to++ = *value.at;
            value.at += *value.at == '\\' && value.at + 1 < value.end && value.at[1] == '\\';
        }
    }
    return (struct cut){out, to};
}

static void value_of(struct log_reader *reader, struct event *event, const struct zeek *zeek, struct column column, struct cut value)
{
    if (cut_is(value, zeek->unset))
        return;
    if (column.field == reader->ids[TS] && event->time == MOMENT_NONE)
        stamp_read(value.at, cut_len(value), &event->time);
    if (cut_is(value, zeek->empty))
        value.end = value.at;
    for (struct cut one; column.set && memchr(value.at, zeek->set_separator, cut_len(value)); ) {
        one = cut_to(&value, zeek->set_separator);
        log_add(reader, event, column.field, plain(event, one));
    }
    if (column.number)
        event_add(event, column.field, VALUE_NUMBER, value.at, cut_len(value));
    else
        log_add(reader, event, column.field, plain(event, value));
}

static bool row(struct log_reader *reader, struct event *event, struct cut line)
{
    const struct zeek *zeek = state_of(reader);
    size_t column = 0;
    if (zeek->n == 0)
        return false;
    event->raw = line.at;
    event->raw_len = cut_len(line);
    if (zeek->path[0])
        log_add(reader, event, reader->ids[PATH], (struct cut){zeek->path, zeek->path + strlen(zeek->path)});
    for (bool more = true; more && column < zeek->n; column++) {
        const char *end = memchr(line.at, zeek->separator, cut_len(line));
        struct cut value = {line.at, end ? end : line.end};
        value_of(reader, event, zeek, zeek->columns[column], value);
        more = end != NULL;
        line.at = end ? end + 1 : line.end;
    }
    return column == zeek->n && line.at == line.end;
}

static enum status read_zeek(struct log_reader *reader, struct event *event, const char *text, size_t len, size_t at, bool last, struct reasons *reasons,
                             size_t *ret_end)
{
    struct cut line;
    for (enum status status;; at = *ret_end) {
        status = log_next_line(text, len, at, last, &line, ret_end);
        if (status != OK)
            return status;
        if (cut_starts(line, "{")) {
            status = event_json_read(log_json(reader), event, text, len, at, last, reasons, ret_end);
            return status;
        }
        if (cut_starts(line, "#"))
            header(reader, line);
        else if (cut_len(line))
            break;
    }
    if (row(reader, event, line))
        return OK;
    event_clear(event);
    log_add_raw(reader, event, line);
    reader->counts.raw++;
    return OK;
}

static unsigned looks_zeek(const char *text, size_t len)
{
    struct cut whole = {text, text + (len > 4096 ? 4096 : len)};
    if (cut_starts(whole, "#separator "))
        return 100;
    if (cut_starts(whole, "#fields\t") || cut_starts(whole, "#path\t") || cut_starts(whole, "#set_separator"))
        return 97;
    return cut_starts(whole, "{") && memmem(whole.at, cut_len(whole), "\"ts\":", 5) && memmem(whole.at, cut_len(whole), "\"uid\":", 6) &&
           (memmem(whole.at, cut_len(whole), "\"id.orig_h\":", 12) || memmem(whole.at, cut_len(whole), "\"_path\":", 8)) ? 95 : 0;
}

const struct log_format log_format_zeek = {.name = "zeek", .product = "zeek", .looks = looks_zeek, .read = read_zeek, .names = names};
