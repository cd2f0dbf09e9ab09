/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The growable buffer: doubling, never past `max`; the first failure sticks.
 */
#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *buf, size_t max)
{
    *buf = (struct buf){.max = max};
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->failed = false;
    if (buf->data)
        buf->data[0] = '\0';
}

void buf_free(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){.max = buf->max};
}

static bool make_room(struct buf *buf, size_t more)
{
    if (buf->failed)
        return false;
    if (more > buf->max || buf->len > buf->max - more) {
        buf->failed = true;
        return false;
    }
    size_t need = buf->len + more + 1;
    if (need <= buf->cap)
        return true;
    size_t cap = buf->cap ? buf->cap : 256;
    while (cap < need)
        cap *= 2;
    char *data = realloc(buf->data, cap);
    if (!data) {
        buf->failed = true;
        return false;
    }
    buf->data = data;
    buf->cap = cap;
    return true;
}

void buf_add(struct buf *buf, const void *bytes, size_t len)
{
    if (!make_room(buf, len))
        return;
    if (len)
        memcpy(buf->data + buf->len, bytes, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
}

void buf_adds(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_addc(struct buf *buf, char c)
{
    if (!make_room(buf, 1))
        return;
    buf->data[buf->len++] = c;
    buf->data[buf->len] = '\0';
}

void buf_addf(struct buf *buf, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    buf_vaddf(buf, format, list);
    va_end(list);
}

void buf_vaddf(struct buf *buf, const char *format, va_list list)
{
    char small[256];
    va_list again;
    va_copy(again, list);
    int len = vsnprintf(small, sizeof small, format, list);
    if (len < 0) {
        buf->failed = true;
    } else if ((size_t)len < sizeof small) {
        buf_add(buf, small, (size_t)len);
    } else if (make_room(buf, (size_t)len)) {
        vsnprintf(buf->data + buf->len, (size_t)len + 1, format, again);
        buf->len += (size_t)len;
    }
    va_end(again);
}

void buf_addi(struct buf *buf, long long number)
{
    char digits[24];
    char *at = digits + sizeof digits;
    unsigned long long left = number < 0 ? 0ULL - (unsigned long long)number : (unsigned long long)number;
    do {
        *--at = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    if (number < 0)
        *--at = '-';
    buf_add(buf, at, (size_t)(digits + sizeof digits - at));
}
