/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whom an event is about: the first field of a list that the event has. The list is data, the pack's rule `alert.entity`: names of fields, the
 * most telling first; workers get it with their rules. Here since workers, which know no office, need it.
 */
#ifndef WATCH_ENTITY_H
#define WATCH_ENTITY_H

#include "watch/event/event.h"

#define ENTITY_MOST 200                    /* bytes, as a line of the register holds them */

struct entity_fields { field_id *ids; size_t n; };
/* Looks the names up once, adding those that the table does not know. */
void entity_fields_make(struct fields *, const char *const *names, size_t n, struct arena *, struct entity_fields *ret);
/* How many bytes of a text fit, in whole characters; what is no UTF-8 ends it. */
size_t entity_cut(const char *, size_t len);
/* Plain text in the arena, cut to ENTITY_MOST; "" when the event names nobody. */
const char *entity_of(const struct event *, const struct entity_fields *, struct arena *);

#endif
