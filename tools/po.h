/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Catalogues in gettext's PO form, as far as we use it: comments, msgid and msgstr with continued strings. Checked while
 * read: every text has a French one, both take the same "%1$s" arguments, nothing is marked fuzzy, no text has two
 * different translations (over all files).
 */
#ifndef TOOLS_PO_H
#define TOOLS_PO_H

#include <stdbool.h>
#include <stddef.h>

struct po_entry {
    char *english, *french;
    const char *file;          /* of the first occurrence */
    unsigned line;
};
struct po {
    struct po_entry *entries;
    size_t count, cap;
    unsigned faults;           /* each was printed to stderr as file:line */
};
void po_read(struct po *, const char *file, const char *text);
void po_free(struct po *);

#endif
