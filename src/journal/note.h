/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * C2SP signed notes with Ed25519, inside the journal room: a key's name, id and line, and the signature line under a
 * text. What a checkpoint's text says is checkpoint.c's affair.
 */
#ifndef JOURNAL_NOTE_H
#define JOURNAL_NOTE_H

#include "journal/journal.h"

#define NOTE_KEY_ID 4
#define NOTE_PUBLIC 32
#define NOTE_SECRET 64
#define NOTE_SIGNATURE 64
#define NOTE_NAME_MAX 200

struct note_key {
    char name[NOTE_NAME_MAX + 1];
    uint8_t id[NOTE_KEY_ID];
    uint8_t public_key[NOTE_PUBLIC];
};

/* Not empty, no white space, no plus, no control characters, UTF-8, at most NOTE_NAME_MAX bytes. */
bool note_name_valid(const char *name, size_t len);
/* The key of a name and a public key, with the id that C2SP recommends. */
struct note_key note_key_make(const char *name, const uint8_t public_key[NOTE_PUBLIC]);
/* "name+id+base64(01 || key)" */
void note_key_write(const struct note_key *, struct buf *);
bool note_key_read(const char *line, struct note_key *ret);

/* Adds text, blank line and signature line: a signed note. */
void note_sign(const struct note_key *, const uint8_t secret[NOTE_SECRET], const char *text, size_t len, struct buf *out);
/* Splits a note and looks for this key's signature. OK gives the length of the text. BAD_INPUT: no note; REFUSED: no
 * line of this key; DAMAGED: a line of this key that does not verify. */
enum status note_open(const struct note_key *, const char *note, size_t len, size_t *ret_text_len) MUST_CHECK;

#endif
