/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An image: one version of a record in memory, with its current links. Its body (canonical JSON) is what the journal commits
 * to and is enough to rebuild every table row: register, number, state, label, file, party, times, clocks, fields.
 */
#ifndef OFFICE_IMAGE_H
#define OFFICE_IMAGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/moment.h"
#include "base/reasons.h"
#include "base/val.h"
#include "office/pack.h"
#include "store/store.h"

struct image_link {
    record_id id;                      /* the link's own id */
    const struct field_def *field;
    record_id to;
    moment made;
};
struct image {
    record_id id;
    const struct register_def *def;
    const char *number;
    guard_id guard;
    label_id label;
    record_id file, party;
    int state;
    int64_t version;
    moment created, updated;
    record_id by;                      /* the person who made this version; 0: the office */
    const char *post;                  /* the post's name; NULL: the office */
    const char *step;                  /* "create", "edit", a step's name ... */
    const char *reason;
    const struct val *fields;          /* object, without links */
    const struct val *since;           /* {state: ms it was last entered} */
    const struct val *clocks;          /* {name: {due, stopped?}} */
    const struct val *hands;           /* {right: [person numbers]} who used which right on this record */
    struct image_link *links; size_t n_links;
};

/* Record numbers: PREFIX-[YEAR-]XXXXXXXXXX. */
#define ID_DIGITS 10
#define ID_MASK ((INT64_C(1) << 50) - 1)
void number_write(const struct register_def *, record_id, moment created, char out[32]);
/* The id in a number, whatever its prefix; 0 when it is none. */
record_id number_id(const char *number);

/* Body as a value (lies partly in the image's memory), and back. `guard` is not in the body: it follows from the rest. */
struct val *image_body(const struct image *, struct arena *);
enum status image_from_body(const struct pack *, const char *body, size_t len, struct arena *, struct reasons *,
                            struct image *ret) MUST_CHECK;
/* Header and body of a stored record as an image, without links. */
enum status image_from_stored(const struct pack *, const struct stored_record *, struct arena *, struct image *ret) MUST_CHECK;
/* The same, for a record that lies in this arena and whose body nobody needs any more: the image's texts are the body's own bytes. */
enum status image_consume_stored(const struct pack *, struct stored_record *, struct arena *, struct image *ret) MUST_CHECK;

/* The first link of a field; 0: none. */
record_id image_link_to(const struct image *, const struct field_def *);
bool image_links_to(const struct image *, const struct field_def *, record_id to);
const char *image_text(const struct image *, const char *field);         /* a text field; NULL */
moment image_moment(const struct image *, const struct field_def *);     /* date, time or interval's from; MOMENT_NONE */
/* What names a record, in both languages: its title fields, terms and posts in words; the number where they are empty. */
struct words image_titles(const struct pack *, const struct image *, struct arena *);
/* What stands for this version in the hands of readers, never zero: made from what they see of it alone, so that versions which a
 * reader may not see leave no trace in forms, proposals and their hashes. */
struct version_seen { record_id id, file, party; moment updated; const char *state, *label /* canonical */; const struct val *fields; };
int64_t seen_version(const struct version_seen *);
/* The earliest clock that runs; MOMENT_NONE. */
moment image_due(const struct image *);

#endif
