/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the two halves of the signer share: the files in its folder, the messages over the socket pair, and what the
 * process may answer. Only src/journal/signer*.c include this.
 */
#ifndef JOURNAL_SIGNER_INNER_H
#define JOURNAL_SIGNER_INNER_H

#include <stddef.h>

#include "journal/note.h"

#define SIGNER_KEY_FILE "signer.key"
#define SIGNER_STATE_FILE "signer.state"
#define SIGNER_PUBLIC_FILE "signer.pub"
#define SIGNER_NOTE_MAX 1024

enum verdict {
    SIGNED,
    KEY_UNREADABLE, KEY_OPEN_TO_OTHERS, KEY_FORM,
    STATE_LOST, STATE_FOREIGN, STATE_NOT_WRITTEN,
    ROLLBACK, OTHER_TREE, WRONG_PROOF, WRONG_TIME, MALFORMED,
    N_VERDICTS
};

/* The key itself exists in the signer's process only. */
struct signer_secret {
    struct note_key key;
    uint8_t secret[NOTE_SECRET];
};
enum verdict signer_key_load(int folder, struct signer_secret *);
/* The last tree signed, from the state file; its signature is checked. */
enum verdict signer_state_load(int folder, const struct note_key *, struct checkpoint *ret);
/* New file, fsync, rename, fsync of the folder: durable when it returns true, and untouched when not. */
bool signer_file_write(int folder, const char *name, unsigned mode, const char *text, size_t len);

struct signer_ask {
    uint64_t size;
    int64_t time;
    struct hash root;
    uint64_t erasures;
    struct hash erased;
    uint32_t lists;
    uint32_t n;
    struct hash proof[PROOF_MAX];
};
struct signer_answer {
    uint32_t verdict;
    uint32_t len;
    uint64_t last_size;
    uint32_t confined;
    uint32_t pad;
    char text[SIGNER_NOTE_MAX];             /* the note; at the start the key's line */
};
#define SIGNER_ASK_HEAD offsetof(struct signer_ask, proof)
#define SIGNER_ANSWER_HEAD offsetof(struct signer_answer, text)

/* The process: answers until its socket closes, then wipes the key and ends. */
_Noreturn void signer_process(int socket, int folder, const char *folder_path);

#endif
