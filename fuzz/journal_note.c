/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Signed notes and key lines: the input is a key's line, a newline, and a note. Both verifiers must say the same. What
 * is read with a valid signature is a checkpoint that writes back to the note's own first lines.
 */
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "journal/journal.h"
#include "verify/cv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int good)
{
    if (!good)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum status like[] = {[CV_GOOD_NOTE] = OK, [CV_OTHER_KEY] = REFUSED, [CV_WRONG_SIGNATURE] = DAMAGED,
                                       [CV_NO_NOTE] = BAD_INPUT};
    const uint8_t *stop = size ? memchr(data, '\n', size) : NULL;
    if (!stop || sodium_init() < 0 || memchr(data, 0, (size_t)(stop - data)))
        return 0;
    struct arena *arena = arena_new((size_t)64 << 20);
    struct reasons reasons;
    struct checkpoint c;
    struct cv_key key;
    struct cv_note second;
    const char *line = arena_strndup(arena, (const char *)data, (size_t)(stop - data)), *note = (const char *)stop + 1;
    size_t len = size - (size_t)(stop + 1 - data);
    reasons_init(&reasons, arena);
    enum status s = checkpoint_read(note, len, line, arena, &reasons, &c);
    must((s == OK) == (reasons.count == 0));
    bool known = cv_key_read((struct cv_span){line, strlen(line)}, &key);
    must(known || s == BAD_INPUT);
    if (known)
        must(like[cv_note_read((struct cv_span){note, len}, &key, &second)] == s);
    if (s == OK) {
        struct buf text;
        buf_init(&text, NOTE_MAX);
        c.time = MOMENT_NONE;
        checkpoint_write(&c, &text);
        must(!text.failed && text.len < len && memcmp(text.data, note, text.len) == 0);
        must(second.size == c.size && hash_equal(&second.root, &c.root));
        buf_free(&text);
    }
    arena_free(arena);
    return 0;
}
