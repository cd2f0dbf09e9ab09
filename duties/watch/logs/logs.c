/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See logs.h and log.h: the table of formats, the frame around each of them, and the two simplest: JSON and raw lines.
 */
#include "watch/logs/log.h"

#include "base/text.h"

const struct log_format *const log_formats[] = {
    &log_format_zeek, &log_format_w3c, &log_format_winxml, &log_format_auditd, &log_format_cef, &log_format_json, &log_format_apache,
    &log_format_syslog, &log_format_raw, NULL,
};

const struct log_format *log_format_named(const char *name)
{
    for (size_t i = 0; log_formats[i]; i++)
        if (str_eq(log_formats[i]->name, name))
            return log_formats[i];
    return NULL;
}

const struct log_format *log_format_of(const char *text, size_t len)
{
    const struct log_format *best = &log_format_raw;
    unsigned most = 0;
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        len -= 3;
    }
    for (size_t i = 0; log_formats[i]; i++) {
        unsigned sure = log_formats[i]->looks(text, len > 65536 ? 65536 : len);
        if (sure > most) {
            most = sure;
            best = log_formats[i];
        }
    }
    return best;
}

struct log_reader *log_reader_new(struct arena *arena, struct fields *fields, const struct log_format *format, moment now)
{
    struct log_reader *reader = ARENA_NEW(arena, struct log_reader);
    *reader = (struct log_reader){.arena = arena, .fields = fields, .format = format, .now = now, .message = fields_add(fields, "message", 7)};
    for (size_t i = 0; format->names && format->names[i]; i++)
        reader->ids[i] = fields_add(fields, format->names[i], strlen(format->names[i]));
    return reader;
}

struct log_counts log_counts(const struct log_reader *reader) { return reader->counts; }

struct event_json *log_json(struct log_reader *reader)
{
    if (!reader->json)
        reader->json = event_json_new(reader->arena, reader->fields, EVENT_JSON_WHOLE);
    return reader->json;
}

void log_add_raw(struct log_reader *reader, struct event *event, struct cut line)
{
    event->raw = line.at;
    event->raw_len = cut_len(line);
    log_add(reader, event, reader->message, line);
}

/* What was refused between `at` and `end`, without the white space around it. */
static struct cut refused(const char *text, size_t at, size_t end)
{
    struct cut cut = {text + at, text + end};
    while (cut.at < cut.end && (unsigned char)*cut.at <= ' ')
        cut.at++;
    while (cut.end > cut.at && (unsigned char)cut.end[-1] <= ' ')
        cut.end--;
    return cut;
}

enum status log_read(struct log_reader *reader, struct event *event, const char *text, size_t len, size_t at, bool last, struct reasons *reasons,
                     size_t *ret_end)
{
    enum status status = reader->format->read(reader, event, text, len, at, last, reasons, ret_end);
    if (status == ABSENT)
        return ABSENT;
    if (status == TOO_LARGE) {
        reader->counts.faulty++;
        return TOO_LARGE;
    }
    if (status == BAD_INPUT) {
        reader->counts.faulty++;
        reader->counts.raw++;
        struct cut line = event->raw ? refused(event->raw, 0, event->raw_len) : refused(text, at, *ret_end);
        event_clear(event);
        log_add_raw(reader, event, line);
    }
    reader->counts.events++;
    event->format = reader->format->name;
    if (!event->record)
        event->record = reader->counts.events;
    return OK;
}

static unsigned looks_json(const char *text, size_t len)
{
    struct cut rest = cut_blanks((struct cut){text, text + len});
    while (rest.at < rest.end && (*rest.at == '[' || *rest.at == '\n' || *rest.at == '\r' || *rest.at == ' '))
        rest.at++;
    if (rest.at == rest.end || *rest.at != '{')
        return 0;
    for (rest.at++; rest.at < rest.end && (unsigned char)*rest.at <= ' ';)
        rest.at++;
    return rest.at == rest.end || *rest.at == '"' || *rest.at == '}' ? 90 : 0;
}

static enum status read_json(struct log_reader *reader, struct event *event, const char *text, size_t len, size_t at, bool last, struct reasons *reasons,
                             size_t *ret_end)
{
    return event_json_read(log_json(reader), event, text, len, at, last, reasons, ret_end);
}

const struct log_format log_format_json = {.name = "json", .looks = looks_json, .read = read_json};

static unsigned looks_raw(const char *text, size_t len) { return len ? 1 : 0; }

static enum status read_raw(struct log_reader *reader, struct event *event, const char *text, size_t len, size_t at, bool last, struct reasons *reasons,
                            size_t *ret_end)
{
    struct cut line;
    enum status status;
    while ((status = log_next_line(text, len, at, last, &line, ret_end)) == OK && cut_len(line) == 0)
        at = *ret_end;
    if (status == OK) {
        log_add_raw(reader, event, line);
        reader->counts.raw++;
    }
    return status;
}

const struct log_format log_format_raw = {.name = "raw", .looks = looks_raw, .read = read_raw};
