/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The office's own reading and attaching, on nobody's behalf: what it needs for work that it does itself in the name of a rule (taking
 * events in, detection, examining a delivery). No guard is asked, so nothing that comes from here may reach a reader, but as part of a record
 * whose label and file are at least those of all that went into it. Pages have no business here: they use office_get and office_find.
 */
#ifndef OFFICE_OWN_H
#define OFFICE_OWN_H

#include "office/image.h"
#include "office/office.h"

/* Records of a register that stand in `state` (NULL: any), by number, as they are durable now. With links: not from the writer's thread. */
enum status office_own_records(struct office *, const char *register_, const char *state, bool with_links, struct arena *,
                               const struct image *const **ret, size_t *ret_n) MUST_CHECK;
/* One record with its links, by its number; ABSENT. Not from the writer's thread. */
enum status office_own_record(struct office *, const char *number, struct arena *, const struct image **ret) MUST_CHECK;
/* A record's label: canonical text and as decisions use it. */
const char *office_own_label_text(const struct office *, label_id);
const struct label *office_own_label(const struct office *, label_id);
/* An attachment's bytes, by the image's field and position. ABSENT where there is none. */
enum status office_own_attachment(struct office *, const struct image *, const char *field, unsigned index, struct arena *,
                                  const void **ret, size_t *ret_len) MUST_CHECK;

struct own_file { const char *field, *name, *media; const void *bytes; size_t len; };
/* Seals bytes under the record's label and file and names them, with other fields, in one change of the record by the office in the name of a
 * rule: an edit, or with `step` that step. What the named fields held before stays in front, or goes where `anew`. REFUSED with "version"
 * when the record is no longer at `version` (record_seen; 0: any). Not from the writer's thread. */
struct own_attach { const char *rule, *cause, *number, *step; int64_t version; const struct val *fields; const struct own_file *files; size_t n_files; bool anew; };
enum status office_own_attach(struct office *, const struct own_attach *, moment now, struct arena *, struct outcome *ret) MUST_CHECK;

#endif
