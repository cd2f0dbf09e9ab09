/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Linux audit records, as auditd writes them or behind a syslog header. The records of one event (the same time and serial number, one
 * after the other) become one event: `type` occurs once for each record, and every key under its own name. The words after the group
 * separator of enriched records (SYSCALL="openat", UID="root") are keys like the others. Hexadecimal texts are decoded where the kernel
 * writes them so (proctitle, comm, exe, cwd, name, arguments of EXECVE ...); the proctitle's arguments are parted by blanks. What stands
 * in msg='...' of user records is read as keys, too.
 */
#include "watch/logs/log.h"

#define RECORDS_MOST 512                   /* of one event; more begin another */
enum { TYPE, SERIAL, NODE };
static const char *const names[] = {"type", "serial", "node", NULL};
/* Keys whose unquoted values are hexadecimal texts. */
static const char *const encoded[] = {"proctitle", "comm", "exe", "cwd", "name", "data", "acct", "cmd", "path", "key", "dir", "file", "ocomm", "vm", "device", "new-disk",
    "old-disk", "root_dir", "watch", "grp", "terminal", NULL};

struct head { struct cut id, type, node; moment time; const char *body; };

/* Where "type=" begins in a line, behind "node=..." or a syslog header; and the id and time of "msg=audit(1364481363.243:24287):". */
static bool head_of(struct cut line, struct head *ret)
{
    struct head head = {{NULL, NULL}, {NULL, NULL}, {NULL, NULL}, MOMENT_NONE, NULL};
    if (cut_starts(line, "node=")) {
        head.node = cut_to(&line, ' ');
        head.node.at += 5;
    }
    const char *begin = cut_starts(line, "type=") ? line.at : memmem(line.at, cut_len(line), " type=", 6);
    if (!begin || begin - line.at > 200)
        return false;
    line.at = begin + (*begin == ' ') + 5;
    head.type = cut_to(&line, ' ');
    const char *msg = memmem(line.at, cut_len(line) > 40 ? 40 : cut_len(line), "audit(", 6);
    if (!msg || cut_len(head.type) == 0)
        return false;
    struct cut rest = {msg + 6, line.end};
    head.id = cut_to(&rest, ')');
    const char *colon = memrchr(head.id.at, ':', cut_len(head.id));
    if (!colon || cut_len(head.id) > 40 || !stamp_read(head.id.at, (size_t)(colon - head.id.at), &head.time))
        return false;
    head.body = rest.at < rest.end && *rest.at == ':' ? rest.at + 1 : rest.at;
    *ret = head;
    return true;
}

static bool is_encoded(struct cut type, struct cut key)
{
    if (cut_is(type, "EXECVE") && *key.at == 'a' && cut_len(key) > 1 && key.at[1] >= '0' && key.at[1] <= '9')
        return true;
    for (size_t i = 0; encoded[i]; i++)
        if (cut_is(key, encoded[i]))
            return true;
    return false;
}

static void pair(struct log_reader *reader, struct event *event, struct cut type, struct cut key, struct cut value, bool quoted)
{
    struct cut text;
    const char *bracket = memchr(key.at, '[', cut_len(key));
    if (!quoted && is_encoded(type, bracket ? (struct cut){key.at, bracket} : key) &&
        log_unhex(event, value, cut_is(key, "proctitle") || cut_is(key, "cmd") ? ' ' : '\n', &text)) {
        while (cut_len(text) && (text.end[-1] == ' ' || text.end[-1] == '\n'))
            text.end--;
        value = text;
    }
    if (cut_is(value, "(null)") && !quoted)
        return;
    log_add_named(reader, event, bracket && bracket > key.at ? (struct cut){key.at, bracket} : key, value);
}

/* "key=value key="quoted value" msg='op=x acct="y"' ..." */
static void pairs(struct log_reader *reader, struct event *event, struct cut type, struct cut rest, unsigned depth)
{
    while (rest.at < rest.end) {
        while (rest.at < rest.end && (*rest.at == ' ' || *rest.at == ',' || *rest.at == 0x1d))
            rest.at++;
        struct cut key = {rest.at, rest.at};
        while (key.end < rest.end && *key.end != '=' && *key.end != ' ' && *key.end != 0x1d)
            key.end++;
        rest.at = key.end;
        if (rest.at == rest.end || *rest.at != '=' || cut_len(key) == 0) {
            rest.at += rest.at < rest.end;
            continue;
        }
        rest.at++;
        char quote = rest.at < rest.end && (*rest.at == '"' || *rest.at == '\'') ? *rest.at : 0;
        struct cut value = {rest.at, rest.at};
        if (quote) {
            rest.at++;
            value = quote == '\'' && depth == 0 && memrchr(rest.at, '\'', cut_len(rest)) ? (struct cut){rest.at, memrchr(rest.at, '\'', cut_len(rest))} : cut_to(&rest, quote);
            if (quote == '\'' && depth == 0) {
                rest.at = value.end < rest.end ? value.end + 1 : rest.end;
                pairs(reader, event, type, value, 1);
                continue;
            }
        } else {
            while (value.end < rest.end && *value.end != ' ' && *value.end != 0x1d && (depth == 0 || *value.end != '\''))
                value.end++;
            rest.at = value.end;
        }
        pair(reader, event, type, key, value, quote != 0);
    }
}

/* Records that user space sends alone: their event ends with them. */
static bool stands_alone(struct cut type)
{
    return cut_starts(type, "USER_") || cut_starts(type, "CRED_") || cut_starts(type, "SERVICE_") || cut_starts(type, "ADD_") || cut_starts(type, "DEL_") ||
           cut_starts(type, "GRP_") || cut_starts(type, "DAEMON_") || cut_starts(type, "SYSTEM_") || cut_starts(type, "CRYPTO_");
}

/* Adds one record to the event; whether it is the event's last for certain. */
static bool record_of(struct log_reader *reader, struct event *event, struct cut line, const struct head *head, bool first)
{
    if (first) {
        event->raw = line.at;
        event->time = head->time;
        struct cut id = head->id, serial = {memrchr(id.at, ':', cut_len(id)), id.end};
        serial.at++;
        log_add(reader, event, reader->ids[TYPE], head->type);
        log_add(reader, event, reader->ids[SERIAL], serial);
        if (cut_len(head->node))
            log_add(reader, event, reader->ids[NODE], head->node);
    } else if (!cut_is(head->type, "EOE")) {
        log_add(reader, event, reader->ids[TYPE], head->type);
    }
    event->raw_len = (size_t)(line.end - event->raw);
    pairs(reader, event, head->type, (struct cut){head->body, line.end}, 0);
    return cut_is(head->type, "EOE") || cut_is(head->type, "PROCTITLE") || (first && stands_alone(head->type));
}

static bool same_id(const struct head *a, const struct head *b)
{
    return cut_len(a->id) == cut_len(b->id) && memcmp(a->id.at, b->id.at, cut_len(a->id)) == 0;
}

static enum status read_auditd(struct log_reader *reader, struct event *event, const char *text, size_t len, size_t at, bool last, struct reasons *reasons,
                               size_t *ret_end)
{
    struct head first = {.time = MOMENT_NONE}, head;
    struct cut line;
    size_t begin = at, next;
    unsigned records = 0;
    for (bool done = false; !done && records < RECORDS_MOST; at = next) {
        enum status status = log_next_line(text, len, at, last, &line, &next);
        if (status != OK && !records) {
            *ret_end = next;
            return status;
        }
        if (status == ABSENT && !last) {
            event_clear(event);
            *ret_end = begin;
            return ABSENT;
        }
        if (status != OK)
            break;                         /* the end, or a line that is told by itself next time */
        if (cut_len(cut_blanks(line)) == 0)
            continue;
        bool ours = head_of(line, &head);
        if (records && (!ours || !same_id(&head, &first) || (size_t)(line.end - event->raw) > EVENT_BYTES_MOST))
            break;
        if (!ours) {
            *ret_end = next;
            log_add_raw(reader, event, line);
            reader->counts.raw++;
            return OK;
        }
        if (!records) {
            begin = at;
            if (cut_is(head.type, "EOE"))
                continue;
            first = head;
        }
        done = record_of(reader, event, line, &head, records++ == 0);
    }
    *ret_end = at;
    return OK;
}

static unsigned looks_auditd(const char *text, size_t len)
{
    struct cut line;
    struct head head;
    size_t at = 0;
    if (log_next_line(text, len, 0, true, &line, &at) != OK || !head_of(line, &head))
        return 0;
    return cut_starts(line, "type=") || cut_starts(line, "node=") ? 98 : 88;
}

const struct log_format log_format_auditd = {.name = "auditd", .product = "linux", .service = "auditd", .looks = looks_auditd, .read = read_auditd, .names = names};
