/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Seals: what was sealed comes back to the same account and purpose only, equal requests give equal bytes, and no
 * altered text is taken.
 */
#include "base/text.h"
#include "front/seal.h"
#include "tap.h"

int main(void)
{
    tap_seed();
    struct arena *arena = arena_new(0);
    uint8_t secret[32] = {7};
    struct seal seal;
    seal_init(&seal, secret);
    const char *text = seal_write(&seal, arena, 42, "cursor", "abc\0def", 7);
    void *back = NULL;
    size_t len = 0;
    ok(seal_read(&seal, arena, 42, "cursor", text, &back, &len) == OK && len == 7 && memcmp(back, "abc\0def", 7) == 0,
       "what was sealed comes back");
    is(seal_write(&seal, arena, 42, "cursor", "abc\0def", 7), text, "equal contents give equal bytes");
    ok(!str_eq(seal_write(&seal, arena, 43, "cursor", "abc\0def", 7), text), "another account gets other bytes");
    ok(seal_read(&seal, arena, 43, "cursor", text, &back, &len) == BAD_INPUT, "another account cannot use it");
    ok(seal_read(&seal, arena, 42, "etag", text, &back, &len) == BAD_INPUT, "nor another purpose");
    ok(seal_read(&seal, arena, 42, "cursor", "", &back, &len) == BAD_INPUT, "nothing is no seal");
    ok(seal_read(&seal, arena, 42, "cursor", NULL, &back, &len) == BAD_INPUT, "nor is none");
    ok(seal_write(&seal, arena, 1, "x", "", 0)[0] != '\0', "nothing can be sealed");
    size_t taken = 0, text_len = strlen(text);
    for (size_t i = 0; i < text_len; i++) {
        char *other = arena_strdup(arena, text);
        other[i] = other[i] == 'A' ? 'B' : 'A';
        taken += seal_read(&seal, arena, 42, "cursor", other, &back, &len) == OK && strcmp(other, text) != 0;
        other = arena_strndup(arena, text, i);
        taken += seal_read(&seal, arena, 42, "cursor", other, &back, &len) == OK;
    }
    is_int(taken, 0, "no altered or cut text is taken");
    const char *tag = seal_etag(&seal, arena, 42, LANG_EN, "x", 1);
    is(seal_etag(&seal, arena, 42, LANG_EN, "x", 1), tag, "an ETag is the same for the same");
    ok(!str_eq(seal_etag(&seal, arena, 43, LANG_EN, "x", 1), tag), "and another for another account");
    ok(!str_eq(seal_etag(&seal, arena, 42, LANG_FR, "x", 1), tag), "and another in another language");
    arena_free(arena);
    return tap_done();
}
