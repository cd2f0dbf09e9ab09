/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One growable byte buffer with a mandatory maximum. Growth lies in malloc memory (not in an arena), so a buffer that
 * is reused keeps its storage. Passing the maximum or losing memory sets `failed`: later writes do nothing, the caller
 * looks once, at the end.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data;   /* NUL-terminated whenever not NULL */
    size_t len;
    size_t cap;
    size_t max;
    bool failed;
};

void buf_init(struct buf *, size_t max);
void buf_clear(struct buf *);          /* keeps the storage */
void buf_free(struct buf *);           /* takes a zeroed or freed buffer */
void buf_add(struct buf *, const void *bytes, size_t len);
void buf_adds(struct buf *, const char *text);
void buf_addc(struct buf *, char c);
void buf_addf(struct buf *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *, const char *format, va_list) __attribute__((format(printf, 2, 0)));
void buf_addi(struct buf *, long long number);

#endif
