/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where the signer lives: FOLDER.signer, beside the office's folder and never in it, since the office's process may open all of its own
 * folder and shall not reach the key. The office's folder holds the key's public line alone (signer.pub), for verify and doctor.
 */
#ifndef CLI_SIGNER_HOME_H
#define CLI_SIGNER_HOME_H

#include "base/arena.h"
#include "base/reasons.h"
#include "base/status.h"

struct confine;
struct signer;

/* The folder's path with ".signer" behind it. */
char *signer_home(struct arena *, const char *folder);
/* Key and first state for a new office. A home that an office left which is no more is put aside under a name with the time, never overwritten. */
enum status signer_make(const char *folder, const char *origin, struct arena *, struct reasons *) MUST_CHECK;
/* The same for an office that lies in `folder` for the moment and will be called `later`; the signer is forked. */
enum status signer_make_for(const char *folder, const char *later, const char *origin, struct arena *, struct reasons *, struct signer **ret) MUST_CHECK;
/* Forks the signer of an office. An office of an earlier layout (FOLDER/signer) is moved first. */
enum status signer_of(const char *folder, struct arena *, struct reasons *, struct signer **ret) MUST_CHECK;

/* What the office's process may touch: its folder, and to read what libraries, names and zones need. `more`: folders that it may write to, too;
 * `readable`: that it may read. Both NULL-terminated, may be NULL. */
bool office_lock(const char *folder, const char *const *more, const char *const *readable);

#endif
