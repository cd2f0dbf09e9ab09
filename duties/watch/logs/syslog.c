/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Syslog: RFC 5424 (structured data with its escapes), RFC 3164 and what is written to files in its likeness (no priority, ISO stamps, no
 * program), a line each or counted by octets ("57 <34>1 ..."). The program's name is the tag without "(pam_unix)" and path; the whole tag
 * stays as `tag` where it differs. A message that is CEF, or a JSON object (also behind "@cee:"), gives its fields to the event.
 */
#include "watch/logs/log.h"

enum { PROGRAM, PID, HOST, FACILITY, SEVERITY, MSGID, MESSAGE, TAG };
const char *const log_syslog_names[] = {"program", "pid", "host", "facility", "severity", "msgid", "message", "tag", NULL};
static const char *const facilities[] = {"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"};
static const char *const severities[] = {"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"};

/* "<34>", moved behind. */
static bool priority_of(struct cut *rest, int *ret)
{
    int priority;
    if (cut_len(*rest) < 3 || *rest->at != '<')
        return false;
    size_t n = stamp_digits(rest->at + 1, rest->end, 3, &priority);
    if (n == 0 || rest->at + 1 + n >= rest->end || rest->at[1 + n] != '>' || priority > 191)
        return false;
    rest->at += n + 2;
    *ret = priority;
    return true;
}

/* A time without blanks in it, moved behind it and its blank. */
static bool stamp_word(struct cut *rest, moment *ret)
{
    struct cut after = *rest, word = cut_to(&after, ' ');
    if (cut_len(word) < 16 || !stamp_read(word.at, cut_len(word), ret))
        return false;
    *rest = after;
    return true;
}

/* "2024-01-31 12:00:00.123 " */
static bool stamp_two_words(struct cut *rest, moment *ret)
{
    struct cut after = *rest, date = cut_to(&after, ' '), time = cut_to(&after, ' ');
    if (cut_len(date) != 10 || cut_len(time) < 8 || !stamp_read(date.at, (size_t)(time.end - date.at), ret))
        return false;
    *rest = after;
    return true;
}

static void add(struct log_reader *reader, struct event *event, int name, struct cut value)
{
    if (cut_len(value) && !cut_is(value, "-"))
        log_add(reader, event, reader->ids[name], value);
}

static void add_word(struct log_reader *reader, struct event *event, int name, const char *word)
{
    event_add(event, reader->ids[name], VALUE_TEXT, word, strlen(word));
}

static void message(struct log_reader *reader, struct event *event, struct cut text)
{
    if (cut_len(text) >= 3 && memcmp(text.at, "\xef\xbb\xbf", 3) == 0)
        text.at += 3;
    struct cut body = cut_blanks(text);
    log_add(reader, event, reader->ids[MESSAGE], text);
    if (log_cef(reader, event, body) || (cut_starts(body, "<Event") && log_winxml(reader, event, body)))
        return;
    if (cut_starts(body, "@cee:"))
        body.at += 5;
    body = cut_blanks(body);
    if (cut_starts(body, "{")) {
        struct event whole = *event;       /* as it stands; when the object is faulty, or not the whole of the message, it stays so */
        struct event inner;
        size_t end;
        event_init(&inner, arena_new((size_t)64 << 20));
        bool good = inner.arena && event_json_read(log_json(reader), &inner, body.at, cut_len(body), 0, true, NULL, &end) == OK;
        for (size_t i = 0; good && i < inner.n; i++) {
            const struct event_value *value = &inner.values[i];
            if (event_add(&whole, value->field, value->kind, arena_strndup(event->arena, value->text, value->len), value->len) && !value->field)
                whole.values[whole.n - 1].name = arena_strdup(event->arena, value->name);
        }
        *event = whole;
        arena_free(inner.arena);
    }
}

/* [id name="value" ...], the value's \" \\ \] undone; moved behind. False when it is not well-formed. */
static bool element(struct log_reader *reader, struct event *event, struct cut *rest)
{
    struct cut id = {rest->at + 1, rest->at + 1};
    while (id.end < rest->end && *id.end != ' ' && *id.end != ']' && *id.end != '=' && *id.end != '"')
        id.end++;
    const char *at = id.end;
    while (at < rest->end && *at == ' ') {
        while (at < rest->end && *at == ' ')
            at++;
        struct cut name = {at, at}, value;
        while (name.end < rest->end && *name.end != '=' && *name.end != ']' && *name.end != ' ' && *name.end != '"')
            name.end++;
        if (cut_len(name) == 0)
            break;
        if (rest->end - name.end < 2 || name.end[0] != '=' || name.end[1] != '"')
            return false;
        value.at = value.end = name.end + 2;
        while (value.end < rest->end && *value.end != '"')
            value.end += *value.end == '\\' ? 2 : 1;
        if (value.end >= rest->end)
            return false;
        char *joined = arena_alloc(event->arena, cut_len(id) + 1 + cut_len(name));
        memcpy(joined, id.at, cut_len(id));
        joined[cut_len(id)] = '.';
        memcpy(joined + cut_len(id) + 1, name.at, cut_len(name));
        log_add_named(reader, event, (struct cut){joined, joined + cut_len(id) + 1 + cut_len(name)}, log_unescape(event, value, "\"\\]", false));
        at = value.end + 1;
    }
    if (at >= rest->end || *at != ']' || cut_len(id) == 0)
        return false;
    rest->at = at + 1;
    return true;
}

/* Behind "<34>1 ". */
static bool modern(struct log_reader *reader, struct event *event, struct cut rest)
{
    struct cut stamp = cut_to(&rest, ' '), host = cut_to(&rest, ' '), program = cut_to(&rest, ' '), pid = cut_to(&rest, ' '), id = cut_to(&rest, ' ');
    if (!cut_is(stamp, "-") && !stamp_read(stamp.at, cut_len(stamp), &event->time))
        return false;
    if (rest.at == rest.end || (*rest.at != '-' && *rest.at != '['))
        return false;
    add(reader, event, HOST, host);
    add(reader, event, PROGRAM, program);
    add(reader, event, PID, pid);
    add(reader, event, MSGID, id);
    if (*rest.at == '-')
        rest.at++;
    else
        while (rest.at < rest.end && *rest.at == '[')
            if (!element(reader, event, &rest))
                return false;
    if (rest.at < rest.end && *rest.at++ != ' ')
        return false;
    message(reader, event, rest);
    return true;
}

/* "/usr/sbin/sshd(pam_unix)[19939]: ..." The tag ends at a colon or bracket; without one there is no tag. */
static void tagged(struct log_reader *reader, struct event *event, struct cut rest)
{
    const char *at = rest.at;
    while (at < rest.end && *at != ' ' && *at != ':' && *at != '[')
        at++;
    struct cut tag = {rest.at, at}, pid = {NULL, NULL};
    if (at < rest.end && *at == '[') {
        struct cut after = {at + 1, rest.end};
        pid = cut_to(&after, ']');
        at = after.at;
    }
    bool tags = cut_len(tag) && at < rest.end && *at == ':' && cut_len(tag) <= 128 && !cut_is(tag, "CEF");
    if (tags) {
        struct cut program = tag;
        const char *paren = memchr(tag.at, '(', cut_len(tag)), *slash = NULL;
        if (paren && paren > tag.at)
            program.end = paren;
        if (*tag.at == '/')
            slash = memrchr(program.at, '/', cut_len(program));
        program.at = slash && slash + 1 < program.end ? slash + 1 : program.at;
        add(reader, event, PROGRAM, program);
        if (cut_len(program) != cut_len(tag))
            add(reader, event, TAG, tag);
        if (pid.at)
            add(reader, event, PID, pid);
        rest.at = at + 1;
        if (rest.at < rest.end && *rest.at == ' ')
            rest.at++;
    }
    message(reader, event, rest);
}

/* Behind the priority, if there is one. */
static bool old(struct log_reader *reader, struct event *event, struct cut rest, bool sure)
{
    struct cut at = rest;
    while (at.at < at.end && (*at.at == '*' || *at.at == ' ' || *at.at == '.'))
        at.at++;                           /* marks of clocks that are not in step, as routers write them */
    bool stamped = log_stamp_old(&at, reader->now, &event->time);
    if (stamped) {
        if (at.at < at.end && *at.at == ':')
            at.at++;
        if (at.at < at.end && *at.at != ' ')
            return false;
        while (at.at < at.end && *at.at == ' ')
            at.at++;
    } else {
        stamped = stamp_word(&at, &event->time) || stamp_two_words(&at, &event->time);
    }
    if (!stamped && !sure)
        return false;
    rest = stamped ? at : rest;
    struct cut after = rest, host = cut_to(&after, ' ');
    /* A host is one word that is no tag; without a time there is none. */
    if (stamped && cut_len(host) && host.end[-1] != ':' && !memchr(host.at, '[', cut_len(host)) && host.end < rest.end) {
        add(reader, event, HOST, host);
        rest = after;
    }
    tagged(reader, event, rest);
    return true;
}

static bool line_of(struct log_reader *reader, struct event *event, struct cut line)
{
    int priority = 0;
    struct cut rest = line;
    bool sure = priority_of(&rest, &priority);
    if (sure && cut_starts(rest, "1 ")) {
        struct cut behind = {rest.at + 2, rest.end};
        if (modern(reader, event, behind)) {
            add_word(reader, event, FACILITY, facilities[priority / 8]);
            add_word(reader, event, SEVERITY, severities[priority % 8]);
            return true;
        }
        event_clear(event);
    }
    if (!old(reader, event, rest, sure))
        return false;
    if (sure) {
        add_word(reader, event, FACILITY, facilities[priority / 8]);
        add_word(reader, event, SEVERITY, severities[priority % 8]);
    }
    return true;
}

/* "57 <34>1 ...": the frame of that many bytes. OK and its bounds; ABSENT when it is not whole; BAD_INPUT when there is no count. */
static enum status counted(const char *text, size_t len, size_t at, bool last, struct cut *ret_line, size_t *ret_next)
{
    int count = 0;
    size_t n = stamp_digits(text + at, text + len, 7, &count);
    if (n == 0 || text[at] == '0' || (size_t)count > EVENT_BYTES_MOST || len - at <= n + 1 || text[at + n] != ' ' || text[at + n + 1] != '<')
        return BAD_INPUT;
    size_t begin = at + n + 1, left = len - begin;
    *ret_next = at;
    if ((size_t)count > left && !last)
        return ABSENT;
    size_t size = (size_t)count > left ? left : (size_t)count;
    *ret_next = begin + size;
    *ret_line = (struct cut){text + begin, text + begin + size};
    while (cut_len(*ret_line) && (ret_line->end[-1] == '\n' || ret_line->end[-1] == '\r'))
        ret_line->end--;
    return OK;
}

static enum status read_syslog(struct log_reader *reader, struct event *event, const char *text, size_t len, size_t at, bool last, struct reasons *reasons,
                               size_t *ret_end)
{
    struct cut line = {NULL, NULL};
    enum status status;
    do {
        while (at < len && (text[at] == '\n' || text[at] == '\r' || text[at] == 0))
            at++;
        status = counted(text, len, at, last, &line, ret_end);
        if (status == BAD_INPUT)
            status = log_next_line(text, len, at, last, &line, ret_end);
        if (status != OK)
            return status;
        at = *ret_end;
    } while (cut_len(line) == 0);
    event->raw = line.at;
    event->raw_len = cut_len(line);
    if (!line_of(reader, event, line)) {
        event_clear(event);
        log_add_raw(reader, event, line);
        reader->counts.raw++;
    } else {
        event->raw = line.at;
        event->raw_len = cut_len(line);
    }
    return OK;
}

/* How many of the first lines read as syslog. */
static unsigned looks_syslog(const char *text, size_t len)
{
    size_t at = 0, lines = 0, good = 0, sure = 0;
    struct cut line;
    while (lines < 8 && (counted(text, len, at, true, &line, &at) == OK || log_next_line(text, len, at, true, &line, &at) == OK)) {
        int priority;
        moment time;
        if (cut_len(line) == 0)
            continue;
        lines++;
        bool has = priority_of(&line, &priority);
        sure += has;
        good += has || log_stamp_old(&line, 0, &time) || stamp_word(&line, &time) || stamp_two_words(&line, &time);
    }
    return lines == 0 || good * 2 < lines ? 0 : sure == lines ? 80 : 30 + (unsigned)(30 * good / lines);
}

const struct log_format log_format_syslog = {.name = "syslog", .looks = looks_syslog, .read = read_syslog, .names = log_syslog_names};
