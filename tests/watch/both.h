/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The same rules in the engine, with and without pattern databases, and in the reference; the same event through all three.
 */
#ifndef TESTS_BOTH_H
#define TESTS_BOTH_H

#include "reference.h"
#include "watch/event/json.h"

struct both {
    struct arena *arena, *scratch;
    struct fields *fields;
    struct reasons reasons;
    struct sigma *engine[2];               /* with pattern databases; without */
    struct sigma_matcher *matcher[2];
    struct reference *reference;
    struct event event;
    size_t n;                              /* rules */
    unsigned char *hit[2];                 /* by rule, of the last event */
};
struct both_options {
    const struct sigma_text *texts; size_t n;
    struct sigma_text map;                 /* no text: rules look at every event */
    const struct sigma_binding *bindings; size_t n_bindings;
    size_t memo;                           /* bytes; small ones make the memo forget */
    bool without_reference;
};
/* False when the three do not even list the same documents; the difference is printed. */
bool both_open(struct both *, const struct both_options *);
void both_close(struct both *);
/* Reads the next event of the text into `event` (the same interned names as the rules'); false at its end. */
bool both_read(struct both *, const char *text, size_t len, size_t *at);
/* Runs the event that was read through both engines. */
void both_match(struct both *);
/* Compares the engines with each other and, for each of the given rules (NULL: all), with the reference. Returns the number of differences and
 * prints the first few, with rule and event. */
size_t both_compare(struct both *, const size_t *rules, size_t n, const char *event);

/* A file whole, NUL behind it; NULL when it is not there. malloc. */
char *file_read(const char *path, size_t *ret_len);
/* All files below a folder whose names end so, in a fixed order, as texts in the arena. */
size_t files_below(struct arena *, const char *folder, const char *ending, struct sigma_text **ret);
/* The folder of public data, or NULL; and all live rules in it. */
const char *data_folder(void);
size_t live_rules(struct arena *, struct sigma_text **ret);
struct sigma_text product_map(struct arena *);

#endif
