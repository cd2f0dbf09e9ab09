/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Signed notes and checkpoints: the format's page, section "Checkpoints", step by step.
 */
#include <sodium.h>
#include <string.h>

#include "cv.h"

bool cv_hex(struct cv_span s, uint8_t *out, size_t len)
{
    if (s.n != 2 * len)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        const char c = s.p[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
        uint8_t v = (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
        out[i / 2] = (uint8_t)(i % 2 ? out[i / 2] | v : v << 4);
    }
    return true;
}

bool cv_decimal(struct cv_span s, uint64_t *ret)
{
    uint64_t value = 0;
    if (s.n == 0 || s.n > 19 || (s.p[0] == '0' && s.n > 1))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(s.p[i] - '0');
    }
    *ret = value;
    return true;
}

static int digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = memchr(digits, c, sizeof digits - 1);
    return at ? (int)(at - digits) : -1;
}

/* Base64 of exactly `len` bytes in its one spelling: padding where it belongs, loose bits zero. (Not libsodium's reader:
 * version 1.0.18 takes some bytes above 7F for digits.) */
static bool base64(struct cv_span s, uint8_t *out, size_t len)
{
    size_t digits = (8 * len + 5) / 6, done = 0;
    unsigned held = 0, bits = 0;
    if (s.n != 4 * ((len + 2) / 3))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        int value = i < digits ? digit(s.p[i]) : s.p[i] == '=' ? 0 : -1;
        if (value < 0)
            return false;
        held = (held << 6 | (unsigned)value) & 0xfff;
        bits += i < digits ? 6 : 0;
        if (bits >= 8 && i < digits) {
            bits -= 8;
            out[done++] = (uint8_t)(held >> bits);
        }
        if (i + 1 == digits && (held & ((1u << bits) - 1)))
            return false;
    }
    return done == len;
}

/* White space of Unicode beyond ASCII, each with its length. */
static bool has_space(struct cv_span s)
{
    static const char *const list[] = {"\xc2\x85", "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004",
        "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (memmem(s.p, s.n, list[i], strlen(list[i])))
            return true;
    return false;
}

static bool is_name(struct cv_span s)
{
    if (s.n == 0 || s.n > CV_NAME_MAX || !cv_utf8(s) || has_space(s))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= 0x20 || s.p[i] == 0x7f || s.p[i] == '+')
            return false;
    return true;
}

/* What stands before `stop`, and takes both away from s; false when it does not occur. */
static bool cut(struct cv_span *s, char stop, struct cv_span *ret)
{
    const char *at = s->n ? memchr(s->p, stop, s->n) : NULL;
    if (!at)
        return false;
    *ret = (struct cv_span){s->p, (size_t)(at - s->p)};
    *s = (struct cv_span){at + 1, s->n - ret->n - 1};
    return true;
}

bool cv_key_read(struct cv_span line, struct cv_key *ret)
{
    struct cv_span name, id;
    uint8_t typed[33], tail[2 + 32] = {'\n', 1};
    struct cv_key key = {0};
    if (!cut(&line, '+', &name) || !cut(&line, '+', &id) || !is_name(name) || !cv_hex(id, key.id, 4)
        || !base64(line, typed, sizeof typed) || typed[0] != 1)
        return false;
    memcpy(key.name, name.p, name.n);
    memcpy(key.bytes, typed + 1, 32);
    memcpy(tail + 2, key.bytes, 32);
    struct hash h = sha256_two(name.p, name.n, tail, sizeof tail);
    if (memcmp(h.bytes, key.id, 4) != 0)
        return false;
    *ret = key;
    return true;
}

/* One signature line, without its newline. CV_OTHER_KEY: well formed, but not this key's. */
static enum cv_note_status signature(struct cv_span line, struct cv_span text, const struct cv_key *key)
{
    static const char dash[] = "\u2014 ";
    struct cv_span name;
    uint8_t bytes[4 + 64];
    if (line.n < sizeof dash - 1 || memcmp(line.p, dash, sizeof dash - 1) != 0)
        return CV_NO_NOTE;
    line = (struct cv_span){line.p + sizeof dash - 1, line.n - (sizeof dash - 1)};
    if (!cut(&line, ' ', &name) || !is_name(name))
        return CV_NO_NOTE;
    if (name.n != strlen(key->name) || memcmp(name.p, key->name, name.n) != 0 || !base64(line, bytes, sizeof bytes)
        || memcmp(bytes, key->id, 4) != 0)
        return CV_OTHER_KEY;
    return crypto_sign_verify_detached(bytes + 4, (const unsigned char *)text.p, text.n, key->bytes) == 0
        ? CV_GOOD_NOTE : CV_WRONG_SIGNATURE;
}

static enum cv_note_status signatures(struct cv_span lines, struct cv_span text, const struct cv_key *key)
{
    struct cv_span line;
    enum cv_note_status best = CV_OTHER_KEY;
    while (cut(&lines, '\n', &line)) {
        enum cv_note_status s = signature(line, text, key);
        if (s == CV_NO_NOTE || s == CV_WRONG_SIGNATURE)
            return s;
        best = s == CV_GOOD_NOTE ? s : best;
    }
    return best;
}

static bool body(struct cv_span text, const struct cv_key *key, struct cv_note *ret, bool *ret_other_name)
{
    struct cv_span origin, size, root, more;
    if (!cut(&text, '\n', &origin) || !cut(&text, '\n', &size) || !cut(&text, '\n', &root) || !is_name(origin)
        || !cv_decimal(size, &ret->size) || !base64(root, ret->root.bytes, HASH_BYTES))
        return false;
    while (cut(&text, '\n', &more))
        if (more.n == 0)
            return false;
    *ret_other_name = origin.n != strlen(key->name) || memcmp(origin.p, key->name, origin.n) != 0;
    return true;
}

enum cv_note_status cv_note_read(struct cv_span note, const struct cv_key *key, struct cv_note *ret)
{
    bool other_name;
    if (note.n > CV_NOTE_MAX || note.n < 3 || note.p[note.n - 1] != '\n' || !cv_utf8(note))
        return CV_NO_NOTE;
    size_t blank = 0;
    for (size_t i = 0; i < note.n; i++) {
        if ((unsigned char)note.p[i] < 0x20 && note.p[i] != '\n')
            return CV_NO_NOTE;
        if (i > 0 && note.p[i] == '\n' && note.p[i - 1] == '\n')
            blank = i;
    }
    if (blank == 0 || blank + 1 == note.n)
        return CV_NO_NOTE;
    struct cv_span text = {note.p, blank}, lines = {note.p + blank + 1, note.n - blank - 1};
    enum cv_note_status s = signatures(lines, text, key);
    if (s != CV_GOOD_NOTE)
        return s;
    if (!body(text, key, ret, &other_name))
        return CV_NO_NOTE;
    return other_name ? CV_OTHER_KEY : CV_GOOD_NOTE;
}
