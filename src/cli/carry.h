/* SPDX-License-Identifier: GPL-3.0-or-later
 * Carrying checkpoints to a second folder: see carry.c.
 */
#ifndef CLI_CARRY_H
#define CLI_CARRY_H

#include "base/status.h"

/* Copies what `to` lacks of FOLDER/checkpoints (notes and lists of erasures) and of the signer's public line. */
enum status checkpoints_carry(const char *folder, const char *to) MUST_CHECK;

#endif
