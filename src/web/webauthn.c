/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * WebAuthn over libfido2; see webauthn.h. libfido2 checks signatures, relying party and flags; the client data (type,
 * challenge, origin) and the outer CBOR map of an attestation object are read here.
 */
#include "web/webauthn.h"

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"

static const int ALGORITHMS[] = {COSE_ES256, COSE_EDDSA, COSE_RS256};
enum { N_ALGORITHMS = 3, FLAG_PRESENT = 1, FLAG_ATTESTED = 64 };

struct bytes { const uint8_t *at; size_t len; };

static const char *to_text(struct arena *arena, const void *bytes, size_t len)
{
    char *text = arena_alloc(arena, 4 * ((len + 2) / 3) + 1);
    base64url_write(bytes, len, text);
    return text;
}

static bool from_text(struct arena *arena, const char *text, size_t most, struct bytes *ret)
{
    size_t len = text ? strlen(text) : 0;
    if (len == 0 || len > most) return false;
    uint8_t *out = arena_alloc(arena, len);
    ret->at = out;
    return base64_read(text, len, out, len, &ret->len);
}

/* ---- options --------------------------------------------------------------------------------------------------- */

static struct val *key_list(struct arena *arena, const struct fido_key *have, size_t n)
{
    struct val *list = val_array(arena);
    for (size_t i = 0; i < n; i++) {
        struct val *one = val_object(arena);
        val_set_str(arena, one, "type", "public-key");
        val_set_str(arena, one, "id", to_text(arena, have[i].id, have[i].id_len));
        val_push(arena, list, one);
    }
    return list;
}

struct val *webauthn_create_options(struct arena *arena, const struct relying_party *rp, int64_t account, const char *login,
                                    const uint8_t challenge[32], const struct fido_key *have, size_t n)
{
    struct val *o = val_object(arena), *party = val_object(arena), *user = val_object(arena), *algorithms = val_array(arena);
    struct val *choice = val_object(arena);
    val_set_str(arena, o, "challenge", to_text(arena, challenge, 32));
    val_set_str(arena, party, "id", rp->id);
    val_set_str(arena, party, "name", "Castellan");
    val_set(arena, o, "rp", party);
    struct hash handle = sha256(&account, sizeof account);
    val_set_str(arena, user, "id", to_text(arena, handle.bytes, 16));
    val_set_str(arena, user, "name", login);
    val_set_str(arena, user, "displayName", login);
    val_set(arena, o, "user", user);
    for (size_t i = 0; i < N_ALGORITHMS; i++) {
        struct val *one = val_object(arena);
        val_set_str(arena, one, "type", "public-key");
        val_set_int(arena, one, "alg", ALGORITHMS[i]);
        val_push(arena, algorithms, one);
    }
    val_set(arena, o, "pubKeyCredParams", algorithms);
    val_set(arena, o, "excludeCredentials", key_list(arena, have, n));
    val_set_str(arena, choice, "residentKey", "discouraged");
    val_set_str(arena, choice, "userVerification", "discouraged");
    val_set(arena, o, "authenticatorSelection", choice);
    val_set_str(arena, o, "attestation", "none");
    val_set_int(arena, o, "timeout", 120000);
    return o;
}

struct val *webauthn_get_options(struct arena *arena, const struct relying_party *rp, const uint8_t challenge[32],
                                 const struct fido_key *have, size_t n)
{
    struct val *o = val_object(arena);
    val_set_str(arena, o, "challenge", to_text(arena, challenge, 32));
    val_set_str(arena, o, "rpId", rp->id);
    val_set(arena, o, "allowCredentials", key_list(arena, have, n));
    val_set_str(arena, o, "userVerification", "discouraged");
    val_set_int(arena, o, "timeout", 120000);
    return o;
}

/* ---- client data ----------------------------------------------------------------------------------------------- */

static enum status refuse(struct reasons *why, const char *rule, const char *english)
{
    reason_add(why, rule, NULL, english);
    return REFUSED;
}

/* Type, challenge and origin as the specification orders; the hash goes out. */
static enum status read_client_data(struct arena *arena, const struct relying_party *rp, const uint8_t challenge[32],
                                    const char *text, const char *type, struct reasons *why, struct hash *ret)
{
    struct bytes raw;
    struct reasons faults;
    struct val *data;
    reasons_init(&faults, arena);
    if (!from_text(arena, text, 8192, &raw) ||
        json_read(arena, (const char *)raw.at, raw.len, (struct json_limits){.bytes = 8192, .depth = 8}, &faults, &data) != OK) {
        return refuse(why, "webauthn.client-data", T_("The browser's answer for the key cannot be read."));
    }
    if (!str_eq(val_get_str(data, "type"), type)) {
        return refuse(why, "webauthn.type", T_("The browser's answer is for another purpose."));
    }
    const char *given = val_get_str(data, "challenge"), *want = to_text(arena, challenge, 32);
    if (!given || strlen(given) != strlen(want) || !bytes_equal(given, want, strlen(want))) {
        return refuse(why, "webauthn.challenge", T_("The key answered another question; it may be an old answer."));
    }
    if (!str_eq(val_get_str(data, "origin"), rp->origin) || val_get_bool(data, "crossOrigin", false)) {
        return refuse(why, "webauthn.origin", T_("The key was asked by another site."));
    }
    *ret = sha256(raw.at, raw.len);
    return OK;
}

/* ---- the outer map of an attestation object -------------------------------------------------------------------- */

struct cbor { const uint8_t *at, *end; };

static bool cbor_head(struct cbor *c, unsigned *ret_major, uint64_t *ret_value)
{
    if (c->at == c->end) return false;
    uint8_t first = *c->at++;
    unsigned info = first & 31, more = info < 24 ? 0 : 1u << (info - 24);
    if (info > 27 || (size_t)(c->end - c->at) < more) return false;      /* no indefinite lengths in CTAP2's CBOR */
    uint64_t value = info < 24 ? info : 0;
    for (unsigned i = 0; i < more; i++) value = (value << 8) | *c->at++;
    *ret_major = first >> 5;
    *ret_value = value;
    return true;
}

static bool cbor_skip(struct cbor *c, unsigned depth)
{
    unsigned major;
    uint64_t value;
    if (depth > 8 || !cbor_head(c, &major, &value)) return false;
    switch (major) {
    case 0: case 1: case 7: return true;
    case 2: case 3:
        if (value > (uint64_t)(c->end - c->at)) return false;
        c->at += value;
        return true;
    case 4: case 5:
        if (value > 1000) return false;
        for (uint64_t i = 0; i < value * (major == 5 ? 2 : 1); i++) {
            if (!cbor_skip(c, depth + 1)) return false;
        }
        return true;
    default: return false;
    }
}

static bool cbor_string(struct cbor *c, unsigned want, struct bytes *ret)
{
    unsigned major;
    uint64_t len;
    if (!cbor_head(c, &major, &len) || major != want || len > (uint64_t)(c->end - c->at)) return false;
    *ret = (struct bytes){c->at, (size_t)len};
    c->at += len;
    return true;
}

struct attestation { struct bytes format, statement, data; };

static bool read_attestation(struct bytes raw, struct attestation *ret)
{
    struct cbor c = {raw.at, raw.at + raw.len};
    unsigned major;
    uint64_t members;
    if (!cbor_head(&c, &major, &members) || major != 5 || members != 3) return false;
    for (unsigned i = 0; i < 3; i++) {
        struct bytes name;
        if (!cbor_string(&c, 3, &name)) return false;
        const uint8_t *start = c.at;
        if (name.len == 3 && memcmp(name.at, "fmt", 3) == 0) {
            if (!cbor_string(&c, 3, &ret->format)) return false;
        } else if (name.len == 8 && memcmp(name.at, "authData", 8) == 0) {
            if (!cbor_string(&c, 2, &ret->data)) return false;
        } else if (name.len == 7 && memcmp(name.at, "attStmt", 7) == 0) {
            if (!cbor_skip(&c, 0)) return false;
            ret->statement = (struct bytes){start, (size_t)(c.at - start)};
        } else {
            return false;
        }
    }
    return c.at == c.end && ret->format.at && ret->statement.at && ret->data.at;
}

/* ---- registration ---------------------------------------------------------------------------------------------- */

/* libfido2 wants to know the algorithm before it reads the key. */
static fido_cred_t *read_credential(const struct attestation *a, const struct relying_party *rp, const struct hash *client,
                                    int *ret_algorithm)
{
    for (size_t i = 0; i < N_ALGORITHMS; i++) {
        fido_cred_t *cred = fido_cred_new();
        if (!cred) return NULL;
        if (fido_cred_set_type(cred, ALGORITHMS[i]) == FIDO_OK && fido_cred_set_rp(cred, rp->id, "Castellan") == FIDO_OK &&
            fido_cred_set_clientdata_hash(cred, client->bytes, sizeof client->bytes) == FIDO_OK &&
            fido_cred_set_authdata_raw(cred, a->data.at, a->data.len) == FIDO_OK) {
            *ret_algorithm = ALGORITHMS[i];
            return cred;
        }
        fido_cred_free(&cred);
    }
    return NULL;
}

static bool attestation_holds(fido_cred_t *cred, const struct attestation *a, const struct relying_party *rp)
{
    struct hash party = sha256(rp->id, strlen(rp->id));
    uint8_t flags = fido_cred_flags(cred);
    if (a->data.len < 37 || !bytes_equal(a->data.at, party.bytes, 32)) return false;
    if (!(flags & FLAG_PRESENT) || !(flags & FLAG_ATTESTED)) return false;
    if (a->format.len == 4 && memcmp(a->format.at, "none", 4) == 0) return a->statement.len == 1;    /* an empty map */
    char format[32] = {0};
    if (a->format.len >= sizeof format) return false;
    memcpy(format, a->format.at, a->format.len);
    if (fido_cred_set_fmt(cred, format) != FIDO_OK) return false;
    if (fido_cred_set_attstmt(cred, a->statement.at, a->statement.len) != FIDO_OK) return false;
    return fido_cred_x5c_ptr(cred) ? fido_cred_verify(cred) == FIDO_OK : fido_cred_verify_self(cred) == FIDO_OK;
}

enum status webauthn_register(struct arena *arena, const struct relying_party *rp, const uint8_t challenge[32],
                              const char *client_data, const char *attestation, struct reasons *why, struct fido_key *ret)
{
    struct hash client;
    struct bytes raw;
    struct attestation a = {0};
    int algorithm = 0;
    enum status status = read_client_data(arena, rp, challenge, client_data, "webauthn.create", why, &client);
    if (status != OK) return status;
    if (!from_text(arena, attestation, 32768, &raw) || !read_attestation(raw, &a)) {
        return refuse(why, "webauthn.attestation", T_("What the key says of itself cannot be read."));
    }
    fido_cred_t *cred = read_credential(&a, rp, &client, &algorithm);
    if (!cred) return refuse(why, "webauthn.algorithm", T_("The key uses no algorithm that is taken here."));
    size_t id_len = fido_cred_id_len(cred), pk_len = fido_cred_pubkey_len(cred);
    if (!attestation_holds(cred, &a, rp) || id_len == 0 || id_len > 512 || pk_len == 0 || pk_len > 1024) {
        fido_cred_free(&cred);
        return refuse(why, "webauthn.proof", T_("The key's proof does not hold."));
    }
    *ret = (struct fido_key){.id = arena_memdup(arena, fido_cred_id_ptr(cred), id_len), .id_len = id_len,
                             .pk = arena_memdup(arena, fido_cred_pubkey_ptr(cred), pk_len), .pk_len = pk_len,
                             .algorithm = algorithm, .counter = fido_cred_sigcount(cred), .name = ""};
    fido_cred_free(&cred);
    return OK;
}

/* ---- assertion ------------------------------------------------------------------------------------------------- */

static bool verify(const fido_assert_t *assertion, const struct fido_key *key)
{
    bool good = false;
    if (key->algorithm == COSE_ES256) {
        es256_pk_t *pk = es256_pk_new();
        good = pk && es256_pk_from_ptr(pk, key->pk, key->pk_len) == FIDO_OK && fido_assert_verify(assertion, 0, COSE_ES256, pk) == FIDO_OK;
        es256_pk_free(&pk);
    } else if (key->algorithm == COSE_EDDSA) {
        eddsa_pk_t *pk = eddsa_pk_new();
        good = pk && eddsa_pk_from_ptr(pk, key->pk, key->pk_len) == FIDO_OK && fido_assert_verify(assertion, 0, COSE_EDDSA, pk) == FIDO_OK;
        eddsa_pk_free(&pk);
    } else if (key->algorithm == COSE_RS256) {
        rs256_pk_t *pk = rs256_pk_new();
        good = pk && rs256_pk_from_ptr(pk, key->pk, key->pk_len) == FIDO_OK && fido_assert_verify(assertion, 0, COSE_RS256, pk) == FIDO_OK;
        rs256_pk_free(&pk);
    }
    return good;
}

enum status webauthn_assert(struct arena *arena, const struct relying_party *rp, const uint8_t challenge[32],
                            const struct fido_key *key, const char *client_data, const char *authenticator_data,
                            const char *signature, struct reasons *why, uint32_t *ret_counter)
{
    struct hash client;
    struct bytes data, sig;
    enum status status = read_client_data(arena, rp, challenge, client_data, "webauthn.get", why, &client);
    if (status != OK) return status;
    if (!from_text(arena, authenticator_data, 8192, &data) || !from_text(arena, signature, 2048, &sig)) {
        return refuse(why, "webauthn.answer", T_("The key's answer cannot be read."));
    }
    fido_assert_t *assertion = fido_assert_new();
    bool good = assertion && fido_assert_set_clientdata_hash(assertion, client.bytes, sizeof client.bytes) == FIDO_OK &&
                fido_assert_set_rp(assertion, rp->id) == FIDO_OK && fido_assert_set_count(assertion, 1) == FIDO_OK &&
                fido_assert_set_up(assertion, FIDO_OPT_TRUE) == FIDO_OK &&
                fido_assert_set_authdata_raw(assertion, 0, data.at, data.len) == FIDO_OK &&
                fido_assert_set_sig(assertion, 0, sig.at, sig.len) == FIDO_OK && verify(assertion, key);
    uint32_t counter = good ? fido_assert_sigcount(assertion, 0) : 0;
    if (assertion) fido_assert_free(&assertion);
    if (!good) return refuse(why, "webauthn.proof", T_("The key's proof does not hold."));
    if ((counter || key->counter) && counter <= key->counter) {
        return refuse(why, "webauthn.counter", T_("This key has been used elsewhere since: there may be a copy of it."));
    }
    *ret_counter = counter;
    return OK;
}
