/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * W3C extended logs, as IIS and proxies write them: columns as #Fields says, which may change midway; "-" is unset; a value may stand in
 * double quotes. cs(User-Agent) is given as cs-user-agent, too, and where IIS wrote + for blanks, once more with blanks. cs-uri-query
 * stands there twice: alone, and behind the stem, since rules for web servers look for parts of the path in it.
 */
#include "watch/logs/log.h"

#include "base/text.h"

#define COLUMNS_MOST 256
enum { QUERY, URI };
static const char *const names[] = {"cs-uri-query", "cs-uri", NULL};
enum kind { PLAIN, AGENT, STEM, QUERY_PART, DATE, TIME };
struct column { field_id field, other; enum kind kind; };
struct w3c {
    size_t n;
    char date[11];                         /* of #Date, for logs whose rows have none */
    struct column columns[COLUMNS_MOST];
};

static struct w3c *state_of(struct log_reader *reader)
{
    if (!reader->state)
        reader->state = ARENA_NEW(reader->arena, struct w3c);
    return reader->state;
}

/* cs(User-Agent): cs-user-agent. 0 when the name has no brackets. */
static field_id without_brackets(struct log_reader *reader, struct cut name)
{
    char out[EVENT_NAME_MOST];
    size_t n = 0;
    if (!memchr(name.at, '(', cut_len(name)) || cut_len(name) >= sizeof out)
        return 0;
    for (; name.at < name.end; name.at++)
        if (*name.at != ')')
            out[n++] = (char)(*name.at == '(' ? '-' : *name.at >= 'A' && *name.at <= 'Z' ? *name.at | 32 : *name.at);
    return fields_add(reader->fields, out, n);
}

static void header(struct log_reader *reader, struct cut line)
{
    struct w3c *w3c = state_of(reader);
    if (cut_starts(line, "#Date: ") && cut_len(line) >= 17)
        memcpy(w3c->date, line.at + 7, 10);
    if (!cut_starts(line, "#Fields:"))
        return;
    line = cut_blanks((struct cut){line.at + 8, line.end});
    for (w3c->n = 0; line.at < line.end && w3c->n < COLUMNS_MOST;) {
        struct cut name = cut_to(&line, ' ');
        if (cut_len(name) == 0)
            continue;
        static const struct { const char *name; enum kind kind; } kinds[] = {
            {"cs(User-Agent)", AGENT}, {"cs-uri-stem", STEM}, {"cs-uri-query", QUERY_PART}, {"date", DATE}, {"time", TIME},
        };
        struct column column = {fields_add(reader->fields, name.at, cut_len(name)), without_brackets(reader, name), PLAIN};
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
            column.kind = cut_is(name, kinds[i].name) ? kinds[i].kind : column.kind;
        w3c->columns[w3c->n++] = column;
    }
}

/* The next word or quoted text; moved behind it and its blank. A tab parts as a blank does. */
static struct cut word(struct cut *rest)
{
    struct cut value = {rest->at, rest->at};
    if (rest->at < rest->end && *rest->at == '"') {
        const char *end = rest->at;        /* the quote that a blank or the end follows */
        do
            end = memchr(end + 1, '"', (size_t)(rest->end - end - 1));
        while (end && end + 1 < rest->end && end[1] != ' ' && end[1] != '\t');
        value = (struct cut){rest->at + 1, end ? end : rest->end};
        rest->at = end ? end + 1 : rest->end;
    } else {
        while (value.end < rest->end && *value.end != ' ' && *value.end != '\t')
            value.end++;
        rest->at = value.end;
    }
    rest->at += rest->at < rest->end;
    return value;
}

static struct cut joined(struct event *event, struct cut a, char between, struct cut b)
{
    char *out = arena_alloc(event->arena, cut_len(a) + 1 + cut_len(b));
    memcpy(out, a.at, cut_len(a));
    out[cut_len(a)] = between;
    memcpy(out + cut_len(a) + 1, b.at, cut_len(b));
    return (struct cut){out, out + cut_len(a) + 1 + cut_len(b)};
}

static struct cut blanked(struct event *event, struct cut value)
{
    char *out = arena_memdup(event->arena, value.at, cut_len(value));
    for (size_t i = 0; i < cut_len(value); i++)
        out[i] = out[i] == '+' ? ' ' : out[i];
    return (struct cut){out, out + cut_len(value)};
}

static bool row(struct log_reader *reader, struct event *event, struct cut line)
{
    const struct w3c *w3c = state_of(reader);
    struct cut rest = line, stem = {NULL, NULL}, query = {NULL, NULL}, date = {w3c->date, w3c->date + strlen(w3c->date)}, time = {NULL, NULL};
    size_t i;
    for (i = 0; i < w3c->n && rest.at < rest.end; i++) {
        const struct column *column = &w3c->columns[i];
        struct cut value = word(&rest);
        if (cut_is(value, "-"))
            continue;
        log_add(reader, event, column->field, value);
        if (column->other)
            log_add(reader, event, column->other, value);
        if (column->kind == AGENT && cut_len(value) && memchr(value.at, '+', cut_len(value)) && !memchr(value.at, ' ', cut_len(value)))
            log_add(reader, event, column->other, blanked(event, value));
        stem = column->kind == STEM ? value : stem;
        query = column->kind == QUERY_PART ? value : query;
        date = column->kind == DATE ? value : date;
        time = column->kind == TIME ? value : time;
    }
    if (i < w3c->n || i == 0 || rest.at < rest.end)
        return false;
    if (stem.at) {
        struct cut uri = query.at ? joined(event, stem, '?', query) : stem;
        log_add(reader, event, reader->ids[QUERY], uri);
        log_add(reader, event, reader->ids[URI], uri);
    }
    if (time.at && cut_len(date)) {
        struct cut stamp = joined(event, date, ' ', time);
        stamp_read(stamp.at, cut_len(stamp), &event->time);
    }
    return true;
}

static enum status read_w3c(struct log_reader *reader, struct event *event, const char *text, size_t len, size_t at, bool last, struct reasons *reasons,
                            size_t *ret_end)
{
    struct cut line;
    enum status status;
    for (;; at = *ret_end) {
        if ((status = log_next_line(text, len, at, last, &line, ret_end)) != OK)
            return status;
        if (at == 0 && cut_starts(line, "\xef\xbb\xbf"))
            line.at += 3;
        if (cut_starts(line, "#"))
            header(reader, line);
        else if (cut_len(line))
            break;
    }
    bool good = row(reader, event, line);
    if (!good) {
        event_clear(event);
        log_add_raw(reader, event, line);
        reader->counts.raw++;
    }
    event->raw = line.at;
    event->raw_len = cut_len(line);
    return OK;
}

static unsigned looks_w3c(const char *text, size_t len)
{
    const char *fields = text && len >= 8 ? memmem(text, len > 4096 ? 4096 : len, "#Fields:", 8) : NULL;
    return fields && (fields == text || fields[-1] == '\n') && text[0] == '#' ? 98 : 0;
}

const struct log_format log_format_w3c = {.name = "w3c", .looks = looks_w3c, .read = read_w3c, .names = names};
