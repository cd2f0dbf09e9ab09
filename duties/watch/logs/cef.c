/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ArcSight's Common Event Format: "CEF:0|vendor|product|version|class|name|severity|extension", bare or behind a syslog header. In the
 * header \| and \\ stand for themselves; in the extension \= and \\, and \n and \r for ends of lines. A value may hold blanks: it ends
 * before the last word that an equals sign follows.
 */
#include "watch/logs/log.h"

static const char *const header[] = {"deviceVendor", "deviceProduct", "deviceVersion", "deviceEventClassId", "name", "severity"};

/* Up to the next bar that is not escaped. */
static bool part_of(struct cut *rest, struct cut *ret)
{
    const char *at = rest->at;
    while (at < rest->end && *at != '|')
        at += *at == '\\' ? 2 : 1;
    if (at >= rest->end)
        return false;
    *ret = (struct cut){rest->at, at};
    rest->at = at + 1;
    return true;
}

static bool key_byte(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-' || c == '[' || c == ']'; }

/* The next "key=" at or behind `at`, whose key follows a blank or the beginning. NULL when there is none. */
static const char *key_at(struct cut rest, const char *at, struct cut *ret_key)
{
    for (const char *equals = at; equals < rest.end && (equals = memchr(equals, '=', (size_t)(rest.end - equals))) != NULL; equals++) {
        const char *begin = equals;
        while (begin > at && key_byte(begin[-1]))
            begin--;
        if (begin < equals && (begin == rest.at || begin[-1] == ' ')) {
            *ret_key = (struct cut){begin, equals};
            return equals + 1;
        }
    }
    return NULL;
}

static void stamp(struct event *event, struct cut key, struct cut value)
{
    moment time;
    static const char *const keys[] = {"rt", "end", "start"};
    for (size_t i = 0; i < 3; i++)
        if (cut_is(key, keys[i]) && (event->time == MOMENT_NONE || i == 0) &&
            (stamp_read(value.at, cut_len(value), &time) || log_stamp_old(&value, MOMENT_NONE, &time)) && time != MOMENT_NONE)
            event->time = time;
}

/* cs1Label=Rule: what cs1 holds stands under "Rule", too. */
static void labels(struct log_reader *reader, struct event *event, size_t from)
{
    size_t n = event->n, most = 64;
    for (size_t i = from; i < n && most; i++) {
        const char *name = fields_name(reader->fields, event->values[i].field);
        size_t len = strlen(name);
        if (len <= 5 || strcmp(name + len - 5, "Label") != 0 || event->values[i].len == 0)
            continue;
        most--;
        field_id of = fields_find(reader->fields, name, len - 5);
        struct event_value label = event->values[i];
        for (size_t k = from; of && k < n; k++)
            if (event->values[k].field == of)
                log_add_named(reader, event, (struct cut){label.text, label.text + label.len},
                              (struct cut){event->values[k].text, event->values[k].text + event->values[k].len});
    }
}

bool log_cef(struct log_reader *reader, struct event *event, struct cut text)
{
    struct cut parts[6], version, key, rest = text;
    if (!cut_starts(text, "CEF:"))
        return false;
    rest.at += 4;
    if (!part_of(&rest, &version) || cut_len(version) > 4)
        return false;
    for (int i = 0; i < 6; i++)
        if (!part_of(&rest, &parts[i])) {
            if (i < 5)
                return false;
            parts[i] = rest;               /* severity last, no bar behind it */
            rest.at = rest.end;
        }
    for (int i = 0; i < 6; i++)
        log_add_named(reader, event, (struct cut){header[i], header[i] + strlen(header[i])}, log_unescape(event, cut_blanks(parts[i]), "|\\", false));
    rest = cut_blanks(rest);
    size_t from = event->n, met = 0;
    for (const char *at = key_at(rest, rest.at, &key); at;) {
        struct cut next, name = key;
        const char *after = key_at(rest, at, &next);
        struct cut value = cut_blanks((struct cut){at, after ? next.at : rest.end});
        value = log_unescape(event, value, "=\\|", true);
        stamp(event, name, value);
        met += cut_len(name) > 5 && memcmp(name.end - 5, "Label", 5) == 0;
        log_add_named(reader, event, name, value);
        at = after;
        key = next;
    }
    if (met)
        labels(reader, event, from);
    return true;
}

static enum status read_cef(struct log_reader *reader, struct event *event, const char *text, size_t len, size_t at, bool last, struct reasons *reasons,
                            size_t *ret_end)
{
    struct cut line;
    enum status status;
    while ((status = log_next_line(text, len, at, last, &line, ret_end)) == OK && cut_len(cut_blanks(line)) == 0)
        at = *ret_end;
    if (status != OK)
        return status;
    if (cut_starts(line, "CEF:") && log_cef(reader, event, line)) {
        event->raw = line.at;
        event->raw_len = cut_len(line);
        return OK;
    }
    return log_format_syslog.read(reader, event, text, len, at, last, reasons, ret_end);
}

static unsigned looks_cef(const char *text, size_t len)
{
    struct cut line;
    size_t at = 0;
    if (log_next_line(text, len, 0, true, &line, &at) != OK)
        return 0;
    const char *found = memmem(line.at, cut_len(line), "CEF:", 4);
    return found == line.at && found ? 95 : found && found - line.at < 100 && memchr(found, '|', (size_t)(line.end - found)) ? 85 : 0;
}

const struct log_format log_format_cef = {.name = "cef", .looks = looks_cef, .read = read_cef, .names = log_syslog_names};
