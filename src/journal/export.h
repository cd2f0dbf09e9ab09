/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A journal that can be carried away: a folder of plain files (docs/journal-format.md, "The export"), which
 * castellan-verify or anybody else can check without this program.
 *
 *     format              castellan-journal-export 1
 *     key.pub             the log's public key, one line
 *     entries             one entry a line, exactly the bytes of the leaf
 *     hashes              32 bytes an entry: the stored leaf hashes, which name the bad entry where entries were changed
 *     bodies              POSITION SALT BODY, a line each, ascending
 *     erasures            POSITION BY, a line each: whose body is gone, and which entry erased it
 *     checkpoints/        signed notes, each a file NAME.note
 *
 * Writing goes through a face of one function, so that an export can become a folder, an archive or a download.
 */
#ifndef JOURNAL_EXPORT_H
#define JOURNAL_EXPORT_H

#include "journal/verify.h"

struct export_writer {
    void *arg;
    /* Appends bytes to a file of the export, named as above. Each file but the notes grows over many calls, interleaved. */
    enum status (*write)(void *arg, const char *file, const void *bytes, size_t len);
};

struct journal_export;
enum status journal_export_open(const struct export_writer *, const char *public_key_line, struct reasons *,
                                struct journal_export **ret) MUST_CHECK;
/* The next entry, in order from 0. `stored` is the leaf hash that the store keeps; NULL: it is computed here. */
enum status journal_export_entry(struct journal_export *, const void *leaf, size_t len, const struct hash *stored) MUST_CHECK;
/* The body of the entry just exported (nothing for an erased one). */
enum status journal_export_body(struct journal_export *, const uint8_t salt[SALT_BYTES], const char *body, size_t len) MUST_CHECK;
enum status journal_export_note(struct journal_export *, const char *text, size_t len) MUST_CHECK;
/* Writes the list of erasures and frees, whatever happened before. Its status is the first failure of all calls. */
enum status journal_export_close(struct journal_export *) MUST_CHECK;

/* All of it from a source: entries, stored hashes, bodies (where the source has the function), and the options' notes. */
enum status journal_export_all(const struct journal_source *, const struct journal_options *,
                               const struct export_writer *, struct reasons *) MUST_CHECK;

/* A writer into a new folder (0700; refused where there is one). */
struct export_folder;
enum status export_folder_open(const char *path, struct reasons *, struct export_folder **ret) MUST_CHECK;
struct export_writer export_folder_writer(struct export_folder *);
enum status export_folder_close(struct export_folder *, struct reasons *) MUST_CHECK;     /* fsync of everything; frees */

/* Checks an exported folder; findings as journal_verify gives them, and those of the folder's own form. `options` may
 * name a key (else the folder's own, with a remark) and further notes. */
enum status journal_check_folder(const char *path, const struct journal_options *, bool without_bodies, struct arena *,
                                 struct reasons *, struct journal_verdict *ret) MUST_CHECK;

#endif
