/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reads what a client sends: addresses, query strings, urlencoded and multipart bodies. Own parsers, with a limit on
 * everything, strict: what is not understood is refused with a reason and never guessed at. Results lie in the arena.
 */
#ifndef FRONT_FORM_H
#define FRONT_FORM_H

#include "front/front.h"

struct form_limits {
    size_t fields;                           /* 0: 1000 */
    size_t name_bytes;                       /* 0: 128 */
    size_t value_bytes;                      /* 0: 1 MiB */
    size_t uploads;                          /* 0: 20 */
    size_t upload_bytes;                     /* 0: 64 MiB; of one file */
};

/* "a=b&c=d", + as a space, %XX; the decoded text must be UTF-8 without NUL. Also a query string without its "?". */
enum status urlencoded_read(struct arena *, const char *, size_t, struct form_limits, struct reasons *,
                            struct pair **ret, size_t *ret_n) MUST_CHECK;

struct multipart { struct pair *fields; size_t n_fields; struct upload *uploads; size_t n_uploads; };
/* RFC 7578; uploads point into `body`, which must live as long. `media_type` is the whole Content-Type header. */
enum status multipart_read(struct arena *, const char *media_type, const char *body, size_t, struct form_limits,
                           struct reasons *, struct multipart *ret) MUST_CHECK;

/* The path of a request target: percent-decoded once, UTF-8, no control character, no empty, "." or ".." component,
 * no encoded slash or backslash. BAD_INPUT for anything else. */
enum status path_read(struct arena *, const char *target, size_t, const char **ret) MUST_CHECK;

#endif
