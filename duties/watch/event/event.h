/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One event, whatever it was read from: a flat list of named values, under the names that Sigma rules use. Readers (JSON, EVTX,
 * syslog ...) fill it, the matcher and the archive read it. What every reader does, so that one rule means the same everywhere:
 *
 * - Nested members are joined with dots ("requestParameters.name"); the items of an array stand one after the other under the
 *   array's own name, so a name may occur several times, and a test of the field holds when it holds for one of them.
 * - Windows events, in whatever dress (EVTX, event XML, the "Event" object that converters write, Winlogbeat, flat), come out alike:
 *   members of System under their own name (EventID, Channel, Computer, ...), attributes of System joined with an underscore
 *   (Provider_Name, Execution_ProcessID, TimeCreated_SystemTime), members of EventData and UserData under their own name. Blanks
 *   are taken out of names ("Threat Name" becomes ThreatName).
 * - A value keeps the text that was written: 4624 and "4624" are equal to a rule (specification 2.1, values are compared as text
 *   unless a modifier says otherwise). JSON's true, false and null keep their kind.
 *
 * The bytes of values lie where the reader put them (its input, or the event's own arena) and live until event_clear().
 */
#ifndef WATCH_EVENT_H
#define WATCH_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/moment.h"
#include "base/status.h"

/* Names of fields, made small numbers once: an engine, its rules and its readers share one table. Not for several threads while
 * names are added; any number may look up. Ids count from 1; 0 is no field. A reader that meets a name that the table does not
 * know adds it until EVENT_NAMES_MOST names are known; after that the value is kept under the id 0 with its name in the event. */
typedef uint32_t field_id;
#define EVENT_NAMES_MOST 65536
#define EVENT_NAME_MOST 512                /* bytes of a name; longer ones are cut */
#define EVENT_VALUES_MOST 8192             /* values in one event; further ones are counted in `dropped` */
#define EVENT_BYTES_MOST (4u << 20)        /* bytes of one event as it was read; a longer one is refused */

struct fields;
struct fields *fields_new(struct arena *);                                  /* lives as long as the arena */
field_id fields_add(struct fields *, const char *name, size_t len);         /* 0 when full */
field_id fields_find(const struct fields *, const char *name, size_t len);  /* 0 when unknown */
const char *fields_name(const struct fields *, field_id);                   /* NUL-terminated */
size_t fields_count(const struct fields *);

enum value_kind { VALUE_TEXT, VALUE_NUMBER, VALUE_TRUE, VALUE_FALSE, VALUE_NULL };

struct event_value {
    field_id field;
    enum value_kind kind;
    uint32_t len;
    bool escaped;                          /* only from a reader that was asked for it: `text` still holds JSON escapes; see event_text() */
    const char *text;                      /* as written, unescaped, UTF-8, not NUL-terminated; "true" ... for the other kinds */
    const char *name;                      /* only where field is 0 */
};

struct event {
    struct event_value *values;
    size_t n, room, dropped;
    const char *raw;                       /* the event as it was read, for evidence and keyword search of unparsed text; may be NULL */
    size_t raw_len;
    moment time;                           /* the event's own; MOMENT_NONE when it has none that can be read */
    uint64_t record;                       /* its number in its file (line, EventRecordID), from 1; 0: none */
    const char *format;                    /* name of the log_format that read it ("json", "evtx"), set by the reader; lasting; NULL: none */
    struct arena *arena;                   /* for bytes that had to be made (unescaped, joined) */
};

/* An empty event with its own scratch memory, from `arena`, which outlives it. */
void event_init(struct event *, struct arena *scratch);
/* Forgets the values and gives the scratch memory back (arena_clear). */
void event_clear(struct event *);
/* Adds a value; the bytes are not copied. False when it was one too many (counted). */
bool event_add(struct event *, field_id, enum value_kind, const char *text, size_t len);
/* The first value of the field; NULL when there is none. */
const struct event_value *event_get(const struct event *, field_id);
/* Undoes a value's escapes, in the event's scratch memory, once; does nothing to a value that has none. Whoever asks a JSON reader to
 * leave escapes alone (json.h) calls this before it looks at a value. Returns value->text. */
const char *event_text(const struct event *, struct event_value *);

#endif
