/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See json_names.h. Shapes of Windows events that are known: the "Event" object of converters (attributes under "#attributes", "@Name" or
 * "NAME_attributes", or plain members; unnamed and named Data), the same without "Event", Winlogbeat of today ("winlog") and of old
 * ("event_data", "log_name"), their names with dots, and flat events, whose few foreign names (SourceName, Hostname ...) are translated
 * only where the event has both a channel and a number, since other logs use such names, too.
 */
#include "watch/event/json_names.h"

#include <string.h>
#include <xxhash.h>

#include "base/text.h"

#define PATHS_MOST 16384u
#define PATHS_BYTES_MOST ((size_t)4 << 20)
#define PASSING_MOST 4096u                 /* paths made for one event only; values under further ones are counted as dropped */

/* From a zone by a member's name ("*": any other) to a zone; `name` for its values: "*" its own, "+" joined to the parent's with an
 * underscore, "." joined with a dot, "^" the parent's. */
struct step { enum zone from; const char *key; enum zone to; const char *name; uint16_t special; };
static const struct step steps[] = {
    {ZONE_ROOT, "Event", ZONE_EVENT, "*", 0},
    {ZONE_ROOT, "System", ZONE_BARE_SYSTEM, "*", 0},
    {ZONE_ROOT, "EventData", ZONE_DATA, "*", PATH_PART},
    {ZONE_ROOT, "UserData", ZONE_USER, "*", PATH_PART},
    {ZONE_ROOT, "event_data", ZONE_DATA, "*", PATH_PART},
    {ZONE_ROOT, "winlog", ZONE_WINLOG, "*", 0},
    {ZONE_ROOT, "*", ZONE_PLAIN, "*", 0},
    {ZONE_PLAIN, "*", ZONE_PLAIN, ".", 0},
    {ZONE_EVENT, "System", ZONE_SYSTEM, "*", PATH_PART},
    {ZONE_EVENT, "EventData", ZONE_DATA, "*", PATH_PART},
    {ZONE_EVENT, "UserData", ZONE_USER, "*", PATH_PART},
    {ZONE_EVENT, "#attributes", ZONE_IGNORED, "*", PATH_IGNORED},
    {ZONE_EVENT, "Event_attributes", ZONE_IGNORED, "*", PATH_IGNORED},
    {ZONE_EVENT, "@xmlns", ZONE_IGNORED, "*", PATH_IGNORED},
    {ZONE_EVENT, "xmlns", ZONE_IGNORED, "*", PATH_IGNORED},
    {ZONE_EVENT, "RenderingInfo", ZONE_RENDERED, "*", PATH_PART},
    {ZONE_EVENT, "*", ZONE_PLAIN, ".", 0},
    {ZONE_RENDERED, "#attributes", ZONE_ATTRIBUTES, "^", 0},
    {ZONE_RENDERED, "Message", ZONE_ELEMENT, "*", 0},
    {ZONE_RENDERED, "*", ZONE_PLAIN, ".", 0},
    {ZONE_SYSTEM, "#attributes", ZONE_IGNORED, "*", PATH_IGNORED},
    {ZONE_SYSTEM, "Provider", ZONE_SYSTEM_ELEMENT, "*", PATH_PART},
    {ZONE_SYSTEM, "Correlation", ZONE_SYSTEM_ELEMENT, "*", PATH_PART},
    {ZONE_SYSTEM, "Execution", ZONE_SYSTEM_ELEMENT, "*", PATH_PART},
    {ZONE_SYSTEM, "Security", ZONE_SYSTEM_ELEMENT, "*", PATH_PART},
    {ZONE_SYSTEM, "TimeCreated", ZONE_SYSTEM_ELEMENT, "*", PATH_PART},
    {ZONE_SYSTEM, "*", ZONE_SYSTEM_ELEMENT, "*", 0},
    {ZONE_DATA, "#attributes", ZONE_ATTRIBUTES, "EventData", 0},
    {ZONE_DATA, "@Name", ZONE_ATTRIBUTES, "EventData_Name", 0},
    {ZONE_DATA, "Data", ZONE_ITEM, "*", 0},
    {ZONE_DATA, "*", ZONE_ELEMENT, "*", 0},
    {ZONE_USER, "#attributes", ZONE_IGNORED, "*", PATH_IGNORED},
    {ZONE_USER, "*", ZONE_USER_PART, "*", 0},
    {ZONE_USER_PART, "#attributes", ZONE_ATTRIBUTES, "^", 0},
    {ZONE_USER_PART, "*", ZONE_ELEMENT, "*", 0},
    {ZONE_ELEMENT, "#attributes", ZONE_ATTRIBUTES, "^", 0},
    {ZONE_ELEMENT, "#text", ZONE_ELEMENT, "^", 0},
    {ZONE_ELEMENT, "*", ZONE_ELEMENT, ".", 0},
    {ZONE_SYSTEM_ELEMENT, "#attributes", ZONE_ATTRIBUTES, "^", 0},
    {ZONE_SYSTEM_ELEMENT, "#text", ZONE_SYSTEM_ELEMENT, "^", 0},
    {ZONE_SYSTEM_ELEMENT, "*", ZONE_SYSTEM_ELEMENT, "+", 0},
    {ZONE_ATTRIBUTES, "xmlns", ZONE_IGNORED, "*", PATH_IGNORED},
    {ZONE_ATTRIBUTES, "*", ZONE_ATTRIBUTES, "+", 0},
    {ZONE_ITEM, "#attributes", ZONE_ITEM, "^", 0},
    {ZONE_ITEM, "@Name", ZONE_ITEM, "+", PATH_ITEM_NAME},
    {ZONE_ITEM, "Name", ZONE_ITEM, "+", PATH_ITEM_NAME},
    {ZONE_ITEM, "#text", ZONE_ITEM, "^", PATH_ITEM_TEXT},
    {ZONE_ITEM, "content", ZONE_ITEM, "^", PATH_ITEM_TEXT},
    {ZONE_ITEM, "Value", ZONE_ITEM, "^", PATH_ITEM_TEXT},
    {ZONE_ITEM, "*", ZONE_ELEMENT, ".", 0},
    {ZONE_WINLOG, "event_data", ZONE_DATA, "*", PATH_PART},
    {ZONE_WINLOG, "user_data", ZONE_DATA, "*", PATH_PART},
    {ZONE_WINLOG, "channel", ZONE_ELEMENT, "Channel", 0},
    {ZONE_WINLOG, "event_id", ZONE_ELEMENT, "EventID", 0},
    {ZONE_WINLOG, "provider_name", ZONE_ELEMENT, "Provider_Name", 0},
    {ZONE_WINLOG, "provider_guid", ZONE_ELEMENT, "Provider_Guid", 0},
    {ZONE_WINLOG, "computer_name", ZONE_ELEMENT, "Computer", 0},
    {ZONE_WINLOG, "record_id", ZONE_ELEMENT, "EventRecordID", 0},
    {ZONE_WINLOG, "activity_id", ZONE_ELEMENT, "Correlation_ActivityID", 0},
    {ZONE_WINLOG, "related_activity_id", ZONE_ELEMENT, "Correlation_RelatedActivityID", 0},
    {ZONE_WINLOG, "time_created", ZONE_ELEMENT, "TimeCreated_SystemTime", 0},
    {ZONE_WINLOG, "opcode", ZONE_ELEMENT, "Opcode", 0},
    {ZONE_WINLOG, "task", ZONE_ELEMENT, "Task", 0},
    {ZONE_WINLOG, "level", ZONE_ELEMENT, "Level", 0},
    {ZONE_WINLOG, "version", ZONE_ELEMENT, "Version", 0},
    {ZONE_WINLOG, "keywords", ZONE_ELEMENT, "Keywords", 0},
    {ZONE_WINLOG, "process", ZONE_WINLOG_PROCESS, ".", 0},
    {ZONE_WINLOG, "user", ZONE_WINLOG_USER, ".", 0},
    {ZONE_WINLOG, "*", ZONE_PLAIN, ".", 0},
    {ZONE_WINLOG_PROCESS, "pid", ZONE_ELEMENT, "Execution_ProcessID", 0},
    {ZONE_WINLOG_PROCESS, "thread", ZONE_WINLOG_THREAD, ".", 0},
    {ZONE_WINLOG_PROCESS, "*", ZONE_PLAIN, ".", 0},
    {ZONE_WINLOG_THREAD, "id", ZONE_ELEMENT, "Execution_ThreadID", 0},
    {ZONE_WINLOG_THREAD, "*", ZONE_PLAIN, ".", 0},
    {ZONE_WINLOG_USER, "identifier", ZONE_ELEMENT, "Security_UserID", 0},
    {ZONE_WINLOG_USER, "*", ZONE_PLAIN, ".", 0},
    {ZONE_IGNORED, "*", ZONE_IGNORED, "*", PATH_IGNORED},
};
/* Members of System where no Event lies around it: only then is it that System. */
static const char *const system_members[] = {
    "Provider", "EventID", "Version", "Level", "Task", "Opcode", "Keywords", "TimeCreated", "EventRecordID", "Correlation", "Execution",
    "Channel", "Computer", "Security", "Provider_attributes", "TimeCreated_attributes", "Execution_attributes", "Security_attributes",
    "Correlation_attributes", "EventID_attributes", NULL,
};
/* Flat Windows events: another name where the event has channel and number. */
static const struct { const char *flat, *name; } flat_names[] = {
    {"SourceName", "Provider_Name"}, {"ProviderGuid", "Provider_Guid"}, {"Hostname", "Computer"}, {"RecordNumber", "EventRecordID"},
    {"ExecutionProcessID", "Execution_ProcessID"}, {"ThreadID", "Execution_ThreadID"}, {"UserID", "Security_UserID"},
    {"log_name", "Channel"}, {"event_id", "EventID"}, {"source_name", "Provider_Name"}, {"provider_guid", "Provider_Guid"},
    {"computer_name", "Computer"}, {"record_number", "EventRecordID"}, {"process_id", "Execution_ProcessID"}, {"thread_id", "Execution_ThreadID"},
};
static const char *const times[PATH_RANKS] = {
    "TimeCreated_SystemTime", "@timestamp", "EventTime", "UtcTime", "eventTime", "timestamp", "TimeGenerated", "TimeCreated", "CreationTime",
    "time", "ts", "_time", "published", "EventReceivedTime",
};

struct paths {
    struct arena *arena;
    struct fields *fields;
    struct path **slots;
    size_t n_slots, n, bytes, passing;
    struct path root, over;
};

struct paths *paths_new(struct arena *arena, struct fields *fields)
{
    struct paths *paths = ARENA_NEW(arena, struct paths);
    *paths = (struct paths){.arena = arena, .fields = fields, .n_slots = 64};
    paths->slots = ARENA_ARRAY(arena, struct path *, paths->n_slots);
    paths->root = (struct path){.key = "", .name = "", .zone = ZONE_ROOT};
    paths->over = (struct path){.key = "", .name = "", .zone = ZONE_IGNORED, .special = PATH_PASSING | PATH_OVER};
    return paths;
}

struct path *paths_root(struct paths *paths)
{
    paths->passing = 0;
    return &paths->root;
}

static const struct step *step_of(enum zone from, const char *key)
{
    const struct step *step = steps;
    while (step->from != from || (strcmp(step->key, key) != 0 && strcmp(step->key, "*") != 0))
        step++;
    return step;                           /* each zone has a "*" or is one that has been replaced by one that does */
}

/* What a path becomes by one more member's name. */
struct named { enum zone zone; const char *name; uint16_t special; };

static struct named member(struct arena *arena, struct named of, const char *key)
{
    size_t len = strlen(key);
    static const char attributes[] = "_attributes";
    if (of.zone == ZONE_BARE_SYSTEM)
        of.zone = str_in(key, system_members) ? ZONE_SYSTEM : ZONE_PLAIN;
    if (of.zone == ZONE_SYSTEM && len > sizeof attributes && str_ends(key, attributes))
        return (struct named){ZONE_ATTRIBUTES, arena_strndup(arena, key, len - sizeof attributes + 1), 0};
    if ((of.zone == ZONE_ELEMENT || of.zone == ZONE_SYSTEM_ELEMENT || of.zone == ZONE_USER_PART || of.zone == ZONE_RENDERED) && key[0] == '@' && key[1])
        return (struct named){str_eq(key, "@xmlns") ? ZONE_IGNORED : ZONE_ATTRIBUTES, arena_printf(arena, "%s_%s", of.name, key + 1),
                              str_eq(key, "@xmlns") ? PATH_IGNORED : 0};
    /* A namespace with a prefix is as little of the event as one without. */
    const struct step *step = step_of(of.zone, of.zone == ZONE_ATTRIBUTES && str_starts(key, "xmlns:") ? "xmlns" : key);
    const char *name = step->name;
    if (str_eq(name, "*"))
        name = arena_strdup(arena, key);
    else if (str_eq(name, "+") || str_eq(name, "."))
        name = arena_printf(arena, "%s%c%s", of.name, *name == '+' ? '_' : '.', *key == '@' && of.zone == ZONE_ITEM ? key + 1 : key);
    else if (str_eq(name, "^"))
        name = of.name;
    return (struct named){step->to, name, step->special};
}

/* "winlog.event_data.Image" at the root means what the nested members would. */
static struct named dotted(struct arena *arena, struct named of, char *key)
{
    static const char *const begins[] = {"Event.System.", "Event.EventData.", "Event.UserData.", "winlog.", "event_data.", "EventData.", NULL};
    bool known = false;
    for (size_t i = 0; of.zone == ZONE_ROOT && begins[i] && !known; i++)
        known = str_starts(key, begins[i]);
    while (known) {
        char *dot = strchr(key, '.');
        if (!dot || !dot[1] || dot == key || of.zone == ZONE_ELEMENT)
            break;
        *dot = 0;
        of = member(arena, of, key);
        key = dot + 1;
    }
    return member(arena, of, key);
}

static void resolve(struct paths *paths, struct path *path, struct arena *scratch, struct arena *lasting)
{
    char *key = arena_alloc(scratch, 3 * (size_t)path->key_len + 1);
    size_t len = json_unescape(path->key, path->key_len, key), kept = 0;
    for (size_t i = 0; i < len; i++)
        if (key[i] != ' ' && key[i])
            key[kept++] = key[i];
    kept = kept > EVENT_NAME_MOST ? EVENT_NAME_MOST : kept;
    while (kept && kept < len && ((unsigned char)key[kept] & 0xc0) == 0x80 && kept == EVENT_NAME_MOST)
        kept--;                            /* not inside a character */
    key[kept] = 0;
    const struct path *parent = path->parent;
    struct named named = dotted(scratch, (struct named){parent->zone, parent->name, 0}, key);
    path->zone = (uint8_t)named.zone;
    path->special = named.special | (named.zone == ZONE_ITEM && parent->zone == ZONE_DATA ? PATH_ITEM : 0);
    path->name = arena_strndup(lasting, named.name, strnlen(named.name, EVENT_NAME_MOST));
    if (!(path->special & PATH_IGNORED))
        path->field = fields_add(paths->fields, path->name, strlen(path->name));
}

static void note_special(struct paths *paths, struct path *path)
{
    bool flat = path->zone == ZONE_PLAIN && path->parent->zone == ZONE_ROOT;
    for (unsigned i = 0; i < PATH_RANKS; i++)
        if (strcmp(path->name, times[i]) == 0) {
            path->special |= PATH_TIME;
            path->rank = (uint8_t)i;
        }
    if (strcmp(path->name, "EventRecordID") == 0)
        path->special |= PATH_RECORD;
    if (!flat)
        return;
    path->special |= str_eq(path->name, "Channel") || str_eq(path->name, "log_name") ? PATH_CHANNEL : 0;
    path->special |= str_eq(path->name, "EventID") || str_eq(path->name, "event_id") ? PATH_EVENT_ID : 0;
    for (size_t i = 0; i < sizeof flat_names / sizeof *flat_names; i++)
        if (str_eq(path->name, flat_names[i].flat)) {
            path->special |= PATH_WINDOWS;
            path->windows = fields_add(paths->fields, flat_names[i].name, strlen(flat_names[i].name));
        }
}

static size_t slot_of(const struct paths *paths, const struct path *parent, const char *key, size_t len, uint32_t hash)
{
    size_t at = hash & (paths->n_slots - 1);
    for (const struct path *path; (path = paths->slots[at]) != NULL; at = (at + 1) & (paths->n_slots - 1))
        if (path->hash == hash && path->parent == parent && path->key_len == len && memcmp(path->key, key, len) == 0)
            break;
    return at;
}

static void grow(struct paths *paths)
{
    struct path **old = paths->slots;
    size_t n_old = paths->n_slots;
    paths->n_slots *= 4;
    paths->slots = ARENA_ARRAY(paths->arena, struct path *, paths->n_slots);
    for (size_t i = 0; i < n_old; i++)
        if (old[i])
            paths->slots[slot_of(paths, old[i]->parent, old[i]->key, old[i]->key_len, old[i]->hash)] = old[i];
}

struct path *paths_find(struct paths *paths, struct path *parent, const char *key, size_t len, struct arena *scratch)
{
    uint32_t hash = (uint32_t)(XXH3_64bits_withSeed(key, len, parent->hash) >> 16);
    size_t slot = slot_of(paths, parent, key, len, hash);
    if (paths->slots[slot])
        return paths->slots[slot];
    bool room = paths->n < PATHS_MOST && paths->bytes + 4 * len + 2 * EVENT_NAME_MOST <= PATHS_BYTES_MOST && !(parent->special & PATH_PASSING);
    struct arena *lasting = room ? paths->arena : scratch;
    if (parent == &paths->over || (!room && paths->passing++ >= PASSING_MOST))
        return &paths->over;
    struct path *path = ARENA_NEW(lasting, struct path);
    size_t padded = (len + 1 + PATH_BLOCK - 1) / PATH_BLOCK * PATH_BLOCK;
    char *copy = arena_alloc(lasting, padded);
    memcpy(copy, key, len);
    copy[len] = '"';
    *path = (struct path){.key = copy, .key_len = (uint32_t)len, .parent = parent, .hash = hash};
    resolve(paths, path, scratch, lasting);
    note_special(paths, path);
    if (!room) {
        path->special |= PATH_PASSING;
        return path;
    }
    paths->bytes += padded + strlen(path->name) + sizeof *path;
    paths->slots[slot] = path;
    if (++paths->n * 2 > paths->n_slots)
        grow(paths);
    return path;
}
