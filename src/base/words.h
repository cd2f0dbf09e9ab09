/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Words in both languages. The English text stands in the code inside T_("..."), the French one in
 * locale/fr/ROOM.po; a tool compiles the catalogue into the program and a source check finds every T_ text without a French one.
 * Formats take strings only, by position: T_("%1$s may not close a case that %2$s investigated").
 */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

enum lang { LANG_EN = 0, LANG_FR = 1, LANG_COUNT = 2 };

#define T_(text) text

/* The text in a language; the English text itself when the catalogue lacks it. */
const char *tr(enum lang, const char *english);
/* "en", "fr" */
const char *lang_code(enum lang);
/* "fr-CA,en;q=0.5" and the like: the first language we speak, else `otherwise`. NULL is allowed. */
enum lang lang_from(const char *accept, enum lang otherwise);

/* A text that data carries in both languages. Either may be NULL only while loading. */
struct words {
    const char *in[LANG_COUNT];
};

#endif
