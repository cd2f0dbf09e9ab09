/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Packed streams (duties/watch/logs/unpack.h): what goes in comes out, in pieces of any size; damage, cuts and bombs are told.
 */
#include <zlib.h>
#include <zstd.h>

#include "base/buf.h"
#include "tap.h"
#include "watch/logs/unpack.h"

static void pack(enum unpack_kind kind, const char *bytes, size_t len, struct buf *out)
{
    size_t room = 1000 + len + len / 50;
    char *to = malloc(room);
    if (kind == UNPACK_GZIP) {
        z_stream z = {0};
        deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
        z.next_in = (Bytef *)(uintptr_t)bytes;
        z.avail_in = (uInt)len;
        z.next_out = (Bytef *)to;
        z.avail_out = (uInt)room;
        deflate(&z, Z_FINISH);
        buf_add(out, to, room - z.avail_out);
        deflateEnd(&z);
    } else if (kind == UNPACK_ZSTD) {
        buf_add(out, to, ZSTD_compress(to, room, bytes, len, 3));
    } else {
        buf_add(out, bytes, len);
    }
    free(to);
}

/* Unpacks in pieces of random sizes; the text of the first bytes stays in `out`. */
static enum status unpack_all(enum unpack_kind kind, const char *in, size_t len, size_t most, struct buf *out, uint64_t *ret_made)
{
    struct arena *arena = arena_new(0);
    struct unpack *unpack = unpack_new(arena, kind);
    enum status status = OK;
    size_t at = 0, used, made;
    uint64_t all = 0;
    char *room = malloc(most);
    for (bool done = false; status == OK && !done;) {
        size_t piece = 1 + tap_below(most), left = len - at, size = 1 + tap_below(most);
        piece = piece > left ? left : piece;
        char *exact = malloc(piece ? piece : 1);       /* so that a read behind it is seen */
        memcpy(exact, in + at, piece);
        status = unpack_some(unpack, exact, piece, at + piece == len, room, size, NULL, &used, &made);
        free(exact);
        at += used;
        all += made;
        if (out->len + made <= out->max)
            buf_add(out, room, made);
        done = at == len && made == 0;
    }
    if (status != OK && unpack_some(unpack, "", 0, true, room, 1, NULL, &used, &made) != status)
        status = NO_MEMORY;                /* it must stay what it was */
    unpack_free(unpack);
    arena_free(arena);
    free(room);
    *ret_made = all;
    return status;
}

static void round_trips(void)
{
    static const char *const names[] = {"plain", "gzip", "zstd"};
    for (int kind = UNPACK_PLAIN; kind <= UNPACK_ZSTD; kind++) {
        size_t cases = tap_cases(20000), wrong = 0, cut_wrong = 0, spoiled_wrong = 0;
        for (size_t i = 0; i < cases; i++) {
            struct buf text, packed, out;
            uint64_t made;
            buf_init(&text, 1 << 20), buf_init(&packed, 1 << 20), buf_init(&out, 1 << 20);
            for (uint64_t members = 1 + tap_below(3); members; members--) {
                size_t from = text.len;
                for (uint64_t n = tap_below(3000); n; n--)
                    buf_addc(&text, (char)('a' + tap_below(tap_below(2) ? 2 : 26)));
                pack((enum unpack_kind)kind, (text.data ? text.data : "") + from, text.len - from, &packed);
            }
            size_t most = 1 + tap_below(tap_below(2) ? 8 : 5000);
            enum status status = unpack_all((enum unpack_kind)kind, packed.data ? packed.data : "", packed.len, most, &out, &made);
            wrong += status != OK || out.len != text.len || (out.len && memcmp(out.data, text.data, out.len) != 0);
            wrong += packed.len > 4 && kind && unpack_looks(packed.data, packed.len) != (enum unpack_kind)kind;
            if (kind && packed.len > 12) {
                buf_clear(&out);
                status = unpack_all((enum unpack_kind)kind, packed.data, packed.len - 1 - tap_below(3), most, &out, &made);
                cut_wrong += status != BAD_INPUT || out.len > text.len || (out.len && memcmp(out.data, text.data, out.len) != 0);
                packed.data[tap_below(packed.len)] ^= (char)(1u << tap_below(8));
                buf_clear(&out);
                status = unpack_all((enum unpack_kind)kind, packed.data, packed.len, most, &out, &made);
                spoiled_wrong += status != OK && status != BAD_INPUT && status != TOO_LARGE;
            }
            buf_free(&text), buf_free(&packed), buf_free(&out);
        }
        ok(wrong == 0, "%s: %zu streams of one to three members come out as they were, in pieces of any size", names[kind], cases);
        ok(cut_wrong == 0, "%s: a stream cut short is told, and what came before is right", names[kind]);
        ok(spoiled_wrong == 0, "%s: a changed bit does no harm", names[kind]);
    }
}

static void bombs(void)
{
    static const char *const names[] = {"", "gzip", "zstd"};
    char *zeros = calloc(1, 100u << 20);
    for (int kind = UNPACK_GZIP; kind <= UNPACK_ZSTD; kind++) {
        struct buf packed, out;
        uint64_t made;
        buf_init(&packed, 8 << 20), buf_init(&out, 0);
        pack((enum unpack_kind)kind, zeros, 100u << 20, &packed);
        enum status status = unpack_all((enum unpack_kind)kind, packed.data, packed.len, 1 << 20, &out, &made);
        ok(status == TOO_LARGE && made >= UNPACK_FREE / 2 && made <= UNPACK_FREE + (2u << 20), "%s: a hundred megabytes of zeros are a bomb, told after %llu", names[kind], (unsigned long long)made);
        buf_clear(&packed);
        pack((enum unpack_kind)kind, zeros, 10u << 20, &packed);
        ok(unpack_all((enum unpack_kind)kind, packed.data, packed.len, 1 << 20, &out, &made) == OK && made == 10u << 20, "%s: ten are not", names[kind]);
        buf_free(&packed), buf_free(&out);
    }
    free(zeros);
}

static void looks(void)
{
    ok(unpack_looks("\x1f\x8b\x08\x00", 4) == UNPACK_GZIP && unpack_looks("\x28\xb5\x2f\xfd", 4) == UNPACK_ZSTD && unpack_looks("\x50\x2a\x4d\x18", 4) == UNPACK_ZSTD &&
       unpack_looks("{\"a\"", 4) == UNPACK_PLAIN && unpack_looks("", 0) == UNPACK_PLAIN, "kinds are known by their first bytes");
    struct arena *arena = arena_new(0);
    struct unpack *unpack = unpack_new(arena, UNPACK_ZSTD);
    char out[64];
    size_t used, made;
    /* A frame header that asks for a window of 256 MiB. */
    ok(unpack_some(unpack, "\x28\xb5\x2f\xfd\x00\x90\x01\x00\x00", 9, true, out, sizeof out, NULL, &used, &made) == BAD_INPUT, "a window of 256 MiB is refused");
    unpack_free(unpack);
    unpack_free(NULL);
    arena_free(arena);
}

int main(void)
{
    tap_seed();
    looks();
    round_trips();
    bombs();
    return tap_done();
}
