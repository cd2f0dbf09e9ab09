/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A restored office before it is served: what was erased after the backup was made is erased again, from the lists that travel with
 * checkpoints (erasures.h). Every erasure is an entry of the restored journal, so verify tells erased from missing there, too.
 */
#ifndef OFFICE_RESTORE_H
#define OFFICE_RESTORE_H

#include "office/office.h"

/* Takes every list of the folder, or none: BAD_INPUT with file and line for what is no list, REFUSED for what the signers have not signed. `signers`:
 * public lines beside the one that the backup holds; NULL: none. What the backup does not hold, or holds
 * erased, is passed over. `ret_n`: what was erased now. */
enum status office_erase_again(struct office *, const char *lists, const char *signers, moment now, struct arena *, struct reasons *, size_t *ret_n) MUST_CHECK;

#endif
