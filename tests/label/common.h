/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the label tests share: reading files, loading the office's own policies, writing labels shortly.
 */
#ifndef TESTS_LABEL_COMMON_H
#define TESTS_LABEL_COMMON_H

#include "label/label.h"

/* A file's bytes in the arena; NULL when it is not there. */
char *read_file(struct arena *, const char *path, size_t *ret_len);
/* A path below the source tree, and one below the public data; the latter NULL when that folder is missing. */
const char *source_path(struct arena *, const char *below);
const char *data_path(struct arena *, const char *below);
/* Loads a file of policies/ strictly, exits on failure. */
struct policy *own_policy(const char *file);
struct policies *own_policies(void);
/* "NATO/SECRET | restrictive:1.3.26.1.4.1=1 ..." by names; exits on a mistake. EU class names hold slashes: use the OID form
 * of the tests there. */
struct label *short_label(const struct policies *, struct arena *, const char *text);
struct clearance *short_clearance(const struct policies *, struct arena *, const char *text);
/* All reasons as one text. */
const char *why(struct reasons *);

#endif
