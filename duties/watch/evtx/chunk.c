/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Chunks: 64 KiB each, one behind the other from the end of the file's header. The file's header is not believed: it counts wrongly
 * whenever the log was copied while it was written. A place without a chunk's signature is searched for one that begins elsewhere, and
 * for records whose chunk has lost its head. Checksums are told, not obeyed.
 */
#include "watch/evtx/inside.h"

static const char chunk_mark[8] = "ElfChnk";
static const char record_mark[4] = "**\0";

void crc_init(uint32_t table[16][256])
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (unsigned bit = 0; bit < 8; bit++)
            c = c & 1 ? c >> 1 ^ 0xedb88320u : c >> 1;
        table[0][i] = c;
    }
    for (uint32_t i = 0; i < 256; i++)
        for (unsigned k = 1; k < 16; k++)
            table[k][i] = table[k - 1][i] >> 8 ^ table[0][table[k - 1][i] & 255];
}

/* CRC-32 of ISO 3309, sixteen bytes a step. Begins with 0. */
uint32_t crc_add(uint32_t table[16][256], uint32_t crc, const unsigned char *bytes, size_t len)
{
    crc = ~crc;
    for (; len >= 16; bytes += 16, len -= 16) {
        uint32_t a = le32(bytes) ^ crc, b = le32(bytes + 4), c = le32(bytes + 8), d = le32(bytes + 12);
        crc = table[15][a & 255] ^ table[14][a >> 8 & 255] ^ table[13][a >> 16 & 255] ^ table[12][a >> 24] ^
              table[11][b & 255] ^ table[10][b >> 8 & 255] ^ table[9][b >> 16 & 255] ^ table[8][b >> 24] ^
              table[7][c & 255] ^ table[6][c >> 8 & 255] ^ table[5][c >> 16 & 255] ^ table[4][c >> 24] ^
              table[3][d & 255] ^ table[2][d >> 8 & 255] ^ table[1][d >> 16 & 255] ^ table[0][d >> 24];
    }
    while (len--)
        crc = crc >> 8 ^ table[0][(crc ^ *bytes++) & 255];
    return ~crc;
}

void chunk_forget(struct evtx *evtx)
{
    evtx->kept.at = evtx->kept.start;
    evtx->n_names = evtx->n_templates = 0;
    if (++evtx->generation == 0) {         /* once in four thousand million chunks */
        memset(evtx->names, 0, sizeof evtx->names);
        memset(evtx->templates, 0, sizeof evtx->templates);
        evtx->generation = 1;
    }
}

static bool signed_at(const struct evtx *evtx, size_t at)
{
    return evtx->len - at >= sizeof chunk_mark && memcmp(evtx->file + at, chunk_mark, sizeof chunk_mark) == 0;
}

/* Whether a record stands somewhere in these bytes with its size before and behind it. */
static bool holds_record(const unsigned char *bytes, size_t len)
{
    const unsigned char *at = bytes, *end = bytes + len;
    while ((at = memmem(at, (size_t)(end - at), record_mark, sizeof record_mark)) != NULL) {
        size_t size = end - at >= 8 ? le32(at + 4) : 0;
        if (size >= RECORD_HEAD + 4 && size <= (size_t)(end - at) && size < CHUNK_BYTES && le32(at + size - 4) == size)
            return true;
        at++;
    }
    return false;
}

static void chunk_open(struct evtx *evtx, size_t at, size_t len)
{
    const unsigned char *base = evtx->file + at;
    struct chunk *chunk = &evtx->chunk;
    *chunk = (struct chunk){.base = base, .len = len, .at = CHUNK_HEAD, .counted = len};
    evtx->counts.chunks++;
    chunk_forget(evtx);
    bool head = len >= CHUNK_HEAD && signed_at(evtx, at);
    if (head && le32(base + 0x30) >= CHUNK_HEAD && le32(base + 0x30) <= len)
        chunk->counted = le32(base + 0x30);
    else
        head = false;
    uint32_t crc = head ? crc_add(evtx->crc, crc_add(evtx->crc, 0, base, 120), base + 128, CHUNK_HEAD - 128) : 0;
    bool body = head && crc_add(evtx->crc, 0, base + CHUNK_HEAD, chunk->counted - CHUNK_HEAD) == le32(base + 0x34);
    chunk->damaged = !head || !body || crc != le32(base + 0x7c) || len < chunk->counted;
    chunk->astray = !head;
    evtx->counts.damaged_chunks += chunk->damaged;
    if (len < CHUNK_HEAD)
        chunk->at = len;
}

/* A chunk's header that stands where none should: the signature alone occurs in programs, too. */
static const unsigned char *find_head(const struct evtx *evtx, size_t at, size_t end)
{
    const unsigned char *found;
    while (at < end && (found = memmem(evtx->file + at, end - at, chunk_mark, sizeof chunk_mark)) != NULL) {
        at = (size_t)(found - evtx->file);
        if (evtx->len - at >= CHUNK_HEAD && le32(found + 0x28) == 128)
            return found;
        at++;
    }
    return NULL;
}

/* A torn file: bytes are missing, so the next chunk begins inside the place of this one. Looked for where this one does not verify, or
 * where none begins behind it; 0: there is none. */
static size_t next_inside(const struct evtx *evtx, size_t at, size_t len)
{
    if (!evtx->chunk.damaged && (len == CHUNK_BYTES && signed_at(evtx, at + len)))
        return 0;
    const unsigned char *found = find_head(evtx, at + (evtx->chunk.damaged ? CHUNK_HEAD : evtx->chunk.counted), at + len);
    return found ? (size_t)(found - evtx->file) : 0;
}

bool chunk_find(struct evtx *evtx)
{
    while (evtx->next < evtx->len) {
        size_t at = evtx->next, len = evtx->len - at > CHUNK_BYTES ? CHUNK_BYTES : evtx->len - at;
        if (signed_at(evtx, at)) {
            chunk_open(evtx, at, len);
            size_t inside = next_inside(evtx, at, len);
            if (inside) {
                evtx->counts.damaged_chunks += !evtx->chunk.damaged;
                evtx->chunk.len = inside - at;
                if (evtx->chunk.counted > evtx->chunk.len)
                    evtx->chunk.counted = evtx->chunk.len;
            }
            evtx->next = at + (inside ? inside - at : len);
            return true;
        }
        const unsigned char *found = find_head(evtx, at, at + len);
        size_t before = found ? (size_t)(found - (evtx->file + at)) : len;
        evtx->next = at + before;
        if (holds_record(evtx->file + at, before)) {
            chunk_open(evtx, at, before);
            return true;
        }
    }
    evtx->chunk.base = NULL;
    return false;
}
