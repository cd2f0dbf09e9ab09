/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Events through the archive and back: a copy of each is kept, and what the block gives is held against it.
 */
#ifndef TESTS_ARCHIVE_CHECK_H
#define TESTS_ARCHIVE_CHECK_H

#include "watch/archive/archive.h"
#include "watch/event/json.h"

struct kept_value { const char *name, *text; size_t len; enum value_kind kind; };
struct kept_event { const char *raw, *format; size_t raw_len, n; struct kept_value *values; moment time; uint64_t record; };
struct check {
    struct arena *lasting, *scratch, *block, *copies, *reading;
    struct fields *fields;
    struct archive_builder *builder;
    struct event event;                    /* to be filled, then check_add */
    struct kept_event *events; size_t n, room, most;
    size_t bad, blocks, bytes, items;
    bool keep; char *kept; size_t kept_len;       /* keep: the last block stays here (malloc) */
    void (*look)(struct check *, struct archive *);       /* NULL, or called for each block that came back */
    void *arg;
};
/* A block is closed after `most` events. */
void check_open(struct check *, size_t most);
void check_add(struct check *);
void check_block(struct check *);
size_t check_close(struct check *);        /* differences found */
void check_json(struct check *, const char *text, size_t len, enum event_json_how);
void check_log(struct check *, const char *text, size_t len, const char *format);
/* format NULL: JSON in the given way. */
bool check_text(const char *text, size_t len, const char *format, enum event_json_how, size_t most);
/* Asks everything of a block that may be hostile. */
enum status check_hostile(const void *block, size_t len, struct arena *);

#endif
