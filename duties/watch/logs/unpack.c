/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See unpack.h. zlib and libzstd do the work; what is here keeps them within bounds and joins members.
 */
#include "watch/logs/unpack.h"

#include <string.h>
#include <zlib.h>
#include <zstd.h>

struct unpack {
    enum unpack_kind kind;
    enum status broken;                    /* OK: not */
    bool inside;                           /* between a member's first byte and its last */
    uint64_t taken, made;
    unsigned members;
    z_stream zlib;
    ZSTD_DStream *zstd;
};

enum unpack_kind unpack_looks(const char *bytes, size_t len)
{
    if (len >= 3 && memcmp(bytes, "\x1f\x8b\x08", 3) == 0)
        return UNPACK_GZIP;
    bool skippable = len >= 4 && (bytes[0] & 0xf0) == 0x50 && memcmp(bytes + 1, "\x2a\x4d\x18", 3) == 0;
    return skippable || (len >= 4 && memcmp(bytes, "\x28\xb5\x2f\xfd", 4) == 0) ? UNPACK_ZSTD : UNPACK_PLAIN;
}

struct unpack *unpack_new(struct arena *arena, enum unpack_kind kind)
{
    struct unpack *unpack = ARENA_NEW(arena, struct unpack);
    unpack->kind = kind;
    bool good = true;
    if (kind == UNPACK_GZIP)
        good = inflateInit2(&unpack->zlib, 16 + MAX_WBITS) == Z_OK;
    if (kind == UNPACK_ZSTD)
        good = (unpack->zstd = ZSTD_createDStream()) != NULL && !ZSTD_isError(ZSTD_DCtx_setParameter(unpack->zstd, ZSTD_d_windowLogMax, 27));
    if (good)
        return unpack;
    ZSTD_freeDStream(unpack->zstd);
    return NULL;
}

void unpack_free(struct unpack *unpack)
{
    if (!unpack)
        return;
    if (unpack->kind == UNPACK_GZIP)
        inflateEnd(&unpack->zlib);
    ZSTD_freeDStream(unpack->zstd);
    unpack->kind = UNPACK_PLAIN;
    unpack->zstd = NULL;
}

static enum status breaks(struct unpack *unpack, enum status status, struct reasons *reasons, const char *words)
{
    unpack->broken = status;
    if (reasons)
        reason_add(reasons, "events.packed", NULL, words);
    return status;
}

static enum status faulty(struct unpack *unpack, struct reasons *reasons)
{
    return breaks(unpack, BAD_INPUT, reasons, T_("the packed stream is damaged; what came before the damage was read"));
}

/* One step of zlib. Behind a member, zeros fill up to the end (as tapes do), or another member begins. */
static enum status some_gzip(struct unpack *unpack, const char *in, size_t in_len, char *out, size_t room, size_t *in_used, size_t *ret_len)
{
    size_t skipped = 0;
    if (!unpack->inside) {
        while (unpack->members && skipped < in_len && in[skipped] == 0)
            skipped++;
        *in_used = skipped;
        if (skipped == in_len)
            return OK;
        if (unpack->members && inflateReset(&unpack->zlib) != Z_OK)
            return BAD_INPUT;
        unpack->inside = true;
    }
    z_stream *z = &unpack->zlib;
    size_t left = in_len - skipped > (1u << 30) ? 1u << 30 : in_len - skipped, most = room > (1u << 30) ? 1u << 30 : room;
    z->next_in = (Bytef *)(uintptr_t)(in + skipped);
    z->avail_in = (uInt)left;
    z->next_out = (Bytef *)out;
    z->avail_out = (uInt)most;
    int done = inflate(z, Z_NO_FLUSH);
    *in_used = skipped + left - z->avail_in;
    *ret_len = most - z->avail_out;
    if (done == Z_STREAM_END) {
        unpack->inside = false;
        unpack->members++;
    }
    return done == Z_OK || done == Z_STREAM_END || done == Z_BUF_ERROR ? OK : BAD_INPUT;
}

static enum status some_zstd(struct unpack *unpack, const char *in, size_t in_len, char *out, size_t room, size_t *in_used, size_t *ret_len)
{
    ZSTD_inBuffer from = {in, in_len, 0};
    ZSTD_outBuffer to = {out, room, 0};
    if (in_len == 0 && !unpack->inside)
        return OK;
    size_t hint = ZSTD_decompressStream(unpack->zstd, &to, &from);
    *in_used = from.pos;
    *ret_len = to.pos;
    if (ZSTD_isError(hint))
        return BAD_INPUT;
    unpack->inside = hint != 0;
    unpack->members += hint == 0;
    return OK;
}

static void some_plain(const char *in, size_t in_len, char *out, size_t room, size_t *in_used, size_t *ret_len)
{
    size_t len = in_len < room ? in_len : room;
    if (len)
        memcpy(out, in, len);
    *in_used = *ret_len = len;
}

enum status unpack_some(struct unpack *unpack, const char *in, size_t in_len, bool last, char *out, size_t room, struct reasons *reasons, size_t *in_used,
                        size_t *ret_len)
{
    enum status status = OK;
    *in_used = *ret_len = 0;
    if (unpack->broken != OK)
        return unpack->broken;
    if (unpack->kind == UNPACK_GZIP)
        status = some_gzip(unpack, in, in_len, out, room, in_used, ret_len);
    else if (unpack->kind == UNPACK_ZSTD)
        status = some_zstd(unpack, in, in_len, out, room, in_used, ret_len);
    else
        some_plain(in, in_len, out, room, in_used, ret_len);
    unpack->taken += *in_used;
    unpack->made += *ret_len;
    if (status != OK) {
        *ret_len = 0;
        return faulty(unpack, reasons);
    }
    if (unpack->kind != UNPACK_PLAIN && (unpack->made > UNPACK_FREE && unpack->made / UNPACK_RATIO > unpack->taken)) {
        *ret_len = 0;
        return breaks(unpack, TOO_LARGE, reasons, T_("the packed stream unpacks to more than a thousand times its size; it was made to fill memory, and is not read"));
    }
    if (unpack->members > UNPACK_MEMBERS_MOST)
        return faulty(unpack, reasons);
    if (last && *in_used == in_len && *ret_len == 0 && unpack->inside)
        return breaks(unpack, BAD_INPUT, reasons, T_("the packed stream ends before its end; what was there was read"));
    return OK;
}
