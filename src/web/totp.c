/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Time-based one-time passwords (RFC 6238, RFC 4226) and the base 32 in which their seeds are shown. 30 seconds a step,
 * six digits; one step of drift either way; no step is taken twice.
 */
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <string.h>

#include "base/hash.h"
#include "web/secret.h"

void totp_code(enum totp_hash hash, const void *key, size_t key_len, uint64_t step, unsigned digits, char *out)
{
    static const gnutls_mac_algorithm_t MACS[] = {GNUTLS_MAC_SHA1, GNUTLS_MAC_SHA256, GNUTLS_MAC_SHA512};
    static const uint32_t POWERS[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
    uint8_t counter[8], mac[64] = {0};
    for (int i = 7; i >= 0; i--, step >>= 8) counter[i] = (uint8_t)step;
    size_t len = gnutls_hmac_get_len(MACS[hash]);
    gnutls_hmac_fast(MACS[hash], key, key_len, counter, sizeof counter, mac);
    unsigned at = mac[len - 1] & 15;
    uint32_t code = ((uint32_t)(mac[at] & 0x7f) << 24) | ((uint32_t)mac[at + 1] << 16) | ((uint32_t)mac[at + 2] << 8) | mac[at + 3];
    if (digits > 8) digits = 8;
    code %= POWERS[digits];
    for (unsigned i = digits; i-- > 0; code /= 10) out[i] = (char)('0' + code % 10);
    out[digits] = '\0';
    wipe(mac, sizeof mac);
}

static const char BASE32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

void base32_write(const uint8_t *bytes, size_t len, char *out)
{
    uint32_t bits = 0;
    unsigned n = 0;
    for (size_t i = 0; i < len; i++) {
        bits = (bits << 8) | bytes[i];
        for (n += 8; n >= 5; n -= 5) *out++ = BASE32[(bits >> (n - 5)) & 31];
    }
    if (n) *out++ = BASE32[(bits << (5 - n)) & 31];
    *out = '\0';
}

bool base32_read(const char *text, uint8_t *out, size_t cap, size_t *ret_len)
{
    uint32_t bits = 0;
    unsigned n = 0;
    size_t len = 0;
    for (; *text; text++) {
        if (*text == ' ' || *text == '=') continue;
        char upper = *text >= 'a' && *text <= 'z' ? (char)(*text - 32) : *text;
        const char *at = strchr(BASE32, upper);
        if (!at) return false;
        bits = (bits << 5) | (uint32_t)(at - BASE32);
        n += 5;
        if (n >= 8) {
            if (len == cap) return false;
            out[len++] = (uint8_t)(bits >> (n - 8));
            n -= 8;
        }
    }
    *ret_len = len;
    return true;
}

enum status secret_set_totp(const struct identity *id, int64_t account, const uint8_t seed[TOTP_SEED], moment now)
{
    enum status status = id->put(id->arg, "secret", account, "totp", seed, TOTP_SEED);
    if (status != OK) return status;
    return id->note(id->arg, account, 0, "secret-changed", "totp", now);
}

bool secret_has_totp(const struct identity *id, int64_t account)
{
    struct arena *arena = arena_new(1 << 16);
    if (!arena) return false;
    const void *seed;
    size_t len;
    bool has = id->get(id->arg, "secret", account, "totp", arena, &seed, &len) == OK && len == TOTP_SEED;
    arena_free(arena);
    return has;
}

static pthread_mutex_t step_lock = PTHREAD_MUTEX_INITIALIZER;

static bool take_step_alone(const struct identity *id, int64_t account, struct arena *arena, uint64_t step)
{
    const void *used;
    size_t len;
    uint64_t last = 0;
    enum status status = id->get(id->arg, "secret", account, "totp-used", arena, &used, &len);
    if (status == OK && len == sizeof last) memcpy(&last, used, sizeof last);
    else if (status != ABSENT) return false;
    if (step <= last) return false;
    return id->put(id->arg, "secret", account, "totp-used", &step, sizeof step) == OK;
}

/* Remembers the last step taken; a code of it or of an earlier one is refused, also of two that come at once. */
static bool take_step(const struct identity *id, int64_t account, struct arena *arena, uint64_t step)
{
    pthread_mutex_lock(&step_lock);
    bool taken = take_step_alone(id, account, arena, step);
    pthread_mutex_unlock(&step_lock);
    return taken;
}

bool secret_check_totp(const struct identity *id, int64_t account, const char *code, moment now)
{
    if (!id->totp_allowed || !code || strlen(code) != 6 || strspn(code, "0123456789") != 6 || now < 0) return false;
    struct arena *arena = arena_new(1 << 16);
    if (!arena) return false;
    const void *seed;
    size_t len;
    uint64_t step = (uint64_t)(now / (30 * SECOND)), matched = 0;
    if (id->get(id->arg, "secret", account, "totp", arena, &seed, &len) == OK && len == TOTP_SEED) {
        for (int drift = -1; drift <= 1; drift++) {
            char want[9];
            uint64_t at = step + (uint64_t)(int64_t)drift;
            totp_code(TOTP_SHA1, seed, len, at, 6, want);
            if (bytes_equal(want, code, 6)) matched = at;
        }
    }
    bool good = matched && take_step(id, account, arena, matched);
    arena_free(arena);
    return good;
}
