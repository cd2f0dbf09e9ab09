/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A file that keeps compiled pattern databases between two starts. Vectorscan trusts such bytes, so a file that anybody but its user could have
 * written is not looked at; one that is damaged, foreign or of other rules is made anew (watch/sigma/sigma.h).
 */
#ifndef CLI_RULE_CACHE_H
#define CLI_RULE_CACHE_H

#include "watch/sigma/sigma.h"

/* Into the options; *ret_bytes is to be freed once the rules are compiled. */
void rule_cache_read(const char *path, struct sigma_options *, char **ret_bytes);
/* Writes it where it was of no use. had: there was one. What goes wrong is said on standard error and stops nothing. */
void rule_cache_keep(const char *path, const struct sigma *, bool had);

#endif
