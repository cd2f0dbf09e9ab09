/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The office's answer to "has this reader the right", for tests without an office: a reader here is the list of their
 * rights, separated by blanks.
 */
#include <string.h>

#include "office/office.h"

bool reader_has_right(const struct reader *reader, const char *right)
{
    const char *rights = (const char *)reader, *found = strstr(rights, right);
    size_t len = strlen(right);
    return found && (found == rights || found[-1] == ' ') && (found[len] == ' ' || !found[len]);
}
