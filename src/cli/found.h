/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Founding an office from a deed: what init and demo share. Names of policies and classes in the deed become identifiers, the
 * embedded policies and pack are put in force, and the signer's key is made.
 */
#ifndef CLI_FOUND_H
#define CLI_FOUND_H

#include "office/office.h"

/* The deed as docs/founding-deed.md describes it; faults name the member. Makes FOLDER and FOLDER.signer, or neither. */
enum status found_office(const char *folder, struct val *deed, bool demonstration, moment now, struct arena *, struct reasons *) MUST_CHECK;
/* The policies that the program carries. */
enum status embedded_policies(struct policies **ret, struct reasons *) MUST_CHECK;

#endif
