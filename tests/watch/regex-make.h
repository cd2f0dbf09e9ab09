/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A text that a regular expression matches: walks the expression as rules write it (literals, classes, groups, alternation, quantifiers,
 * escapes) and chooses at random. What it does not understand it leaves out; whoever asks must try the text.
 */
#ifndef TESTS_REGEX_MAKE_H
#define TESTS_REGEX_MAKE_H

#include <stddef.h>

/* At most room - 1 bytes and a NUL. */
void regex_make(const char *expression, char *text, size_t room);

#endif
