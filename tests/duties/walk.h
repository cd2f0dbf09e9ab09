/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Steps of a walk through door one, each a line of TAP: what is done succeeds or prints the refusal's words, what is refused is
 * refused in the words given. One office a program; a header because tap.h counts per program file.
 */
#ifndef TESTS_DUTIES_WALK_H
#define TESTS_DUTIES_WALK_H

#include <stdarg.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "fixture.h"
#include "tap.h"

static struct fixture f;

/* Fields as JSON: a format of strings only, in the fixture's arena. */
static inline char *fields(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline char *fields(const char *format, ...)
{
    char text[4000];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return arena_strdup(f.arena, text);
}

static inline void say(bool good)
{
    if (!good)
        printf("# %s\n", fixture_words());
}

/* Creates and answers the number; a failed one is a failed test. */
static inline const char *made(const char *login, const char *register_, const char *label, const char *json, const char *name)
{
    const char *number = NULL;
    say(ok(fixture_create(&f, login, register_, label, json, &number) == OK, "%s", name));
    return number ? number : "none";
}

static inline void done(const char *login, const char *number, const char *step, const char *json, const char *name)
{
    say(ok(fixture_step(&f, login, number, step, json) == OK, "%s", name));
}

/* Refused, with these words somewhere in the reasons. */
static inline void refused(const char *login, const char *number, const char *step, const char *json, const char *words, const char *name)
{
    enum status status = fixture_step(&f, login, number, step, json);
    say(ok(status != OK && strstr(fixture_words(), words), "%s", name));
}

/* Takes a step with a second person: answers the proposal's number. */
static inline const char *proposed(const char *login, const char *number, const char *step, const char *json, const char *name)
{
    struct outcome outcome = {0};
    const char *proposal = NULL;
    enum status status = fixture_do(&f, login, (struct op){.kind = OP_STEP, .number = number, .step = step, .reason = "because"},
                                    json, &proposal, &outcome);
    say(ok(status == OK && outcome.proposed, "%s", name));
    return proposal ? proposal : "none";
}

/* The bytes that the second person was shown. */
static inline char *digest_of(const char *login, const char *proposal)
{
    struct record_view record;
    const struct reader *reader = fixture_reader(&f, login);
    char *hex = arena_strdup(f.arena, "00");
    if (reader && office_get(f.office, reader, NULL, proposal, f.arena, &record) == OK) {
        const char *op = val_get_str(record.fields, "op");
        struct hash hash = sha256(op ? op : "", op ? strlen(op) : 0);
        hex = arena_alloc(f.arena, 2 * HASH_BYTES + 1);
        hex_write(hash.bytes, HASH_BYTES, hex);
    }
    reader_free(reader);
    return hex;
}

static inline enum status confirms(const char *login, const char *proposal)
{
    struct op op = {.kind = OP_CONFIRM, .number = proposal, .proposed = digest_of(login, proposal)};
    return fixture_do(&f, login, op, NULL, NULL, NULL);
}

static inline void both(const char *first, const char *second, const char *number, const char *step, const char *json, const char *name)
{
    const char *proposal = proposed(first, number, step, json, name);
    ok(confirms(first, proposal) != OK, "%s: not by the same person", name);
    say(ok(confirms(second, proposal) == OK, "%s: confirmed by another", name));
}

/* The state as somebody reads it, or the name of the status ("absent"). */
static inline const char *state(const char *login, const char *number)
{
    struct record_view record;
    const struct reader *reader = fixture_reader(&f, login);
    enum status status = reader ? office_get(f.office, reader, NULL, number, f.arena, &record) : REFUSED;
    reader_free(reader);
    return status == OK ? record.state->name : status_name(status);
}

#endif
