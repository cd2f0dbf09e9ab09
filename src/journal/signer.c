/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The office's half of the signer: forks the process (before any thread or socket exists), asks it over a socket pair
 * of whole messages and turns its verdicts into words. It never sees the key. A signer that does not answer in time is
 * ended and stays so: an answer that came late could otherwise be taken for the next one.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "journal/signer_inner.h"

#define WAIT_MS 30000

struct signer {
    int socket;                     /* -1: gone */
    pid_t process;
    uint64_t last_size;
    bool confined;
    char *line;
    char *origin;
};

static const struct {
    enum status status;
    const char *rule;
    const char *english;
    const char *next;
} words[N_VERDICTS] = {
    [KEY_UNREADABLE] = {FAILED_IO, "signer.key", T_("the signer's key cannot be read")},
    [KEY_OPEN_TO_OTHERS] = {REFUSED, "signer.key-mode",
        T_("others may read the signer's key: only its owner may"),
        T_("Set the file signer.key to mode 0600, and ask who could have read it.")},
    [KEY_FORM] = {DAMAGED, "signer.key-form", T_("the signer's key file is damaged")},
    [STATE_LOST] = {REFUSED, "signer.state",
        T_("the signer's state is lost: without it a second history could be signed"),
        T_("Restore the file signer.state from the backup.")},
    [STATE_FOREIGN] = {DAMAGED, "signer.state-form",
        T_("the signer's state is not a checkpoint that this key signed"),
        T_("Restore the file signer.state from the backup.")},
    [STATE_NOT_WRITTEN] = {FAILED_IO, "signer.state-write",
        T_("the signer could not make its state durable, so it did not sign")},
    [ROLLBACK] = {REFUSED, "signer.rollback", T_("the tree is smaller than the last one signed: the journal was cut"),
        T_("Verify the journal against the checkpoints that left the machine; nothing is signed until it fits them.")},
    [OTHER_TREE] = {REFUSED, "signer.fork",
        T_("the tree has the size of the last one signed and another root: this is a second history"),
        T_("Verify the journal against the checkpoints that left the machine; nothing is signed until it fits them.")},
    [WRONG_PROOF] = {REFUSED, "signer.consistency",
        T_("the proof does not show that the tree extends the last one signed"),
        T_("Verify the journal against the checkpoints that left the machine; nothing is signed until it fits them.")},
    [WRONG_TIME] = {BAD_INPUT, "signer.time", T_("the checkpoint's time is no valid time")},
    [MALFORMED] = {BAD_INPUT, "signer.ask", T_("the signer did not understand what it was asked")},
};

/* Ends the process, whatever it does. */
static void end_process(struct signer *signer)
{
    if (signer->socket >= 0)
        close(signer->socket);
    signer->socket = -1;
    if (signer->process <= 0)
        return;
    for (int waited = 0; waited < 200; waited++) {      /* it ends by itself once its socket is closed */
        pid_t p = waitpid(signer->process, NULL, WNOHANG);
        if (p == signer->process || (p < 0 && errno != EINTR)) {
            signer->process = 0;
            return;
        }
        poll(NULL, 0, 10);
    }
    kill(signer->process, SIGKILL);
    while (waitpid(signer->process, NULL, 0) < 0 && errno == EINTR)
        ;
    signer->process = 0;
}

/* One whole message within the time, or the signer is given up. */
static enum status await(struct signer *signer, struct signer_answer *out, struct reasons *reasons)
{
    struct pollfd p = {.fd = signer->socket, .events = POLLIN};
    int ready;
    do {
        ready = poll(&p, 1, WAIT_MS);
    } while (ready < 0 && errno == EINTR);
    ssize_t n = ready > 0 ? recv(signer->socket, out, sizeof *out, 0) : -1;
    if (n < (ssize_t)SIGNER_ANSWER_HEAD || out->verdict >= N_VERDICTS || out->len > SIGNER_NOTE_MAX
        || (size_t)n != SIGNER_ANSWER_HEAD + out->len) {
        end_process(signer);
        reason_add(reasons, "signer.gone", NULL, T_("the signer's process is gone or does not answer"));
        return FAILED_IO;
    }
    signer->last_size = out->last_size;
    if (out->verdict == SIGNED)
        return OK;
    struct reason *reason = reason_add(reasons, words[out->verdict].rule, NULL, words[out->verdict].english);
    if (reason && words[out->verdict].next)
        reason_next(reasons, reason, words[out->verdict].next);
    return words[out->verdict].status;
}

static enum status launch(struct signer *signer, const char *path, struct reasons *reasons)
{
    int pair[2], folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        reason_add(reasons, "signer.folder", path, T_("the signer's folder cannot be opened: %1$s"), strerror(errno));
        return FAILED_IO;
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0) {
        signer->process = fork();
        if (signer->process == 0)
            signer_process(pair[1], folder, path);
        close(pair[1]);
        signer->socket = pair[0];
    }
    close(folder);
    if (signer->process <= 0) {
        reason_add(reasons, "signer.fork-process", path, T_("the signer's process cannot be started: %1$s"),
                   strerror(errno));
        return FAILED_IO;
    }
    return OK;
}

enum status signer_start(const char *folder, struct reasons *reasons, struct signer **ret)
{
    struct signer *signer = calloc(1, sizeof *signer);
    if (!signer || sodium_init() < 0) {
        free(signer);
        return NO_MEMORY;
    }
    signer->socket = -1;
    struct signer_answer *out = calloc(1, sizeof *out);
    enum status s = out ? launch(signer, folder, reasons) : NO_MEMORY;
    if (s == OK)
        s = await(signer, out, reasons);
    if (s == OK) {
        signer->confined = out->confined;
        signer->line = strndup(out->text, out->len);
        signer->origin = signer->line ? strndup(signer->line, strcspn(signer->line, "+")) : NULL;
        s = signer->origin ? OK : NO_MEMORY;
    }
    free(out);
    if (s == OK)
        *ret = signer;
    else
        signer_stop(signer);
    return s;
}

void signer_stop(struct signer *signer)
{
    if (!signer)
        return;
    end_process(signer);
    free(signer->line);
    free(signer->origin);
    free(signer);
}

const char *signer_public_line(const struct signer *signer) { return signer->line; }
const char *signer_origin(const struct signer *signer) { return signer->origin; }
int signer_pid(const struct signer *signer) { return (int)signer->process; }
bool signer_confined(const struct signer *signer) { return signer->confined; }
uint64_t signer_last_size(const struct signer *signer) { return signer->last_size; }

enum status signer_sign(struct signer *signer, const struct checkpoint *checkpoint, const struct hash *proof,
                        unsigned n, struct reasons *reasons, struct buf *out)
{
    struct signer_ask ask = {.size = checkpoint->size, .time = checkpoint->time, .root = checkpoint->root, .n = n,
                             .lists = checkpoint->lists, .erasures = checkpoint->erasures, .erased = checkpoint->erased};
    if (n > PROOF_MAX || (checkpoint->origin && strcmp(checkpoint->origin, signer->origin) != 0)) {
        reason_add(reasons, "signer.origin-other", checkpoint->origin,
                   T_("this signer signs for %1$s only, with a proof of at most 128 hashes"), signer->origin);
        return BAD_INPUT;
    }
    if (n > 0)
        memcpy(ask.proof, proof, n * sizeof *proof);
    size_t len = SIGNER_ASK_HEAD + n * sizeof *proof;
    if (signer->socket < 0 || send(signer->socket, &ask, len, MSG_NOSIGNAL) != (ssize_t)len) {
        end_process(signer);
        reason_add(reasons, "signer.gone", NULL, T_("the signer's process is gone or does not answer"));
        return FAILED_IO;
    }
    struct signer_answer answer;
    enum status s = await(signer, &answer, reasons);
    if (s == OK)
        buf_add(out, answer.text, answer.len);
    return s == OK && out->failed ? TOO_LARGE : s;
}
