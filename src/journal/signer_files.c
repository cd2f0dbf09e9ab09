/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The signer's folder: the key (signer.key, 0600, refused when others may read it), the state (signer.state: the last
 * note that was signed, so it proves itself) and the key's line for others (signer.pub). Every file is written beside
 * its place, synced and renamed.
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/signer_inner.h"

#define KEY_HEAD "castellan-signer-key 1\n"

static bool write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, text, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}

bool signer_file_write(int folder, const char *name, unsigned mode, const char *text, size_t len)
{
    char beside[64];
    snprintf(beside, sizeof beside, "%s.new", name);
    int fd = openat(folder, beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return false;
    bool good = write_all(fd, text, len) && fsync(fd) == 0;
    good = close(fd) == 0 && good;
    return good && renameat(folder, beside, folder, name) == 0 && fsync(folder) == 0;
}

/* The whole of a small file; -1 when it cannot be had or is larger. */
static ssize_t read_small(int folder, const char *name, char *out, size_t cap, struct stat *ret_stat)
{
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    size_t len = 0;
    ssize_t n = fstat(fd, ret_stat) == 0 ? 1 : -1;
    while (n > 0 && len < cap) {
        n = read(fd, out + len, cap - len);
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n > 0)
            len += (size_t)n;
    }
    close(fd);
    return n == 0 ? (ssize_t)len : -1;
}

/* "castellan-signer-key 1", the origin, the seed in base64; a line each. */
static bool parse_key(char *text, struct signer_secret *ret)
{
    size_t head = strlen(KEY_HEAD), got;
    if (strncmp(text, KEY_HEAD, head) != 0)
        return false;
    char *origin = text + head, *seed = strchr(origin, '\n');
    char *stop = seed ? strchr(seed + 1, '\n') : NULL;
    if (!stop || stop[1] || !note_name_valid(origin, (size_t)(seed - origin)))
        return false;
    *seed++ = 0;
    uint8_t bytes[crypto_sign_SEEDBYTES], public_key[NOTE_PUBLIC];
    bool good = base64_read(seed, (size_t)(stop - seed), bytes, sizeof bytes, &got) && got == sizeof bytes
        && crypto_sign_seed_keypair(public_key, ret->secret, bytes) == 0;
    if (good)
        ret->key = note_key_make(origin, public_key);
    wipe(bytes, sizeof bytes);
    return good;
}

enum verdict signer_key_load(int folder, struct signer_secret *ret)
{
    char text[512];
    struct stat st;
    enum verdict verdict = KEY_FORM;
    ssize_t len = read_small(folder, SIGNER_KEY_FILE, text, sizeof text - 1, &st);
    if (len < 0)
        verdict = KEY_UNREADABLE;
    else if (!S_ISREG(st.st_mode) || (st.st_mode & 077))
        verdict = KEY_OPEN_TO_OTHERS;
    else {
        text[len] = 0;
        if (strlen(text) == (size_t)len && parse_key(text, ret))
            verdict = SIGNED;
    }
    wipe(text, sizeof text);
    return verdict;
}

enum verdict signer_state_load(int folder, const struct note_key *key, struct checkpoint *ret)
{
    char text[SIGNER_NOTE_MAX];
    struct stat st;
    ssize_t len = read_small(folder, SIGNER_STATE_FILE, text, sizeof text, &st);
    if (len < 0)
        return STATE_LOST;
    struct buf line;
    buf_init(&line, 1024);
    note_key_write(key, &line);
    struct arena *arena = arena_new(1 << 16);
    struct checkpoint last;
    enum verdict verdict = STATE_FOREIGN;
    if (arena && !line.failed && checkpoint_read(text, (size_t)len, line.data, arena, NULL, &last) == OK) {
        last.origin = NULL;                         /* lay in the arena; it is the key's name */
        *ret = last;
        verdict = SIGNED;
    }
    arena_free(arena);
    buf_free(&line);
    return verdict;
}

/* Key, first state (the empty tree) and public line, in that order; each durable. */
static bool write_new_key(int folder, const char *origin)
{
    uint8_t public_key[NOTE_PUBLIC], secret[NOTE_SECRET], seed[crypto_sign_SEEDBYTES];
    char text[512], base64[64];
    random_bytes(seed, sizeof seed);
    crypto_sign_seed_keypair(public_key, secret, seed);
    base64_write(seed, sizeof seed, base64);
    snprintf(text, sizeof text, KEY_HEAD "%s\n%s\n", origin, base64);
    bool good = signer_file_write(folder, SIGNER_KEY_FILE, 0600, text, strlen(text));

    struct note_key key = note_key_make(origin, public_key);
    struct checkpoint empty = {.origin = origin, .root = sha256("", 0), .time = MOMENT_NONE};
    struct buf body, note, line;
    buf_init(&body, SIGNER_NOTE_MAX);
    buf_init(&note, SIGNER_NOTE_MAX);
    buf_init(&line, SIGNER_NOTE_MAX);
    checkpoint_write(&empty, &body);
    if (!body.failed)
        note_sign(&key, secret, body.data, body.len, &note);
    note_key_write(&key, &line);
    buf_addc(&line, '\n');
    good = good && !body.failed && !note.failed && !line.failed
        && signer_file_write(folder, SIGNER_STATE_FILE, 0600, note.data, note.len)
        && signer_file_write(folder, SIGNER_PUBLIC_FILE, 0644, line.data, line.len);
    buf_free(&body);
    buf_free(&note);
    buf_free(&line);
    wipe(seed, sizeof seed);
    wipe(secret, sizeof secret);
    wipe(text, sizeof text);
    wipe(base64, sizeof base64);
    return good;
}

enum status signer_create_key(const char *folder, const char *origin, struct reasons *reasons)
{
    if (sodium_init() < 0 || !note_name_valid(origin, strlen(origin))) {
        reason_add(reasons, "signer.origin", origin,
                   T_("a log's name has no spaces, no plus sign and at most 200 bytes: “castellan/hq-demo” is one"));
        return BAD_INPUT;
    }
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        reason_add(reasons, "signer.folder", folder, T_("the signer's folder cannot be made: %1$s"), strerror(errno));
        return FAILED_IO;
    }
    int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat st;
    enum status s = OK;
    if (dir < 0) {
        reason_add(reasons, "signer.folder", folder, T_("the signer's folder cannot be opened: %1$s"), strerror(errno));
        s = FAILED_IO;
    } else if (fstatat(dir, SIGNER_KEY_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0
               || fstatat(dir, SIGNER_STATE_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        reason_add(reasons, "signer.key-exists", folder, T_("there is a signer's key already; it is never overwritten"));
        s = CONFLICT;
    } else if (!write_new_key(dir, origin)) {
        reason_add(reasons, "signer.folder", folder, T_("the signer's key cannot be written: %1$s"), strerror(errno));
        s = FAILED_IO;
    }
    if (dir >= 0)
        close(dir);
    return s;
}
