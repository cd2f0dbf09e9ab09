/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the archive share. Not for its users. The words:
 *
 *   column     all values of one field. Its *dictionary* holds each distinct value once, as written; a value is a *code*
 *   skeleton   an event without its values: the texts between them, and for each value its column. Events of one program have few
 *   cell       the place of one value in a skeleton
 *   template   a long text of several lines (Message) without what varies in it: its *parts* are other cells of the same event
 *              (most of a Message says again what stands in the fields), or *pieces*, which have a dictionary of the whole block
 *   rank       how many events of the same skeleton came before; codes lie by skeleton, cell and rank
 *   place      where bytes lie: part, offset in the unpacked part, length. A *part* is packed by zstd on its own
 */
#ifndef WATCH_ARCHIVE_BLOCK_H
#define WATCH_ARCHIVE_BLOCK_H

#include <string.h>

#include "base/buf.h"
#include "watch/archive/archive.h"

#define BLOCK_MAGIC "CASARCH1"
#define BLOCK_HEAD 48                      /* bytes before the list of parts */
#define BLOCK_UNPACKED_MOST (384u << 20)   /* of all parts */
#define BLOCK_CELLS_MOST (32u << 20)       /* values of all events */
#define BLOCK_COLUMNS_MOST 70000u
#define BLOCK_PARTS_MOST 4096u
#define BLOCK_KEPT_MOST (14u << 20)        /* distinct bytes that a builder takes: so much fits into a block even when nothing packs */
#define TEMPLATE_PARTS_MOST 256u

enum { MARK_KIND = 7, MARK_ESCAPED = 8 };  /* of an entry: enum value_kind, and whether JSON escapes stand in it */
enum { CELL_RAW = 1, CELL_NULL = 2 };      /* it is cut out of the raw text; it is null and has no code */
enum { DICT_TEXT, DICT_DECIMAL, DICT_DIGITS };
enum { CODES_PLAIN, CODES_RECENT };
#define PART_PIECE UINT32_MAX              /* of a template: no cell but a piece */

struct place { uint32_t part, at, len; };

/* Numbers of seven bits a byte, lowest first. */
static inline void put_number(struct buf *buf, uint64_t n)
{
    while (n >= 128) {
        buf_addc(buf, (char)(n | 128));
        n >>= 7;
    }
    buf_addc(buf, (char)n);
}
static inline uint64_t zigzag(int64_t n) { return (uint64_t)n << 1 ^ (uint64_t)(n >> 63); }
static inline int64_t unzigzag(uint64_t n) { return (int64_t)(n >> 1) ^ -(int64_t)(n & 1); }

/* Bytes that are read once, with bounds. After a fault every answer is 0 and `bad` says so. */
struct reading_bytes { const uint8_t *at, *end; bool bad; };
static inline uint64_t get_number(struct reading_bytes *r)
{
    uint64_t n = 0;
    for (unsigned shift = 0; shift < 64 && r->at < r->end; shift += 7) {
        uint8_t byte = *r->at++;
        n |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return n;
    }
    r->bad = true;
    r->at = r->end;
    return 0;
}
static inline uint32_t get_below(struct reading_bytes *r, uint64_t most)         /* at most `most` */
{
    uint64_t n = get_number(r);
    if (n > most || n > UINT32_MAX)
        r->bad = true;
    return r->bad ? 0 : (uint32_t)n;
}
static inline const char *get_bytes(struct reading_bytes *r, size_t len)
{
    if (len > (size_t)(r->end - r->at))
        r->bad = true;
    if (r->bad)
        return "";
    r->at += len;
    return (const char *)r->at - len;
}

#endif
