/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Little-endian numbers out of foreign bytes. A cursor knows its end: what would lie behind it reads as 0 and marks the cursor bad, so
 * that a reader may read several members and look once.
 */
#ifndef EVTX_BYTES_H
#define EVTX_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t le16(const unsigned char *p) { return (uint16_t)(p[0] | p[1] << 8); }
static inline uint32_t le32(const unsigned char *p) { return (uint32_t)le16(p) | (uint32_t)le16(p + 2) << 16; }
static inline uint64_t le64(const unsigned char *p) { return (uint64_t)le32(p) | (uint64_t)le32(p + 4) << 32; }

struct cursor { const unsigned char *base; size_t at, end; bool bad; };

static inline bool cursor_has(struct cursor *c, size_t n)
{
    if (c->bad || c->end - c->at < n)
        c->bad = true;
    return !c->bad;
}
static inline const unsigned char *take(struct cursor *c, size_t n)
{
    if (!cursor_has(c, n))
        return NULL;
    c->at += n;
    return c->base + c->at - n;
}
static inline uint8_t take8(struct cursor *c)
{
    const unsigned char *p = take(c, 1);
    return p ? *p : 0;
}
static inline uint16_t take16(struct cursor *c)
{
    const unsigned char *p = take(c, 2);
    return p ? le16(p) : 0;
}
static inline uint32_t take32(struct cursor *c)
{
    const unsigned char *p = take(c, 4);
    return p ? le32(p) : 0;
}
#endif
