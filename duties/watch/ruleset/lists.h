/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Detection lists: values of a placeholder, one a line, and additions to the log-source map.
 */
#ifndef WATCH_RULESET_LISTS_H
#define WATCH_RULESET_LISTS_H

#include "office/image.h"
#include "watch/sigma/sigma.h"

#define LIST_VALUES_MOST 4096u             /* of one placeholder: as many alternatives as one value of a rule may have */

/* Refuses a list that cannot be used: a name that no rule can ask for, no value, too many, a map that cannot be read (with its line). */
void list_check(const struct image *, struct arena *, struct reasons *);
/* The values of a text, apart by line ends and, where `commas`, by commas; blanks at their ends go, empty ones too. */
size_t list_values(struct arena *, const char *text, bool commas, const char ***ret);
/* The product's map with the additions: an entry for a log source that the map has takes its place. BAD_INPUT names the fault. */
enum status list_map(struct arena *, const struct sigma_text *additions, size_t n, struct reasons *, struct sigma_text *ret) MUST_CHECK;

#endif
