/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checkpoints in the C2SP tlog-checkpoint form: origin, size in decimal, root in base64, and two extension lines of ours:
 * "time 2026-11-03T18:00:00Z", since readers are shown the checkpoint by its time, and "erasures 12 HEX", so that what a restore has to erase
 * again is signed. Signed as notes (note.c).
 */
#include <string.h>

#include "journal/note.h"

void checkpoint_write(const struct checkpoint *checkpoint, struct buf *out)
{
    char root[4 * ((HASH_BYTES + 2) / 3) + 1], time[MOMENT_TEXT];
    const char *origin = checkpoint->origin ? checkpoint->origin : "";
    if (!note_name_valid(origin, strlen(origin)))
        out->failed = true;
    base64_write(checkpoint->root.bytes, HASH_BYTES, root);
    buf_addf(out, "%s\n%llu\n%s\n", origin, (unsigned long long)checkpoint->size, root);
    if (checkpoint->time != MOMENT_NONE)
        buf_addf(out, "time %s\n", moment_iso(checkpoint->time, time));
    if (checkpoint->lists) {
        char hex[2 * HASH_BYTES + 1];
        hex_write(checkpoint->erased.bytes, HASH_BYTES, hex);
        buf_addf(out, "erasures %llu %s\n", (unsigned long long)checkpoint->erasures, hex);
    }
}

/* The next line of the text, without its newline; empty at the end. */
static const char *next_line(const char **at, const char *end, size_t *ret_len)
{
    const char *line = *at, *stop = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;
    *ret_len = stop ? (size_t)(stop - line) : 0;
    *at = stop ? stop + 1 : end;
    return line;
}

static bool read_size(const char *text, size_t len, uint64_t *ret)
{
    uint64_t value = 0;
    if (len == 0 || (len > 1 && text[0] == '0'))
        return false;
    for (size_t i = 0; i < len; i++) {
        unsigned digit = (unsigned)(text[i] - '0');
        if (digit > 9 || __builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *ret = value;
    return true;
}

static bool read_root(const char *text, size_t len, struct hash *ret)
{
    char again[4 * ((HASH_BYTES + 2) / 3) + 1];
    struct hash root;
    size_t got;
    if (len != sizeof again - 1 || !base64_read(text, len, root.bytes, HASH_BYTES, &got) || got != HASH_BYTES)
        return false;
    base64_write(root.bytes, HASH_BYTES, again);
    if (memcmp(again, text, len) != 0)
        return false;
    *ret = root;
    return true;
}

/* Our extension line. Only the spelling that checkpoint_write gives; another one is somebody else's extension. */
static moment read_time(const char *text, size_t len)
{
    char copy[MOMENT_TEXT], again[MOMENT_TEXT];
    moment time;
    if (len < 6 || len - 5 >= sizeof copy || memcmp(text, "time ", 5) != 0)
        return MOMENT_NONE;
    memcpy(copy, text + 5, len - 5);
    copy[len - 5] = 0;
    if (moment_read(copy, &time) != OK || strcmp(moment_iso(time, again), copy) != 0)
        return MOMENT_NONE;
    return time;
}

static bool read_erasures(const char *text, size_t len, struct checkpoint *ret)
{
    static const char word[] = "erasures ";
    const size_t begin = sizeof word - 1, hex = 2 * HASH_BYTES;
    struct checkpoint c = {0};
    if (len < begin + 2 + hex || memcmp(text, word, begin) != 0 || text[len - hex - 1] != ' ' ||
        !read_size(text + begin, len - hex - 1 - begin, &c.erasures) || !hex_read(text + len - hex, hex, c.erased.bytes, HASH_BYTES))
        return false;
    ret->lists = true;
    ret->erasures = c.erasures;
    ret->erased = c.erased;
    return true;
}

static const char *read_text(const char *text, size_t len, struct arena *arena, struct checkpoint *ret)
{
    const char *at = text, *end = text + len;
    size_t n;
    const char *line = next_line(&at, end, &n);
    if (!note_name_valid(line, n))
        return T_("line 1 of the checkpoint is no origin: a name without spaces and plus signs is wanted");
    struct checkpoint c = {.origin = arena_strndup(arena, line, n), .time = MOMENT_NONE};
    line = next_line(&at, end, &n);
    if (!read_size(line, n, &c.size))
        return T_("line 2 of the checkpoint is no tree size: a decimal number without leading zeros is wanted");
    line = next_line(&at, end, &n);
    if (!read_root(line, n, &c.root))
        return T_("line 3 of the checkpoint is no root: 32 bytes in base64 are wanted");
    while (at < end) {
        line = next_line(&at, end, &n);
        if (n == 0)
            return T_("an extension line of the checkpoint is empty");
        if (!c.lists && read_erasures(line, n, &c))
            continue;
        if (c.time == MOMENT_NONE)
            c.time = read_time(line, n);
    }
    *ret = c;
    return NULL;
}

static enum status refuse(struct reasons *reasons, enum status status, const char *rule, const char *english)
{
    if (reasons)
        reason_add(reasons, rule, NULL, english);
    return status;
}

enum status checkpoint_read(const char *note, size_t len, const char *public_key_line, struct arena *arena,
                            struct reasons *reasons, struct checkpoint *ret)
{
    struct note_key key;
    struct checkpoint c;
    size_t text_len;
    if (!note_key_read(public_key_line, &key))
        return refuse(reasons, BAD_INPUT, "checkpoint.key-line",
                      T_("the public key's line is wrong: “name+id+base64” of an Ed25519 key is wanted"));
    enum status s = note_open(&key, note, len, &text_len);
    if (s == BAD_INPUT)
        return refuse(reasons, s, "checkpoint.note",
                      T_("this is no signed note: a text, a blank line and signature lines are wanted"));
    if (s == REFUSED)
        return refuse(reasons, s, "checkpoint.key", T_("the checkpoint is not signed by the log's key"));
    if (s != OK)
        return refuse(reasons, s, "checkpoint.signature",
                      T_("the signature under the checkpoint does not fit its text"));
    const char *wrong = read_text(note, text_len, arena, &c);
    if (wrong)
        return refuse(reasons, BAD_INPUT, "checkpoint.form", wrong);
    if (strcmp(c.origin, key.name) != 0)
        return refuse(reasons, REFUSED, "checkpoint.origin",
                      T_("the checkpoint's origin is not the name of the key that signed it"));
    *ret = c;
    return OK;
}
