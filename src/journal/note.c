/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * C2SP signed notes (c2sp.org/signed-note): a text that ends in a newline, a blank line, and signature lines
 * "— name base64(key id || signature)". The last blank line divides. Lines of unknown keys are passed over; a line of
 * the known key that does not verify spoils the note.
 */
#include "journal/note.h"

#include <sodium.h>
#include <string.h>

#include "base/text.h"

#define ED25519 0x01
#define DASH "\xe2\x80\x94 "                         /* em dash, space */

/* Unicode's white space beyond ASCII, as UTF-8. */
static const char *const spaces[] = {"\xc2\x85", "\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81",
    "\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86", "\xe2\x80\x87", "\xe2\x80\x88",
    "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"};

bool note_name_valid(const char *name, size_t len)
{
    if (len == 0 || len > NOTE_NAME_MAX || !utf8_valid(name, len))
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)name[i] <= ' ' || name[i] == '+' || name[i] == 0x7f)
            return false;
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++)
        if (memmem(name, len, spaces[i], strlen(spaces[i])))
            return false;
    return true;
}

struct note_key note_key_make(const char *name, const uint8_t public_key[NOTE_PUBLIC])
{
    struct note_key key = {0};
    size_t n = strlen(name);
    memcpy(key.name, name, n > NOTE_NAME_MAX ? NOTE_NAME_MAX : n);
    memcpy(key.public_key, public_key, NOTE_PUBLIC);
    uint8_t tail[2 + NOTE_PUBLIC] = {'\n', ED25519};
    memcpy(tail + 2, public_key, NOTE_PUBLIC);
    struct hash h = sha256_two(key.name, strlen(key.name), tail, sizeof tail);
    memcpy(key.id, h.bytes, NOTE_KEY_ID);
    return key;
}

void note_key_write(const struct note_key *key, struct buf *out)
{
    char id[2 * NOTE_KEY_ID + 1], base64[64];
    uint8_t typed[1 + NOTE_PUBLIC] = {ED25519};
    memcpy(typed + 1, key->public_key, NOTE_PUBLIC);
    hex_write(key->id, NOTE_KEY_ID, id);
    base64_write(typed, sizeof typed, base64);
    buf_addf(out, "%s+%s+%s", key->name, id, base64);
}

/* Base64 in its one standard spelling, of exactly out_len bytes. */
static bool base64_exact(const char *text, size_t len, uint8_t *out, size_t out_len)
{
    char again[4 * ((4 + NOTE_SIGNATURE + 2) / 3) + 1];
    size_t got;
    if (len != 4 * ((out_len + 2) / 3) || len >= sizeof again || !base64_read(text, len, out, out_len, &got)
        || got != out_len)
        return false;
    base64_write(out, out_len, again);
    return memcmp(again, text, len) == 0;
}

bool note_key_read(const char *line, struct note_key *ret)
{
    const char *plus = strchr(line, '+'), *second = plus ? strchr(plus + 1, '+') : NULL;
    if (!second || !note_name_valid(line, (size_t)(plus - line)))
        return false;
    uint8_t id[NOTE_KEY_ID], typed[1 + NOTE_PUBLIC];
    if (!hex_read(plus + 1, (size_t)(second - plus - 1), id, sizeof id)
        || !base64_exact(second + 1, strlen(second + 1), typed, sizeof typed) || typed[0] != ED25519)
        return false;
    char name[NOTE_NAME_MAX + 1] = "";
    memcpy(name, line, (size_t)(plus - line));
    struct note_key key = note_key_make(name, typed + 1);
    char hex[2 * NOTE_KEY_ID + 1];
    hex_write(key.id, NOTE_KEY_ID, hex);
    if (memcmp(hex, plus + 1, sizeof hex - 1) != 0)
        return false;                               /* another id, or another spelling of it */
    *ret = key;
    return true;
}

void note_sign(const struct note_key *key, const uint8_t secret[NOTE_SECRET], const char *text, size_t len,
               struct buf *out)
{
    uint8_t signature[NOTE_KEY_ID + NOTE_SIGNATURE];
    char base64[4 * ((sizeof signature + 2) / 3) + 1];
    memcpy(signature, key->id, NOTE_KEY_ID);
    if (crypto_sign_detached(signature + NOTE_KEY_ID, NULL, (const unsigned char *)text, len, secret) != 0) {
        out->failed = true;
        return;
    }
    base64_write(signature, sizeof signature, base64);
    buf_add(out, text, len);
    buf_addf(out, "\n" DASH "%s %s\n", key->name, base64);
}

/* One signature line without its newline. */
static enum status open_line(const struct note_key *key, const char *line, size_t len, const char *text, size_t text_len)
{
    size_t dash = strlen(DASH), name = strlen(key->name);
    if (len < dash || memcmp(line, DASH, dash) != 0)
        return BAD_INPUT;
    line += dash;
    len -= dash;
    const char *space = memchr(line, ' ', len);
    if (!space || !note_name_valid(line, (size_t)(space - line)))
        return BAD_INPUT;
    if ((size_t)(space - line) != name || memcmp(line, key->name, name) != 0)
        return ABSENT;
    uint8_t signature[NOTE_KEY_ID + NOTE_SIGNATURE];
    size_t left = len - name - 1;
    /* A longer signature under this name belongs to another kind of key. */
    if (!base64_exact(space + 1, left, signature, sizeof signature)
        || memcmp(signature, key->id, NOTE_KEY_ID) != 0)
        return ABSENT;
    return crypto_sign_verify_detached(signature + NOTE_KEY_ID, (const unsigned char *)text, text_len, key->public_key)
            == 0 ? OK : DAMAGED;
}

enum status note_open(const struct note_key *key, const char *note, size_t len, size_t *ret_text_len)
{
    if (len > NOTE_MAX || len < 3 || note[len - 1] != '\n' || !utf8_valid(note, len))
        return BAD_INPUT;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)note[i] < ' ' && note[i] != '\n')
            return BAD_INPUT;
    size_t text_len = len - 1;
    while (text_len > 0 && !(note[text_len - 1] == '\n' && note[text_len] == '\n'))
        text_len--;
    if (text_len == 0 || text_len + 1 == len)
        return BAD_INPUT;
    bool found = false;
    for (size_t at = text_len + 1; at < len;) {
        const char *stop = memchr(note + at, '\n', len - at);
        size_t n = (size_t)(stop - note) - at;
        enum status s = open_line(key, note + at, n, note, text_len);
        if (s != OK && s != ABSENT)
            return s;
        found = found || s == OK;
        at += n + 1;
    }
    if (!found)
        return REFUSED;
    *ret_text_len = text_len;
    return OK;
}
