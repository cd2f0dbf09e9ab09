/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the JSON reader's files share: the state of one reading, and what it does with a value once it stands. The tokenizer itself is
 * json_core.h, compiled once for each kind of instructions.
 */
#ifndef WATCH_JSON_RUN_H
#define WATCH_JSON_RUN_H

#include "watch/event/json.h"
#include "watch/event/json_names.h"

enum json_fault {
    FAULT_NONE, FAULT_ENDS, FAULT_NAME, FAULT_COLON, FAULT_COMMA, FAULT_CLOSE, FAULT_ESCAPE, FAULT_NUMBER, FAULT_VALUE, FAULT_DEEP, FAULT_OBJECT,
};

struct level { struct path *path; bool array; };
#define JSON_NAMED_MOST 16                 /* values that may get another name when the event turns out to be a Windows event */

struct run {
    struct paths *paths;
    struct event *event;
    const char *at, *end;
    char *out, *out_end;                   /* memory for unescaped texts */
    bool lazy;
    enum json_fault fault;
    unsigned met, ranks;                   /* PATH_CHANNEL, PATH_EVENT_ID; which times */
    unsigned n_named, depth;
    uint32_t item_name, item_text;         /* index + 1 of the values of the item being read */
    uint32_t times[PATH_RANKS];
    struct { uint32_t index; field_id field; } named[JSON_NAMED_MOST];
    struct level levels[EVENT_JSON_DEPTH];
};

/* Reads the object at run->at, which is a "{". True: run->at is behind it. False: run->fault at run->at. */
typedef bool json_core(struct run *);
json_core json_core_scalar, json_core_sse2, json_core_avx2;

/* A value under a path that has a meaning; `index` of the value that was just added. */
void json_special(struct run *, const struct path *, size_t index);
/* The end of the event: names of flat Windows events, and its time. */
void json_settle(struct run *);
/* The end of {"@Name": ..., "#text": ...}. */
void json_item_ends(struct run *, const struct path *);
/* At least `more` bytes at run->out; what was written from `from` on moves with it. Returns where `from` lies now. */
char *json_room(struct run *, char *from, size_t more);
/* The text with U+FFFD where bytes are no UTF-8, in the event's memory, or `text` itself when all are. */
const char *json_repair(struct run *, const char *text, size_t *len);
/* One escape at `at` (a backslash), which may not reach `end`: how many bytes it has, 0 when it is none (and `ends` says whether more
 * bytes could make it one). Writes up to 4 bytes to *out, moved behind them; a pair of surrogates is one escape of 12 bytes. */
size_t json_escape(const char *at, const char *end, char **out, bool *ret_ends);
extern const char json_simple[256];        /* what stands for itself behind a backslash; 0: nothing */

#endif
