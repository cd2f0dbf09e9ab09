/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A value: the one tree of data that JSON, YAML, record bodies, templates and reports share. It lives in an arena and
 * is not changed after it has been handed on. Numbers are 64-bit integers; a JSON text with a fraction or an exponent
 * keeps it as VAL_NUMBER text, which canonical writing refuses (the journal holds integers and strings only).
 * Objects keep the order in which members were added; a name is there at most once.
 */
#ifndef BASE_VAL_H
#define BASE_VAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/reasons.h"
#include "base/status.h"

enum val_kind { VAL_NULL, VAL_BOOL, VAL_INT, VAL_NUMBER, VAL_STR, VAL_ARRAY, VAL_OBJECT };

struct val {
    enum val_kind kind;
    uint32_t count;            /* members or items */
    uint32_t cap;
    uint32_t line;             /* where it stood in a file, 1-based; 0 when it came from none */
    union {
        bool truth;
        int64_t number;
        struct { const char *s; size_t len; } str;     /* also VAL_NUMBER; NUL behind it */
        struct val **items;                             /* VAL_ARRAY */
        struct val_member *members;                     /* VAL_OBJECT */
    };
};
struct val_member {
    const char *name;
    struct val *value;
};

struct val *val_null(struct arena *);
struct val *val_bool(struct arena *, bool);
struct val *val_int(struct arena *, int64_t);
struct val *val_str(struct arena *, const char *);                 /* copies; NULL gives a null value */
struct val *val_strn(struct arena *, const char *, size_t);
struct val *val_strf(struct arena *, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct val *val_array(struct arena *);
struct val *val_object(struct arena *);
void val_push(struct arena *, struct val *array, struct val *item);
/* Adds or replaces a member; the name is copied, unless it is a literal. */
void val_set(struct arena *, struct val *object, const char *name, struct val *value);
/* The same for a name that outlives the object. */
void val_put(struct arena *, struct val *object, const char *name, struct val *value);
void val_set_str(struct arena *, struct val *object, const char *name, const char *text);
void val_set_int(struct arena *, struct val *object, const char *name, int64_t);
void val_set_bool(struct arena *, struct val *object, const char *name, bool);
/* A text that outlives the object: a word of the pack or the catalogue, or what lies in the same arena. It is not copied. */
struct val *val_kept(struct arena *, const char *);
#define val_set(arena, object, name, value) (__builtin_constant_p(name) ? val_put((arena), (object), (name), (value)) : (val_set)((arena), (object), (name), (value)))
#define val_set_str(arena, object, name, text) val_set(arena, object, name, val_str((arena), (text)))
#define val_set_kept(arena, object, name, text) val_set(arena, object, name, val_kept((arena), (text)))
#define val_set_int(arena, object, name, number) val_set(arena, object, name, val_int((arena), (number)))
#define val_set_bool(arena, object, name, truth) val_set(arena, object, name, val_bool((arena), (truth)))
void val_drop(struct val *object, const char *name);

/* Looks; NULL or the default when absent, of another kind, or when the value is NULL. */
struct val *val_get(const struct val *object, const char *name);
struct val *val_at(const struct val *array, size_t index);
const char *val_text(const struct val *);                          /* NULL unless a string */
const char *val_get_str(const struct val *object, const char *name);
int64_t val_get_int(const struct val *object, const char *name, int64_t otherwise);
bool val_get_bool(const struct val *object, const char *name, bool otherwise);
size_t val_count(const struct val *);
bool val_equal(const struct val *, const struct val *);            /* member order does not count */
struct val *val_copy(struct arena *, const struct val *);

struct json_limits {
    size_t bytes;              /* 0: 16 MiB */
    unsigned depth;            /* 0: 64 */
    bool in_place;             /* the text may be written into and lives as long as the arena: strings are not copied out of it */
};
/* Reads one JSON text (RFC 8259; UTF-8 checked, duplicate names refused). Faults carry line and column. */
enum status json_read(struct arena *, const char *text, size_t len, struct json_limits, struct reasons *,
                      struct val **ret_val) MUST_CHECK;
/* Compact JSON, members in their order; "<", ">", "&", U+2028 and U+2029 escaped so that it may stand in HTML. */
void json_write(struct buf *, const struct val *);
/* RFC 8785 canonical JSON restricted to null, booleans, integers within +-(2^53-1), strings, arrays and objects.
 * BAD_INPUT for anything else. */
enum status json_canonical(struct buf *, const struct val *) MUST_CHECK;

/* Reads one YAML document (libyaml; no anchors, aliases, tags or merge keys; plain scalars true/false/null and
 * integers are typed, all else is text) with the line of every node. `name` is the file's name for faults. */
enum status yaml_read(struct arena *, const char *name, const char *text, size_t len, struct reasons *,
                      struct val **ret_val) MUST_CHECK;

#endif
