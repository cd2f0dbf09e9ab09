/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rules for commands that need no office: folders and files of the command line read and compiled together.
 */
#ifndef CLI_RULE_SET_H
#define CLI_RULE_SET_H

#include "watch/sigma/sigma.h"

struct rule_set {
    struct arena *arena;
    struct fields *fields;
    struct sigma *sigma;
    size_t files;
};
/* Every *.yml and *.yaml below the folders, in the order of their paths, and files by name. map: a log-source map instead of our own,
 * or NULL. cache: a file that keeps compiled patterns for the next time (rule_cache.h), or NULL. False with reasons when a file cannot be read, the map is
 * faulty or there is no rule at all. */
bool rule_set_load(struct rule_set *, struct arena *, const char *const *paths, size_t n, const char *map, const char *cache, struct reasons *);
/* The same files unread, in the same order. */
bool rule_set_files(struct arena *, const char *const *paths, size_t n, struct reasons *, const char *const **ret, size_t *ret_n);
const char *rule_level(enum sigma_level);              /* "high" */
bool rule_level_read(const char *, enum sigma_level *ret);
/* Whether this is a folder, or a file with a name that rules have. */
bool rule_path(const char *);

#endif
