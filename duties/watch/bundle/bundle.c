/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See bundle.h. The head is lines of text, each read exactly; what is signed is the head's first two lines, the second of which names the
 * list by its hash; the list names every text by its hash. So the packing itself needs no trust.
 */
#include "watch/bundle/bundle.h"

#include <sodium.h>
#include <string.h>
#include <zstd.h>

#include "base/text.h"
#include "base/val.h"

#define FIRST "castellan-rules 1\n"
#define LIST "list "
#define LIST_LINE (sizeof LIST - 1 + 2 * HASH_BYTES + 1)
#define SIGNED_BYTES (sizeof FIRST - 1 + LIST_LINE)
#define KEY "key "
#define SIGNATURE "signature "
#define PATH_MOST 500

/* ---- paths ---- */

bool bundle_path(const char *path)
{
    size_t len = path ? strlen(path) : 0, part = 0;
    if (!len || len > PATH_MOST || !utf8_valid(path, len) || !text_is_plain(path, len, false) || strpbrk(path, "\\\t") || !(str_ends(path, ".yml") || str_ends(path, ".yaml")))
        return false;
    for (size_t i = 0; i <= len; i++) {
        if (path[i] && path[i] != '/')
            continue;
        size_t n = i - part;
        if (n == 0 || (n == 1 && path[part] == '.') || (n == 2 && path[part] == '.' && path[part + 1] == '.'))
            return false;
        part = i + 1;
    }
    return true;
}

static bool is_name(const char *text)
{
    size_t len = text ? strlen(text) : 0;
    return len && utf8_valid(text, len) && text_is_plain(text, len, false) && utf8_count(text, len) <= BUNDLE_NAME_MOST;
}

/* ---- making ---- */

static enum status bad(struct reasons *reasons, const char *where, const char *english)
{
    reason_add(reasons, "bundle.form", where, english);
    return BAD_INPUT;
}

static bool wrong(struct reasons *reasons, const char *where, const char *english) { return bad(reasons, where, english) == OK; }

static bool in_order(const struct bundle *bundle, struct reasons *reasons)
{
    for (size_t i = 0; i < bundle->n; i++) {
        const struct bundle_file *file = &bundle->files[i];
        if (!bundle_path(file->path) || (i && strcmp(bundle->files[i - 1].path, file->path) >= 0))
            return wrong(reasons, file->path, T_("Paths of rules are relative, end with .yml or .yaml, and each stands once."));
        if (!file->len || file->len > BUNDLE_FILE_MOST || !utf8_valid(file->text, file->len))
            return wrong(reasons, file->path, T_("A file of rules is UTF-8 text of at most 4 MiB, and not empty."));
    }
    return true;
}

static struct val *list_of(const struct bundle *bundle, struct arena *arena)
{
    struct val *list = val_object(arena), *files = val_array(arena);
    char time[MOMENT_TEXT], hex[2 * HASH_BYTES + 1];
    for (size_t i = 0; i < bundle->n; i++) {
        struct val *file = val_object(arena);
        struct hash hash = sha256(bundle->files[i].text, bundle->files[i].len);
        hex_write(hash.bytes, HASH_BYTES, hex);
        val_set_int(arena, file, "bytes", (int64_t)bundle->files[i].len);
        val_set_str(arena, file, "path", bundle->files[i].path);
        val_set_str(arena, file, "sha256", hex);
        val_push(arena, files, file);
    }
    val_set(arena, list, "files", files);
    val_set_str(arena, list, "made", moment_iso(bundle->made, time));
    val_set_str(arena, list, "name", bundle->name);
    val_set_str(arena, list, "publisher", bundle->publisher);
    return list;
}

static void sign(const uint8_t secret[BUNDLE_SECRET], struct buf *out)
{
    uint8_t signature[BUNDLE_SIGNATURE], key[BUNDLE_KEY];
    char base64[4 * ((BUNDLE_SIGNATURE + 2) / 3) + 1];
    bundle_key_of(secret, key);
    crypto_sign_ed25519_detached(signature, NULL, (const unsigned char *)out->data, SIGNED_BYTES, secret);
    base64_write(key, sizeof key, base64);
    buf_addf(out, KEY "%s\n", base64);
    base64_write(signature, sizeof signature, base64);
    buf_addf(out, SIGNATURE "%s\n", base64);
}

static bool packed(const struct buf *plain, struct arena *arena, struct buf *out)
{
    size_t room = ZSTD_compressBound(plain->len);
    char *bytes = arena_alloc(arena, room);
    size_t n = ZSTD_compress(bytes, room, plain->data, plain->len, 9);
    if (ZSTD_isError(n))
        return false;
    buf_add(out, bytes, n);
    return true;
}

enum status bundle_make(const struct bundle *bundle, const uint8_t secret[BUNDLE_SECRET], struct arena *arena, struct reasons *reasons, struct buf *out)
{
    struct buf plain;
    char hex[2 * HASH_BYTES + 1];
    if (!is_name(bundle->publisher) || !is_name(bundle->name))
        return bad(reasons, NULL, T_("A bundle names its publisher and itself, each in one line of at most 200 characters."));
    if (!bundle->n || bundle->n > BUNDLE_FILES_MOST)
        return bad(reasons, NULL, T_("A bundle holds at least one file of rules and at most 100,000."));
    if (!in_order(bundle, reasons))
        return BAD_INPUT;
    buf_init(&plain, BUNDLE_MOST);
    enum status status = json_canonical(&plain, list_of(bundle, arena));
    struct hash hash = sha256(plain.data ? plain.data : "", plain.len);
    hex_write(hash.bytes, HASH_BYTES, hex);
    buf_addc(&plain, '\n');
    for (size_t i = 0; i < bundle->n; i++)
        buf_add(&plain, bundle->files[i].text, bundle->files[i].len);
    buf_clear(out);
    buf_addf(out, FIRST LIST "%s\n", hex);
    if (secret && !out->failed)
        sign(secret, out);
    buf_addc(out, '\n');
    bool good = status == OK && !plain.failed && packed(&plain, arena, out) && !out->failed;
    buf_free(&plain);
    if (good)
        return OK;
    reason_add(reasons, "bundle.size", NULL, T_("A bundle may hold at most 64 MiB."));
    return TOO_LARGE;
}

/* ---- the head ---- */

/* The line at `at` without its end, if it begins with the word; moves behind it. */
static bool line_of(const char *bytes, size_t len, size_t *at, const char *word, const char **ret, size_t *ret_len)
{
    size_t n = strlen(word);
    const char *end = *at < len ? memchr(bytes + *at, '\n', len - *at < 200 ? len - *at : 200) : NULL;
    if (!end || (size_t)(end - (bytes + *at)) < n || memcmp(bytes + *at, word, n) != 0)
        return false;
    *ret = bytes + *at + n;
    *ret_len = (size_t)(end - *ret);
    *at = (size_t)(end - bytes) + 1;
    return true;
}

/* In its one standard spelling. */
static bool base64_exact(const char *text, size_t len, uint8_t *out, size_t out_len)
{
    char again[4 * ((BUNDLE_SECRET + 2) / 3) + 1];
    size_t n;
    if (!base64_read(text, len, out, out_len, &n) || n != out_len)
        return false;
    base64_write(out, out_len, again);
    return strlen(again) == len && memcmp(again, text, len) == 0;
}

enum status bundle_head(const void *bytes, size_t len, struct reasons *reasons, struct bundle_head *ret)
{
    struct bundle_head head = {.at = sizeof FIRST - 1};
    const char *text = bytes, *word;
    uint8_t hash[HASH_BYTES];
    size_t n;
    if (len > BUNDLE_MOST) {
        reason_add(reasons, "bundle.size", NULL, T_("A bundle may hold at most 64 MiB."));
        return TOO_LARGE;
    }
    if (len < sizeof FIRST - 1 || memcmp(text, FIRST, sizeof FIRST - 1) != 0)
        return bad(reasons, "1", T_("This is no bundle of rules: its first line is not “castellan-rules 1”. “castellan rules bundle” makes one from a folder."));
    if (!line_of(text, len, &head.at, LIST, &word, &n) || n != 2 * HASH_BYTES || !hex_read(word, n, hash, sizeof hash))
        return bad(reasons, "2", T_("The bundle's second line must be “list” and the SHA-256 of its list."));
    hex_write(hash, sizeof hash, head.list);
    if (memcmp(head.list, word, n) != 0)
        return bad(reasons, "2", T_("The bundle's second line must be “list” and the SHA-256 of its list."));
    head.is_signed = line_of(text, len, &head.at, KEY, &word, &n);
    if (head.is_signed && (!base64_exact(word, n, head.key, BUNDLE_KEY) || !line_of(text, len, &head.at, SIGNATURE, &word, &n) || !base64_exact(word, n, head.signature, BUNDLE_SIGNATURE)))
        return bad(reasons, "3", T_("A signed bundle's third and fourth lines are “key” and “signature”, each in base64."));
    if (!line_of(text, len, &head.at, "", &word, &n) || n)
        return bad(reasons, head.is_signed ? "5" : "3", T_("An empty line must end the bundle's head."));
    *ret = head;
    return OK;
}

bool bundle_holds(const struct bundle_head *head, const uint8_t key[BUNDLE_KEY])
{
    char text[SIGNED_BYTES + 1];
    memcpy(text, FIRST LIST, sizeof FIRST LIST - 1);
    memcpy(text + sizeof FIRST LIST - 1, head->list, 2 * HASH_BYTES);
    text[SIGNED_BYTES - 1] = '\n';
    bool same = bytes_equal(head->key, key, BUNDLE_KEY);
    bool good = crypto_sign_ed25519_verify_detached(head->signature, (const unsigned char *)text, SIGNED_BYTES, key) == 0;
    return head->is_signed & same & good;
}

/* ---- unpacking ---- */

enum status bundle_unpack(const void *bytes, size_t len, const struct bundle_head *head, struct arena *arena, struct reasons *reasons, const char **ret, size_t *ret_len)
{
    const char *from = (const char *)bytes + head->at;
    size_t n = len - head->at, frame = ZSTD_findFrameCompressedSize(from, n);
    unsigned long long size = ZSTD_getFrameContentSize(from, n);
    if (ZSTD_isError(frame) || frame != n)
        return bad(reasons, NULL, T_("Behind the bundle's head stands one zstd frame, and nothing else."));
    if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR)
        return bad(reasons, NULL, T_("The bundle's zstd frame must say how long it is unpacked."));
    if (size > BUNDLE_MOST) {
        reason_add(reasons, "bundle.size", NULL, T_("A bundle may hold at most 64 MiB."));
        return TOO_LARGE;
    }
    char *plain = arena_alloc(arena, (size_t)size + 1);
    size_t got = ZSTD_decompress(plain, (size_t)size, from, n);
    if (ZSTD_isError(got) || got != size)
        return bad(reasons, NULL, T_("The bundle's packed part is damaged."));
    *ret = plain;
    *ret_len = got;
    return OK;
}

/* ---- list and texts ---- */

struct reading { struct arena *arena; struct reasons *reasons; const char *plain; size_t len, at; };

static bool read_file(struct reading *r, const struct val *item, const char *before, struct bundle_file *ret)
{
    const char *path = val_get_str(item, "path"), *sum = val_get_str(item, "sha256");
    int64_t bytes = val_get_int(item, "bytes", -1);
    char hex[2 * HASH_BYTES + 1];
    if (!item || item->count != 3 || !bundle_path(path) || !sum || (before && strcmp(before, path) >= 0))
        return wrong(r->reasons, path, T_("Paths of rules are relative, end with .yml or .yaml, and each stands once."));
    if (bytes <= 0 || (uint64_t)bytes > BUNDLE_FILE_MOST || (uint64_t)bytes > r->len - r->at)
        return wrong(r->reasons, path, T_("A file of rules is UTF-8 text of at most 4 MiB, and not empty."));
    *ret = (struct bundle_file){path, r->plain + r->at, (size_t)bytes};
    r->at += (size_t)bytes;
    struct hash hash = sha256(ret->text, ret->len);
    hex_write(hash.bytes, HASH_BYTES, hex);
    if (strcmp(hex, sum) != 0)
        return wrong(r->reasons, path, T_("This text is not the one that the bundle's list names."));
    if (!utf8_valid(ret->text, ret->len))
        return wrong(r->reasons, path, T_("A file of rules is UTF-8 text of at most 4 MiB, and not empty."));
    return true;
}

/* The list as its hash names it: canonical, and with nothing beside what it must say. */
static bool read_list(struct reading *r, const struct bundle_head *head, const struct val **ret)
{
    const char *end = memchr(r->plain, '\n', r->len);
    struct json_limits limits = {.bytes = BUNDLE_MOST, .depth = 4};
    char hex[2 * HASH_BYTES + 1];
    struct buf again;
    struct val *list;
    if (!end)
        return wrong(r->reasons, NULL, T_("The bundle has no list."));
    r->at = (size_t)(end - r->plain) + 1;
    struct hash hash = sha256(r->plain, r->at - 1);
    hex_write(hash.bytes, HASH_BYTES, hex);
    if (strcmp(hex, head->list) != 0)
        return wrong(r->reasons, NULL, T_("The list is not the one that the bundle's head names."));
    if (json_read(r->arena, r->plain, r->at - 1, limits, r->reasons, &list) != OK)
        return false;
    buf_init(&again, BUNDLE_MOST);
    bool same = json_canonical(&again, list) == OK && !again.failed && again.len == r->at - 1 && memcmp(again.data, r->plain, again.len) == 0;
    buf_free(&again);
    *ret = list;
    return same || wrong(r->reasons, NULL, T_("The bundle's list must be canonical JSON (RFC 8785)."));
}

enum status bundle_read(const char *plain, size_t len, const struct bundle_head *head, struct arena *arena, struct reasons *reasons, struct bundle *ret)
{
    struct reading r = {arena, reasons, plain, len, 0};
    const struct val *list;
    if (!read_list(&r, head, &list))
        return BAD_INPUT;
    const struct val *files = val_get(list, "files");
    const char *made = val_get_str(list, "made");
    char time[MOMENT_TEXT];
    struct bundle bundle = {.publisher = val_get_str(list, "publisher"), .name = val_get_str(list, "name"), .made = MOMENT_NONE, .n = val_count(files)};
    if (!is_name(bundle.publisher) || !is_name(bundle.name) || !files || files->kind != VAL_ARRAY || list->count != 4)
        return bad(reasons, NULL, T_("A bundle names its publisher and itself, each in one line of at most 200 characters."));
    if (!made || moment_read(made, &bundle.made) != OK || strcmp(moment_iso(bundle.made, time), made) != 0)
        return bad(reasons, NULL, T_("A bundle says when it was made, as in 2026-11-22T13:05:00Z."));
    if (!bundle.n || bundle.n > BUNDLE_FILES_MOST)
        return bad(reasons, NULL, T_("A bundle holds at least one file of rules and at most 100,000."));
    struct bundle_file *made_files = ARENA_ARRAY(arena, struct bundle_file, bundle.n);
    for (size_t i = 0; i < bundle.n; i++)
        if (!read_file(&r, val_at(files, i), i ? made_files[i - 1].path : NULL, &made_files[i]))
            return BAD_INPUT;
    if (r.at != r.len)
        return bad(reasons, NULL, T_("Behind the last text of the bundle's list stands something more."));
    bundle.files = made_files;
    memcpy(bundle.list, head->list, sizeof bundle.list);
    *ret = bundle;
    return OK;
}

/* ---- keys ---- */

#define KEY_WORD "castellan-rule-key "
#define SECRET_WORD "castellan-rule-secret "

void bundle_key_new(uint8_t secret[BUNDLE_SECRET])
{
    uint8_t seed[crypto_sign_ed25519_SEEDBYTES];
    random_bytes(seed, sizeof seed);
    bundle_key_seeded(seed, secret);
    wipe(seed, sizeof seed);
}
void bundle_key_seeded(const uint8_t seed[32], uint8_t secret[BUNDLE_SECRET])
{
    uint8_t key[BUNDLE_KEY];
    crypto_sign_ed25519_seed_keypair(key, secret, seed);
}
void bundle_key_of(const uint8_t secret[BUNDLE_SECRET], uint8_t ret[BUNDLE_KEY]) { memcpy(ret, secret + 32, BUNDLE_KEY); }

char *bundle_key_line(struct arena *arena, const uint8_t key[BUNDLE_KEY])
{
    char base64[4 * ((BUNDLE_KEY + 2) / 3) + 1];
    base64_write(key, BUNDLE_KEY, base64);
    return arena_printf(arena, KEY_WORD "%s", base64);
}

char *bundle_secret_line(struct arena *arena, const uint8_t secret[BUNDLE_SECRET])
{
    char base64[4 * ((BUNDLE_SECRET + 2) / 3) + 1];
    base64_write(secret, BUNDLE_SECRET, base64);
    char *line = arena_printf(arena, SECRET_WORD "%s", base64);
    wipe(base64, sizeof base64);
    return line;
}

static bool key_bytes(const char *line, size_t len, const char *word, uint8_t *ret, size_t ret_len)
{
    while (len && (line[len - 1] == '\n' || line[len - 1] == '\r' || line[len - 1] == ' '))
        len--;
    if (len > strlen(word) && memcmp(line, word, strlen(word)) == 0) {
        line += strlen(word);
        len -= strlen(word);
    }
    return base64_exact(line, len, ret, ret_len);
}

bool bundle_key_read(const char *line, size_t len, uint8_t ret[BUNDLE_KEY])
{
    uint8_t key[BUNDLE_KEY];
    if (!key_bytes(line, len, KEY_WORD, key, sizeof key) || !crypto_core_ed25519_is_valid_point(key))
        return false;
    memcpy(ret, key, sizeof key);
    return true;
}

bool bundle_secret_read(const char *line, size_t len, uint8_t ret[BUNDLE_SECRET])
{
    uint8_t secret[BUNDLE_SECRET], key[BUNDLE_KEY], again[BUNDLE_SECRET];
    bool good = key_bytes(line, len, SECRET_WORD, secret, sizeof secret);
    if (good) {                                 /* both halves belong together */
        crypto_sign_ed25519_seed_keypair(key, again, secret);
        good = bytes_equal(again, secret, sizeof again);
    }
    if (good)
        memcpy(ret, secret, sizeof secret);
    wipe(secret, sizeof secret);
    wipe(again, sizeof again);
    return good;
}

char *bundle_fingerprint(struct arena *arena, const uint8_t key[BUNDLE_KEY])
{
    struct hash hash = sha256(key, BUNDLE_KEY);
    char hex[2 * HASH_BYTES + 1], *text = arena_alloc(arena, 2 * HASH_BYTES + 2 * HASH_BYTES / 4 + 1), *to = text;
    hex_write(hash.bytes, HASH_BYTES, hex);
    for (size_t i = 0; i < 2 * HASH_BYTES; i++) {
        if (i && i % 4 == 0)
            *to++ = ' ';
        *to++ = hex[i];
    }
    return text;
}
