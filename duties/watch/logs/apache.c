/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What Apache and nginx write: access logs in the common and the combined form (with a virtual host before them, too), Apache's error
 * log of both kinds, nginx's error log. The request line is taken apart: method, target, and the target's path and query.
 */
#include "watch/logs/log.h"

enum { C_IP, USER, METHOD, URI, STEM, QUERY, VERSION, STATUS, BYTES, REFERER, AGENT, HOST, PROGRAM, LEVEL, MODULE, PID, MESSAGE, TID };
static const char *const names[] = {"c-ip", "cs-username", "cs-method", "cs-uri", "cs-uri-stem", "cs-uri-query", "cs-version", "sc-status", "sc-bytes",
    "cs-referer", "cs-user-agent", "cs-host", "program", "level", "module", "pid", "message", "tid", NULL};

static void add(struct log_reader *reader, struct event *event, int name, struct cut value)
{
    if (cut_len(value) && !cut_is(value, "-"))
        log_add(reader, event, reader->ids[name], value);
}

/* "..." with escaped quotes inside; moved behind it and a blank. */
static bool quoted(struct cut *rest, struct cut *ret)
{
    const char *at = rest->at;
    if (at == rest->end || *at++ != '"')
        return false;
    const char *begin = at;
    while (at < rest->end && *at != '"')
        at += *at == '\\' ? 2 : 1;
    if (at >= rest->end)
        return false;
    *ret = (struct cut){begin, at++};
    rest->at = at + (at < rest->end && *at == ' ');
    return true;
}

/* "10/Oct/2000:13:55:36 -0700" */
static bool stamp(struct cut text, moment *ret)
{
    int day, year, hour, minute, second;
    const char *at = text.at;
    if (cut_len(text) < 20 || !stamp_digits(at, text.end, 2, &day) || at[2] != '/' || at[6] != '/' || stamp_digits(at + 7, text.end, 4, &year) != 4 || at[11] != ':' ||
        stamp_digits(at + 12, text.end, 2, &hour) != 2 || stamp_digits(at + 15, text.end, 2, &minute) != 2 || stamp_digits(at + 18, text.end, 2, &second) != 2)
        return false;
    moment made = stamp_make(year, stamp_month(at + 3), day, hour, minute, second, 0);
    int zone = 0;
    if (cut_len(text) >= 26 && (at[21] == '+' || at[21] == '-') && stamp_digits(at + 22, text.end, 4, &zone) == 4)
        zone = (zone / 100 * 60 + zone % 100) * (at[21] == '-' ? -1 : 1);
    if (made == MOMENT_NONE)
        return false;
    *ret = made - zone * MINUTE;
    return true;
}

static void request(struct log_reader *reader, struct event *event, struct cut line)
{
    struct cut rest = line, method = cut_to(&rest, ' ');
    const char *version = memrchr(rest.at, ' ', cut_len(rest));
    if (cut_len(rest) == 0 || cut_len(method) > 32) {
        add(reader, event, URI, line);         /* not HTTP: bytes of something else */
        return;
    }
    struct cut target = {rest.at, version && version[1] == 'H' ? version : rest.end}, path = target, query;
    add(reader, event, METHOD, method);
    add(reader, event, URI, target);
    query = path;
    path = cut_to(&query, '?');
    add(reader, event, STEM, path);
    if (cut_len(query))
        add(reader, event, QUERY, query);
    add(reader, event, QUERY, target);
    if (version && target.end == version)
        add(reader, event, VERSION, (struct cut){version + 1, rest.end});
}

/* host ident user [time] "request" status bytes "referer" "agent", up to two words before it all. */
static bool access_line(struct log_reader *reader, struct event *event, struct cut line)
{
    const char *open = memchr(line.at, '[', cut_len(line) > 600 ? 600 : cut_len(line));
    if (!open || open - line.at < 6 || open[-1] != ' ')
        return false;
    struct cut before = {line.at, open - 1}, rest = {open + 1, line.end}, time = cut_to(&rest, ']'), words[4], line_of_request, referer = {NULL, NULL}, agent = {NULL, NULL};
    size_t n = 0;
    moment when;
    while (before.at < before.end && n < 3)
        words[n++] = cut_to(&before, ' ');
    if (before.at < before.end)
        words[n++] = before;                   /* a user's name with blanks stays whole */
    if (n < 3 || !stamp(time, &when))
        return false;
    bool host = n == 4 && cut_is(words[2], "-");   /* host:port before the client */
    if (rest.at < rest.end && *rest.at == ' ')
        rest.at++;
    if (!quoted(&rest, &line_of_request))
        return false;
    struct cut status = cut_to(&rest, ' '), bytes = cut_to(&rest, ' ');
    if (cut_len(status) != 3 || !digit_at(status))
        return false;
    if (quoted(&rest, &referer))
        quoted(&rest, &agent);
    event->time = when;
    if (host)
        add(reader, event, HOST, words[0]);
    add(reader, event, C_IP, words[host]);
    struct cut user = {words[host + 2].at, words[n - 1].end};
    add(reader, event, USER, user);
    request(reader, event, line_of_request);
    event_add(event, reader->ids[STATUS], VALUE_NUMBER, status.at, cut_len(status));
    if (digit_at(bytes))
        event_add(event, reader->ids[BYTES], VALUE_NUMBER, bytes.at, cut_len(bytes));
    add(reader, event, REFERER, referer);
    add(reader, event, AGENT, agent);
    return true;
}

static void program(struct log_reader *reader, struct event *event, const char *name) { add(reader, event, PROGRAM, (struct cut){name, name + strlen(name)}); }

/* [Sun Dec 04 04:47:44 2005] [core:error] [pid 3570:tid 432] [client 1.2.3.4:80] text */
static bool apache_error(struct log_reader *reader, struct event *event, struct cut line)
{
    if (!cut_starts(line, "["))
        return false;
    line.at++;
    struct cut time = cut_to(&line, ']'), level, module = {NULL, NULL};
    if (cut_len(time) < 20 || time.at[3] != ' ')
        return false;
    time.at += 4;
    moment when;
    if (!log_stamp_old(&time, MOMENT_NONE, &when) || when == MOMENT_NONE || !cut_starts(line, " ["))
        return false;
    line.at += 2;
    level = cut_to(&line, ']');
    if (memchr(level.at, ':', cut_len(level)))
        module = cut_to(&level, ':');
    event->time = when;
    program(reader, event, "apache");
    add(reader, event, MODULE, module);
    add(reader, event, LEVEL, level);
    while (cut_starts(line, " [")) {
        struct cut part, after = {line.at + 2, line.end};
        part = cut_to(&after, ']');
        if (cut_starts(part, "pid ")) {
            part.at += 4;
            add(reader, event, PID, cut_to(&part, ':'));
            if (cut_starts(part, "tid "))
                add(reader, event, TID, (struct cut){part.at + 4, part.end});
        } else if (cut_starts(part, "client ")) {
            part.at += 7;
            const char *colon = memrchr(part.at, ':', cut_len(part));      /* the port; an IPv6 address alone has none before 2.4 */
            bool port = colon && (memchr(part.at, '.', cut_len(part)) || memchr(part.at, ':', cut_len(part)) != colon || *part.at == '[');
            add(reader, event, C_IP, (struct cut){part.at, port ? colon : part.end});
        } else {
            break;
        }
        line = after;
    }
    line.at += line.at < line.end && *line.at == ' ';
    add(reader, event, MESSAGE, line);
    return true;
}

/* 2024/01/31 12:00:00 [error] 123#45: *1 text, client: 1.2.3.4, server: x, request: "GET / HTTP/1.1" */
static bool nginx_error(struct log_reader *reader, struct event *event, struct cut line)
{
    moment when;
    if (cut_len(line) < 24 || line.at[4] != '/' || line.at[19] != ' ' || line.at[20] != '[' || !stamp_read(line.at, 19, &when))
        return false;
    struct cut rest = {line.at + 21, line.end}, level = cut_to(&rest, ']'), asked;
    if (cut_starts(rest, " "))
        rest.at++;
    struct cut pid = cut_to(&rest, '#');
    cut_to(&rest, ':');
    event->time = when;
    program(reader, event, "nginx");
    add(reader, event, LEVEL, level);
    add(reader, event, PID, pid);
    rest = cut_blanks(rest);
    add(reader, event, MESSAGE, rest);
    const char *client = memmem(rest.at, cut_len(rest), ", client: ", 10), *request_at = memmem(rest.at, cut_len(rest), ", request: ", 11);
    if (client) {
        struct cut ip = {client + 10, rest.end};
        add(reader, event, C_IP, cut_to(&ip, ','));
    }
    struct cut behind = {request_at ? request_at + 11 : rest.end, rest.end};
    if (quoted(&behind, &asked))
        request(reader, event, asked);
    return true;
}

static bool line_of(struct log_reader *reader, struct event *event, struct cut line)
{
    return apache_error(reader, event, line) || nginx_error(reader, event, line) || access_line(reader, event, line);
}

static enum status read_apache(struct log_reader *reader, struct event *event, const char *text, size_t len, size_t at, bool last, struct reasons *reasons,
                               size_t *ret_end)
{
    struct cut line;
    enum status status;
    while ((status = log_next_line(text, len, at, last, &line, ret_end)) == OK && cut_len(line) == 0)
        at = *ret_end;
    if (status != OK)
        return status;
    if (!line_of(reader, event, line)) {
        log_add_raw(reader, event, line);
        reader->counts.raw++;
    }
    event->raw = line.at;
    event->raw_len = cut_len(line);
    return OK;
}

/* How many of the first lines have the time where it belongs. */
static unsigned looks_apache(const char *text, size_t len)
{
    size_t at = 0, lines = 0, good = 0;
    struct cut line;
    while (lines < 8 && log_next_line(text, len, at, true, &line, &at) == OK) {
        moment when;
        if (cut_len(line) == 0)
            continue;
        lines++;
        const char *open = memchr(line.at, '[', cut_len(line) > 600 ? 600 : cut_len(line));
        struct cut rest = {open ? open + 1 : line.end, line.end}, time = cut_to(&rest, ']');
        bool is_access = open && open > line.at && stamp(time, &when);
        struct cut day = {time.at + (cut_len(time) > 4 ? 4 : 0), time.end};
        bool is_error = open == line.at && open && log_stamp_old(&day, MOMENT_NONE, &when) && when != MOMENT_NONE;
        good += is_access || is_error || (cut_len(line) > 24 && line.at[20] == '[' && line.at[4] == '/' && stamp_read(line.at, 19, &when));
    }
    return lines && good * 2 > lines ? 60 + (unsigned)(30 * good / lines) : 0;
}

const struct log_format log_format_apache = {.name = "apache", .looks = looks_apache, .read = read_apache, .names = names};
