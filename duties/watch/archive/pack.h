/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Writing a block: blobs are gathered in groups, each group becomes a part. What is small shares a part, so that four hundred fields do
 * not cost four hundred frames; what is large has its own, so that a hunt unpacks it alone.
 */
#ifndef WATCH_ARCHIVE_PACK_H
#define WATCH_ARCHIVE_PACK_H

#include "watch/archive/build.h"

enum group { GROUP_DICTS, GROUP_CODES, GROUP_SHAPES, GROUP_BLOOMS, GROUPS };
struct packer {
    struct archive_builder *b;
    struct buf groups[GROUPS], packed;           /* `packed`: parts one behind the other */
    uint32_t open[GROUPS];                       /* the parts that the begun groups will be */
    struct { uint32_t plain, stored; size_t at; } parts[BLOCK_PARTS_MOST];
    uint32_t n_parts;
    bool failed;
};
/* Puts a blob into a group; where it lies. */
struct place pack_blob(struct packer *, enum group, const struct buf *blob);
void pack_flush(struct packer *);
void put_place(struct buf *, struct place);
/* Codes of one column as planes of bytes, low first: a head of two numbers (way, bytes a code) into `meta`, the rest into the blob. `rising`:
 * they are numbered as they first occur. */
void put_codes(struct buf *meta, struct buf *blob, uint32_t *codes, size_t n, uint32_t distinct, bool rising);
/* A dictionary in the order that `order` says: way and marks into `meta`, the rest into the blob. */
void put_dict(struct buf *meta, struct buf *blob, const struct table *, const uint32_t *order);

/* ---- blooms (bloom.c) ---- */
#define BLOOM_BITS 65536u
struct bloom { uint64_t words[BLOOM_BITS / 64]; };
static inline uint32_t bloom_hash(const char *three)
{
    uint32_t gram = (uint32_t)(unsigned char)three[0] | (uint32_t)(unsigned char)three[1] << 8 | (uint32_t)(unsigned char)three[2] << 16;
    return gram * 0x9e3779b1u >> 16;
}
/* Every three bytes of the folded text. */
void bloom_add(struct bloom *, const char *text, size_t len);
/* Folds it together while that loses little; its bytes (0: it would say nothing), a power of two. */
size_t bloom_close(struct bloom *, size_t most);
/* False: the folded text, of three bytes or more, stands in none of the texts. */
bool bloom_may(const uint8_t *bloom, size_t bytes, const char *text, size_t len);

#endif
