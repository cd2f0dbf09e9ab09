/* SPDX-License-Identifier: GPL-3.0-or-later
 * A backup of an office while it is served: see backup_served.c.
 */
#ifndef CLI_BACKUP_SERVED_H
#define CLI_BACKUP_SERVED_H

#include "base/arena.h"
#include "base/reasons.h"
#include "store/store.h"

/* The command's side: asks the server, waits, and carries the backup to `to`, which must not exist. */
enum status backup_ask(const char *folder, const char *key_path, const char *to, struct arena *, struct reasons *) MUST_CHECK;
/* The server's side: whether one is asked for; making it. */
bool backup_asked(const char *folder);
void backup_answer(struct store *, const char *folder);

#endif
