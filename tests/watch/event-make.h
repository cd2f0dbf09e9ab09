/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Events made from a rule's text: one that makes its condition true, and from it others, each with one thing changed (a field gone, a
 * value cut, lengthened, in the other case, replaced; what a filter excludes put in). Which of them match, the reference says.
 */
#ifndef TESTS_EVENT_MAKE_H
#define TESTS_EVENT_MAKE_H

#include "base/buf.h"
#include "reference-inside.h"

struct wish { const char *field, *text; size_t len; int place; bool of_source; };      /* place: -1 begins, 0 anywhere, 1 ends, 2 is the whole */
struct made { struct wish wishes[400]; size_t n; const char *format; };

/* An event that should match: choices at random; whoever asks must try it. False when the rule cannot be read. */
bool event_from_rule(struct arena *, const struct rule *, bool with_filters, struct made *ret);
/* How many changes there are for it, and one of them. */
size_t event_changes(const struct made *);
void event_change(struct arena *, const struct made *, size_t change, struct made *ret);
/* As JSON. `joined`: several wishes for one field become one text, otherwise a list. */
const char *event_json(struct arena *, const struct made *, bool joined);

#endif
