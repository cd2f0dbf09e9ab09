/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Files that the program carries: ui/, duties' and posts' YAML, profiles, policies. tools/embed.c writes the table at
 * build time, sorted by path; a file added to one of the folders is in it after the next build.
 */
#ifndef BASE_EMBEDDED_H
#define BASE_EMBEDDED_H

#include <stddef.h>

struct embedded_file {
    const char *path;          /* from the source tree's root: "duties/incidents/incident.yaml", "ui/office.css" */
    const char *bytes;         /* a NUL stands behind them */
    size_t len;
    const char *sha256;        /* in hex, for ETags and packs */
};
extern const struct embedded_file embedded_files[];
extern const size_t embedded_count;
/* NULL when there is none. */
const struct embedded_file *embedded_find(const char *path);

#endif
