/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The lists of what was erased, as they travel with checkpoints: FOLDER/checkpoints/TIME-SIZE.erasures, a first line "signer NAME+ID" and a line an erasure,
 * "record 4711 12345" (kind, name, entry). A list holds what was erased since the one before it. Every checkpoint signs count and hash of
 * the lines of all lists up to its size, in the order of their sizes; so none can be changed, left out or added unseen.
 */
#ifndef OFFICE_ERASURES_H
#define OFFICE_ERASURES_H

#include "base/arena.h"
#include "base/reasons.h"
#include "base/status.h"

#define ERASURES_HEAD "signer "

/* Takes all lists of a folder, against the newest checkpoint there that each signer signed; `signers` are public lines, a line each. Calls `line` for
 * every erasure only after all have been proven; it may cut the text up, and says whether it is one. BAD_INPUT with file and line for what is no
 * list; REFUSED for one that no checkpoint of these signers bears out. */
enum status erasure_lists_take(struct arena *, const char *folder, const char *signers, bool (*line)(void *, char *), void *, struct reasons *) MUST_CHECK;

#endif
