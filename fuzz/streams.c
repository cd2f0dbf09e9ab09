/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Streams as listeners get them: lines, counted frames and RELP. The first byte says which; what follows comes in pieces of sizes
 * that it says, too. However it is cut up, the same messages come out.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "wire/frames.h"

struct result { struct buf out; struct hash sum; size_t n; bool put_out; };

static void note(struct result *r, const struct piece *piece)
{
    r->sum = sha256_two(r->sum.bytes, HASH_BYTES, piece->bytes, piece->len);
    r->n++;
}

/* One stream, read `step` bytes at a time. As stream.c does it: what is not used comes again with more behind it. */
static void stream(enum framing framing, const char *bytes, size_t size, size_t step, struct result *r)
{
    struct cutter cutter = {.framing = framing, .max = 64};
    struct relp session = {0};
    size_t have = 0, from = 0;
    while (!r->put_out && from + have < size) {
        size_t more = size - from - have < step ? size - from - have : step;
        have += more;
        char *window = malloc(have);         /* of exactly this size, so that reading beyond is seen */
        memcpy(window, bytes + from, have);
        size_t at = 0, used;
        for (int done = 1; done > 0 && !r->put_out; at += used) {
            struct piece piece;
            done = cutter_next(&cutter, window + at, have - at, &used, &piece);
            if (used > have - at || (done > 0 && (piece.len > 64 || piece.bytes < window + at || piece.bytes + piece.len > window + at + used)))
                abort();
            r->put_out = done < 0;
            if (done > 0 && framing == CUT_RELP) {
                enum relp_does what = relp_take(&session, &piece, &r->out);
                r->put_out = what == RELP_NONSENSE;
                if (what != RELP_OPENED)
                    relp_answer(&r->out, piece.txnr, what);
            }
            if (done > 0)
                note(r, &piece);
        }
        if (!r->put_out && have - at > cutter_room(&cutter))
            abort();                         /* it would never go on */
        from += at;
        have -= at;
        free(window);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct result a = {0}, b = {0};
    enum framing framing = data[0] % 3;
    buf_init(&a.out, 1 << 20);
    buf_init(&b.out, 1 << 20);
    stream(framing, (const char *)data + 2, size - 2, size, &a);
    stream(framing, (const char *)data + 2, size - 2, 1 + data[1] % 97, &b);
    if (a.n != b.n || a.put_out != b.put_out || !hash_equal(&a.sum, &b.sum) || a.out.len != b.out.len)
        abort();
    buf_free(&a.out);
    buf_free(&b.out);
    return 0;
}
