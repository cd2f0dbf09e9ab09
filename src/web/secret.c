/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Passwords, certificates, FIDO2 keys' storage; see secret.h. Argon2id with libsodium's parameters for interactive
 * work raised to 64 MiB and three passes; at most two runs at a time, so that a crowd at the door costs time, not memory.
 */
#include "web/secret.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"
#include "base/val.h"

enum { RUNS_AT_ONCE = 2 };

static char dummy_hash[crypto_pwhash_STRBYTES];
static pthread_mutex_t gate_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_free = PTHREAD_COND_INITIALIZER;
static int running;

static void gate_enter(void)
{
    pthread_mutex_lock(&gate_lock);
    while (running == RUNS_AT_ONCE) pthread_cond_wait(&gate_free, &gate_lock);
    running++;
    pthread_mutex_unlock(&gate_lock);
}

static void gate_leave(void)
{
    pthread_mutex_lock(&gate_lock);
    running--;
    pthread_cond_signal(&gate_free);
    pthread_mutex_unlock(&gate_lock);
}

static unsigned long long passes(const struct identity *id) { return id->fast_secrets ? 1 : 3; }
static size_t memory(const struct identity *id) { return id->fast_secrets ? 8192 : (size_t)64 << 20; }

static bool hash_password(const struct identity *id, const char *password, char out[crypto_pwhash_STRBYTES])
{
    gate_enter();
    int failed = crypto_pwhash_str_alg(out, password, strlen(password), passes(id), memory(id), crypto_pwhash_ALG_ARGON2ID13);
    gate_leave();
    return !failed;
}

/* What nobody's password hashes to: a well-formed hash with the costs in force and random contents, so that checking
 * against it is the same work and never comes out right; nothing has to be computed for it. */
bool secret_start(const struct identity *id)
{
    if (sodium_init() < 0) return false;
    uint8_t random[48];
    char salt[24], hash[64];
    random_bytes(random, sizeof random);
    sodium_bin2base64(salt, sizeof salt, random, 16, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    sodium_bin2base64(hash, sizeof hash, random + 16, 32, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    memset(dummy_hash, 0, sizeof dummy_hash);
    snprintf(dummy_hash, sizeof dummy_hash, "$argon2id$v=19$m=%zu,t=%llu,p=1$%.22s$%.43s", memory(id) / 1024, passes(id), salt, hash);
    return crypto_pwhash_str_needs_rehash(dummy_hash, passes(id), memory(id)) == 0;
}

bool secret_password_sound(const char *password, struct reasons *why)
{
    size_t len = strlen(password), distinct = 0;
    bool seen[256] = {0};
    for (const char *c = password; *c; c++) {
        distinct += !seen[(unsigned char)*c];
        seen[(unsigned char)*c] = true;
    }
    if (len > PASSWORD_MOST || !utf8_valid(password, len)) {
        reason_add(why, "secret.password-length", "password", T_("A password has at most %1$s bytes of UTF-8 text."), "256");
    } else if (utf8_count(password, len) < PASSWORD_LEAST) {
        reason_add(why, "secret.password-length", "password", T_("A password has at least %1$s characters; a sentence is best."), "12");
    } else if (distinct < 6) {
        reason_add(why, "secret.password-plain", "password", T_("This password repeats the same few characters."));
    } else {
        return true;
    }
    return false;
}

enum status secret_set_password(const struct identity *id, int64_t account, const char *password, moment now,
                                struct reasons *why)
{
    char hash[crypto_pwhash_STRBYTES];
    if (!secret_password_sound(password, why)) return BAD_INPUT;
    if (!hash_password(id, password, hash)) return NO_MEMORY;
    enum status status = id->put(id->arg, "secret", account, "password", hash, strlen(hash) + 1);
    if (status == OK) status = id->note(id->arg, account, 0, "secret-changed", "password", now);
    return status;
}

bool secret_check_password(const struct identity *id, int64_t account, const char *password)
{
    struct arena *arena = arena_new(1 << 16);
    if (!arena) return false;
    const void *stored = NULL;
    size_t len = 0;
    char hash[crypto_pwhash_STRBYTES] = {0};
    /* The side table is asked for an unknown account, too: the same work. */
    bool known = id->get(id->arg, "secret", account, "password", arena, &stored, &len) == OK && account && len <= sizeof hash;
    memcpy(hash, known ? stored : dummy_hash, known ? len : sizeof dummy_hash);
    hash[sizeof hash - 1] = '\0';
    gate_enter();
    bool match = crypto_pwhash_str_verify(hash, password, strlen(password)) == 0;
    gate_leave();
    arena_free(arena);
    return match && known;
}

/* ---- certificates and keys ------------------------------------------------------------------------------------- */

static void fingerprint_key(const char *kind, const void *bytes, size_t len, char out[80])
{
    struct hash h = sha256(bytes, len);
    size_t n = strlen(kind);
    memcpy(out, kind, n);
    hex_write(h.bytes, 16, out + n);
}

enum status secret_add_certificate(const struct identity *id, int64_t account, const uint8_t fingerprint[32],
                                   const char *name, moment now)
{
    char key[80];
    fingerprint_key("cert/", fingerprint, 32, key);
    enum status status = id->put(id->arg, "secret", account, key, name, strlen(name) + 1);
    if (status == OK) status = id->note(id->arg, account, 0, "secret-changed", "certificate", now);
    return status;
}

bool secret_has_certificate(const struct identity *id, int64_t account, const uint8_t fingerprint[32])
{
    struct arena *arena = arena_new(1 << 16);
    if (!arena) return false;
    char key[80];
    const void *name;
    size_t len;
    fingerprint_key("cert/", fingerprint, 32, key);
    bool has = id->get(id->arg, "secret", account, key, arena, &name, &len) == OK;
    arena_free(arena);
    return has;
}

static bool see_certificate(void *arg, const char *key, const void *data, size_t len)
{
    if (str_starts(key, "cert/")) *(bool *)arg = true;
    return true;
}

bool secret_any_certificate(const struct identity *id, int64_t account)
{
    bool any = false;
    return id->each(id->arg, "secret", account, see_certificate, &any) == OK && any;
}

/* A key's row: {"alg":-7,"counter":0,"id":"base64url","name":"...","pk":"base64url"} */
static const char *text_of(struct arena *arena, const uint8_t *bytes, size_t len)
{
    char *text = arena_alloc(arena, 4 * ((len + 2) / 3) + 1);
    base64url_write(bytes, len, text);
    return text;
}

static const uint8_t *bytes_of(struct arena *arena, const char *text, size_t *ret_len)
{
    size_t len = text ? strlen(text) : 0;
    uint8_t *bytes = arena_alloc(arena, len + 1);
    return text && base64_read(text, len, bytes, len + 1, ret_len) ? bytes : NULL;
}

enum status secret_put_key(const struct identity *id, int64_t account, const struct fido_key *k, moment now, bool is_new)
{
    struct arena *arena = arena_new(1 << 16);
    if (!arena) return NO_MEMORY;
    struct val *row = val_object(arena);
    val_set_int(arena, row, "alg", k->algorithm);
    val_set_int(arena, row, "counter", k->counter);
    val_set_str(arena, row, "id", text_of(arena, k->id, k->id_len));
    val_set_str(arena, row, "name", k->name ? k->name : "");
    val_set_str(arena, row, "pk", text_of(arena, k->pk, k->pk_len));
    struct buf text = {0};
    buf_init(&text, 1 << 14);
    char key[80];
    fingerprint_key("key/", k->id, k->id_len, key);
    enum status status = json_canonical(&text, row);
    if (status == OK) status = id->put(id->arg, "secret", account, key, text.data, text.len);
    if (status == OK && is_new) status = id->note(id->arg, account, 0, "secret-changed", "fido-key", now);
    buf_free(&text);
    arena_free(arena);
    return status;
}

static bool key_of_row(struct arena *arena, const void *data, size_t len, struct fido_key *ret)
{
    struct reasons why;
    reasons_init(&why, arena);
    struct val *row;
    if (json_read(arena, data, len, (struct json_limits){.bytes = 1 << 14, .depth = 2}, &why, &row) != OK) return false;
    *ret = (struct fido_key){.algorithm = (int)val_get_int(row, "alg", 0), .counter = (uint32_t)val_get_int(row, "counter", 0),
                             .name = val_get_str(row, "name")};
    ret->id = bytes_of(arena, val_get_str(row, "id"), &ret->id_len);
    ret->pk = bytes_of(arena, val_get_str(row, "pk"), &ret->pk_len);
    return ret->id && ret->pk;
}

enum status secret_get_key(const struct identity *id, int64_t account, const void *key_id, size_t id_len, struct arena *arena,
                           struct fido_key *ret)
{
    char key[80];
    const void *data;
    size_t len;
    fingerprint_key("key/", key_id, id_len, key);
    enum status status = id->get(id->arg, "secret", account, key, arena, &data, &len);
    if (status != OK) return status;
    return key_of_row(arena, data, len, ret) && ret->id_len == id_len && memcmp(ret->id, key_id, id_len) == 0 ? OK : DAMAGED;
}

struct key_list { struct arena *arena; struct fido_key *keys; size_t n; };
enum { MOST_KEYS = 16 };

static bool see_key(void *arg, const char *key, const void *data, size_t len)
{
    struct key_list *list = arg;
    if (!str_starts(key, "key/") || list->n == MOST_KEYS) return true;
    const void *copy = arena_memdup(list->arena, data, len);
    if (key_of_row(list->arena, copy, len, &list->keys[list->n])) list->n++;
    return true;
}

size_t secret_keys(const struct identity *id, int64_t account, struct arena *arena, struct fido_key **ret)
{
    struct key_list list = {arena, ARENA_ARRAY(arena, struct fido_key, MOST_KEYS), 0};
    if (id->each(id->arg, "secret", account, see_key, &list) != OK) return 0;
    *ret = list.keys;
    return list.n;
}
