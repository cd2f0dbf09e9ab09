/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Hashes and encodings: the published vectors, refusals, round trips; and the files that the program carries.
 */
#include "tap.h"

#include "base/embedded.h"
#include "base/hash.h"
#include "base/status.h"

static const char *hex(const struct hash *hash)
{
    static char text[2 * HASH_BYTES + 1];
    hex_write(hash->bytes, HASH_BYTES, text);
    return text;
}

static void hashes(void)
{
    struct hash h = sha256("abc", 3), other;
    is(hex(&h), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "SHA-256 of abc (FIPS 180-4)");
    h = sha256(NULL, 0);
    is(hex(&h), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "of nothing");
    char *million = malloc(1000000);
    memset(million, 'a', 1000000);
    h = sha256(million, 1000000);
    free(million);
    is(hex(&h), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0", "of a million a");
    h = sha256_two("a", 1, "bc", 2);
    is(hex(&h), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "in two pieces");
    h = sha256_prefixed('a', "b", 1, "c", 1);
    is(hex(&h), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "with a prefix");
    char key[131];
    memset(key, 0x0b, 20);
    h = hmac_sha256(key, 20, "Hi There", 8);
    is(hex(&h), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7", "HMAC (RFC 4231, 1)");
    h = hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28);
    is(hex(&h), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "HMAC (RFC 4231, 2)");
    memset(key, 0xaa, 131);
    h = hmac_sha256(key, 131, "Test Using Larger Than Block-Size Key - Hash Key First", 54);
    is(hex(&h), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54", "HMAC (RFC 4231, 6)");
    other = h;
    ok(hash_equal(&h, &other), "equal");
    other.bytes[31] ^= 1;
    ok(!hash_equal(&h, &other) && !bytes_equal(h.bytes, other.bytes, 32) && bytes_equal(h.bytes, other.bytes, 31), "not equal");
    wipe(&other, sizeof other);
    is_int(other.bytes[0] | other.bytes[31], 0, "wiped");
    unsigned char a[64] = {0}, b[64] = {0};
    random_bytes(a, sizeof a);
    random_bytes(b, sizeof b);
    ok(memcmp(a, b, sizeof a) != 0, "random bytes differ");
}

static void base64(void)
{
    static const char *const table[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
    static const char *const bad[] = {"Z", "Zg=", "Zg===", "Zh==", "Zm9", "Zm 9v", "Zm9v=", "Zm9v====", "Zg==Zg==", "Z!==", "Zm9"};
    char text[40], bytes[40];
    size_t len;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        base64_write(table[i][0], strlen(table[i][0]), text);
        is(text, table[i][1], "base64 (RFC 4648)");
        ok(base64_read(text, strlen(text), bytes, sizeof bytes, &len) && len == strlen(table[i][0]) &&
           memcmp(bytes, table[i][0], len) == 0, "and back");
        base64url_write(table[i][0], strlen(table[i][0]), text);
        ok(!strchr(text, '=') && base64_read(text, strlen(text), bytes, sizeof bytes, &len) && len == strlen(table[i][0]),
           "without padding");
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ok(!base64_read(bad[i], strlen(bad[i]), bytes, sizeof bytes, &len), "refused: %s", bad[i]);
    base64url_write("\xfb\xff\xfe", 3, text);
    is(text, "-__-", "the other alphabet");
    ok(!base64_read("Zm9vYmFy", 8, bytes, 5, &len), "an output too small");
    ok(hex_read("00fFa1", 6, bytes, 3) && (unsigned char)bytes[1] == 0xff, "hex");
    ok(!hex_read("00fg", 4, bytes, 2) && !hex_read("00f", 3, bytes, 2) && !hex_read("00ff", 4, bytes, 3), "hex refused");
}

static void crockford(void)
{
    char text[20];
    uint64_t number = 0;
    crockford_write(0, 8, text);
    is(text, "00000000", "zero");
    crockford_write(UINT64_C(0x3ffffffffffff), 10, text);
    is(text, "ZZZZZZZZZZ", "fifty bits");
    crockford_write(1234567890, 10, text);
    ok(crockford_read(text, 10, &number) && number == 1234567890, "and back (%s)", text);
    ok(crockford_read("oOiIlL", 6, &number) && number == (((UINT64_C(1) * 32 + 1) * 32 + 1) * 32 + 1), "O is 0, I and L are 1");
    ok(!crockford_read("U0000000", 8, &number) && !crockford_read("7KQ4M2X", 8, &number) && !crockford_read("7KQ-M2XD", 8, &number),
       "other characters and short texts are refused");
    size_t wrong = 0;
    for (size_t i = 0; i < tap_cases(1000000); i++) {
        uint64_t want = tap_random() >> 4, got = 0;
        crockford_write(want, 12, text);
        wrong += !crockford_read(text, 12, &got) || got != want;
    }
    is_int(wrong, 0, "numbers of sixty bits come back");
    char bytes[64], encoded[120], back[64];
    for (size_t i = 0; i < tap_cases(1000000); i++) {
        size_t len = tap_below(64), got = 0;
        for (size_t k = 0; k < len; k++)
            bytes[k] = (char)tap_random();
        (tap_below(2) ? base64_write : base64url_write)(bytes, len, encoded);
        wrong += !base64_read(encoded, strlen(encoded), back, sizeof back, &got) || got != len || memcmp(bytes, back, len) != 0;
    }
    is_int(wrong, 0, "bytes come back from base64");
}

static void embedded(void)
{
    size_t wrong = 0;
    for (size_t i = 0; i < embedded_count; i++) {
        const struct embedded_file *file = &embedded_files[i];
        struct hash h = sha256(file->bytes, file->len);
        wrong += strcmp(hex(&h), file->sha256) != 0 || file->bytes[file->len] != '\0' || embedded_find(file->path) != file ||
                 (i && strcmp(embedded_files[i - 1].path, file->path) >= 0);
    }
    ok(wrong == 0, "%zu files are carried, each found by its path, each with its hash", embedded_count);
    ok(embedded_find("no/such/file") == NULL && embedded_find("") == NULL, "an absent one is not");
    is(status_name(REFUSED), "refused", "a status has a name");
    is(status_name((enum status)77), "unknown", "and an odd one too");
}

int main(void)
{
    tap_seed();
    hashes();
    base64();
    crockford();
    embedded();
    return tap_done();
}
