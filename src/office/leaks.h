/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Seeded leaks: what the test of non-interference must be able to catch. They exist only in the library that the test builds
 * for itself with CASTELLAN_LEAKS; in the program each hook is the constant 0 and leaves nothing behind.
 * tests/interference/leaks.c says what each number does.
 */
#ifndef OFFICE_LEAKS_H
#define OFFICE_LEAKS_H

#ifdef CASTELLAN_LEAKS
#include "base/arena.h"
#include "base/moment.h"
#include "store/store.h"

struct office;
struct stage;
struct image;
struct model;
extern int leak_on;                          /* the leak that is open; 0: none */
#define LEAK(n) (leak_on == (n))
#define LEAK_GUARDS_IF(when, office, guards) ((when) ? leak_guards(office) : (guards))
struct guards leak_guards(const struct office *);          /* everything */
uint64_t leak_shared(const struct office *);               /* a counter of the whole office */
uint64_t leak_random(const struct office *);               /* a random stream of the whole office */
moment leak_bumped(const struct office *, moment now);     /* never the same time twice */
uint64_t leak_size(const struct office *);                 /* of the journal */
bool leak_seen(const struct office *, const void *, size_t);
bool leak_exists(const struct office *, struct view *, record_id, struct arena *);
moment leak_due(const struct office *, struct view *, record_id, moment own, struct arena *);
const char *leak_file_title(const struct office *, struct view *, record_id file, struct arena *);
/* Something open points to the record; or something at all, linked since then. */
bool leak_open(struct stage *, const struct image *, moment since);
/* A record stands in the register, and in the state if one is named. */
bool leak_stands(const struct office *, const char *register_, const char *state);
/* All that was told to a live, with these. */
uint64_t leak_told(const void *live, size_t more);
/* It is there and its body is erased. */
bool leak_erased(const struct office *, struct view *, record_id, struct arena *);
/* The person has emergency access to the file. */
bool leak_emergency(const struct model *, record_id file, record_id person, moment at);
#else
#define LEAK(n) 0
#define LEAK_GUARDS_IF(when, office, guards) (guards)
#define leak_guards(office) ((struct guards){0})
#define leak_shared(office) 0
#define leak_random(office) 0
#define leak_bumped(office, now) (now)
#define leak_size(office) 0
#define leak_seen(office, bytes, len) false
#define leak_exists(office, view, id, arena) false
#define leak_due(office, view, id, own, arena) (own)
#define leak_file_title(office, view, file, arena) NULL
#define leak_open(stage, image, since) false
#define leak_stands(office, register_, state) false
#define leak_told(live, more) 0
#define leak_erased(office, view, id, arena) false
#define leak_emergency(model, file, person, at) false
#endif
#define LEAK_GUARDS(n, office, guards) LEAK_GUARDS_IF(LEAK(n), office, guards)

#endif
