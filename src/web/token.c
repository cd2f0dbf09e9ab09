/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tokens that leave the house: enrolment links (good once, for a while) and API tokens (bound to account and post).
 * Both are ACCOUNT.SECRET with 256 random bits; the tables hold the SHA-256 only, so whoever reads them signs in nowhere.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "base/val.h"
#include "web/secret.h"

enum { SECRET = 32, ACCOUNT_DIGITS = 10, MOST_TOKENS = 64 };

static const char *make_text(struct arena *arena, const char *prefix, int64_t account, char key[65])
{
    uint8_t random[SECRET];
    char secret[48], owner[ACCOUNT_DIGITS + 1];
    random_bytes(random, sizeof random);
    base64url_write(random, sizeof random, secret);
    crockford_write((uint64_t)account, ACCOUNT_DIGITS, owner);
    struct hash h = sha256(secret, strlen(secret));
    hex_write(h.bytes, 32, key);
    wipe(random, sizeof random);
    return arena_printf(arena, "%s%s.%s", prefix, owner, secret);
}

/* Splits a text into its account and the key of its row. */
static bool split_text(const char *text, const char *prefix, int64_t *ret_account, char key[65])
{
    uint64_t account;
    if (!text || !str_starts(text, prefix)) return false;
    text += strlen(prefix);
    if (strlen(text) != ACCOUNT_DIGITS + 1 + 43 || text[ACCOUNT_DIGITS] != '.') return false;
    if (!crockford_read(text, ACCOUNT_DIGITS, &account) || account == 0) return false;
    struct hash h = sha256(text + ACCOUNT_DIGITS + 1, 43);
    hex_write(h.bytes, 32, key);
    *ret_account = (int64_t)account;
    return true;
}

enum status enrol_make(const struct identity *id, int64_t account, moment until, struct arena *arena, const char **ret_text)
{
    char key[65];
    const char *text = make_text(arena, "", account, key);
    enum status status = id->put(id->arg, "enrol", account, key, &until, sizeof until);
    if (status == OK) *ret_text = text;
    return status;
}

static enum status enrol_look(const struct identity *id, const char *text, moment now, int64_t *ret_account, char key[65])
{
    int64_t account;
    if (!split_text(text, "", &account, key)) return ABSENT;
    struct arena *arena = arena_new(1 << 16);
    if (!arena) return NO_MEMORY;
    const void *data;
    size_t len;
    moment until = 0;
    enum status status = id->get(id->arg, "enrol", account, key, arena, &data, &len);
    if (status == OK && len == sizeof until) memcpy(&until, data, sizeof until);
    arena_free(arena);
    if (status != OK || until <= now) return ABSENT;
    *ret_account = account;
    return OK;
}

enum status enrol_check(const struct identity *id, const char *text, moment now, int64_t *ret_account)
{
    char key[65];
    return enrol_look(id, text, now, ret_account, key);
}

static pthread_mutex_t enrol_lock = PTHREAD_MUTEX_INITIALIZER;

enum status enrol_use(const struct identity *id, const char *text, moment now, int64_t *ret_account)
{
    char key[65];
    int64_t account;
    pthread_mutex_lock(&enrol_lock);             /* two that come at once: the second finds none */
    enum status status = enrol_look(id, text, now, &account, key);
    if (status == OK) status = id->drop(id->arg, "enrol", account, key);
    pthread_mutex_unlock(&enrol_lock);
    if (status == OK) *ret_account = account;
    return status;
}

/* ---- API tokens ------------------------------------------------------------------------------------------------ */

enum status token_make(const struct identity *id, int64_t account, int64_t appointment, const char *name, moment now,
                       moment until, struct arena *arena, const char **ret_text)
{
    char key[65];
    const char *text = make_text(arena, "cst.", account, key);
    struct val *row = val_object(arena);
    val_set(arena, row, "appointment", val_strf(arena, "%lld", (long long)appointment));
    val_set_int(arena, row, "made", now);
    val_set_str(arena, row, "name", name);
    val_set_int(arena, row, "until", until);
    struct buf json = {0};
    buf_init(&json, 4096);
    enum status status = json_canonical(&json, row);
    if (status == OK) status = id->put(id->arg, "token", account, key, json.data, json.len);
    if (status == OK) status = id->note(id->arg, account, appointment, "secret-changed", "api-token", now);
    buf_free(&json);
    if (status == OK) *ret_text = text;
    return status;
}

static bool token_of_row(struct arena *arena, int64_t account, const void *data, size_t len, struct api_token *ret)
{
    struct reasons why;
    reasons_init(&why, arena);
    struct val *row;
    if (json_read(arena, data, len, (struct json_limits){.bytes = 4096, .depth = 2}, &why, &row) != OK) return false;
    const char *appointment = val_get_str(row, "appointment");
    *ret = (struct api_token){.account = account, .appointment = appointment ? strtoll(appointment, NULL, 10) : 0,
                              .made = val_get_int(row, "made", 0), .until = val_get_int(row, "until", 0),
                              .name = val_get_str(row, "name")};
    return ret->appointment != 0;
}

enum status token_check(const struct identity *id, const char *text, moment now, struct arena *arena, struct api_token *ret)
{
    int64_t account;
    char key[65];
    const void *data;
    size_t len;
    struct api_token token;
    if (!split_text(text, "cst.", &account, key)) return ABSENT;
    enum status status = id->get(id->arg, "token", account, key, arena, &data, &len);
    if (status != OK) return status == DAMAGED ? DAMAGED : ABSENT;
    if (!token_of_row(arena, account, data, len, &token) || token.until <= now) return ABSENT;
    token.key = arena_strdup(arena, key);
    *ret = token;
    return OK;
}

struct token_rows { struct arena *arena; int64_t account; struct api_token *tokens; size_t n; };

static bool see_token(void *arg, const char *key, const void *data, size_t len)
{
    struct token_rows *rows = arg;
    if (rows->n == MOST_TOKENS) return false;
    if (token_of_row(rows->arena, rows->account, arena_memdup(rows->arena, data, len), len, &rows->tokens[rows->n])) {
        rows->tokens[rows->n++].key = arena_strdup(rows->arena, key);
    }
    return true;
}

size_t token_list(const struct identity *id, int64_t account, struct arena *arena, struct api_token **ret)
{
    struct token_rows rows = {arena, account, ARENA_ARRAY(arena, struct api_token, MOST_TOKENS), 0};
    if (id->each(id->arg, "token", account, see_token, &rows) != OK) return 0;
    *ret = rows.tokens;
    return rows.n;
}

enum status token_drop(const struct identity *id, int64_t account, const char *key, moment now)
{
    if (strlen(key) != 64) return ABSENT;
    enum status status = id->drop(id->arg, "token", account, key);
    if (status == OK) status = id->note(id->arg, account, 0, "secret-changed", "api-token", now);
    return status;
}
