/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Text: UTF-8 checks, folding for search and comparison (ICU), small string helpers.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

bool str_eq(const char *, const char *);                 /* NULL equals NULL only */
bool str_starts(const char *text, const char *prefix);
bool str_ends(const char *text, const char *suffix);
/* A string in a NULL-terminated list. */
bool str_in(const char *, const char *const *list);
/* FNV-1a, for hash tables in memory; nothing that an attacker must not foresee. */
uint64_t str_hash(const char *);
/* The bytes of the character at the start, 0 when there is no valid one (RFC 3629). */
size_t utf8_length(const char *, size_t len);
bool utf8_valid(const char *, size_t len);
/* Characters (code points), for limits; invalid bytes count one each. */
size_t utf8_count(const char *, size_t len);
/* No control characters but tab and newline (newline only where `lines`). */
bool text_is_plain(const char *, size_t len, bool lines);

/* The text as search sees it: NFKD, marks dropped, case folded, Greek final sigma as sigma; Latin letters that NFKD
 * leaves whole as typists write them (ø o, ł l, đ d, æ ae, œ oe ...). Invalid UTF-8 becomes U+FFFD. */
char *text_fold(struct arena *, const char *, size_t len);
/* The distinct terms of a text (folded, letters and digits of any script, 1..40 bytes), at most `max`, in order of
 * first appearance. Identifiers such as INC-2026-7KQ4M2XD also give the whole as one term. */
size_t text_terms(struct arena *, const char *, size_t len, size_t max, const char ***ret_terms);
/* A key under which texts sort as a reader of either language expects (ICU root collation), as bytes without NUL,
 * cut to at most `max` bytes. */
size_t text_sort_key(const char *, size_t len, uint8_t *out, size_t max);

#endif
