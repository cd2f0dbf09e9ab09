/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Codes by the vectors of RFC 6238 and RFC 4648, lock-out by injected time, the table of sessions under many random
 * operations, and FIDO2 keys with an authenticator made here.
 */
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <time.h>

#include "base/text.h"
#include "fake.h"
#include "tap.h"
#include "web/webauthn.h"

static void test_vectors(void)
{
    static const struct { uint64_t time; const char *codes[3]; } VECTORS[] = {
        {59, {"94287082", "46119246", "90693936"}}, {1111111109, {"07081804", "68084774", "25091201"}},
        {1111111111, {"14050471", "67062674", "99943326"}}, {1234567890, {"89005924", "91819424", "93441116"}},
        {2000000000, {"69279037", "90698825", "38618901"}}, {20000000000, {"65353130", "77737706", "47863826"}}};
    static const char KEYS[] = "1234567890123456789012345678901234567890123456789012345678901234";
    static const size_t LENGTHS[] = {20, 32, 64};
    for (size_t i = 0; i < 6; i++) {
        for (int h = 0; h < 3; h++) {
            char code[9];
            totp_code((enum totp_hash)h, KEYS, LENGTHS[h], VECTORS[i].time / 30, 8, code);
            is(code, VECTORS[i].codes[h], "RFC 6238 appendix B");
        }
    }
    static const char *const BASE32[][2] = {{"", ""}, {"f", "MY"}, {"fo", "MZXQ"}, {"foo", "MZXW6"}, {"foob", "MZXW6YQ"}, {"fooba", "MZXW6YTB"}, {"foobar", "MZXW6YTBOI"}};
    for (size_t i = 0; i < 7; i++) {
        char text[20];
        uint8_t back[20];
        size_t len;
        base32_write((const uint8_t *)BASE32[i][0], strlen(BASE32[i][0]), text);
        is(text, BASE32[i][1], "RFC 4648 base 32");
        ok(base32_read(text, back, sizeof back, &len) && len == strlen(BASE32[i][0]) && memcmp(back, BASE32[i][0], len) == 0, "and back");
    }
}

static void test_totp(void)
{
    struct identity id = fake_identity();
    char code[8];
    client_totp(code);
    ok(!secret_check_totp(&id, 1, "12345", fake.now) && !secret_check_totp(&id, 1, "12345a", fake.now) && !secret_check_totp(&id, 1, NULL, fake.now), "what is no code is refused");
    ok(secret_check_totp(&id, 1, code, fake.now + 29 * SECOND), "a code serves in its half minute or the next");
    ok(!secret_check_totp(&id, 1, code, fake.now), "once");
    fake.now += 5 * MINUTE;
    ok(!secret_check_totp(&id, 2, code, fake.now), "not five minutes later");
    client_totp(code);
    id.totp_allowed = false;
    ok(!secret_check_totp(&id, 2, code, fake.now), "never where the office allows none");
}

static void test_lockout(void)
{
    struct lockouts *l = lockouts_new((struct lockout_limits){0});
    moment now = DAY, delays[16];
    for (int i = 0; i < 4; i++) lockout_failed(l, LOCKOUT_ACCOUNT, "anna", now);
    ok(lockout_until(l, LOCKOUT_ACCOUNT, "anna", now) <= now, "four failures are forgiven");
    for (int i = 0; i < 16; i++) {
        lockout_failed(l, LOCKOUT_ACCOUNT, "anna", now);
        delays[i] = lockout_until(l, LOCKOUT_ACCOUNT, "anna", now) - now;
    }
    ok(delays[0] == 30 * SECOND && delays[1] == MINUTE && delays[2] == 2 * MINUTE, "then the delay doubles");
    is_int(delays[15], HOUR, "up to an hour");
    ok(lockout_until(l, LOCKOUT_ACCOUNT, "bert", now) <= now && lockout_until(l, LOCKOUT_ADDRESS, "anna", now) <= now, "nobody else waits");
    ok(lockout_until(l, LOCKOUT_ACCOUNT, "anna", now + 13 * HOUR) <= now + 13 * HOUR, "after half a day it is forgotten");
    lockout_failed(l, LOCKOUT_ACCOUNT, "bert", now);
    lockout_cleared(l, LOCKOUT_ACCOUNT, "bert");
    for (int i = 0; i < 4; i++) lockout_failed(l, LOCKOUT_ACCOUNT, "bert", now);
    ok(lockout_until(l, LOCKOUT_ACCOUNT, "bert", now) <= now, "a success clears the count");
    for (int i = 0; i < 10; i++) lockout_failed(l, LOCKOUT_ACCOUNT, "victim", now);
    for (int i = 0; i < 200000; i++) {
        char name[24];
        snprintf(name, sizeof name, "n%d", i);
        lockout_failed(l, LOCKOUT_ACCOUNT, name, now + 1);
    }
    ok(lockout_until(l, LOCKOUT_ACCOUNT, "victim", now + 1) > now + 1, "200,000 other names do not push a locked one out");
    lockouts_free(l);

    uint8_t key[32] = {7}, *kept = malloc(LOCKOUT_BYTES);
    l = lockouts_new((struct lockout_limits){0});
    lockouts_key(l, key);
    ok(lockouts_save(l, now, kept) == 0, "nothing has happened: nothing is kept");
    for (int i = 0; i < 9; i++) lockout_failed(l, LOCKOUT_ACCOUNT, "anna", now);
    for (int i = 0; i < 30; i++) lockout_failed(l, LOCKOUT_ADDRESS, "192.0.2.7", now);
    moment anna = lockout_until(l, LOCKOUT_ACCOUNT, "anna", now), address = lockout_until(l, LOCKOUT_ADDRESS, "192.0.2.7", now);
    size_t len = lockouts_save(l, now, kept);
    ok(len > 0 && !memmem(kept, len, "anna", 4), "failures are kept, and no name among them");
    ok(lockouts_save(l, now, kept) == 0, "once: nothing has changed since");
    for (size_t i = 0; i < 5000; i++) {
        char name[32];
        snprintf(name, sizeof name, "nobody%zu", i);
        lockout_failed(l, LOCKOUT_ACCOUNT, name, now);
    }
    len = lockouts_save(l, now, kept);
    ok(len <= LOCKOUT_BYTES, "there is a limit");
    lockouts_free(l);
    l = lockouts_new((struct lockout_limits){0});
    lockouts_key(l, key);
    lockouts_load(l, kept, len, now + MINUTE);
    ok(lockout_until(l, LOCKOUT_ACCOUNT, "anna", now + MINUTE) == anna && lockout_until(l, LOCKOUT_ADDRESS, "192.0.2.7", now + MINUTE) == address,
       "another process knows until when they are locked, and 5000 other names have not pushed them out");
    lockout_failed(l, LOCKOUT_ACCOUNT, "anna", now + MINUTE);
    ok(lockout_until(l, LOCKOUT_ACCOUNT, "anna", now + MINUTE) > anna, "and goes on counting where the first left off");
    lockouts_free(l);
    l = lockouts_new((struct lockout_limits){0});
    lockouts_key(l, key);
    lockouts_load(l, kept, len, now + 13 * HOUR);
    ok(lockout_until(l, LOCKOUT_ACCOUNT, "anna", now + 13 * HOUR) <= now + 13 * HOUR, "after half a day it is forgotten, there, too");
    lockouts_load(l, kept, len, now - 1000 * DAY);
    ok(lockout_until(l, LOCKOUT_ACCOUNT, "anna", now - 1000 * DAY) <= now - 1000 * DAY + HOUR, "a clock that was set back locks nobody for longer");
    lockouts_free(l);
    free(kept);
}

static void test_sessions(void)
{
    enum { MANY = 300 };
    struct sessions *s = sessions_new((struct session_limits){.most = 200, .most_an_account = 8});
    static char tokens[MANY][SESSION_TOKEN];
    struct session_bond bond = {.family = 2}, other = {.family = 10};
    struct session got, like = {.stage = STAGE_OPEN, .bond = bond};
    size_t cases = tap_cases(100000), wrong = 0;
    static bool alive[MANY];
    static moment used[MANY];
    moment now = DAY;
    for (size_t i = 0; i < cases; i++) {
        size_t k = tap_below(MANY);
        now += (moment)tap_below(30 * SECOND);
        if (!alive[k]) {
            like.account = (int64_t)k + 1;
            alive[k] = session_begin(s, &like, now, tokens[k], &got);
            used[k] = now;
        } else if (tap_below(4) == 0) {
            struct hash key = sha256(tokens[k], 43);
            session_end(s, &key);
            alive[k] = false;
            wrong += session_find(s, tokens[k], &bond, now, &got);
        } else {
            bool found = session_find(s, tokens[k], &bond, now, &got);
            bool should = now - used[k] < 15 * MINUTE;
            wrong += should && !found ? got.made == 0 : !should && found;
            wrong += found && got.account != (int64_t)k + 1;
            alive[k] = found;
            if (found) used[k] = now;
        }
    }
    is_int(wrong, 0, "random sessions are found while they live, and only then");
    like.account = 1000;
    for (int i = 0; i < 12; i++) ok(session_begin(s, &like, now + 11 * HOUR - 12 + i, tokens[i], &got), "a session of one account");
    ok(!session_find(s, tokens[0], &bond, now + 11 * HOUR, &got) && session_find(s, tokens[11], &bond, now + 11 * HOUR, &got), "an account has eight at most, the oldest goes");
    ok(!session_find(s, tokens[11], &other, now + 11 * HOUR, &got) && !session_find(s, tokens[11], &bond, now + 11 * HOUR, &got), "another address family ends it");
    ok(!session_find(s, "short", &bond, now, &got) && !session_find(s, NULL, &bond, now, &got), "what is no token finds nothing");
    sessions_free(s);
}

/* ---- an authenticator -------------------------------------------------------------------------------------------- */

struct authenticator { gnutls_privkey_t key; uint8_t id[32]; uint32_t counter; };

static const struct relying_party PARTY = {"localhost", "http://localhost:8080"};

static char *client_data(struct arena *arena, const char *type, const uint8_t challenge[32], const char *origin)
{
    char text[64];
    base64url_write(challenge, 32, text);
    char *json = arena_printf(arena, "{\"type\":\"%s\",\"challenge\":\"%s\",\"origin\":\"%s\",\"crossOrigin\":false}", type, text, origin);
    char *out = arena_alloc(arena, strlen(json) * 2 + 8);
    base64url_write(json, strlen(json), out);
    return out;
}

static size_t authenticator_data(struct authenticator *k, const char *rp, uint8_t flags, uint8_t *out)
{
    struct hash h = sha256(rp, strlen(rp));
    memcpy(out, h.bytes, 32);
    out[32] = flags;
    k->counter++;
    for (int i = 0; i < 4; i++) out[33 + i] = (uint8_t)(k->counter >> (24 - 8 * i));
    return 37;
}

static char *attestation(struct arena *arena, struct authenticator *k, const char *rp, uint8_t flags)
{
    uint8_t all[1024], *p = all, *data;
    gnutls_datum_t x, y;
    gnutls_ecc_curve_t curve;
    gnutls_privkey_export_ecc_raw2(k->key, &curve, &x, &y, NULL, GNUTLS_EXPORT_FLAG_NO_LZ);
#define PUT(text) memcpy(p, text, sizeof text - 1), p += sizeof text - 1
    PUT("\xa3\x63" "fmt" "\x64" "none" "\x67" "attStmt" "\xa0" "\x68" "authData" "\x58");
    uint8_t *len = p++;
    data = p;
    p += authenticator_data(k, rp, flags, p);
    memset(p, 0, 16);
    p += 16;
    *p++ = 0;
    *p++ = sizeof k->id;
    memcpy(p, k->id, sizeof k->id);
    p += sizeof k->id;
    PUT("\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20");
    memset(p, 0, 32);
    memcpy(p + 32 - x.size, x.data, x.size);
    p += 32;
    PUT("\x22\x58\x20");
    memset(p, 0, 32);
    memcpy(p + 32 - y.size, y.data, y.size);
    p += 32;
    *len = (uint8_t)(p - data);
    gnutls_free(x.data);
    gnutls_free(y.data);
    char *out = arena_alloc(arena, 2048);
    base64url_write(all, (size_t)(p - all), out);
    return out;
#undef PUT
}

struct given { char *client, *data, *signature; };

static struct given sign(struct arena *arena, struct authenticator *k, const uint8_t challenge[32], const char *origin, const char *rp, uint8_t flags)
{
    struct given g = {.client = client_data(arena, "webauthn.get", challenge, origin), .data = arena_alloc(arena, 100), .signature = arena_alloc(arena, 200)};
    uint8_t bytes[37 + 32], raw[1024];
    size_t raw_len;
    authenticator_data(k, rp, flags, bytes);
    base64url_write(bytes, 37, g.data);
    if (!base64_read(g.client, strlen(g.client), raw, sizeof raw, &raw_len)) abort();
    struct hash h = sha256(raw, raw_len);
    memcpy(bytes + 37, h.bytes, 32);
    gnutls_datum_t message = {bytes, sizeof bytes}, signature;
    if (gnutls_privkey_sign_data2(k->key, GNUTLS_SIGN_ECDSA_SHA256, 0, &message, &signature) != 0) abort();
    base64url_write(signature.data, signature.size, g.signature);
    gnutls_free(signature.data);
    return g;
}

static void test_webauthn(struct arena *arena)
{
    struct identity id = fake_identity();
    struct authenticator k = {0}, stranger = {0};
    struct fido_key key, stored;
    uint8_t challenge[32] = {9}, late[32] = {8};
    uint32_t counter = 0;
    struct reasons why;
    reasons_init(&why, arena);
    for (struct authenticator *one = &k; one; one = one == &k ? &stranger : NULL) {
        gnutls_privkey_init(&one->key);
        gnutls_privkey_generate(one->key, GNUTLS_PK_EC, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
        random_bytes(one->id, sizeof one->id);
    }
    char *create = client_data(arena, "webauthn.create", challenge, PARTY.origin);
    ok(webauthn_register(arena, &PARTY, challenge, create, attestation(arena, &k, "localhost", 0x41), &why, &key) == OK, "a key is registered");
    ok(key.id_len == 32 && memcmp(key.id, k.id, 32) == 0 && key.algorithm == -7, "with its id and algorithm");
    key.name = "my key";
    ok(secret_put_key(&id, 1, &key, fake.now, true) == OK && secret_get_key(&id, 1, k.id, 32, arena, &stored) == OK, "it is stored");
    ok(stored.pk_len == key.pk_len && memcmp(stored.pk, key.pk, key.pk_len) == 0 && str_eq(stored.name, "my key"), "and read back whole");
    ok(secret_get_key(&id, 2, k.id, 32, arena, &key) == ABSENT, "for its account alone");
#define REGISTER(challenge_, client_, attestation_, words) \
    ok(webauthn_register(arena, &PARTY, challenge_, client_, attestation_, &why, &key) == REFUSED, words)
    REGISTER(late, create, attestation(arena, &k, "localhost", 0x41), "another challenge is refused");
    REGISTER(challenge, client_data(arena, "webauthn.get", challenge, PARTY.origin), attestation(arena, &k, "localhost", 0x41), "another purpose");
    REGISTER(challenge, client_data(arena, "webauthn.create", challenge, "http://evil.example"), attestation(arena, &k, "localhost", 0x41), "another origin");
    REGISTER(challenge, create, attestation(arena, &k, "evil.example", 0x41), "another relying party");
    REGISTER(challenge, create, attestation(arena, &k, "localhost", 0x40), "nobody present");
    REGISTER(challenge, create, "AAAA", "no attestation");
    REGISTER(challenge, create, NULL, "none at all");
    REGISTER(challenge, NULL, attestation(arena, &k, "localhost", 0x41), "no client data");
    char *whole = attestation(arena, &k, "localhost", 0x41);
    size_t taken = 0;
    for (size_t i = 0; i + 4 < strlen(whole); i += 4) taken += webauthn_register(arena, &PARTY, challenge, create, arena_strndup(arena, whole, i), &why, &key) == OK;
    is_int(taken, 0, "nor any that is cut off");
    struct given g = sign(arena, &k, challenge, PARTY.origin, "localhost", 1);
    ok(webauthn_assert(arena, &PARTY, challenge, &stored, g.client, g.data, g.signature, &why, &counter) == OK && counter > stored.counter, "the key signs in");
    stored.counter = counter;
#define ASSERT(challenge_, words) \
    ok(webauthn_assert(arena, &PARTY, challenge_, &stored, g.client, g.data, g.signature, &why, &counter) == REFUSED, words)
    ASSERT(challenge, "the same answer again is refused by its counter");
    g = sign(arena, &k, challenge, PARTY.origin, "localhost", 1);
    ASSERT(late, "an answer to another challenge");
    g.signature = sign(arena, &stranger, challenge, PARTY.origin, "localhost", 1).signature;
    ASSERT(challenge, "another key's signature");
    g = sign(arena, &stranger, challenge, PARTY.origin, "localhost", 1);
    ASSERT(challenge, "another key");
    g = sign(arena, &k, challenge, "https://localhost:8080", "localhost", 1);
    ASSERT(challenge, "another origin");
    g = sign(arena, &k, challenge, PARTY.origin, "evil.example", 1);
    ASSERT(challenge, "another relying party");
    g = sign(arena, &k, challenge, PARTY.origin, "localhost", 0);
    ASSERT(challenge, "nobody present");
    gnutls_privkey_deinit(k.key);
    gnutls_privkey_deinit(stranger.key);
}

static void test_passwords(struct arena *arena)
{
    struct identity id = fake_identity();
    struct reasons why;
    reasons_init(&why, arena);
    static const char *const BAD[] = {"", "short", "aaaaaaaaaaaaaaaaaaaa", "abababababab", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"};
    for (size_t i = 0; i < 5; i++) ok(secret_set_password(&id, 1, BAD[i], fake.now, &why) == BAD_INPUT, "password %zu is refused", i);
    ok(secret_check_password(&id, 1, FAKE_PASSWORD) && !secret_check_password(&id, 1, "correct horse batterz"), "the right one fits, a wrong one does not");
    ok(!secret_check_password(&id, 0, FAKE_PASSWORD) && !secret_check_password(&id, 99, FAKE_PASSWORD), "nobody has none");
    const void *row;
    size_t len;
    ok(id.get(NULL, "secret", 1, "password", arena, &row, &len) == OK && str_starts(row, "$argon2id$"), "it is kept by Argon2id");
}

/* Processor time of one check in ms, the least of three. */
static double check_ms(const struct identity *id, int64_t account)
{
    double least = 1e9;
    for (int i = 0; i < 3; i++) {
        struct timespec from, to;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
        if (secret_check_password(id, account, "wrong horse battery")) return -1;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
        double ms = (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
        if (ms < least) least = ms;
    }
    return least;
}

static void test_same_work(struct arena *arena)
{
    struct identity id = fake_identity();
    struct reasons why;
    reasons_init(&why, arena);
    id.fast_secrets = false;
    ok(secret_start(&id) && secret_set_password(&id, 4, FAKE_PASSWORD, fake.now, &why) == OK, "a password at full cost");
    double known = check_ms(&id, 4), unknown = check_ms(&id, 0), absent = check_ms(&id, 99);
    printf("# known %.1f ms, unknown %.1f ms, absent %.1f ms\n", known, unknown, absent);
    ok(known > 20, "a check at full cost takes its time");
    ok(unknown > known * 0.6 && unknown < known * 1.6 && absent > known * 0.6 && absent < known * 1.6, "an unknown account is the same work");
}

int main(void)
{
    struct arena *arena = arena_new(0);
    tap_seed();
    fake_start();
    test_vectors();
    test_totp();
    test_lockout();
    test_sessions();
    test_passwords(arena);
    test_webauthn(arena);
    test_same_work(arena);
    arena_free(arena);
    return tap_done();
}
