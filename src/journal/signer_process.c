/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The signer's process: the only one that ever holds the key. It answers asks over its socket pair, one at a time, and
 * signs nothing but a tree that extends the last one it signed, which it checks itself. The new state is durable before
 * the signature leaves; so whatever was handed out binds it for ever, and a crash between the two costs nothing but a
 * repeated ask. When the socket closes it wipes the key and ends.
 */
#include <errno.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/jail.h"
#include "journal/signer_inner.h"

static struct {
    struct signer_secret secret;
    struct checkpoint last;
    int folder;
    struct buf text, note;
} me;

/* Only standard error, the socket and the folder stay open. */
static void close_others(int socket, int folder)
{
    unsigned low = (unsigned)(socket < folder ? socket : folder), high = (unsigned)(socket < folder ? folder : socket);
    if (low > 3)
        close_range(3, low - 1, 0);
    if (high > low + 1)
        close_range(low + 1, high - 1, 0);
    close_range(high + 1, ~0u, 0);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0) {
        dup2(null, 0);
        dup2(null, 1);
        if (null > 2)
            close(null);
    }
}

static void harden(void)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2};
    prctl(PR_SET_NAME, "castellan-sign", 0, 0, 0);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    /* A terminal's interrupt reaches the whole group; the office decides when the signer ends. */
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
    sodium_mlock(&me.secret, sizeof me.secret);
}

static bool answer(int socket, const struct signer_answer *out)
{
    size_t len = SIGNER_ANSWER_HEAD + out->len;
    ssize_t n;
    do {
        n = write(socket, out, len);
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)len;
}

/* What the ask lacks; SIGNED when it extends the last tree. */
static enum verdict judge(const struct signer_ask *ask)
{
    if (ask->time != MOMENT_NONE && !(ask->time > INT64_C(-2208988800000) && ask->time < INT64_C(253402300800000)))
        return WRONG_TIME;
    if (ask->size < me.last.size)
        return ROLLBACK;
    if (ask->size == me.last.size)
        return ask->n == 0 && hash_equal(&ask->root, &me.last.root) ? SIGNED : OTHER_TREE;
    if (me.last.size == 0)
        return ask->n == 0 ? SIGNED : WRONG_PROOF;
    return tree_check_consistency(me.last.size, ask->size, &me.last.root, &ask->root, ask->proof, ask->n)
        ? SIGNED : WRONG_PROOF;
}

static enum verdict sign(const struct signer_ask *ask)
{
    enum verdict verdict = judge(ask);
    if (verdict != SIGNED)
        return verdict;
    struct checkpoint next = {.origin = me.secret.key.name, .size = ask->size, .root = ask->root, .time = ask->time,
                              .lists = ask->lists != 0, .erasures = ask->erasures, .erased = ask->erased};
    buf_clear(&me.text);
    buf_clear(&me.note);
    checkpoint_write(&next, &me.text);
    if (!me.text.failed)
        note_sign(&me.secret.key, me.secret.secret, me.text.data, me.text.len, &me.note);
    if (me.text.failed || me.note.failed
        || !signer_file_write(me.folder, SIGNER_STATE_FILE, 0600, me.note.data, me.note.len))
        return STATE_NOT_WRITTEN;
    me.last = next;
    return SIGNED;
}

/* Signing asks until the office goes. */
static void serve(int socket)
{
    static struct signer_ask ask;
    static struct signer_answer out;
    for (;;) {
        ssize_t n = read(socket, &ask, sizeof ask);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        bool whole = (size_t)n >= SIGNER_ASK_HEAD && ask.n <= PROOF_MAX
            && (size_t)n == SIGNER_ASK_HEAD + ask.n * sizeof *ask.proof;
        enum verdict verdict = whole ? sign(&ask) : MALFORMED;
        memset(&out, 0, sizeof out);
        out.verdict = (uint32_t)verdict;
        out.last_size = me.last.size;
        if (verdict == SIGNED) {
            out.len = (uint32_t)me.note.len;
            memcpy(out.text, me.note.data, me.note.len);
        }
        if (!answer(socket, &out))
            return;
    }
}

/* Loads key and state, locks the process in and says how it went. */
static bool begin(int socket, const char *folder_path)
{
    struct signer_answer out = {.verdict = (uint32_t)signer_key_load(me.folder, &me.secret)};
    if (out.verdict == SIGNED)
        out.verdict = (uint32_t)signer_state_load(me.folder, &me.secret.key, &me.last);
    const char *const paths[] = {folder_path, NULL};
    const struct confine confine = {.read_paths = paths, .write_paths = paths};
    out.confined = confine_process(&confine);
    if (out.verdict == SIGNED) {
        note_key_write(&me.secret.key, &me.text);
        out.last_size = me.last.size;
        out.len = (uint32_t)me.text.len;
        memcpy(out.text, me.text.data, me.text.len);
    }
    return answer(socket, &out) && out.verdict == SIGNED;
}

void signer_process(int socket, int folder, const char *folder_path)
{
    me.folder = folder;
    buf_init(&me.text, SIGNER_NOTE_MAX);
    buf_init(&me.note, SIGNER_NOTE_MAX);
    close_others(socket, folder);
    harden();
    if (begin(socket, folder_path))
        serve(socket);
    wipe(&me.secret, sizeof me.secret);
    _exit(0);
}
