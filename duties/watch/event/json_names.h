/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The paths that members of events lie under, each with the field that its values get: what a JSON reader remembers between events. A
 * path is found by its parent and the member's name as it is written between the quotes (escapes and all), so names are joined,
 * unescaped and translated once for each path, not for each event. The rules of translation are a table in json_names.c.
 */
#ifndef WATCH_JSON_NAMES_H
#define WATCH_JSON_NAMES_H

#include "watch/event/event.h"

/* Where in an event of which shape a path lies; the table in json_names.c says how one leads to the next. */
enum zone {
    ZONE_ROOT, ZONE_PLAIN, ZONE_EVENT, ZONE_SYSTEM, ZONE_BARE_SYSTEM, ZONE_DATA, ZONE_USER, ZONE_USER_PART, ZONE_ELEMENT, ZONE_SYSTEM_ELEMENT,
    ZONE_ATTRIBUTES, ZONE_ITEM, ZONE_WINLOG, ZONE_WINLOG_PROCESS, ZONE_WINLOG_THREAD, ZONE_WINLOG_USER, ZONE_RENDERED, ZONE_IGNORED,
};

enum path_special {
    PATH_IGNORED = 1,                      /* namespaces: values are not kept */
    PATH_PART = 2,                         /* a part of a Windows event: null is no value */
    PATH_CHANNEL = 4, PATH_EVENT_ID = 8,   /* both met: the event is a flat Windows event */
    PATH_TIME = 16,                        /* `rank` says how good */
    PATH_RECORD = 32,
    PATH_WINDOWS = 64,                     /* has another name when the event is a flat Windows event */
    PATH_ITEM_NAME = 128, PATH_ITEM_TEXT = 256,            /* in {"@Name": "Image", "#text": "..."} */
    PATH_ITEM = 512,                       /* such an object, or an array of them */
    PATH_PASSING = 1024,                   /* made for one event only; nothing lasting may point to it */
    PATH_OVER = 2048,                      /* stands for all paths that were too many for one event */
};
#define PATH_RANKS 14

struct path {
    /* The key with its closing quote behind it, then zeros: comparing goes by whole blocks of PATH_BLOCK bytes. */
    const char *key;
    uint32_t key_len;                      /* without the quote */
    field_id field;                        /* 0: the table of fields is full, or the path carries none */
    uint16_t special;
    uint8_t rank;
    uint8_t zone;
    struct path *follows;                  /* the member that came after this one last time */
    struct path *first;                    /* the first member inside this one last time */
    struct path *parent;
    const char *name;                      /* NUL-terminated */
    field_id windows;                      /* PATH_WINDOWS: that field */
    uint32_t hash;
};
#define PATH_BLOCK 32

struct paths;
/* `arena` outlives it and is where it grows, up to a bound; beyond it paths are made anew for each event. */
struct paths *paths_new(struct arena *, struct fields *);
struct path *paths_root(struct paths *);   /* for a new event */
/* The member of that name, as written between the quotes (checked to be well-formed). New ones beyond the bound lie in `scratch`. */
struct path *paths_find(struct paths *, struct path *parent, const char *key, size_t len, struct arena *scratch);
/* Writes what a JSON string without its quotes stands for; returns its length, at most `len`. Escapes must be well-formed; what is no
 * UTF-8 becomes U+FFFD, for which `out` has room for 3 * len bytes. */
size_t json_unescape(const char *text, size_t len, char *out);

#endif
